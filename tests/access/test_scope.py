"""An official of one district gets that district's numbers, whichever way they are asked for."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from pages._ui.book import PAGES, page_of
from pages._ui.filters import Filters
from tests.access.conftest import EAST, PEOPLE, WEST, House, call
from tests.access.envelopes import envelope_of
from warehouse import clock
from warehouse.errors import Forbidden
from warehouse.model import CellState, Role

Clients = Callable[[str], FlaskClient]
QUERIES = (
    f"?district={WEST}",
    f"?district={EAST},{WEST}",
    "?district=West",
    "?district=%EF%BC%B7",
    "?district=west'%20OR%201=1",
    "?district=",
    f"?district={WEST}&district={EAST}",
)
PERIOD = "period=last_7_days"


def _lines(answer: Any) -> list[list[str]]:
    text = answer.data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def _said(answer: Any) -> str:
    """The answer with its Chinese readable."""
    return json.dumps(answer.get_json(silent=True), ensure_ascii=False)


def _fill(house: House, client: FlaskClient, page: str, search: str) -> Any:
    key = next(k for k in house.app.callback_map if k.startswith('..{"panel":["ALL"],"part":"tile'))
    values = {"page.data": {"name": page}, "url.search": search, "theme.data": "light"}
    body = envelope_of(house.app, key, values)
    parts = key[2:-2].split("...")
    for panel in page_of(page).panels:
        for index, part in enumerate(parts):
            kind = json.loads(part.rpartition(".")[0])["part"] if part.startswith("{") else ""
            if kind in ("tile", "graph", "table", "sheet", "image", "head"):
                prop = part.rpartition(".")[2]
                one = {"id": {"panel": panel.id, "part": kind}, "property": prop}
                body["outputs"][index].append(one)
    return call(client, body)


@pytest.mark.parametrize("page", [p.name for p in PAGES if p.panels and Role.OFFICIAL in p.roles])
@pytest.mark.parametrize("query", QUERIES)
def test_callback_when_another_district_is_asked_for_then_none_of_its_rows(
    house: House, clients: Clients, page: str, query: str
) -> None:
    answer = _fill(house, clients(f"official-{EAST}"), page, f"{query}&{PERIOD}")
    assert answer.status_code in (200, 204, 400, 403)
    assert f"{WEST}区" not in _said(answer)


def test_callback_when_own_district_then_own_numbers(house: House, clients: Clients) -> None:
    own = _said(_fill(house, clients(f"official-{EAST}"), "usage", f"?{PERIOD}"))
    assert f"{EAST}区" in own and f"{WEST}区" not in own
    everything = _said(_fill(house, clients("admin"), "usage", f"?{PERIOD}"))
    assert f"{EAST}区" in everything and f"{WEST}区" in everything


@pytest.mark.parametrize("page", [p.name for p in PAGES if p.panels and Role.OFFICIAL in p.roles])
@pytest.mark.parametrize("query", ["?", *QUERIES])
def test_export_when_another_district_is_asked_for_then_none_of_its_rows(
    clients: Clients, page: str, query: str
) -> None:
    url = f"/export/{page}.csv{query}&{PERIOD}"
    answer = clients(f"official-{EAST}").get(url)
    assert answer.status_code in (200, 400, 403)
    if answer.status_code == 200:
        asked = (["筛选条件"], ["区县"])  # says back what was asked for
        body = "\n".join(",".join(line) for line in _lines(answer) if line[:1] not in asked)
        assert f"{WEST}区" not in body


REASONED = {"goal_outlook"}
"""Tables that the screen works out from several answers; their files hold those lines."""


def _panels() -> list[tuple[str, str]]:
    """What is made of records goes out as it stands on the screen, and has a test of its own."""
    shown = ((page.name, p) for page in PAGES for p in page.panels)
    return [(page, p.id) for page, p in shown if p.query and p.id not in REASONED]


@pytest.mark.parametrize(("page", "panel"), _panels(), ids=lambda value: value)
@pytest.mark.parametrize("name", ["admin", f"official-{EAST}"])
def test_export_when_made_then_the_same_numbers_as_the_answer(
    house: House, clients: Clients, page: str, panel: str, name: str
) -> None:
    viewer = house.accounts.viewer(name)
    one = next(p for p in page_of(page).panels if p.id == panel)
    answer = clients(name).get(f"/export/{page}/{panel}.xlsx?{PERIOD}")
    if viewer.role not in page_of(page).roles or not one.is_open_to(viewer.role):
        assert answer.status_code == 403
        return
    today = clock.today(house.settings.zone)
    filters = Filters.from_search(f"?{PERIOD}", house.warehouse.horizon(viewer), today)
    try:
        result = house.warehouse.answer(one.questions(filters)[0], viewer)
    except Forbidden:
        assert answer.status_code == 403
        return
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    rows = list(book.worksheets[1].iter_rows(min_row=2, values_only=True))
    assert len(rows) == len(result.rows)
    step = 3 if result.query.compare else 1
    skip = len(result.query.by) + any(row.period is not None for row in result.rows)
    for line, row in zip(rows, result.rows, strict=True):
        for index, cell in enumerate(row.cells):
            shown = line[skip + index * step]
            if cell.state is CellState.SUPPRESSED:
                assert shown == "已隐去"
            else:
                assert shown == cell.value


def test_export_when_a_table_then_what_the_screen_shows(house: House, clients: Clients) -> None:
    viewer = house.accounts.viewer("admin")
    answer = clients("admin").get(f"/export/pipeline/sources_table.xlsx?{PERIOD}")
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    rows = list(book.worksheets[1].iter_rows(min_row=2, values_only=True))
    sources = house.warehouse.sources(viewer)
    assert {(row[0].split(" · ")[0], *row[5:9]) for row in rows} == {
        (s.label.zh, s.rows_read, s.rows_loaded, s.rows_duplicate, s.rows_quarantined)
        for s in sources
    }


@pytest.mark.parametrize("name", ["admin", "operator", "analyst", f"official-{EAST}"])
def test_export_when_of_records_then_only_for_the_roles_of_page_and_panel(
    house: House, clients: Clients, name: str
) -> None:
    role = house.accounts.viewer(name).role
    records = [(page, panel) for page in PAGES for panel in page.panels if not panel.query]
    for page, panel in records:
        answer = clients(name).get(f"/export/{page.name}/{panel.id}.csv?{PERIOD}")
        may_see = role in page.roles and panel.is_open_to(role)
        assert answer.status_code == (200 if may_see else 403), (page.name, panel.id)
        assert answer.data  # read to its end


def test_export_when_a_label_looks_like_a_formula_then_it_stays_text(clients: Clients) -> None:
    client = clients("admin")
    text = client.get(f"/export/usage.csv?{PERIOD}")
    cells = [cell for line in _lines(text) for cell in line]
    assert "'=scene" in cells and "=scene" not in cells
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/export/usage.xlsx?{PERIOD}").data))
    kinds = [(c.data_type, c.value) for s in book.worksheets for r in s.iter_rows() for c in r]
    assert ("s", "=scene") in kinds
    assert not [value for kind, value in kinds if kind == "f"]


def test_export_when_made_then_says_what_who_when_and_as_of(house: House, clients: Clients) -> None:
    answer = clients("admin").get(f"/export/usage/events.csv?{PERIOD}")
    heads = {line[0]: line[1] for line in _lines(answer) if len(line) == 2}
    assert heads["导出人"] == "admin (admin)"
    assert heads["数据范围"] == "全部区县"
    assert heads["数据版本"].startswith("service_event:")
    assert {"内容", "筛选条件", "导出时间", "数据截至", "隐去单元数"} <= heads.keys()
    assert any(name.startswith("口径: ") for name in heads)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="usage-events.csv"')
    assert not list(house.settings.spill.glob("export-*"))


@pytest.mark.parametrize("path", ["/export/usage.csv", "/export/usage/events.xlsx"])
def test_export_when_wall_then_403(clients: Clients, path: str) -> None:
    assert clients("wall").get(path).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/export/nope.csv",
        "/export/usage.pdf",
        "/export/usage/nope.csv",
        "/export/usage.csv?x=1",
        "/export/usage.csv?from=2026-02-01&to=2026-01-01",
    ],
)
def test_export_when_asked_for_nonsense_then_400_with_a_reason(clients: Clients, path: str) -> None:
    answer = clients("admin").get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json is not None and answer.json["reason"]


def test_people_when_counted_then_each_district_has_its_own(house: House, clients: Clients) -> None:
    for code, people in PEOPLE.items():
        answer = clients(f"official-{code}").get(f"/export/usage/people.csv?{PERIOD}")
        if answer.status_code == 400:
            pytest.fail("the usage page has no panel `people`")
        assert [str(people)] == [line[0] for line in _lines(answer)[-1:]]
