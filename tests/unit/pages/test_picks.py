"""What a click means: there and back, never for hidden rows, and the way back up."""

from datetime import date

import pytest

from pages._ui.drill import level, wanted
from pages._ui.filters import Filters
from pages._ui.picks import pick_of, picked
from pages._ui.questions import ask, trace, unheard
from pages._ui.trail import trail
from warehouse.errors import QueryError
from warehouse.model import REST, Cell, CellState, Grain, MetricQuery, Period, Result, Row

TODAY = date(2026, 3, 20)
MARCH = Period(start=date(2026, 3, 1), end=date(2026, 4, 1))


def _read(search: str) -> Filters:
    return Filters.from_search(search, None, TODAY)


def _row(*members: str, state: CellState = CellState.VALUE, period: Period | None = None) -> Row:
    value = 20 if state is CellState.VALUE else None
    return Row(members=members, cells=(Cell(value=value, state=state),), period=period)


def _result(by: tuple[str, ...], grain: Grain | None = None) -> Result:
    query = MetricQuery(metrics=("usage.events",), by=by, grain=grain)
    return Result(query=query, rows=(), as_of=None, data_version="1")


@pytest.mark.parametrize(
    ("by", "members", "address"),
    [
        (("district",), ("east",), "?district=east"),
        (("scene",), ("a,b&c=d",), "?scene=a%2Cb%26c%3Dd"),
        (("weekday", "hour"), ("1", "9"), "?hour=9&weekday=1"),
    ],
)
def test_row_when_clicked_twice_then_is_chosen_and_let_go(
    by: tuple[str, ...], members: tuple[str, ...], address: str
) -> None:
    pick = pick_of(_result(by), _row(*members))
    once = picked(_read(""), pick)
    assert once.to_search() == address
    assert picked(once, pick).to_search() == ""


def test_member_when_clicked_beside_another_then_is_added() -> None:
    assert picked(_read("?scene=b"), "scene=a").to_search() == "?scene=a,b"


def test_unit_of_time_when_clicked_then_becomes_the_period_by_the_next_finer_unit() -> None:
    row = _row(period=Period(start=date(2026, 1, 1), end=date(2027, 1, 1)))
    year = picked(_read("?scene=a"), pick_of(_result((), Grain.YEAR), row))
    assert year.to_search() == "?from=2026-01-01&to=2026-12-31&grain=quarter&scene=a"
    month = picked(year, "from=2026-03-01&to=2026-03-31&unit=month")
    assert (month.period, month.unit) == (MARCH, Grain.DAY)


@pytest.mark.parametrize(
    ("by", "row"),
    [
        (("scene",), _row("a", state=CellState.SUPPRESSED)),
        (("scene",), _row("a", state=CellState.MISSING)),
        (("scene",), _row(REST)),
        (("step",), _row("approved")),
    ],
)
def test_row_when_hidden_or_no_filter_then_cannot_be_clicked(by: tuple[str, ...], row: Row) -> None:
    assert pick_of(_result(by), row) == ""


@pytest.mark.parametrize(
    "pick", ["zzz=1", "scene=", "from=x&to=y&unit=day", "from=2026-01-01&to=2026-01-02&unit=z"]
)
def test_pick_when_no_chart_offers_it_then_is_refused(pick: str) -> None:
    with pytest.raises(QueryError):
        picked(_read(""), pick)


def test_filters_when_of_too_many_dimensions_then_are_refused_in_words() -> None:
    four = "?district=a&scene=b&channel=c&device=d"
    assert len(_read(four).where) == 4
    with pytest.raises(QueryError, match="4 个维度"):
        picked(_read(four), "outcome=completed")


def test_cut_when_one_member_is_fixed_then_is_by_the_level_below_it() -> None:
    known = ("district", "street", "scene", "service", "action")
    filters = _read("?scene=fund")
    assert wanted(filters) == ("service",)
    assert level(filters, "scene", known) == "scene"
    opened = Filters(period=MARCH, chosen=filters.chosen, levels=frozenset({"service"}))
    assert level(opened, "scene", known) == "service"
    assert level(opened, "scene", ("scene",)) == "scene"
    assert level(opened, "district", known) == "district"
    assert ask(opened, "usage.events", by=("scene",)).by == ("service",)
    assert wanted(_read("?scene=a,b")) == ()


def test_line_when_the_period_is_one_day_then_is_by_hour() -> None:
    day = _read("?from=2026-03-02&to=2026-03-02")
    assert trace(day, "usage.events").by == ("hour",)
    assert trace(day, "growth.goal").grain is Grain.DAY


def test_panel_when_about_own_members_then_says_that_it_does_not_follow() -> None:
    filters = _read("?audience=person&district=east")
    own = ask(filters, "loans.applications", where=(("audience", ("company",)),))
    assert unheard(filters, own) == ("audience",)


def test_trail_when_members_and_a_month_are_fixed_then_leads_back_up_and_out() -> None:
    filters = _read("?from=2026-03-01&to=2026-03-31&district=east&street=main&channel=web")
    text = str(trail(filters, lambda _dimension, code: code.upper()))
    assert "href='?from=2026-03-01&to=2026-03-31&district=east&channel=web'" in text
    assert "href='?from=2026-01-01&to=2026-03-31&grain=month&district=east&channel=web" in text
    for said in ("全部区县", "EAST", "MAIN", "2026年3月", "2026年1季度", "渠道：WEB"):
        assert said in text
    assert trail(_read("?period=last_7_days"), lambda _dimension, code: code) == []
