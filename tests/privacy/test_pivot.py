"""Nothing that a pivot table shows, nor several of them together, gives a small cell away."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from tests.privacy.conftest import EVERYTHING, Town, viewer
from tests.soundness.oracle import contributors
from warehouse.crosstab import Pivot, PivotQuery
from warehouse.model import REST, CellState, Compare, Grain, Viewer

VIEWERS = {"all": EVERYTHING, "two": viewer("north", "south")}
ADDITIVE = ("usage.events",)
Unknown = tuple[str, str]


def _fine(pivot: Pivot) -> tuple[list[str], list[str]]:
    rows = [heading.member for heading in pivot.rows]
    return rows, [h.member if h.period is None else str(h.period.start) for h in pivot.columns]


def _sums(pivot: Pivot, full: Pivot) -> Iterable[tuple[set[Unknown], Any]]:
    """Every cell and total of `pivot` as a sum of cells of the full table, and its value."""
    every_row, every_column = _fine(full)
    rows, columns = _fine(pivot)

    def inside(code: str, shown: list[str], every: list[str]) -> set[str]:
        return set(every) - set(shown) if code == REST else {code}

    for (i, row), (j, column) in product(enumerate(rows), enumerate(columns)):
        parts = product(inside(row, rows, every_row), inside(column, columns, every_column))
        yield set(parts), pivot.cells[i][j][0]
    for i, row in enumerate(rows):
        yield set(product(inside(row, rows, every_row), every_column)), pivot.row_totals[i][0]
    for j, column in enumerate(columns):
        parts = product(every_row, inside(column, columns, every_column))
        yield set(parts), pivot.column_totals[j][0]
    yield set(product(every_row, every_column)), pivot.total[0]


def _determined(sums: list[tuple[set[Unknown], Any]], side: str) -> set[Unknown]:
    """The cells that the linear equations of all shown numbers leave one solution for."""
    shown = [cells for cells, cell in sums if getattr(cell, side) is not None]
    known = {next(iter(cells)) for cells in shown if len(cells) == 1}
    rest = [cells - known for cells in shown]
    names = sorted(set().union(*(cells for cells, _ in sums)) - known)
    rows = [[Fraction(name in cells) for name in names] for cells in rest if cells]
    place = 0
    for column in range(len(names)):
        pivot = next((r for r in range(place, len(rows)) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[place], rows[pivot] = rows[pivot], rows[place]
        lead = rows[place][column]
        rows[place] = [number / lead for number in rows[place]]
        for r in range(len(rows)):
            if r != place and rows[r][column]:
                by = rows[r][column]
                rows[r] = [a - by * b for a, b in zip(rows[r], rows[place], strict=True)]
        place += 1
    single = [row for row in rows if sum(map(bool, row)) == 1]
    return known | {names[next(i for i, number in enumerate(row) if number)] for row in single}


def _queries(rows: str, columns: Any, limits: Iterable[tuple[Any, Any]], **more: Any) -> Any:
    side = {"grain": columns} if isinstance(columns, Grain) else {"columns": columns}
    return [
        PivotQuery(metrics=ADDITIVE, rows=rows, row_limit=r, column_limit=c, **side, **more)
        for r, c in limits
    ]


def _check(town: Town, queries: list[PivotQuery], who: Viewer, where: Any) -> int:
    tables = [town.warehouse.pivot(query, who) for query in queries]
    full = tables[0]
    known = _determined([found for table in tables for found in _sums(table, full)], "value")
    districts = {} if who.scope.everything else {"district": who.scope.districts}
    by = (full.query.rows,) if full.query.columns is None else (full.query.rows, full.query.columns)
    cells = town.oracle.cells(full.period, full.query.grain, by, {**districts, **dict(where)})
    small = 0
    for (start, members), rows in cells.items():
        if contributors(rows) < town.settings.small_cell:
            small += 1
            place = members if len(members) == 2 else (members[0], str(start))
            assert place not in known, f"{place} with {contributors(rows)} people is told"
    return small


@pytest.mark.parametrize("who", VIEWERS)
@pytest.mark.parametrize(
    ("rows", "columns"), [("scene", "district"), ("age_band", "channel"), ("district", "age_band")]
)
@pytest.mark.parametrize("where", [(), (("channel", ("web", "unknown")),), (("scene", ("tax",)),)])
def test_pivot_when_limited_in_many_ways_then_no_small_cell_is_determined(
    town: Town, rows: str, columns: str, who: str, where: Any
) -> None:
    limits = [(None, None), (1, None), (2, None), (None, 1), (None, 2), (1, 1), (2, 2)]
    queries = _queries(rows, columns, limits, where=where)
    _check(town, queries, VIEWERS[who], where)


@pytest.mark.parametrize("grain", [Grain.WEEK, Grain.MONTH])
@pytest.mark.parametrize("rows", ["scene", "age_band", "district"])
def test_pivot_when_columns_are_time_then_no_small_cell_is_determined(
    town: Town, rows: str, grain: Grain
) -> None:
    queries = _queries(rows, grain, [(None, None), (1, None), (2, None)])
    assert _check(town, queries, EVERYTHING, ())


def test_pivot_when_compared_then_hidden_bases_are_not_told_by_their_totals(town: Town) -> None:
    seen = 0
    for limit in (None, 2):
        (query,) = _queries("scene", Grain.MONTH, [(limit, None)], compare=Compare.PREVIOUS)
        pivot = town.warehouse.pivot(query, EVERYTHING)
        for cells in (*pivot.cells, tuple(pivot.column_totals)):
            untold = [c for (c,) in cells if c.has_hidden_base or c.state is CellState.SUPPRESSED]
            seen += len(untold)
        for i, row in enumerate(pivot.cells):
            states = [cell.has_hidden_base or cell.base is None for (cell,) in row]
            if any(cell.has_hidden_base for (cell,) in row) and pivot.row_totals[i][0].base:
                assert sum(states) > 1
    assert seen


def test_pivot_when_metrics_differ_then_hides_the_same_cells(town: Town) -> None:
    names = ("usage.events", "usage.people", "usage.success_share", "usage.latency_p95")
    query = PivotQuery(metrics=names, rows="age_band", grain=Grain.MONTH, row_limit=2)
    pivot = town.warehouse.pivot(query, EVERYTHING)
    assert pivot.suppressed
    for cells in pivot.lines:
        assert len({cell.state is CellState.SUPPRESSED for cell in cells}) == 1
