"""What values stand on beside the rows, and how the rows of a statement become values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from warehouse.compile import Slice, Tables
from warehouse.funnel import Funnel
from warehouse.metrics.model import Metric
from warehouse.model import City, Unit
from warehouse.pattern import Pattern
from warehouse.policy import Cell, Members

Number = float | int | None
Values = dict[Cell, Number]
Hides = Callable[[date, Members, Number], bool]
"""(first day of the unit, members, value) -> the cell stays hidden."""
Patterns = Callable[[Slice], Pattern]


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What values stand on beside the rows.

    since     the first day that has data.
    complete  up to where the data are complete (local); units that end later are not over.
    smallest_cell  cells with fewer contributors are hidden.
    zone      the reporting time zone, in which `complete` is.
    funnel    how the metrics of the ordered funnel count.
    loan_objective  the share of loan decisions that shall be made within 60 s.
    """

    tables: Tables
    since: date
    complete: datetime
    city: City
    goal_growth: float
    goal_from: date
    smallest_cell: int
    zone: ZoneInfo
    funnel: Funnel
    loan_objective: float


def column(
    rows: Sequence[tuple[Any, ...]],
    part: Slice,
    index: int,
    scaled: Callable[[Number], Number] = lambda number: number,
) -> Values:
    width = 1 + len(part.by)
    return {(row[0], tuple(row[1:width])): scaled(row[width + index]) for row in rows}


def scaled(metric: Metric) -> Callable[[Number], Number]:
    """From how it is stored to the metric's unit: fen to yuan, microseconds to seconds."""
    if metric.unit is Unit.YUAN:
        return lambda fen: None if fen is None else round(fen / 100, 2)
    if metric.unit is Unit.SECONDS:
        return lambda micro: None if micro is None else round(micro / 1_000_000, 3)
    return lambda number: number
