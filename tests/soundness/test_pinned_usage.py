"""Six-row cases worked out by hand. Each pins a number that could be wrong without a sound."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import build_home
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.model import (
    Cell,
    CellState,
    City,
    Compare,
    District,
    Grain,
    Label,
    MetricQuery,
    Period,
    Result,
    Role,
    Scope,
    Viewer,
)

EVERYTHING = Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True))
NAME = Label(zh="示", en="x")
CITY = City(
    label=NAME,
    districts=(
        District(code="north", label=NAME, population=100),
        District(code="south", label=NAME, population=50),
    ),
)
Ask = Callable[..., Result]


def _crowd(count: int, day: str, hour: int = 4, **more: Any) -> list[dict[str, Any]]:
    """`count` events of as many people at one instant (UTC)."""
    at = datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00")
    first = more.pop("first", 0)
    row = {"occurred_at": at, "scene": "fund", "outcome": "completed", "channel": "web", **more}
    return [{**row, "person": f"p{first + i}"} for i in range(count)]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Callable[[Sequence[Mapping[str, Any]]], Ask]]:
    """Load rows, get a way to ask. k is 3, the smallest allowed."""
    opened: list[Warehouse] = []

    def load(rows: Sequence[Mapping[str, Any]], **other: Any) -> Ask:
        settings = build_home(tmp_path, service_events=rows, city=CITY, **other)
        warehouse = Warehouse.open(replace(settings, small_cell=3))
        opened.append(warehouse)

        def question(*metrics: str, days: tuple[str, str] | None = None, **more: Any) -> Result:
            period = None
            if days is not None:
                start, end = (date.fromisoformat(day) for day in days)
                period = Period(start=start, end=end)
            return warehouse.answer(MetricQuery(metrics=metrics, period=period, **more), EVERYTHING)

        return question

    yield load
    for warehouse in opened:
        warehouse.close()


def _values(result: Result) -> list[Any]:
    return [
        (str(row.period.start) if row.period else None, *row.members, *_numbers(row.cells))
        for row in result.rows
    ]


def _numbers(cells: tuple[Cell, ...]) -> list[Any]:
    return [cell.state.value if cell.value is None else cell.value for cell in cells]


def test_day_when_event_is_at_midnight_here_then_counts_for_the_new_day(ask: Any) -> None:
    # 16:00 UTC is midnight in Shanghai: the last instant of January is 15:59:59 UTC.
    rows = _crowd(3, "2024-01-31", 15) + _crowd(4, "2024-01-31", 16)
    result = ask(rows)("usage.events", grain=Grain.MONTH)
    assert _values(result) == [("2024-01-01", 3), ("2024-02-01", 4)]


def test_people_when_in_two_scenes_then_counted_once_overall(ask: Any) -> None:
    rows = _crowd(5, "2024-01-10") + _crowd(4, "2024-01-11", scene="tax")
    question = ask(rows)
    assert _values(question("usage.people", by=("scene",))) == [(None, "fund", 5), (None, "tax", 4)]
    assert _values(question("usage.people")) == [(None, 5)]


def test_unknown_person_when_counted_then_in_volumes_and_never_in_people(ask: Any) -> None:
    unknown = [{**row, "person": None} for row in _crowd(4, "2024-01-10", district=None)]
    question = ask(_crowd(3, "2024-01-10", district="north") + unknown)
    assert _values(question("usage.events", "usage.people")) == [(None, 7, 3)]
    by_district = question("usage.events", "usage.people", by=("district",))
    assert _values(by_district) == [(None, "unknown", 4, 0), (None, "north", 3, 3)]


def test_unit_when_nothing_happened_then_zero_inside_and_missing_outside(ask: Any) -> None:
    question = ask(_crowd(3, "2024-01-10") + _crowd(3, "2024-03-10"))
    result = question(
        "usage.events",
        "usage.success_share",
        grain=Grain.MONTH,
        days=("2023-12-01", "2024-05-01"),
    )
    assert _values(result) == [
        ("2023-12-01", "missing", "missing"),
        ("2024-01-01", 3, 1.0),
        ("2024-02-01", 0, "missing"),
        ("2024-03-01", 3, 1.0),
        ("2024-04-01", "missing", "missing"),
    ]


def test_period_when_it_starts_in_mid_month_then_units_are_whole(ask: Any) -> None:
    question = ask(_crowd(3, "2024-01-02") + _crowd(4, "2024-01-30") + _crowd(3, "2024-03-31"))
    result = question("growth.mau", grain=Grain.MONTH, days=("2024-01-20", "2024-02-10"))
    assert [(row.period, row.is_partial) for row in result.rows] == [
        (Period(start=date(2024, 1, 1), end=date(2024, 2, 1)), False),
        (Period(start=date(2024, 2, 1), end=date(2024, 3, 1)), False),
    ]
    assert _values(result) == [("2024-01-01", 4), ("2024-02-01", 0)]


def test_running_month_when_compared_then_base_is_cut_at_the_same_instant(ask: Any) -> None:
    # The data end on 10 February 04:00 UTC: of January only what came up to 10 January 04:00.
    rows = (
        _crowd(4, "2024-01-03", 4)
        + _crowd(3, "2024-01-10", 4, first=10)
        + _crowd(9, "2024-01-10", 5, first=20)
        + _crowd(8, "2024-02-10", 4)
    )
    question = ask(rows)
    for metric in ("usage.events", "usage.people", "growth.mau", "growth.new"):
        last = question(metric, grain=Grain.MONTH, compare=Compare.PREVIOUS).rows[-1]
        assert last.is_partial
        assert last.cells[0].base == 7, metric
    new = question("growth.new", grain=Grain.MONTH).rows[-1]
    assert new.cells[0].value == 4  # of p0..p7 four were here in January


def test_year_before_when_leap_day_then_last_of_february(ask: Any) -> None:
    rows = _crowd(5, "2023-02-28") + _crowd(4, "2024-02-29") + _crowd(3, "2024-03-05")
    result = ask(rows)(
        "usage.events",
        grain=Grain.DAY,
        compare=Compare.YEAR,
        days=("2024-02-29", "2024-03-01"),
    )
    assert result.rows[0].cells[0] == Cell(value=4, base=5)


def test_percentile_when_between_two_values_then_exact(ask: Any) -> None:
    rows = [
        {**row, "latency_ms": 100 * (i + 1)} for i, row in enumerate(_crowd(4, "2024-01-10"))
    ] + [{**row, "latency_ms": None} for row in _crowd(3, "2024-01-10")]
    # ranks 0..3, 0.95 * 3 = 2.85: 300 + 0.85 * 100
    assert _values(ask(rows)("usage.latency_p95")) == [(None, 385.0)]


def test_shares_when_outcome_or_channel_unknown_then_in_neither(ask: Any) -> None:
    rows = (
        _crowd(6, "2024-01-10")
        + _crowd(3, "2024-01-10", channel="counter")
        + _crowd(3, "2024-01-10", channel=None)
        + _crowd(4, "2024-01-10", outcome="failed")
        + _crowd(4, "2024-01-10", outcome="open")
        + _crowd(4, "2024-01-10", outcome=None)
    )
    result = ask(rows)("usage.success_share", "usage.online_share")
    assert _values(result) == [(None, 0.75, 0.666667)]


def test_daily_active_when_asked_by_month_then_mean_of_the_days_that_are_over(ask: Any) -> None:
    # Data begin on 30 January and end within 2 February.
    rows = (
        _crowd(6, "2024-01-30")
        + _crowd(3, "2024-01-31")
        + _crowd(5, "2024-02-01")
        + _crowd(9, "2024-02-02")
    )
    question = ask(rows)
    by_month = question("growth.dau", grain=Grain.MONTH)
    assert _values(by_month) == [("2024-01-01", 4.5), ("2024-02-01", 5)]
    assert _values(question("growth.dau"))[1] == ("2024-01-31", 3)
    # January: (6 + 3) / 2 days over 6 people of the month
    sticky = question("growth.stickiness", days=("2024-01-01", "2024-02-01"))
    assert _values(sticky) == [("2024-01-01", 0.75)]


def test_growth_when_a_person_pauses_then_resurrected_not_new(ask: Any) -> None:
    rows = _crowd(4, "2024-01-10") + _crowd(3, "2024-02-10", first=10) + _crowd(7, "2024-03-10")
    names = ("growth.new", "growth.retained", "growth.resurrected", "growth.churned")
    assert _values(ask(rows)(*names, grain=Grain.MONTH)) == [
        ("2024-01-01", 4, 0, 0, 0),
        ("2024-02-01", 3, 0, 0, 4),
        ("2024-03-01", 3, 0, 4, 3),
    ]


def test_growth_when_one_is_new_then_hidden_with_what_would_tell(ask: Any) -> None:
    rows = _crowd(4, "2024-01-10") + _crowd(3, "2024-02-10", first=10) + _crowd(5, "2024-03-10")
    names = ("growth.new", "growth.retained", "growth.resurrected", "growth.churned")
    march = _values(ask(rows)(*names, grain=Grain.MONTH))[-1]
    assert march == ("2024-03-01", "suppressed", 0, "suppressed", 3)


def test_goal_when_base_is_set_then_compounds_and_is_missing_before(ask: Any) -> None:
    question = ask(_crowd(10, "2023-12-10") + _crowd(20, "2024-01-10") + _crowd(5, "2024-02-10"))
    with clock.frozen_at(datetime(2024, 2, 20, tzinfo=UTC)):
        result = question("growth.goal", days=("2023-12-01", "2024-04-01"))
    assert _values(result) == [
        ("2023-12-01", "missing"),
        ("2024-01-01", 20),
        ("2024-02-01", 26),
        ("2024-03-01", 33.8),
    ]


def test_penetration_when_by_district_then_over_its_own_population(ask: Any) -> None:
    rows = (
        _crowd(10, "2024-01-10", district="north")
        + _crowd(5, "2024-01-11", district="south")
        + _crowd(3, "2024-01-11", district=None)
    )
    question = ask(rows)
    assert _values(question("growth.penetration", by=("district",))) == [
        (None, "north", 0.1),
        (None, "south", 0.1),
        (None, "unknown", "missing"),
    ]
    assert _values(question("growth.penetration")) == [(None, round(10 / 150, 6))]
    only = question("growth.penetration", where=(("district", ("south",)),))
    assert _values(only) == [(None, 0.1)]


def test_hour_and_weekday_when_cut_then_in_local_time(ask: Any) -> None:
    rows = _crowd(3, "2024-01-07", 15) + _crowd(4, "2024-01-07", 16)  # Sunday 23:00, Monday 0:00
    question = ask(rows)
    assert _values(question("usage.events", by=("weekday",))) == [(None, "1", 4), (None, "7", 3)]
    assert _values(question("usage.events", by=("hour",))) == [(None, "0", 4), (None, "23", 3)]


def test_limit_when_given_then_keeps_the_largest(ask: Any) -> None:
    rows = (
        _crowd(3, "2024-01-10", scene="a")
        + _crowd(5, "2024-01-10", scene="b")
        + _crowd(4, "2024-01-10", scene="c")
    )
    result = ask(rows)("usage.events", by=("scene",), limit=2)
    assert _values(result) == [(None, "b", 5), (None, "c", 4)]


def test_members_when_datasets_differ_then_missing_is_not_zero(ask: Any) -> None:
    counted = [{"occurred_at": datetime(2024, 1, 10, tzinfo=UTC), "scene": "web", "volume": 5}]
    question = ask(_crowd(3, "2024-01-10"), volumes=counted)
    result = question("usage.events", "usage.volume", by=("scene",))
    assert _values(result) == [(None, "fund", 3, "missing"), (None, "web", "missing", 5)]
    assert result.rows[0].cells[1].state is CellState.MISSING
