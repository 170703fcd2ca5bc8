"""The shape of a callback's body."""

import json
from typing import Any

import pytest

from gate.envelope import DEEPEST, MOST_BYTES, BadEnvelope, read

PATTERN = '{"index":["ALL"],"type":"box"}'
CALLBACKS: dict[str, dict[str, Any]] = {
    "out.children": {
        "inputs": [{"id": "url", "property": "search"}],
        "state": [{"id": PATTERN, "property": "value"}, {"id": PATTERN, "property": "id"}],
        "callback": print,
    },
    "browser.children": {"inputs": [], "state": []},
}


def _box(index: str, prop: str = "value") -> dict[str, Any]:
    identity = {"index": index, "type": "box"}
    return {"id": identity, "property": prop, "value": identity if prop == "id" else "x"}


def _body(**changes: Any) -> bytes:
    body: dict[str, Any] = {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [{"id": "url", "property": "search", "value": "?a=b"}],
        "state": [[_box("a"), _box("b")], [_box("a", "id"), _box("b", "id")]],
        "changedPropIds": ["url.search"],
        "parsedChangedPropsIds": ["url.search"],
    }
    return json.dumps({**body, **changes}).encode()


def test_body_when_as_the_browser_sends_it_then_read() -> None:
    called = read(_body(), CALLBACKS)
    assert called.output == "out.children"
    assert called.value("url", "search") == "?a=b"
    assert called.value("url", "hash") is None
    assert called.changed == {"url.search"}


@pytest.mark.parametrize(
    "changes",
    [
        {"output": "other.children"},
        {"output": "browser.children"},
        {"output": None},
        {"outputs": {"id": "other", "property": "children"}},
        {"outputs": {"id": "out", "property": "style"}},
        {"outputs": []},
        {"outputs": [{"id": "out", "property": "children"}]},
        {"inputs": []},
        {"inputs": None},
        {"inputs": [{"id": "url", "property": "hash", "value": ""}]},
        {"inputs": [{"id": "other", "property": "search", "value": ""}]},
        {"inputs": [{"id": "url", "property": "search", "value": 1}]},
        {"inputs": [{"id": "url", "property": "search", "value": "", "more": 1}]},
        {"inputs": [[{"id": "url", "property": "search", "value": ""}]]},
        {"state": [[_box("a")], [_box("b", "id")]]},
        {"state": [[_box("a")], []]},
        {"state": [[{**_box("a"), "id": {"index": "a", "type": "other"}}], [_box("a", "id")]]},
        {"state": [[{**_box("a"), "id": {"index": 1, "type": "box"}}], []]},
        {"state": [_box("a"), _box("a", "id")]},
        {"changedPropIds": ["other.search"]},
        {"changedPropIds": "url.search"},
        {"changedPropIds": [1]},
        {"parsedChangedPropsIds": {}},
        {"more": 1},
    ],
)
def test_body_when_anything_differs_from_the_declaration_then_refused(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(BadEnvelope):
        read(_body(**changes), CALLBACKS)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'{"output":"out.children","output":"out.children"}',
        _body().replace(b'"?a=b"', b"NaN"),
        b"\xff" + _body(),
        _body() + b"{}",
        _body().replace(b'"?a=b"', b'"' + b"x" * MOST_BYTES + b'"'),
        _body().replace(b'"?a=b"', b"[" * DEEPEST + b"]" * DEEPEST),
        b"[" * 200_000,
    ],
    ids=range(9),
)
def test_body_when_no_plain_json_then_refused(body: bytes) -> None:
    with pytest.raises(BadEnvelope):
        read(body, CALLBACKS)


def test_body_when_brackets_stand_in_a_text_then_not_counted_as_depth() -> None:
    body = _body(inputs=[{"id": "url", "property": "search", "value": '[[[\\"[[[[[[[[[[[[[{{{{'}])
    assert read(body, CALLBACKS).value("url", "search").startswith("[[[")


BAR = {"bar.children": {"inputs": [{"id": PATTERN, "property": "value"}], "state": []}}
BAR["bar.children"]["callback"] = print  # type: ignore[assignment]


def _bar(*changed: str) -> bytes:
    body = {"output": "bar.children", "outputs": {"id": "bar", "property": "children"}}
    return json.dumps({**body, "inputs": [[]], "state": [], "changedPropIds": changed}).encode()


def test_body_when_members_of_a_pattern_went_away_then_they_may_have_changed() -> None:
    gone = '{"index":"a","type":"box"}.value'
    assert read(_bar(gone), BAR).changed == {gone}


@pytest.mark.parametrize(
    "changed",
    [
        '{"index":"a","type":"box"}.id',
        '{"index":"a","type":"bar"}.value',
        '{"index":1,"type":"box"}.value',
        '{"index":"a"}.value',
        "box.value",
        "value",
        "[" * 100_000 + ".value",
    ],
    ids=range(7),
)
def test_body_when_what_changed_is_of_no_pattern_then_refused(changed: str) -> None:
    with pytest.raises(BadEnvelope):
        read(_bar(changed), BAR)
