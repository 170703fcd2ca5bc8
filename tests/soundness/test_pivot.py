"""Pivot tables, cell by cell and total by total, against plain counting."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.soundness.conftest import EVERYTHING, Town
from tests.soundness.oracle import MEASURES
from warehouse.crosstab import Heading, Pivot, PivotQuery
from warehouse.errors import QueryError, TooLarge
from warehouse.model import REST, CellState, Compare, Grain, Period, Sort

NAMES = tuple(MEASURES)
DIMENSIONS = ("scene", "district", "channel", "age_band", "weekday")
SOME = 25
periods = st.builds(
    lambda start, days: Period(start=start, end=start + timedelta(days=days)),
    st.dates(date(2023, 11, 20), date(2024, 3, 20)),
    st.integers(20, 80),
)
many = settings(
    max_examples=SOME, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(
    period=periods,
    sides=st.lists(st.sampled_from(DIMENSIONS), min_size=2, max_size=2, unique=True),
    grain=st.sampled_from([None, None, Grain.WEEK, Grain.MONTH]),
    limits=st.tuples(*[st.sampled_from([None, 1, 2])] * 2),
    where=st.sampled_from([(), (("scene", ("fund", "tax")),)]),
)
@many
def test_pivot_when_asked_at_random_then_every_number_is_counted_anew(
    town: Town, period: Period, sides: list[str], grain: Any, limits: Any, where: Any
) -> None:
    query = PivotQuery(
        metrics=NAMES,
        rows=sides[0],
        columns=None if grain else sides[1],
        grain=grain,
        period=period,
        where=where,
        sort=Sort.VALUE,
        row_limit=limits[0],
        column_limit=None if grain else limits[1],
    )
    pivot = town.warehouse.pivot(query, EVERYTHING)
    records = [r for group in _cells(town, pivot, where).values() for r in group]
    columns, totals = (*pivot.columns, None), (*pivot.column_totals, pivot.total)
    for i, row in enumerate((*pivot.rows, None)):
        line = totals if row is None else (*pivot.cells[i], pivot.row_totals[i])
        for column, cells in zip(columns, line, strict=True):
            inside = [
                record
                for record in records
                if _is_in(town, pivot, row, record, sides[0], pivot.rows)
                and _is_in(town, pivot, column, record, sides[1], pivot.columns)
            ]
            if any(cell.state is CellState.SUPPRESSED for cell in cells):
                assert {cell.state for cell in cells} == {CellState.SUPPRESSED}
            elif inside:
                assert [cell.value for cell in cells] == [MEASURES[name](inside) for name in NAMES]
            else:
                assert cells[0].value in (0, None)


def _cells(town: Town, pivot: Pivot, where: Any) -> dict[Any, Any]:
    return town.oracle.cells(pivot.period, None, (), dict(where))


def _is_in(
    town: Town,
    pivot: Pivot,
    heading: Heading | None,
    record: Any,
    dimension: str,
    line: tuple[Heading, ...],
) -> bool:
    if heading is None:
        return True
    if heading.period is not None:
        return heading.period.start <= record["day"] < heading.period.end
    own = town.oracle.member(record, dimension)
    if heading.member == REST:
        return own not in {other.member for other in line}
    return own == heading.member


def test_pivot_when_compared_then_totals_have_their_bases(town: Town) -> None:
    query = PivotQuery(
        metrics=("usage.events",),
        rows="scene",
        columns="channel",
        period=Period(start=date(2024, 2, 1), end=date(2024, 3, 1)),
        compare=Compare.PREVIOUS,
        row_limit=1,
    )
    pivot = town.warehouse.pivot(query, EVERYTHING)
    wanted = town.oracle.cells(Period(start=date(2024, 1, 1), end=date(2024, 2, 1)), None, (), {})
    assert pivot.total[0].base == len(next(iter(wanted.values())))
    assert pivot.total[0].base == sum(cells[0].base or 0 for cells in pivot.row_totals)
    assert pivot.total[0].base == sum(cells[0].base or 0 for cells in pivot.column_totals)


def test_pivot_when_too_many_cells_then_says_so_before_it_counts(town: Town) -> None:
    query = PivotQuery(
        metrics=NAMES,
        rows="scene",
        grain=Grain.DAY,
        period=Period(start=date(2000, 1, 1), end=date(2030, 1, 1)),
    )
    with pytest.raises(TooLarge, match="top N"):
        town.warehouse.pivot(query, EVERYTHING)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"rows": "scene", "columns": "scene"}, "twice"),
        ({"rows": "scene", "columns": "district", "grain": Grain.DAY}, "not both"),
        ({"rows": "scene", "column_limit": 3}, "dimension"),
        ({"rows": "scene", "row_limit": 0}, "at least 1"),
        ({"rows": "moon"}, "no dimension"),
        ({"rows": "scene", "sort": Sort.CHANGE}, "compare"),
        ({"metrics": ("loans.reached",), "rows": "step", "columns": "product"}, "step apart"),
    ],
)
def test_pivot_when_asked_wrongly_then_says_what_is_wrong(
    town: Town, wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(QueryError, match=why):
        town.warehouse.pivot(PivotQuery(**{"metrics": ("usage.events",), **wrong}), EVERYTHING)
