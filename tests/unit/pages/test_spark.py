"""The small line of a tile."""

import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote

import pytest

from pages._ui.spark import spark
from pages._ui.theme import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"


def _drawn(address: str) -> ElementTree.Element:
    return ElementTree.fromstring(unquote(address.removeprefix("data:image/svg+xml,")))


@pytest.mark.parametrize("values", [(), (1.0,), (None, None), (None, 3.0, None)])
def test_line_when_fewer_than_two_values_are_known_then_is_none(
    values: tuple[float | None, ...],
) -> None:
    assert spark(values, LIGHT) == ""


def test_line_when_a_value_is_missing_then_has_a_gap() -> None:
    lines = _drawn(spark((1, 2, None, 3, 4), LIGHT)).findall(f"{SVG}polyline")
    assert [len((line.get("points") or "").split()) for line in lines] == [2, 2]


def test_line_when_flat_then_runs_through_the_middle() -> None:
    line = _drawn(spark((5, 5, 5), LIGHT)).find(f"{SVG}polyline")
    assert line is not None
    assert {p.split(",")[1] for p in (line.get("points") or "").split()} == {"17.0"}


def test_dot_when_the_last_unit_is_not_over_then_is_hollow() -> None:
    over, running = (spark((1, 2), DARK, is_partial=part) for part in (False, True))
    dots = [_drawn(address).find(f"{SVG}circle") for address in (over, running)]
    assert [dot.get("fill") for dot in dots if dot is not None] == [
        DARK.categorical[0],
        DARK.surface,
    ]
