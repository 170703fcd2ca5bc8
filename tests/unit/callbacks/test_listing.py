"""The applications behind a bar: as many as it says, only for those who may see them."""

from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from flask import Flask

from callbacks.listing import Ledger
from pages._ui.book import page_of
from pages._ui.filters import Filters
from pages._ui.listed import Key, lister
from pages._ui.panel import panel_of
from tests.unit.callbacks.conftest import ServicesFor
from warehouse import clock
from warehouse.errors import Forbidden, QueryError
from warehouse.model import Cell, CellState, MetricQuery, Result, Role, Row

YEAR = "?period=last_12_months"
LOANS = page_of("loans")


@pytest.fixture(autouse=True)
def request_of_somebody() -> Iterator[None]:
    with Flask("listing").test_request_context("/"):
        yield


def _ledger(services_for: ServicesFor, role: Role) -> Ledger:
    services = services_for(role)
    return Ledger(services=services, viewer=services.viewer())


def _cells(ledger: Ledger, panel_id: str) -> dict[str, int]:
    """What each mark of a panel hands over, and the number it shows."""
    panel, house = panel_of(LOANS.panels, panel_id), ledger.services.warehouse
    assert panel is not None and panel.query is not None and panel.lists
    filters = Filters.from_search(YEAR, house.horizon(ledger.viewer), clock.today(house.zone))
    result = house.answer(panel.query(filters), ledger.viewer)
    picks = ((lister(panel.id)(result, row), row.cells[0].value) for row in result.rows)
    return {pick.removeprefix("list "): int(value or 0) for pick, value in picks if pick}


@pytest.mark.parametrize("panel", ["funnel", "bins", "reasons", "ends"])
def test_list_when_a_mark_is_clicked_then_holds_as_many_as_the_mark_says(
    services_for: ServicesFor, panel: str
) -> None:
    ledger = _ledger(services_for, Role.ANALYST)
    cells = _cells(ledger, panel)
    assert cells
    for key, number in cells.items():
        _title, sheet = ledger.file(LOANS, key, YEAR)
        assert len(sheet.rows) == number
        shown = str(ledger.shown(LOANS, key, YEAR))
        assert f"共 {number} 笔" in shown
        assert unquote(shown).count(f"/export/loans/{panel}.csv{YEAR}&list={unquote(key)}") == 1


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.OPERATOR])
def test_list_when_the_role_may_not_see_it_then_tells_the_number_and_why(
    services_for: ServicesFor, role: Role
) -> None:
    ledger = _ledger(services_for, role)
    key, number = next(iter(_cells(ledger, "funnel").items()))
    text = str(ledger.shown(LOANS, key, YEAR))
    assert f"{number} 笔" in text and "仅分析和管理员" in text
    assert "编号" not in text
    with pytest.raises(Forbidden):
        ledger.file(LOANS, key, YEAR)


@pytest.mark.parametrize(
    "key",
    [
        "", "funnel", "zzz step=applied", "products product=car", "funnel reason=income",
        "funnel step=applied&after=x", "funnel step=applied&step=approved&zzz=1", "funnel step=zzz",
    ],
)  # fmt: skip
def test_list_when_no_chart_offers_it_then_says_so(services_for: ServicesFor, key: str) -> None:
    assert "没有名单" in str(_ledger(services_for, Role.ADMIN).shown(LOANS, key, YEAR))


def test_key_when_written_and_read_then_is_the_same() -> None:
    key = Key(panel="reasons", members=(("reason", "a b&c=d"),), after=200)
    assert Key.read(key.at(200)) == key
    with pytest.raises(QueryError):
        key.asked(MetricQuery(metrics=("loans.declined",), by=("dealer",)))


@pytest.mark.parametrize("state", [CellState.SUPPRESSED, CellState.MISSING])
def test_mark_when_hidden_then_lists_nothing(state: CellState) -> None:
    query = MetricQuery(metrics=("loans.declined",), by=("reason",))
    row = Row(members=("income",), cells=(Cell(state=state),))
    result = Result(query=query, rows=(row,), as_of=None, data_version="1")
    assert lister("reasons")(result, row) == ""
