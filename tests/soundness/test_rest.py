"""Top-N with the rest: who is in it, in which order, and what the rest counts."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.soundness.conftest import EVERYTHING, Town
from tests.soundness.oracle import MEASURES, Cells
from warehouse.errors import QueryError
from warehouse.model import (
    REST,
    CellState,
    Compare,
    Grain,
    MetricQuery,
    Period,
    Result,
    Sort,
)

ADDITIVE = "usage.events"
periods = st.builds(
    lambda start, days: Period(start=start, end=start + timedelta(days=days)),
    st.dates(date(2023, 11, 20), date(2024, 3, 20)),
    st.integers(20, 80),
)
many = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(
    period=periods,
    grain=st.sampled_from([None, Grain.WEEK, Grain.MONTH]),
    dimension=st.sampled_from(["scene", "district", "channel", "age_band"]),
    first=st.sampled_from(sorted(MEASURES)),
    limit=st.integers(1, 4),
    where=st.sampled_from([(), (("scene", ("fund", "tax")),), (("channel", ("unknown", "web")),)]),
)
@many
def test_rest_when_asked_at_random_then_is_counted_anew(
    town: Town, period: Period, grain: Any, dimension: str, first: str, limit: int, where: Any
) -> None:
    names = tuple(dict.fromkeys((first, *MEASURES)))
    query = MetricQuery(
        metrics=names,
        period=period,
        grain=grain,
        by=(dimension,),
        where=where,
        limit=limit,
        sort=Sort.VALUE,
        rest=True,
    )
    result = town.warehouse.answer(query, EVERYTHING)
    whole = Period(
        start=min([period.start, *(row.period.start for row in result.rows if row.period)]),
        end=max([period.end, *(row.period.end for row in result.rows if row.period)]),
    )
    best = _best(town, query, whole)[:limit]
    cells = town.oracle.cells(whole, grain, (dimension,), dict(where))
    everyone = {members[0] for _, members in cells}
    assert {row.members[0] for row in result.rows} - {REST} == set(best)
    assert (REST in {row.members[0] for row in result.rows}) == bool(everyone - set(best))
    for row in result.rows:
        start = row.period.start if row.period else whole.start
        inside = everyone - set(best) if row.members == (REST,) else set(row.members)
        rows = [r for code in inside for r in cells.get((start, (code,)), [])]
        if rows and row.cells[0].state is not CellState.SUPPRESSED:
            assert [cell.value for cell in row.cells] == [MEASURES[name](rows) for name in names]
    _check_adds_up(town, query, result)


def _best(town: Town, query: MetricQuery, whole: Period) -> list[str]:
    """The members by the first metric over all of the period; hidden ones last, by name."""
    plain = MetricQuery(metrics=query.metrics, period=whole, by=query.by, where=query.where)
    shown: Cells = {}
    for row in town.warehouse.answer(plain, EVERYTHING).rows:
        cell = row.cells[0]
        place = {CellState.VALUE: 0, CellState.MISSING: 2, CellState.SUPPRESSED: 3}[cell.state]
        shown[whole.start, row.members] = (place, -(cell.value or 0), row.members)
    return [members[0] for (_, members), _ in sorted(shown.items(), key=lambda item: item[1])]


def _check_adds_up(town: Town, query: MetricQuery, result: Result) -> None:
    total = MetricQuery(
        metrics=(ADDITIVE,), period=query.period, grain=query.grain, where=query.where
    )
    for whole in town.warehouse.answer(total, EVERYTHING).rows:
        place = query.metrics.index(ADDITIVE)
        parts = [row.cells[place] for row in result.rows if row.period == whole.period]
        if all(cell.value is not None for cell in (*parts, *whole.cells)):
            assert sum(cell.value or 0 for cell in parts) == whole.cells[0].value


@given(
    period=periods,
    dimension=st.sampled_from(["scene", "district", "age_band"]),
    compare=st.sampled_from([Compare.PREVIOUS, Compare.YEAR]),
)
@many
def test_sort_when_by_change_then_largest_change_first_and_rest_has_its_base(
    town: Town, period: Period, dimension: str, compare: Compare
) -> None:
    query = MetricQuery(
        metrics=(ADDITIVE,),
        period=period,
        by=(dimension,),
        compare=compare,
        sort=Sort.CHANGE,
        limit=2,
        rest=True,
    )
    result = town.warehouse.answer(query, EVERYTHING)
    cells = [row.cells[0] for row in result.rows if row.members != (REST,)]
    known = [abs(c.value - c.base) for c in cells if c.value is not None and c.base is not None]
    assert known == sorted(known, reverse=True)
    assert all(row.members != (REST,) for row in result.rows[:-1])
    total = town.warehouse.answer(
        MetricQuery(metrics=(ADDITIVE,), period=period, compare=compare), EVERYTHING
    )
    parts = [row.cells[0] for row in result.rows]
    for side in ("value", "base"):
        numbers = [getattr(cell, side) for cell in (*total.column(ADDITIVE), *parts)]
        if None not in numbers:
            assert numbers[0] == sum(numbers[1:])


def test_sort_when_by_member_then_display_order_and_the_first_are_kept(town: Town) -> None:
    query = MetricQuery(
        metrics=(ADDITIVE,), by=("weekday",), sort=Sort.MEMBER, limit=3, rest=True, grain=Grain.YEAR
    )
    result = town.warehouse.answer(query, EVERYTHING)
    years = sorted({row.period for row in result.rows if row.period})
    assert [row.members[0] for row in result.rows] == ["1", "2", "3", REST] * len(years)


def test_sort_when_by_change_without_compare_then_says_what_is_missing(town: Town) -> None:
    with pytest.raises(QueryError, match="compare"):
        town.warehouse.answer(
            MetricQuery(metrics=(ADDITIVE,), by=("scene",), sort=Sort.CHANGE), EVERYTHING
        )


def test_hidden_members_when_limited_then_lie_in_the_rest_by_name(town: Town) -> None:
    """Who of the hidden would be next tells nothing of their size."""
    week = Period(start=date(2024, 1, 8), end=date(2024, 1, 15))
    by = ("scene", "district", "age_band")
    query = MetricQuery(metrics=(ADDITIVE,), by=by, period=week)
    rows = town.warehouse.answer(query, EVERYTHING).rows
    hidden = sorted(row.members for row in rows if row.cells[0].state is CellState.SUPPRESSED)
    shown = len(rows) - len(hidden)
    assert hidden
    limited = replace(query, limit=shown + 1, sort=Sort.VALUE)
    found = town.warehouse.answer(limited, EVERYTHING).rows
    assert [row.members for row in found if row.cells[0].value is None] == hidden[:1]
