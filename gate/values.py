"""What kind of value each input of a callback may carry, so that callbacks need not guess.

Looked up by the declared `id.property`, then by the property alone. A property that is not listed
carries nothing a callback would read, and is refused.
"""

from collections.abc import Callable, Mapping
from typing import Any

LONGEST_TEXT = 20_000
MOST_ITEMS = 1_000

Shape = Callable[[Any], bool]


def text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= LONGEST_TEXT)


def whole(value: Any) -> bool:
    return value is None or (type(value) is int and 0 <= value < 2**53)


def texts(value: Any) -> bool:
    """A text, or a list of texts: what a dropdown holds."""
    if isinstance(value, list):
        return len(value) <= MOST_ITEMS and all(isinstance(v, str) and text(v) for v in value)
    return text(value)


def record(*keys: str) -> Shape:
    """Nothing, or an object with texts under exactly these keys."""

    def fits(value: Any) -> bool:
        if value is None:
            return True
        is_object = isinstance(value, dict) and value.keys() == set(keys)
        return is_object and all(isinstance(v, str) and text(v) for v in value.values())

    return fits


def identity(value: Any) -> bool:
    """The id of a component of a pattern."""
    return isinstance(value, dict) and all(isinstance(v, str) and text(v) for v in value.values())


BY_INPUT: Mapping[str, Shape] = {
    "page.data": record("name"),
    "catalogue-search.value": text,
    '{"panel":["ALL"],"part":"stamp"}.data': record("panel", "mark"),
}

BY_PROPERTY: Mapping[str, Shape] = {
    "pathname": text,
    "search": text,
    "data": text,
    "value": texts,
    "n_clicks": whole,
    "id": identity,
}


def fits(declared_id: str, prop: str, value: Any) -> bool:
    """Whether `value` is of the kind the input `declared_id.prop` carries."""
    shape = BY_INPUT.get(f"{declared_id}.{prop}") or BY_PROPERTY.get(prop)
    return shape is not None and shape(value)
