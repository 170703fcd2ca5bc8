"""Rows from cells: which there are, in which order, and how many are kept."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from warehouse.datasets import CLOCK_DIMENSIONS, KNOWN_DIMENSIONS
from warehouse.model import REST, Cell, CellState, MetricQuery, Period, Row, Sort
from warehouse.policy import Members

_LAST = 10**6
Standing = Mapping[Members, int]
"""The place of each combination of members, over all of the period."""
Display = Callable[[str, Collection[str]], Sequence[str]]
"""(dimension, codes) -> the codes in their display order."""


def rank(dimension: str, code: str) -> int | None:
    """The place of a member in its closed vocabulary; None where the dimension is open."""
    if dimension in CLOCK_DIMENSIONS:
        return int(code) if code.isdigit() else _LAST
    members = KNOWN_DIMENSIONS[dimension].members
    if members is None:
        return None
    return list(members).index(code) if code in members else _LAST


def standing(query: MetricQuery, rows: Iterable[Row], display: Display) -> Standing:
    """The order of the combinations by `query.sort` (None: by value), from the first row of each.

    Hidden cells stand behind all others, by their names: their places tell nothing of them.
    """
    first = {row.members: row.cells[0] for row in reversed(list(rows))}
    if query.sort is Sort.MEMBER:
        places = [_places(display, name, i, first) for i, name in enumerate(query.by)]
        found = sorted(first, key=lambda m: [at[c] for at, c in zip(places, m, strict=True)])
    else:
        by_change = query.sort is Sort.CHANGE
        found = sorted(first, key=lambda members: (_weight(first[members], by_change), members))
    return {members: place for place, members in enumerate(found)}


def _places(
    display: Display, dimension: str, index: int, all_members: Iterable[Members]
) -> Mapping[str, int]:
    codes = display(dimension, {members[index] for members in all_members})
    return {code: place for place, code in enumerate(codes)}


def _weight(cell: Cell, by_change: bool) -> tuple[int, float]:
    """Smallest first: what is known by its size, then what is not."""
    if cell.value is None:
        return (3 if cell.state is CellState.SUPPRESSED else 2), 0
    if not by_change:
        return 0, -cell.value
    return (1, -cell.value) if cell.base is None else (0, -abs(cell.value - cell.base))


def kept(query: MetricQuery, rows: Sequence[Row], places: Standing | None) -> list[Row]:
    """The rows within the limit: without a dimension the largest, else the first by place."""
    if query.limit is None or not query.by or places is None:
        return sorted(rows, key=_largest_first)[: query.limit]
    most = query.limit
    return [row for row in rows if places[row.members] < most]


def arrange(query: MetricQuery, rows: Iterable[Row], places: Standing | None) -> tuple[Row, ...]:
    """Order by unit; within it by `query.sort`, or by vocabulary and then the first metric.

    The rest stands last.
    """
    if query.sort is not None and places is not None:
        at = places
        return tuple(sorted(rows, key=lambda row: (_start(row), at.get(row.members, _LAST))))
    largest = sorted(rows, key=_largest_first)
    return tuple(
        sorted(largest, key=lambda row: (_start(row), REST in row.members, _vocabulary(query, row)))
    )


def _largest_first(row: Row) -> tuple[bool, float, Members]:
    value = row.cells[0].value
    return value is None, -(value or 0), row.members


def _start(row: Row) -> str:
    return "" if row.period is None else row.period.start.isoformat()


def _vocabulary(query: MetricQuery, row: Row) -> tuple[int, ...]:
    """Only where every dimension is closed; the sort before it settles the others."""
    ranks = [rank(name, code) for name, code in zip(query.by, row.members, strict=True)]
    return () if None in ranks else tuple(place or 0 for place in ranks)


def combinations(
    units: Sequence[Period], members: Iterable[Members]
) -> list[tuple[Period, Members]]:
    """Every unit with every combination of members that occurs in the period."""
    ordered = sorted(members)
    return [(unit, combination) for unit in units for combination in ordered]


def count_suppressed(rows: Iterable[Row]) -> int:
    return sum(cell.state is CellState.SUPPRESSED for row in rows for cell in row.cells)
