"""A callback's request body, checked before Dash sees it.

Dash answers a malformed body with an internal error. Here it must be one JSON object of known
shape that calls a declared callback with exactly the components that callback was declared with.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gate import values

MOST_BYTES = 256 * 1024
DEEPEST = 12
_KEYS = frozenset(
    {"output", "outputs", "inputs", "state", "changedPropIds", "parsedChangedPropsIds"}
)
_WILDCARDS = ("ALL", "MATCH", "ALLSMALLER")

_KNOWN, _SMALL = 256, 16 * 1024
"""So many bodies, each of no more bytes, are known to be right without a second look."""

Json = Any


class BadEnvelope(Exception):
    """The body is not a call of a declared callback; the text says in which respect."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    output: str
    inputs: tuple[Json, ...]
    changed: frozenset[str]
    """`id.property` of the inputs that made the browser call."""

    def value(self, component: str, prop: str) -> Json:
        """The value of one plain input; None when it is not there."""
        for item in self.inputs:
            if isinstance(item, dict) and (item["id"], item["property"]) == (component, prop):
                return item.get("value")
        return None


Read = Callable[[bytes], Envelope]


def reader(callbacks_of: Callable[[], Mapping[str, Mapping[str, Json]]]) -> Read:
    """`read` against callbacks that stay the same; a small body is checked once.

    Browsers of one page send the same bodies again and again.
    """

    @lru_cache(maxsize=_KNOWN)
    def known(body: bytes) -> Envelope:
        return read(body, callbacks_of())

    return lambda body: known(body) if len(body) <= _SMALL else read(body, callbacks_of())


def read(body: bytes, callbacks: Mapping[str, Mapping[str, Json]]) -> Envelope:
    """Check a body against the declared callbacks. Raises `BadEnvelope`."""
    envelope = _parse(body)
    _require(isinstance(envelope, dict) and envelope.keys() <= _KEYS, "shape")
    output = envelope.get("output")
    _require(isinstance(output, str) and output in callbacks, "output")
    declared = callbacks[output]
    _require("callback" in declared, "output")  # it runs in the browser only
    inputs, state = envelope.get("inputs"), envelope.get("state", [])
    _check_group(inputs, declared["inputs"], "inputs")
    _check_group(state, declared["state"], "state")
    specs = [] if declared.get("no_output") else [_spec(part) for part in _parts(output)]
    outputs = _outputs(envelope.get("outputs"), output)
    _check_outputs(outputs, specs)
    _check_members([*inputs, *state, *outputs], [*declared["inputs"], *declared["state"], *specs])
    _check_changed(envelope.get("changedPropIds", []), inputs, declared["inputs"])
    _require(isinstance(envelope.get("parsedChangedPropsIds", []), list), "shape")
    changed = frozenset(envelope.get("changedPropIds", []))
    return Envelope(output=output, inputs=tuple(inputs), changed=changed)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise BadEnvelope(what)


def _parse(body: bytes) -> Json:
    _require(len(body) <= MOST_BYTES, "size")
    _require(_depth(body) <= DEEPEST, "depth")
    try:
        return json.loads(body, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadEnvelope("JSON") from error


def _depth(body: bytes) -> int:
    """How deep brackets nest outside strings: counted before anything recursive parses them."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in body:
        if in_string:
            in_string = escaped or byte != 0x22
            escaped = byte == 0x5C and not escaped
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    _require(len(found) == len(pairs), "duplicate key")
    return found


def _no_constant(name: str) -> Json:
    raise BadEnvelope(name)


def _check_group(given: Json, declared: Sequence[Mapping[str, Json]], what: str) -> None:
    _require(isinstance(given, list) and len(given) == len(declared), what)
    for item, wanted in zip(given, declared, strict=True):
        many = _has_many(wanted["id"])
        _require(isinstance(item, list) == many, what)
        for one in item if many else [item]:
            _check_one(one, wanted["id"], wanted["property"], what)
            _check_value(one, wanted)


def _check_value(one: Json, wanted: Mapping[str, Json]) -> None:
    value = one.get("value")
    _require(values.fits(wanted["id"], wanted["property"], value), "value")
    _require(wanted["property"] != "id" or value == one["id"], "value")


def _check_members(given: Sequence[Json], declared: Sequence[Mapping[str, Json]]) -> None:
    """A pattern that is declared twice, for two properties, has the same members both times."""
    members: dict[str, Json] = {}
    for item, wanted in zip(given, declared, strict=True):
        if isinstance(item, list):
            ids = [one["id"] for one in item]
            _require(members.setdefault(wanted["id"], ids) == ids, "members")


def _check_one(one: Json, wanted_id: str, wanted_property: str, what: str) -> None:
    _require(isinstance(one, dict) and {"id", "property"} <= one.keys(), what)
    _require(one.keys() <= {"id", "property", "value", "allow_optional"}, what)
    _require(one.get("allow_optional", True) is True, what)
    _require(one["property"] == wanted_property.split("@")[0], what)
    _require(_fits(one["id"], wanted_id), what)


def _has_many(declared: str) -> bool:
    return '["ALL"]' in declared or '["ALLSMALLER"]' in declared


def _fits(given: Json, declared: str) -> bool:
    """Whether an id is the declared one, or a member of the declared pattern."""
    if not declared.startswith("{"):
        return bool(given == declared)
    pattern = json.loads(declared)
    if not isinstance(given, dict) or given.keys() != pattern.keys():
        return False
    return all(_fits_key(given[key], wanted) for key, wanted in pattern.items())


def _fits_key(given: Json, wanted: Json) -> bool:
    if isinstance(wanted, list) and wanted and wanted[0] in _WILDCARDS:
        return isinstance(given, str) and len(given) <= 200
    return bool(given == wanted) and type(given) is type(wanted)


def _outputs(given: Json, output: str) -> list[Json]:
    """The outputs as a list with an item for each declared one."""
    if not output.startswith(".."):
        return [] if given in (None, [], {}) and not _has_many(output) else [given]
    _require(isinstance(given, list), "outputs")
    return list(given)


def _check_outputs(items: Sequence[Json], specs: Sequence[Mapping[str, Json]]) -> None:
    _require(len(items) == len(specs), "outputs")
    for item, spec in zip(items, specs, strict=True):
        many = _has_many(spec["id"])
        _require(isinstance(item, list) == many, "outputs")
        for one in item if many else [item]:
            _require(isinstance(one, dict) and "value" not in one, "outputs")
            plain = str(one.get("property")).split("@")[0]
            _check_one({**one, "property": plain}, spec["id"], spec["property"], "outputs")


def _parts(output: str) -> list[str]:
    return output[2:-2].split("...") if output.startswith("..") else [output]


def _spec(part: str) -> dict[str, str]:
    component, _, prop = part.rpartition(".")
    return {"id": component.replace("\\.", "."), "property": prop}


def _check_changed(given: Json, inputs: Sequence[Json], declared: Sequence[Json]) -> None:
    """Only inputs that were sent can have changed, or members of a pattern that went away."""
    _check_strings(given, "changedPropIds")
    flat = [one for item in inputs for one in (item if isinstance(item, list) else [item])]
    sent = {f"{_id_text(one['id'])}.{one['property']}" for one in flat}
    patterns = [one for one in declared if _has_many(one["id"])]
    gone = set(given) - sent
    _require(all(_is_member(name, patterns) for name in gone), "changedPropIds")


def _is_member(name: str, patterns: Sequence[Mapping[str, Json]]) -> bool:
    """Whether `id.property` could be of one of these patterns."""
    text, _, prop = name.rpartition(".")
    try:
        identity = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return any(_fits(identity, one["id"]) and prop == one["property"] for one in patterns)


def _id_text(identity: Json) -> str:
    if isinstance(identity, dict):
        return json.dumps(identity, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return str(identity)


def _check_strings(given: Json, what: str) -> None:
    _require(isinstance(given, list) and all(isinstance(item, str) for item in given), what)
