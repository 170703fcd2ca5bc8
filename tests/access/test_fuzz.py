"""Bodies nobody's browser sends: refused, never a failure, never a trace."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from gate.headers import CSRF_COOKIE, CSRF_HEADER
from tests.access.conftest import House
from tests.access.envelopes import envelope_of

JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    "",
    "x",
    "=1+1",
    "__proto__",
    "\x00",
    "💥",
    [],
    [[]],
    {},
    {"a": 1},
    [None],
    {"id": "url"},
    [{"id": {}, "property": 1}],
    "x" * 5000,
    {"id": [], "property": {}},
)
RAW = (
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"{}", b"NaN", b'{"output":NaN}',
    b'{"output":"a","output":"b"}', b"[" * 5000 + b"]" * 5000, b'{"a":' * 3000 + b"1" + b"}" * 3000,
    b'{"output": Infinity}', "{“output”:1}".encode(), b"{}" * 2, b'{"output":"\\ud800"}',
)  # fmt: skip
CASES = 900


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _places(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            found += _places(inner, (*path, index))
    return found


def _mutated(body: dict[str, Any], dice: random.Random) -> Any:
    changed = copy.deepcopy(body)
    for _ in range(dice.randint(1, 3)):
        places = _places(changed)
        if not places:
            break
        *way, last = dice.choice(places)
        holder: Any = changed
        for step in way:
            holder = holder[step]
        match dice.randrange(4):
            case 0:
                del holder[last]
            case 1 if isinstance(holder, dict):
                holder[dice.choice(("extra", "value", "id", "output"))] = _junk(dice)
            case 2 if isinstance(holder, list):
                holder.insert(last, _junk(dice))
            case _:
                holder[last] = _junk(dice)
    return changed


def _junk(dice: random.Random) -> Any:
    return copy.deepcopy(dice.choice(JUNK))


def _post(client: FlaskClient, raw: bytes) -> Any:
    cookie = client.get_cookie(CSRF_COOKIE)
    assert cookie is not None
    return client.post(
        "/_dash-update-component",
        data=raw,
        content_type="application/json",
        headers={CSRF_HEADER: cookie.value},
    )


@pytest.mark.parametrize("raw", RAW, ids=range(len(RAW)))
def test_body_when_no_envelope_then_400(clients: Callable[[str], FlaskClient], raw: bytes) -> None:
    assert _post(clients("admin"), raw).status_code == 400


def test_body_when_larger_than_256_kib_then_refused(clients: Callable[[str], FlaskClient]) -> None:
    answer = _post(clients("admin"), b'{"output":"' + b"x" * (256 * 1024) + b'"}')
    assert answer.status_code == 413


def test_envelopes_when_mutated_then_never_a_failure(
    house: House, clients: Callable[[str], FlaskClient]
) -> None:
    dice = random.Random(20260101)
    keys = sorted(house.app.callback_map)
    client = clients("admin")
    seen: dict[int, int] = {}
    for case in range(CASES):
        key = keys[case % len(keys)]
        body = _mutated(envelope_of(house.app, key), dice)
        answer = _post(client, json.dumps(body).encode())
        assert answer.status_code < 500, (key, body)
        assert "Traceback" not in answer.text
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
    assert seen.get(400, 0) > CASES * 0.8, seen


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_values_when_of_another_type_then_never_a_failure(
    house: House, clients: Callable[[str], FlaskClient], junk: Any
) -> None:
    """A well-formed envelope with a value the callback does not expect."""
    for key, declared in house.app.callback_map.items():
        if "callback" not in declared:
            continue
        for spec in (*declared["inputs"], *declared["state"]):
            values = {f"{spec['id']}.{spec['property']}": junk}
            answer = _post(
                clients("admin"), json.dumps(envelope_of(house.app, key, values)).encode()
            )
            assert answer.status_code < 500, (key, spec, junk)


NAMES = ("", "zzz", "period", "district", "compare", "reset", "from", "events", "people", "growth")
TEXTS = ("", "zzz", "custom", "this_month", "2026-01-01", "9999-99-99", "none", "?from=x", "?x=1")


def _member(declared: str, prop: str, dice: random.Random) -> dict[str, Any]:
    """A component that fits the pattern, with a value of the right kind but any content."""
    pattern = json.loads(declared)
    identity = {k: dice.choice(NAMES) if isinstance(v, list) else v for k, v in pattern.items()}
    value: Any = dice.choice(TEXTS)
    if prop == "id":
        value = identity
    elif '"stamp"' in declared:
        value = {"panel": dice.choice(NAMES), "mark": dice.choice(TEXTS)}
    return {"id": identity, "property": prop, "value": value}


def _named(spec: Any, identity: Any, dice: random.Random) -> dict[str, Any]:
    """A member of the pattern that is a given component."""
    one = _member(spec["id"], spec["property"], dice)
    return {**one, "id": identity, "value": identity if spec["property"] == "id" else one["value"]}


def _filled(house: House, key: str, dice: random.Random) -> dict[str, Any]:
    """A well-formed envelope with lists of any length and names nobody gave."""
    declared = house.app.callback_map[key]
    values: dict[str, Any] = {
        "page.data": {"name": dice.choice(("usage", "overview", "pipeline", "zzz"))}
    }
    for name in ("url.search", "theme.data", "version.data", "catalogue-search.value"):
        values[name] = dice.choice(TEXTS)
    body = envelope_of(house.app, key, values)
    known: dict[str, list[Any]] = {}
    for part in ("inputs", "state"):
        for index, spec in enumerate(declared["inputs" if part == "inputs" else "state"]):
            if isinstance(body[part][index], list):
                count = dice.randrange(4)
                found = [_member(spec["id"], spec["property"], dice) for _ in range(count)]
                ids = known.setdefault(spec["id"], [one["id"] for one in found])
                if dice.random() < 0.9:
                    found = [_named(spec, identity, dice) for identity in ids]
                body[part][index] = found
            elif isinstance(body[part][index]["id"], dict) and spec["property"] == "data":
                body[part][index]["value"] = dice.choice(TEXTS)
    _fill_outputs(body, key, dice)
    return body


def _fill_outputs(body: dict[str, Any], key: str, dice: random.Random) -> None:
    outputs = body["outputs"] if isinstance(body["outputs"], list) else [body["outputs"]]
    for index, part in enumerate(key[2:-2].split("...") if key.startswith("..") else []):
        identity, _, prop = part.rpartition(".")
        if isinstance(outputs[index], list):
            members = [_member(identity, prop, dice) for _ in range(dice.randrange(3))]
            outputs[index] = [{"id": m["id"], "property": prop} for m in members]


def test_patterns_when_filled_with_unknown_members_then_never_a_failure(
    house: House, clients: Callable[[str], FlaskClient]
) -> None:
    dice = random.Random(20260102)
    seen: dict[str, set[int]] = {}
    for key, declared in house.app.callback_map.items():
        for _ in range(60 if "callback" in declared and "{" in key else 0):
            body = _filled(house, key, dice)
            answer = _post(clients("admin"), json.dumps(body).encode())
            seen.setdefault(key[:60], set()).add(answer.status_code)
    assert seen and all(max(codes) < 500 for codes in seen.values()), seen
