"""The page of exploration: its table as it is read, and its file as it is on the screen."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dash.development.base_component import Component

from pages._documents import Asked, Pivoted, make_report
from pages._panels.explore import PANELS
from pages._ui.answered import answered
from pages._ui.cards import sheet
from pages._ui.crosstable import Crosstab
from tests.pages.conftest import Ask
from warehouse.metrics import CATALOGUE
from warehouse.model import REST, CellState, Role, Scope, Viewer

TABLE = next(panel for panel in PANELS if panel.id == "table")
CHART = next(panel for panel in PANELS if panel.id == "chart")
YEAR = "?period=last_12_months"
ASKED = Asked(
    page="explore",
    filters="",
    viewer=Viewer(name="somebody", role=Role.ANALYST, scope=Scope(everything=True)),
    at=datetime(2026, 3, 10, tzinfo=UTC),
    zone=ZoneInfo("Asia/Shanghai"),
    metrics=CATALOGUE,
    label=lambda _dimension, code: code,
    language="zh",
)


def _walk(component: Any) -> list[Component]:
    found = [component] if isinstance(component, Component) else []
    children = getattr(component, "children", None) or []
    for child in children if isinstance(children, list | tuple) else [children]:
        found += _walk(child)
    return found


def _text(component: Any) -> str:
    if isinstance(component, str):
        return component
    children = getattr(component, "children", None) or []
    parts = children if isinstance(children, list | tuple) else [children]
    return "".join(_text(child) for child in parts)


def _made(drawing_of: Ask, search: str) -> tuple[Crosstab, list[Component]]:
    one = answered(TABLE, drawing_of(TABLE, search))
    assert isinstance(one.face, Crosstab)
    return one.face, _walk(sheet(one))


def _of(parts: list[Component], kind: str) -> list[Any]:
    return [part for part in parts if type(part).__name__ == kind]


def test_table_when_read_then_every_cell_has_its_headings(drawing_of: Ask) -> None:
    face, parts = _made(drawing_of, YEAR)
    head, body = _of(parts, "Thead")[0], _of(parts, "Tbody")[0]
    first, second = _of(_walk(head), "Tr")
    groups = [th for th in _of(_walk(first), "Th") if th.scope == "colgroup"]
    names = _of(_walk(second), "Th")
    assert sum(th.colSpan for th in groups) == len(names)
    assert _of(parts, "Caption")
    for row in _of(_walk(body), "Tr"):
        (name,) = _of(_walk(row), "Th")
        assert name.scope == "row"
        assert len(_of(_walk(row), "Td")) == len(names)
    assert _text(_of(_walk(body), "Tr")[0]).startswith("合计")
    assert len(_of(_walk(body), "Tr")) == len(face.pivot.rows) + 1


def test_table_when_sorted_then_says_so_and_offers_the_other_orders(drawing_of: Ask) -> None:
    _face, parts = _made(drawing_of, YEAR + "&by=usage.people&sort=change")
    marked = [th for th in _of(parts, "Th") if "aria-sort" in th.to_plotly_json()["props"]]
    assert len(marked) == 1 and "使用人数" in _text(marked[0])
    links = {link.to_plotly_json()["props"].get("data-go", "") for link in _of(parts, "A")}
    assert any("sort=member" in to for to in links)
    assert any(re.search(r"period=last_12_months$", to) for to in links), "by value of the first"


def test_table_when_limited_then_the_rest_is_a_row_without_a_link(drawing_of: Ask) -> None:
    face, parts = _made(drawing_of, YEAR + "&top=1&columns=none&rows=channel")
    rows = _of(parts, "Tr")
    assert face.pivot.rows[-1].member == REST
    assert _text(rows[-1]).startswith("其他")
    assert not _of(_walk(_of(_walk(rows[-1]), "Th")[0]), "A")
    assert _of(_walk(_of(_walk(rows[-2]), "Th")[0]), "A")


def test_file_when_exported_then_holds_the_numbers_of_the_screen(drawing_of: Ask) -> None:
    face, _parts = _made(drawing_of, YEAR + "&columns=month&metrics=usage.people,usage.events")
    found = Pivoted(pivot=face.pivot, metrics=face.chosen.metrics)
    (made,) = make_report("t", [("p", found)], ASKED).sheets
    assert [column.title.split(" · ")[0] for column in made.columns[1:4]] == ["合计"] * 3
    assert len(made.rows) == len(face.pivot.rows) + 1
    for row, places in zip(made.rows[1:], face.pivot.cells, strict=True):
        cells = [cell for place in places for cell in face.of(place)]
        shown = row[1 + 3 * 2 :: 3]
        for cell, entry in zip(cells, shown, strict=True):
            if cell.state is CellState.VALUE:
                assert entry == cell.value
            else:
                assert entry in (None, "已隐去", "hidden")
    assert len({len(row) for row in made.rows}) == 1 == len({len(made.columns)})


def test_chart_when_of_a_form_then_drawn_from_the_same_table(drawing_of: Ask) -> None:
    kinds = {}
    for form in ("bars", "lines", "heat"):
        search = f"{YEAR}&columns=month&form={form}"
        face: Any = answered(CHART, drawing_of(CHART, search)).face
        kinds[form] = {trace["type"] for trace in face.figure["data"]}
        assert face.behind.rows[0][0] == "合计"
    assert "heatmap" in kinds["heat"]
    assert kinds["lines"] != kinds["bars"]


def test_table_when_nothing_is_there_then_is_empty(drawing_of: Callable[..., Any]) -> None:
    one = answered(TABLE, drawing_of(TABLE, "?from=2020-01-01&to=2020-01-31"))
    assert one.blank is not None and one.blank.reason == "empty"
