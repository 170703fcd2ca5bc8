"""Pivot tables as values: two dimensions, or one and time, by several metrics, with totals."""

from dataclasses import dataclass
from datetime import datetime

from warehouse.errors import QueryError
from warehouse.model import (
    Cell,
    CellState,
    Compare,
    Grain,
    MetricQuery,
    Period,
    Result,
    Row,
    Sort,
    SourceStatus,
)

MOST_PIVOT_CELLS = 20_000
"""More than this nobody reads, and no page should carry."""


@dataclass(frozen=True, kw_only=True)
class PivotQuery:
    """One pivot table.

    rows     the dimension whose members are the rows.
    columns  the dimension whose members are the columns; or
    grain    the unit of time that the columns are. Neither: totals alone.
    sort     the order of the rows, by their totals of the first metric. None: as in `MetricQuery`.
    row_limit, column_limit  the most members; what lies beyond is one more, the rest.
    """

    metrics: tuple[str, ...]
    rows: str
    columns: str | None = None
    grain: Grain | None = None
    period: Period | None = None
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    compare: Compare | None = None
    sort: Sort | None = None
    row_limit: int | None = None
    column_limit: int | None = None

    def __post_init__(self) -> None:
        if self.columns is not None and self.grain is not None:
            raise QueryError("The columns of a pivot are a dimension or time, not both.")
        if self.column_limit is not None and self.columns is None:
            raise QueryError("Only columns of a dimension can be limited.")
        if any(limit is not None and limit < 1 for limit in (self.row_limit, self.column_limit)):
            raise QueryError("The limit must be at least 1.")
        self.question()  # says what is wrong with it

    def question(self) -> MetricQuery:
        """The question whose answer the cells are."""
        return MetricQuery(
            metrics=self.metrics,
            period=self.period,
            grain=self.grain,
            by=(self.rows,) if self.columns is None else (self.rows, self.columns),
            where=self.where,
            compare=self.compare,
        )


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What a row or column stands for: a member (or `REST`), or a unit of time."""

    member: str = ""
    period: Period | None = None
    is_partial: bool = False


Cells = tuple[Cell, ...]
"""One for each metric of the query."""


@dataclass(frozen=True, kw_only=True)
class Pivot:
    """The table: `cells[row][column]`, and each total counted as a question of its own.

    suppressed, as_of, data_version, stale   as in `Result`.
    """

    query: PivotQuery
    period: Period
    rows: tuple[Heading, ...]
    columns: tuple[Heading, ...]
    cells: tuple[tuple[Cells, ...], ...]
    row_totals: tuple[Cells, ...]
    column_totals: tuple[Cells, ...]
    total: Cells
    data_version: str
    is_partial: bool = False
    """The period is not over."""
    as_of: datetime | None = None
    stale: tuple[SourceStatus, ...] = ()

    @property
    def result(self) -> Result:
        """The grand total as an answer, with what holds for the whole table."""
        query = MetricQuery(
            metrics=self.query.metrics,
            period=self.period,
            where=self.query.where,
            compare=self.query.compare,
        )
        return Result(
            query=query,
            rows=(Row(members=(), cells=self.total, is_partial=self.is_partial),),
            as_of=self.as_of,
            data_version=self.data_version,
            suppressed=self.suppressed,
            stale=self.stale,
        )

    @property
    def lines(self) -> tuple[Cells, ...]:
        """Every group of cells there is, totals included."""
        inner = tuple(cells for row in self.cells for cells in row)
        return (*inner, *self.row_totals, *self.column_totals, self.total)

    @property
    def suppressed(self) -> int:
        return sum(c.state is CellState.SUPPRESSED for cells in self.lines for c in cells)
