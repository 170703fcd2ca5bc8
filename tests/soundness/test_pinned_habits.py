"""Rolling people, cohorts, days, scenes and the goal, worked out by hand. k is 3."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import build_home
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.connection import Reader
from warehouse.errors import QueryError
from warehouse.keys import Keyring
from warehouse.model import (
    City,
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
CITY = City(label=NAME, districts=(District(code="north", label=NAME, population=100),))


def _crowd(first: int, last: int, day: str, hour: int = 4, **more: Any) -> list[dict[str, Any]]:
    """One event of each of the people `first`..`last` (included) at one instant (UTC)."""
    at = datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00")
    row = {"occurred_at": at, "scene": "fund", "outcome": "completed", "channel": "web", **more}
    return [{**row, "person": f"p{i}"} for i in range(first, last + 1)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[[list[dict[str, Any]]], Warehouse]]:
    opened: list[Warehouse] = []

    def load(rows: list[dict[str, Any]]) -> Warehouse:
        settings = build_home(tmp_path, service_events=rows, city=CITY)
        opened.append(Warehouse.open(replace(settings, small_cell=3)))
        return opened[-1]

    yield load
    for warehouse in opened:
        warehouse.close()


def _ask(
    warehouse: Warehouse, *metrics: str, days: tuple[str, str] | None = None, **more: Any
) -> Result:
    period = None
    if days is not None:
        start, end = (date.fromisoformat(day) for day in days)
        period = Period(start=start, end=end)
    return warehouse.answer(MetricQuery(metrics=metrics, period=period, **more), EVERYTHING)


def _values(result: Result) -> list[Any]:
    return [
        (
            str(row.period.start) if row.period else None,
            *row.members,
            *(cell.state.value if cell.value is None else cell.value for cell in row.cells),
        )
        for row in result.rows
    ]


def test_rolling_when_a_person_comes_again_then_counts_once_and_leaves_after_seven_days(
    house: Any,
) -> None:
    # p0..p3 on 1 and 5 January (interval 1..11), p4..p8 on 7 January (7..13).
    rows = _crowd(0, 3, "2024-01-01") + _crowd(0, 3, "2024-01-05") + _crowd(4, 8, "2024-01-07")
    town = house(rows + _crowd(9, 12, "2024-01-15"))
    found = _values(_ask(town, "growth.active_7d"))
    assert [n for _, n in found] == [4, 4, 4, 4, 4, 4, 9, 9, 9, 9, 9, 5, 5, 0, 4]
    month = _values(_ask(town, "growth.active_7d", "growth.active_28d", grain=Grain.MONTH))
    assert month == [("2024-01-01", 4, 13)]  # as of the 15th, the last day with data


def test_rolling_when_a_gap_is_exactly_seven_days_then_neither_twice_nor_missing(
    house: Any,
) -> None:
    rows = _crowd(0, 3, "2024-01-01") + _crowd(0, 3, "2024-01-08") + _crowd(5, 8, "2024-01-09")
    found = _values(_ask(house(rows), "growth.active_7d"))
    assert [n for _, n in found] == [4, 4, 4, 4, 4, 4, 4, 4, 8]


def test_quick_ratio_when_nobody_churned_then_missing(house: Any) -> None:
    rows = _crowd(0, 3, "2024-01-10") + _crowd(0, 7, "2024-02-10") + _crowd(4, 13, "2024-03-10")
    found = _values(_ask(house(rows), "growth.quick_ratio", grain=Grain.MONTH))
    # March: 6 new (p8..p13), 0 resurrected, 4 churned (p0..p3)
    assert found == [("2024-01-01", "missing"), ("2024-02-01", "missing"), ("2024-03-01", 1.5)]


def test_active_days_when_asked_then_each_person_is_in_one(house: Any) -> None:
    # Twice on one day is one day; a day of another month does not count.
    rows = _crowd(0, 9, "2024-01-10") + _crowd(0, 9, "2024-01-10", 6) + _crowd(0, 3, "2024-01-20")
    town = house(rows + _crowd(0, 3, "2024-02-01"))
    found = _values(_ask(town, "growth.active_days", by=("active_days",)))
    assert found == [
        ("2024-01-01", "1", 6),
        ("2024-01-01", "2", 4),
        ("2024-02-01", "1", 4),
        ("2024-02-01", "2", 0),
    ]
    often = _ask(town, "growth.active_days", where=(("active_days", ("2", "3")),))
    assert _values(often) == [("2024-01-01", 4)]


COHORTS = (
    _crowd(0, 19, "2024-01-10")
    + _crowd(0, 9, "2024-02-10")
    + _crowd(20, 29, "2024-02-11")
    + _crowd(5, 14, "2024-03-10")
    + _crowd(20, 24, "2024-03-10")
)
"""20 people of January: 10 come in February, 10 (p5..p14) in March; of 10 of February 5 come."""


def test_retention_when_people_skip_a_month_then_classic_and_rolling_differ(house: Any) -> None:
    names = ("growth.cohort_people", "growth.retention", "growth.retention_rolling")
    found = _ask(house(COHORTS), *names, by=("offset",))
    january = [row for row in _values(found) if row[0] == "2024-01-01"]
    # later than January: p0..p14; in March or later: p5..p14
    assert january[:3] == [
        ("2024-01-01", "0", 20, 1.0, 1.0),
        ("2024-01-01", "1", 10, 0.5, 0.75),
        ("2024-01-01", "2", 10, 0.5, 0.5),
    ]
    february = [row for row in _values(found) if row[0] == "2024-02-01"]
    assert february[:3] == [
        ("2024-02-01", "0", 10, 1.0, 1.0),
        ("2024-02-01", "1", 5, 0.5, 0.5),
        ("2024-02-01", "2", "missing", "missing", "missing"),
    ]
    # The data end on 10 March: its column is running whatever the cohort.
    partial = {(str(row.period.start)[:7], *row.members) for row in found.rows if row.is_partial}
    assert ("2024-01", "2") in partial and ("2024-02", "1") in partial


def test_retention_when_the_column_is_over_then_classic_is_whole_and_rolling_still_moves(
    house: Any,
) -> None:
    rows = [*COHORTS, *_crowd(0, 3, "2024-04-02")]
    town = house(rows)
    classic = _ask(town, "growth.retention", by=("offset",), days=("2024-01-01", "2024-02-01"))
    rolling = _ask(
        town, "growth.retention_rolling", by=("offset",), days=("2024-01-01", "2024-02-01")
    )
    assert [row.is_partial for row in classic.rows[:4]] == [False, False, False, True]
    assert [row.is_partial for row in rolling.rows[:4]] == [False, False, True, True]


def test_retention_when_not_asked_by_offset_then_says_what_to_do(house: Any) -> None:
    town = house(COHORTS)
    with pytest.raises(QueryError, match="--by offset"):
        _ask(town, "growth.retention")
    one = _ask(town, "growth.retention", where=(("offset", ("1",)),))
    assert _values(one)[:2] == [("2024-01-01", 0.5), ("2024-02-01", 0.5)]
    whole = _ask(town, "growth.cohort_people", where=(("offset", ("0",)),))
    assert _values(whole) == [("2024-01-01", 20), ("2024-02-01", 10), ("2024-03-01", 0)]


def test_retention_when_few_of_a_cohort_stay_away_then_hidden(house: Any) -> None:
    rows = _crowd(0, 19, "2024-01-10") + _crowd(0, 17, "2024-02-10") + _crowd(0, 9, "2024-03-10")
    found = _values(_ask(house(rows), "growth.retention", by=("offset",)))
    january = {row[1]: row[2] for row in found if row[0] == "2024-01-01"}
    assert (january["1"], january["2"]) == ("suppressed", 0.5)  # two of twenty did not come


def test_rolling_retention_when_a_step_is_small_then_hidden(house: Any) -> None:
    # Of 20 ten come in February, eight of those and two others in March.
    rows = (
        _crowd(0, 19, "2024-01-10")
        + _crowd(0, 11, "2024-02-10")
        + _crowd(0, 9, "2024-03-10")
        + _crowd(0, 3, "2024-04-10")
    )
    found = _values(_ask(house(rows), "growth.retention_rolling", by=("offset",)))
    january = {row[1]: row[2] for row in found if row[0] == "2024-01-01"}
    # 12 > 10 > 4: two people who were last seen in February would be told by the difference.
    assert [january[n] for n in ("0", "1", "2", "3")] == [1.0, "suppressed", 0.5, 0.2]


def test_flow_when_times_are_equal_or_scenes_alternate_then_next_other_scene(house: Any) -> None:
    rows = (
        _crowd(0, 3, "2024-01-10")
        + _crowd(0, 3, "2024-01-11")  # the same scene again is no next one
        + _crowd(0, 3, "2024-02-11", scene="tax")
        + _crowd(0, 3, "2024-02-12", scene="fines")
        + _crowd(4, 8, "2024-01-10", scene="tax")
        + _crowd(9, 12, "2024-02-10", scene="tax")
        + _crowd(9, 12, "2024-02-11", scene="fund")
    )
    town = house(rows)
    flow = _ask(town, "growth.scene_flow", by=("first_scene", "next_scene"))
    assert {row[1:3]: row[3] for row in _values(flow) if row[3]} == {
        ("fund", "tax"): 4,
        ("tax", "(none)"): 5,
        ("tax", "fund"): 4,
    }
    firsts = _ask(town, "growth.scene_flow", by=("first_scene",), grain=Grain.MONTH)
    assert {row[:2]: row[2] for row in _values(firsts)} == {
        ("2024-01-01", "fund"): 4,
        ("2024-01-01", "tax"): 5,
        ("2024-02-01", "fund"): 0,
        ("2024-02-01", "tax"): 4,
    }


def test_scenes_used_when_in_three_then_counted_once_and_in_the_last_member(house: Any) -> None:
    rows = (
        _crowd(0, 8, "2024-01-10")
        + _crowd(0, 3, "2024-01-11", scene="tax")
        + _crowd(0, 3, "2024-01-12", scene="fines")
        + _crowd(0, 3, "2024-01-13", scene="bus")
    )
    found = _values(_ask(house(rows), "growth.scenes_used", by=("scenes_used",)))
    assert found == [(None, "1", 5), (None, "3", 4)]


def test_goal_gap_when_behind_then_negative_and_none_for_months_to_come(house: Any) -> None:
    town = house(_crowd(0, 19, "2024-01-10") + _crowd(0, 9, "2024-02-10"))
    with clock.frozen_at(datetime(2024, 2, 20, tzinfo=UTC)):
        found = _ask(town, "growth.goal_gap", days=("2023-12-01", "2024-04-01"))
    assert _values(found) == [
        ("2023-12-01", "missing"),
        ("2024-01-01", 0),
        ("2024-02-01", -16),  # 10 - 20 * 1.3
        ("2024-03-01", "missing"),
    ]


def test_flow_when_two_scenes_begin_at_once_then_the_event_id_decides(house: Any) -> None:
    rows = _crowd(0, 19, "2024-01-10") + _crowd(0, 19, "2024-01-10", scene="tax")
    town = house(rows)
    reader = Reader(town._settings, Keyring.open(town._settings))
    snapshot = reader.snapshot()
    table = snapshot.table("service_event", "fact", period=None)
    ids: dict[int, list[tuple[int, str]]] = {}
    for person, event, scene in snapshot.select(f"SELECT person, event_id, scene FROM {table}"):
        ids.setdefault(person, []).append((event, scene))
    reader.close()
    first_fund = sum(min(events)[1] == "fund" for events in ids.values())
    flow = _ask(town, "growth.scene_flow", by=("first_scene",))
    assert {row[1]: row[2] for row in _values(flow)} == {
        "fund": first_fund,
        "tax": 20 - first_fund,
    }


def test_outlook_when_asked_then_as_the_answers_say_for_the_viewer(house: Any) -> None:
    rows = _crowd(0, 19, "2024-01-10", district="north") + _crowd(0, 14, "2024-02-05")
    town = house(rows + _crowd(15, 20, "2024-02-14"))
    with clock.frozen_at(datetime(2024, 2, 14, 4, tzinfo=UTC)):
        found = town.outlook(EVERYTHING)
        narrow = town.outlook(EVERYTHING, (("district", ("nowhere",)),))
    assert (found.people, found.goal, found.gap) == (21, 26, -5)
    assert found.population == 100 and found.passes_in == date(2024, 8, 1)  # 20 * 1.3^7 > 100
    assert narrow.people is None and narrow.population == 0
