"""Every way to compare, at every grain, partial units too, against plain Python over the rows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from tests.tiny import build_home
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.calendar import KNOWN_YEARS
from warehouse.errors import QueryError, UnknownHolidays
from warehouse.model import (
    Cell,
    CellState,
    Compare,
    Grain,
    MetricQuery,
    Period,
    Result,
    Role,
    Scope,
    Unit,
    Viewer,
)

ALL = Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True))
ZONE = ZoneInfo("Asia/Shanghai")
LAST = datetime(2026, 3, 10, 13, 0)
"""The last row, local time: a Tuesday after lunch."""
FESTIVALS = [
    date.fromisoformat(day)
    for day in ("2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06")
]
ONE_DAY = timedelta(days=1)


def _rows() -> list[dict[str, Any]]:
    """A row each seven hours, back from the last one, of 1 to 99 visits."""
    random, found, at = Random(3), [], LAST
    while at > datetime(2024, 1, 1):
        found.append(
            {
                "occurred_at": at.replace(tzinfo=ZONE),
                "scene": random.choice(("kiosk", "site")),
                "volume": random.randint(1, 99),
            }
        )
        at -= timedelta(hours=7)
    return found


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    home = build_home(tmp_path_factory.mktemp("time"), volumes=ROWS)
    warehouse = Warehouse.open(home)
    with clock.frozen_at(LAST.replace(tzinfo=ZONE)):
        yield warehouse
    warehouse.close()


ROWS = _rows()
BY_TIME = {row["occurred_at"].replace(tzinfo=None): row["volume"] for row in ROWS}


# --- the same, slowly -------------------------------------------------------------------------


def _months_before(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 - months
    last = (date(count // 12, count % 12 + 1, 28) + timedelta(days=4)).replace(day=1) - ONE_DAY
    return date(count // 12, count % 12 + 1, min(day.day, last.day))


_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}


def _before(unit: Period, grain: Grain | None, compare: Compare) -> Period:
    if compare is Compare.LUNAR:
        middle = unit.start + timedelta(days=(unit.days - 1) // 2)
        near = min(FESTIVALS, key=lambda day: abs((day - middle).days))
        back = near - FESTIVALS[FESTIVALS.index(near) - 1]
    elif grain in _MONTHS:
        months = _MONTHS[grain] if compare is Compare.PREVIOUS else 12
        return Period(
            start=_months_before(unit.start, months), end=_months_before(unit.end, months)
        )
    elif compare is Compare.PREVIOUS:
        back = timedelta(days=unit.days)
    elif grain is Grain.WEEK:
        back = timedelta(days=364)
    else:  # days of this history: no 29 February is asked for
        start = unit.start.replace(year=unit.start.year - 1)
        last = unit.end - ONE_DAY
        return Period(start=start, end=last.replace(year=last.year - 1) + ONE_DAY)
    return Period(start=unit.start - back, end=unit.end - back)


def _sum(period: Period, until: datetime) -> int:
    start, end = (datetime.combine(day, time()) for day in (period.start, period.end))
    return sum(v for at, v in BY_TIME.items() if start <= at < end and at <= until)


def _worked(period: Period, until: datetime) -> int:
    """Working days that have begun. The last instant itself belongs to its day."""
    days = [period.start + timedelta(days=i) for i in range(period.days)]
    begun = [day for day in days if datetime.combine(day, time()) < until]
    return sum(chinese_calendar.is_workday(day) for day in begun)


def _expected(unit: Period, grain: Grain | None, compare: Compare) -> tuple[Any, ...]:
    """Value, its working days, base, and the base's."""
    base = _before(unit, grain, compare)
    elapsed = LAST - datetime.combine(unit.start, time())
    is_partial = datetime.combine(unit.end, time()) > LAST
    until = datetime.combine(base.start, time()) + elapsed if is_partial else datetime.max
    return _sum(unit, LAST), _worked(unit, LAST), _sum(base, until), _worked(base, until)


def _cell(found: tuple[Any, ...], *, per_workday: bool) -> Cell:
    value, worked, base, base_worked = found
    if not per_workday:
        return Cell(value=value, base=base)
    if not worked:
        return Cell(state=CellState.MISSING)
    return Cell(
        value=round(value / worked, 6),
        base=round(base / base_worked, 6) if base_worked else None,
    )


PERIODS: Mapping[Grain | None, tuple[str, str]] = {
    Grain.DAY: ("2026-01-20", "2026-03-11"),  # around the festival, and the running day
    Grain.WEEK: ("2025-12-29", "2026-03-16"),
    Grain.MONTH: ("2025-06-01", "2026-04-01"),  # a leap month in between
    Grain.QUARTER: ("2025-07-01", "2026-04-01"),
    Grain.YEAR: ("2025-01-01", "2027-01-01"),
    None: ("2026-01-20", "2026-03-20"),
}


@pytest.mark.parametrize("per_workday", [False, True])
@pytest.mark.parametrize("compare", list(Compare))
@pytest.mark.parametrize("grain", list(PERIODS))
def test_comparison_when_asked_then_as_counted_by_hand(
    visits: Warehouse, grain: Grain | None, compare: Compare, per_workday: bool
) -> None:
    start, end = (date.fromisoformat(day) for day in PERIODS[grain])
    query = MetricQuery(
        metrics=("usage.volume",),
        period=Period(start=start, end=end),
        grain=grain,
        compare=compare,
        per_workday=per_workday,
    )
    rows = visits.answer(query, ALL).rows
    assert query.period is not None
    units = [query.period] if grain is None else list(query.period.units(grain))
    assert len(rows) == len(units)
    for row, unit in zip(rows, units, strict=True):
        found = _expected(unit, grain, compare)
        assert row.cells[0] == _cell(found, per_workday=per_workday), unit
        assert row.is_partial == (datetime.combine(unit.end, time()) > LAST)
        if per_workday and row.days is not None:
            assert (row.days.own_work, row.days.base_work) == (found[1], found[3]), unit


def test_preset_month_when_running_then_the_same_part_of_the_month_before(
    visits: Warehouse,
) -> None:
    """The bar's 本月 is a whole calendar month without a grain."""
    march = Period(start=date(2026, 3, 1), end=date(2026, 4, 1))
    query = MetricQuery(metrics=("usage.volume",), period=march, compare=Compare.PREVIOUS)
    row = visits.answer(query, ALL).rows[0]
    february = Period(start=date(2026, 2, 1), end=date(2026, 3, 1))
    assert row.is_partial
    assert row.cells[0].base == _sum(february, datetime(2026, 2, 10, 13, 0))
    assert row.days is not None and row.days.base == replace(february, end=date(2026, 2, 11))


# --- pinned -----------------------------------------------------------------------------------


def _crowd(count: int, day: str, first: int = 0, **more: Any) -> list[dict[str, Any]]:
    at = datetime.fromisoformat(f"{day}T04:00:00+00:00")
    row = {"occurred_at": at, "scene": "fund", "outcome": "completed", "channel": "web", **more}
    return [{**row, "person": f"p{first + i}"} for i in range(count)]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Any]:
    opened: list[Warehouse] = []

    def load(rows: list[dict[str, Any]]) -> Any:
        settings = build_home(tmp_path, service_events=rows)
        warehouse = Warehouse.open(replace(settings, small_cell=3))
        opened.append(warehouse)

        def question(*metrics: str, days: tuple[str, str], **more: Any) -> Result:
            start, end = (date.fromisoformat(day) for day in days)
            period = Period(start=start, end=end)
            return warehouse.answer(MetricQuery(metrics=metrics, period=period, **more), ALL)

        return question

    yield load
    for warehouse in opened:
        warehouse.close()


def test_festival_when_compared_by_the_lunar_calendar_then_with_the_last_festival(
    ask: Any,
) -> None:
    question = ask(_crowd(8, "2025-01-29") + _crowd(4, "2025-02-17") + _crowd(6, "2026-02-17"))
    days = ("2026-02-17", "2026-02-18")
    cells = {
        compare: question("usage.events", days=days, grain=Grain.DAY, compare=compare)
        .rows[0]
        .cells[0]
        for compare in (Compare.LUNAR, Compare.YEAR)
    }
    assert cells == {Compare.LUNAR: Cell(value=6, base=8), Compare.YEAR: Cell(value=6, base=4)}


def test_people_when_compared_by_lunar_months_then_counted_once_in_the_shifted_days(
    ask: Any,
) -> None:
    """February 2026 begins 16 days before the festival: so does its base, on 13 January 2025."""
    rows = (
        _crowd(3, "2025-01-12")  # a day too early
        + _crowd(5, "2025-01-13", first=10)
        + _crowd(7, "2025-02-09", first=10)  # the same five, and two more
        + _crowd(3, "2025-02-10", first=30)  # a day too late
        + _crowd(4, "2026-02-10")
        + _crowd(3, "2026-03-01")
    )
    names = ("usage.people", "growth.mau", "growth.new")
    result = ask(rows)(
        *names, days=("2026-02-01", "2026-03-01"), grain=Grain.MONTH, compare=Compare.LUNAR
    )
    values = {
        name: (cell.value, cell.base)
        for name, cell in zip(names, result.rows[0].cells, strict=True)
    }
    # p0..p2 were there before; p3 was not. Of the base p10..p16 were new.
    assert values["usage.people"] == (4, 7)
    assert values["growth.mau"] == (4, 7)


def test_share_when_compared_then_percentage_points(ask: Any) -> None:
    rows = (
        _crowd(5, "2026-01-10")
        + _crowd(5, "2026-01-10", outcome="failed")
        + _crowd(6, "2026-02-10")
        + _crowd(4, "2026-02-10", outcome="failed")
        + _crowd(3, "2026-03-01")
    )
    result = ask(rows)(
        "usage.success_share",
        days=("2026-02-01", "2026-03-01"),
        compare=Compare.PREVIOUS,
    )
    cell = result.rows[0].cells[0]
    assert (cell.value, cell.base) == (0.6, 0.5)
    assert cell.change(Unit.SHARE) == pytest.approx(0.1)


def test_change_when_base_is_zero_or_missing_then_none(ask: Any) -> None:
    question = ask(_crowd(3, "2026-01-10") + _crowd(4, "2026-03-10") + _crowd(3, "2026-04-01"))
    for days in (("2026-03-01", "2026-04-01"), ("2026-01-01", "2026-02-01")):
        cell = question("usage.events", days=days, compare=Compare.PREVIOUS).rows[0].cells[0]
        assert cell.base in (0, None)
        assert cell.change(Unit.EVENTS) is None


def test_working_days_when_a_metric_does_not_add_up_then_a_sentence(ask: Any) -> None:
    question = ask(_crowd(3, "2026-01-10"))
    with pytest.raises(QueryError, match=r"usage\.people does not add up"):
        question("usage.people", days=("2026-01-01", "2026-02-01"), per_workday=True)


def test_cohorts_when_compared_by_the_lunar_calendar_then_a_sentence(ask: Any) -> None:
    question = ask(_crowd(3, "2026-01-10"))
    with pytest.raises(QueryError, match="follows people by whole units"):
        question(
            "growth.retention",
            days=("2026-01-01", "2026-02-01"),
            grain=Grain.MONTH,
            by=("offset",),
            compare=Compare.LUNAR,
        )


def test_working_days_when_the_year_is_not_known_then_a_sentence(ask: Any) -> None:
    year = KNOWN_YEARS[-1] + 1
    question = ask(_crowd(3, f"{year}-02-10") + _crowd(3, f"{year}-03-10"))
    with clock.frozen_at(datetime(year, 4, 1, tzinfo=UTC)):
        with pytest.raises(UnknownHolidays, match=f"holidays of {year} are not known"):
            question("usage.events", days=(f"{year}-02-01", f"{year}-03-01"), per_workday=True)
        plain = question("usage.events", days=(f"{year}-02-01", f"{year}-03-01"))
    assert plain.rows[0].cells[0].value == 3
