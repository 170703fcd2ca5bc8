"""Which values an input may carry."""

from typing import Any

import pytest

from gate import values


@pytest.mark.parametrize(
    ("declared", "prop", "value", "expected"),
    [
        ("url", "search", "?a", True),
        ("url", "search", None, True),
        ("url", "search", 1, False),
        ("url", "search", "x" * 20_001, False),
        ("x", "n_clicks", 3, True),
        ("x", "n_clicks", True, False),
        ("x", "n_clicks", -1, False),
        ("x", "value", ["a", "b"], True),
        ("x", "value", ["a", None], False),
        ("x", "value", ["a"] * 1001, False),
        ("catalogue-search", "value", ["a"], False),
        ("page", "data", {"name": "usage"}, True),
        ("page", "data", {"name": 1}, False),
        ("page", "data", {"name": "usage", "more": "x"}, False),
        ("theme", "data", {"name": "usage"}, False),
        ("x", "id", {"a": "b"}, True),
        ("x", "id", {"a": []}, False),
        ("x", "figure", {}, False),
        ("x", "figure", None, False),
    ],
)
def test_values_when_looked_up_then_only_the_declared_kind_fits(
    declared: str, prop: str, value: Any, expected: bool
) -> None:
    assert values.fits(declared, prop, value) is expected
