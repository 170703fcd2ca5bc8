"""Callback bodies as the browser makes them, from what the app declares."""

import json
from collections.abc import Mapping
from typing import Any

from dash import Dash

WILD = "zzz"


def _identity(declared: str) -> Any:
    """The declared id; for a pattern one with a value filled in."""
    if not declared.startswith("{"):
        return declared
    return {k: WILD if isinstance(v, list) else v for k, v in json.loads(declared).items()}


def _is_many(declared: str) -> bool:
    return '["ALL"]' in declared


def _item(spec: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    if _is_many(spec["id"]):
        return []
    key = f"{spec['id']}.{spec['property']}"
    return {"id": _identity(spec["id"]), "property": spec["property"], "value": values.get(key)}


def _output(part: str) -> Any:
    identity, _, prop = part.rpartition(".")
    return [] if _is_many(identity) else {"id": _identity(identity), "property": prop}


def envelope_of(app: Dash, key: str, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A valid body for one callback; inputs have the values given by `id.property`, else null."""
    declared, given = app.callback_map[key], values or {}
    parts = key[2:-2].split("...") if key.startswith("..") else [key]
    outputs = [_output(part) for part in parts]
    inputs = [_item(spec, given) for spec in declared["inputs"]]
    return {
        "output": key,
        "outputs": outputs if key.startswith("..") else outputs[0],
        "inputs": inputs,
        "state": [_item(spec, given) for spec in declared["state"]],
        "changedPropIds": [
            f"{i['id']}.{i['property']}"
            for i in inputs
            if isinstance(i, dict) and isinstance(i["id"], str)
        ][:1],
    }
