"""A delivered row as it is stored: JSON of its columns and values, without personal ones."""

import json


def values_of(original: str) -> tuple[tuple[str, str], ...]:
    """Its columns and values as text; a row that is no JSON object is one value."""
    try:
        found = json.loads(original)
    except ValueError:
        return (("", original),)
    if not isinstance(found, dict):
        return (("", original),)
    return tuple((str(name), _text(value)) for name, value in found.items())


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
