"""Rows from cells: which there are, in which order, and how many are kept."""

from collections.abc import Iterable, Sequence

from warehouse.datasets import CLOCK_DIMENSIONS, DIMENSIONS
from warehouse.model import CellState, MetricQuery, Period, Row
from warehouse.policy import Members

_LAST = 10**6


def rank(dimension: str, code: str) -> int | None:
    """The place of a member in its closed vocabulary; None where the dimension is open."""
    if dimension in CLOCK_DIMENSIONS:
        return int(code) if code.isdigit() else _LAST
    members = DIMENSIONS[dimension].members
    if members is None:
        return None
    return list(members).index(code) if code in members else _LAST


def _largest_first(row: Row) -> tuple[bool, float, Members]:
    value = row.cells[0].value
    return value is None, -(value or 0), row.members


def arrange(query: MetricQuery, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Keep the largest `limit` rows; order by period, vocabulary, then the first metric."""
    kept = sorted(rows, key=_largest_first)[: query.limit]
    return tuple(sorted(kept, key=lambda row: (_start(row), _vocabulary(query, row))))


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
