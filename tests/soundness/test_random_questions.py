"""Random questions on random histories, against the same numbers counted in plain Python."""

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.soundness.conftest import EVERYTHING, Town
from tests.soundness.oracle import MEASURES, accounting, contributors
from warehouse.model import CellState, Grain, MetricQuery, Period

DIMENSIONS = ("scene", "district", "channel", "age_band", "weekday")
MEMBERS = {"scene": ("fund", "tax", "fines"), "channel": ("web", "counter", "unknown")}

periods = st.builds(
    lambda start, days: Period(start=start, end=start + timedelta(days=days)),
    st.dates(date(2023, 11, 20), date(2024, 3, 20)),
    st.integers(1, 80),
)
cuts = st.lists(st.sampled_from(DIMENSIONS), max_size=2, unique=True).map(tuple)
filters = st.dictionaries(st.sampled_from(sorted(MEMBERS)), st.just(()), max_size=1).flatmap(
    lambda names: st.fixed_dictionaries(
        {n: st.lists(st.sampled_from(MEMBERS[n]), min_size=1, unique=True) for n in names}
    )
)
many = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _ask(town: Town, metrics: Any, period: Period, grain: Any, by: Any, where: Any) -> Any:
    query = MetricQuery(
        metrics=tuple(metrics),
        period=period,
        grain=grain,
        by=by,
        where=tuple((name, tuple(members)) for name, members in where.items()),
    )
    return town.warehouse.answer(query, EVERYTHING)


@given(period=periods, grain=st.sampled_from([None, *Grain]), by=cuts, where=filters)
@many
def test_usage_when_asked_at_random_then_equals_plain_counting(
    town: Town, period: Period, grain: Grain | None, by: tuple[str, ...], where: Any
) -> None:
    result = _ask(town, MEASURES, period, grain, by, where)
    whole = period if grain is None else _whole(period, grain)
    wanted = town.oracle.cells(whole, grain, by, where)
    shown = set()
    for row in result.rows:
        start = row.period.start if row.period else whole.start
        rows = wanted.get((start, row.members), [])
        shown.add((start, row.members))
        states = {cell.state for cell in row.cells}
        if 0 < contributors(rows) < town.settings.small_cell:
            assert states == {CellState.SUPPRESSED}
        if CellState.SUPPRESSED in states:
            assert states == {CellState.SUPPRESSED}, "one pattern for every metric"
        elif rows:
            assert [c.value for c in row.cells] == [MEASURES[m](rows) for m in MEASURES]
    assert set(wanted) <= shown


def _whole(period: Period, grain: Grain) -> Period:
    units = period.units(grain)
    return Period(start=units[0].start, end=units[-1].end)


@given(
    period=periods,
    grain=st.sampled_from(list(Grain)),
    by=st.lists(st.sampled_from(("scene", "district", "age_band")), max_size=1).map(tuple),
    where=filters,
)
@many
def test_growth_when_asked_at_random_then_identities_hold(
    town: Town, period: Period, grain: Grain, by: tuple[str, ...], where: Any
) -> None:
    names = ("growth.new", "growth.retained", "growth.resurrected", "growth.churned")
    result = _ask(town, (*names, "usage.people"), period, grain, by, where)
    active = town.oracle.active(by, where, grain)
    for row in result.rows:
        assert row.period is not None
        if any(cell.state is not CellState.VALUE for cell in row.cells):
            continue
        new, retained, resurrected, churned, now = (int(cell.value or 0) for cell in row.cells)
        sets = active.get(row.members, {})
        wanted = accounting(sets, row.period.start, grain)
        assert [new, retained, resurrected, churned] == [wanted[name] for name in names]
        assert now == new + retained + resurrected
        assert len(sets.get(grain.shift(row.period.start, -1), ())) == retained + churned


@given(by=st.sampled_from([(), ("scene",), ("age_band",)]), grain=st.sampled_from(list(Grain)))
@many
def test_cumulative_people_when_asked_then_counts_the_served_and_never_falls(
    town: Town, by: tuple[str, ...], grain: Grain
) -> None:
    period = Period(start=date(2023, 11, 1), end=date(2024, 4, 1))
    result = _ask(town, ("growth.cumulative_people",), period, grain, by, {})
    last: dict[tuple[str, ...], float] = {}
    for row in result.rows:
        cell, end = row.cells[0], row.period.end if row.period else period.end
        if cell.value is None:
            continue
        served = {
            r["person"]
            for r in town.oracle.rows
            if r["day"] < end
            and r["outcome"] == "completed"
            and r["person"]
            and tuple(town.oracle.member(r, name) for name in by) == row.members
        }
        assert cell.value == len(served)
        assert cell.value >= last.get(row.members, 0)
        last[row.members] = cell.value
