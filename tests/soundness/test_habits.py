"""Rolling people, cohorts, active days and scene flow on random histories, against polars."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.soundness import habits
from tests.soundness.conftest import EVERYTHING, Town
from tests.soundness.oracle import accounting
from warehouse.connection import Reader
from warehouse.keys import Keyring
from warehouse.metrics import CATALOGUE, Metric
from warehouse.metrics.model import Active, Goal, GoalGap
from warehouse.model import CellState, Grain, MetricQuery, Period, Result, Row, Unit

LAST = date(2024, 4, 11)
"""The day after the last of the history, wherever the town lies."""
few = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
cuts = st.sampled_from([(), ("district",)])
filters = st.sampled_from([{}, {"channel": ["web", "unknown"]}, {"age_band": ["18-30"]}])
periods = st.builds(
    lambda start, days: Period(start=start, end=start + timedelta(days=days)),
    st.dates(date(2023, 11, 1), date(2024, 4, 1)),
    st.integers(1, 60),
)
Lives = Callable[[Any], pl.DataFrame]


@pytest.fixture(scope="module")
def lives(town: Town) -> Lives:
    """Events that pass a filter, each with the id it was stored under."""
    reader = Reader(town.settings, Keyring.open(town.settings))
    snapshot = reader.snapshot()
    table = snapshot.table("service_event", "fact", period=None)
    keyring = Keyring.open(town.settings)
    stored: dict[Any, list[int]] = {}
    for at, person, scene, event in snapshot.select(
        f"SELECT occurred_at, person, scene, event_id FROM {table} ORDER BY event_id"
    ):
        stored.setdefault((at, person, scene), []).append(event)
    reader.close()
    ids = {}
    for place, row in enumerate(town.oracle.rows):
        person = None if row["person"] is None else keyring.pseudonym(row["person"])
        ids[place] = stored[row["occurred_at"].replace(tzinfo=None), person, row["scene"]].pop(0)
    return lambda where: habits.lives(town.oracle, where, ids)


def _ask(town: Town, metrics: Any, period: Period, grain: Any, by: Any, where: Any) -> Result:
    query = MetricQuery(
        metrics=metrics,
        period=period,
        grain=grain,
        by=by,
        where=tuple((name, tuple(members)) for name, members in where.items()),
    )
    return town.warehouse.answer(query, EVERYTHING)


def _cells(events: pl.DataFrame, by: tuple[str, ...]) -> dict[tuple[str, ...], pl.DataFrame]:
    if not by:
        return {(): events}
    return {key: rows for key, rows in events.group_by(by)}


def _shown(row: Row) -> bool:
    return all(cell.state is CellState.VALUE for cell in row.cells)


def _check_small(town: Town, values: Iterable[Any]) -> None:
    assert all(value == 0 or value >= town.settings.small_cell for value in values)


@given(
    period=periods,
    grain=st.sampled_from([Grain.DAY, Grain.WEEK, Grain.MONTH]),
    by=cuts,
    where=filters,
)
@few
def test_rolling_people_when_asked_at_random_then_equal_the_people_of_those_days(
    town: Town, lives: Lives, period: Period, grain: Grain, by: tuple[str, ...], where: Any
) -> None:
    result = _ask(town, ("growth.active_7d", "growth.active_28d"), period, grain, by, where)
    events = _cells(lives(where), by)
    last = lives({}).get_column("day").max()
    assert isinstance(last, date)
    for row in result.rows:
        assert row.period is not None
        ends = min(row.period.end - timedelta(days=1), last)
        for cell, length in zip(row.cells, (7, 28), strict=True):
            if cell.state is CellState.VALUE:
                assert cell.value == habits.rolling(events[row.members], ends, length)
                _check_small(town, [cell.value])


@given(period=periods, grain=st.sampled_from([Grain.WEEK, Grain.MONTH]), by=cuts, where=filters)
@few
def test_cohort_when_followed_at_random_then_equals_following_each_person(
    town: Town, lives: Lives, period: Period, grain: Grain, by: tuple[str, ...], where: Any
) -> None:
    names = ("growth.cohort_people", "growth.retention", "growth.retention_rolling")
    result = _ask(town, names, period, grain, (*by, "offset"), where)
    events = _cells(lives(where), by)
    for row in result.rows:
        assert row.period is not None
        *plain, offset = row.members
        wanted = habits.cohort(events[tuple(plain)], grain, row.period.start)
        size, (just, later) = wanted["0"][0], wanted[offset]
        people, classic, rolling = row.cells
        if people.state is CellState.VALUE:
            assert people.value == just
            _check_small(town, [just, size - just])
        if size and classic.state is CellState.VALUE:
            assert classic.value == pytest.approx(just / size, abs=1e-6)
        if size and rolling.state is CellState.VALUE:
            assert rolling.value == pytest.approx(later / size, abs=1e-6)
            _check_small(town, [later, size - later, later - just])
        ends = grain.shift(row.period.end, int(offset))
        assert row.is_partial == (grain.shift(ends, 1) > LAST)


@given(period=periods, by=cuts, where=filters)
@few
def test_days_and_scenes_when_asked_at_random_then_equal_each_persons_own(
    town: Town, lives: Lives, period: Period, by: tuple[str, ...], where: Any
) -> None:
    events = _cells(lives(where), by)
    for metric, count in (
        ("growth.active_days", habits.active_days),
        ("growth.scenes_used", habits.scenes_used),
    ):
        dimension = metric.partition(".")[2]
        result = _ask(town, (metric,), period, Grain.MONTH, (*by, dimension), where)
        for row in result.rows:
            assert row.period is not None
            if _shown(row):
                wanted = count(events[row.members[:-1]], row.period)
                assert row.cells[0].value == wanted.get(row.members[-1], 0)
                _check_small(town, [row.cells[0].value])


@given(period=periods, by=cuts, where=filters)
@few
def test_flow_when_asked_at_random_then_equals_each_persons_way(
    town: Town, lives: Lives, period: Period, by: tuple[str, ...], where: Any
) -> None:
    result = _ask(
        town, ("growth.scene_flow",), period, None, (*by, "first_scene", "next_scene"), where
    )
    events = _cells(lives(where), by)
    for row in result.rows:
        if _shown(row):
            wanted = habits.flow(events[row.members[:-2]], period)
            first, following = row.members[-2:]
            assert row.cells[0].value == wanted.get((first, following), 0)
            _check_small(town, [row.cells[0].value])


@given(period=periods, grain=st.sampled_from(list(Grain)), by=cuts, where=filters)
@few
def test_quick_ratio_when_asked_at_random_then_made_of_its_parts(
    town: Town, period: Period, grain: Grain, by: tuple[str, ...], where: Any
) -> None:
    names = ("growth.quick_ratio", "growth.new", "growth.resurrected", "growth.churned")
    active = town.oracle.active(by, where, grain)
    for row in _ask(town, names, period, grain, by, where).rows:
        assert row.period is not None
        ratio, *parts = row.cells
        if any(cell.state is CellState.SUPPRESSED for cell in parts):
            assert ratio.state is CellState.SUPPRESSED
        elif ratio.state is CellState.VALUE:
            kinds = accounting(active[row.members], row.period.start, grain)
            grown = kinds["growth.new"] + kinds["growth.resurrected"]
            assert ratio.value == pytest.approx(grown / kinds["growth.churned"], abs=1e-6)


def _sums(result: Result) -> dict[Any, float]:
    """Rows added up over the last dimension, where none of them is hidden."""
    found: dict[Any, list[Row]] = {}
    for row in result.rows:
        found.setdefault((row.period, row.members[:-1]), []).append(row)
    return {
        key: sum(row.cells[0].value or 0 for row in rows)
        for key, rows in found.items()
        if not any(row.cells[0].state is CellState.SUPPRESSED for row in rows)
    }


@pytest.mark.parametrize(
    ("part", "by", "whole"),
    [
        ("growth.active_days", ("active_days",), "growth.mau"),
        ("growth.scenes_used", ("scenes_used",), "usage.people"),
        ("growth.scene_flow", ("first_scene",), "growth.new"),
    ],
)
def test_parts_when_added_up_then_the_whole(
    town: Town, part: str, by: tuple[str, ...], whole: str
) -> None:
    period = Period(start=date(2023, 12, 1), end=date(2024, 4, 1))
    parts = _sums(_ask(town, (part,), period, Grain.MONTH, by, {}))
    wholes = {
        (row.period, row.members): row.cells[0]
        for row in _ask(town, (whole,), period, Grain.MONTH, (), {}).rows
    }
    compared = [key for key in parts if wholes[key].state is CellState.VALUE]
    assert all(parts[key] == wholes[key].value for key in compared)


def test_flow_when_by_both_scenes_then_rows_add_up_to_the_people_of_the_first(town: Town) -> None:
    period = Period(start=date(2023, 11, 1), end=date(2024, 5, 1))
    metric = ("growth.scene_flow",)
    rows = _sums(_ask(town, metric, period, None, ("first_scene", "next_scene"), {}))
    firsts = _ask(town, metric, period, None, ("first_scene",), {}).rows
    wanted = {(None, row.members): row.cells[0].value for row in firsts}
    assert rows
    assert all(wanted[key] == value for key, value in rows.items())


@pytest.mark.parametrize("metric", [m for m in CATALOGUE.values() if m.name.startswith("growth.")])
def test_growth_metric_when_cut_by_any_dimension_then_answers_and_tells_of_nobody(
    town: Town, metric: Metric
) -> None:
    period = Period(start=date(2024, 1, 1), end=date(2024, 3, 1))
    for place, dimension in enumerate(metric.dimensions):
        by = tuple(dict.fromkeys((dimension, *metric.apart)))
        grain = metric.grains[place % len(metric.grains)]
        rows = _ask(town, (metric.name,), period, grain, by, {}).rows
        if metric.unit is Unit.PEOPLE and not isinstance(metric.measure, Goal | GoalGap | Active):
            _check_small(town, [row.cells[0].value or 0 for row in rows])
