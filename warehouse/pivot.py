"""Pivot tables: every cell and every total is a question of its own, put through the asker.

So scope, small cells and prepared sums hold for each, and totals are right where values do not
add up. Where time or the rest makes sums that the patterns of the questions do not know of,
`margins` hides more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from warehouse.asker import Asker
from warehouse.crosstab import MOST_PIVOT_CELLS, Cells, Heading, Pivot, PivotQuery
from warehouse.errors import TooLarge
from warehouse.margins import TOTAL, Key, Place, Table, protect
from warehouse.measures import KINDS, hides_alone
from warehouse.metrics.model import Metric
from warehouse.model import REST, Cell, CellState, Row, Sort
from warehouse.policy import Members
from warehouse.question import Question, named, resolve, undivided, where


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The rows and columns of a table, and who lies beyond them."""

    rows: tuple[Heading, ...]
    columns: tuple[Heading, ...]
    rows_beyond: frozenset[Members]
    columns_beyond: frozenset[Members]


def resolve_pivot(asker: Asker, query: PivotQuery) -> Question:
    """The question of the cells. Raises `QueryError` for each total that cannot be asked."""
    flat = query.question()
    for by in {(), flat.by, *((name,) for name in flat.by)}:
        found = named(replace(flat, by=by, sort=query.sort))
    datasets = tuple(dict.fromkeys(metric.dataset for metric in found))
    period = flat.period or asker.period(datasets)
    question = resolve(replace(flat, where=where(flat), period=period), found, period)
    if query.grain is None:  # also where the metrics have a grain of their own
        question = replace(question, window=undivided(period, found), has_units=False)
    return question


def compute(asker: Asker, query: PivotQuery, question: Question) -> Pivot:
    """The table. Raises `TooLarge` before any cell is computed where there are too many."""
    table: Table = {}
    frame = _frame(asker, query, question, table)
    wanted = len(frame.rows) * max(1, len(frame.columns)) * len(query.metrics)
    if wanted > MOST_PIVOT_CELLS:
        raise TooLarge(
            f"The table has {wanted:,} cells, more than {MOST_PIVOT_CELLS:,}: show fewer rows or"
            " columns (top N), fewer metrics, or a coarser unit of time."
        )
    if frame.columns:
        _fill(asker, query, question, frame, table)
    if any(cell.state is CellState.SUPPRESSED for cells in table.values() for cell in cells):
        table = protect(asker, question, frame.rows_beyond, frame.columns_beyond, table)
    return _pivot(asker, query, question, frame, table)


def _pivot(
    asker: Asker, query: PivotQuery, question: Question, frame: Frame, table: Table
) -> Pivot:
    def cells(row: Key, column: Key) -> Cells:
        return table.get((row, column)) or _none(question, table, row, column)

    rows = [heading.member for heading in frame.rows]
    columns = [_key(heading) for heading in frame.columns]
    edge = asker.edge(question.datasets)
    return Pivot(
        query=query,
        period=question.window.period,
        rows=frame.rows,
        columns=frame.columns,
        cells=tuple(tuple(cells(row, column) for column in columns) for row in rows),
        row_totals=tuple(cells(row, TOTAL) for row in rows),
        column_totals=tuple(cells(TOTAL, column) for column in columns),
        total=cells(TOTAL, TOTAL),
        data_version=asker.data_version(question.datasets),
        is_partial=edge.is_partial(question.window.period),
    )


def _none(question: Question, table: Table, row: Key, column: Key) -> Cells:
    """Cells without a record: zero where the metric counts and both totals are known numbers."""
    both = [table.get(place) for place in ((row, TOTAL), (TOTAL, column))]

    def is_known(index: int) -> bool:
        return all(cells is not None and cells[index].state is CellState.VALUE for cells in both)

    return tuple(
        Cell(value=0) if _counts(metric) and is_known(i) else Cell(state=CellState.MISSING)
        for i, metric in enumerate(question.metrics)
    )


def _counts(metric: Metric) -> bool:
    return KINDS[type(metric.measure)].counts


# --- rows and columns -------------------------------------------------------------------------


def _frame(asker: Asker, query: PivotQuery, question: Question, table: Table) -> Frame:
    """Ask the totals, put them into `table`, and read off them which rows and columns there are."""
    undivided_ = question.whole() if question.has_units else question
    rows, rows_beyond = _margin(asker, undivided_, query.rows, query.row_limit, query.sort)
    columns: tuple[Row, ...] = ()
    columns_beyond: frozenset[Members] = frozenset()
    if query.grain is not None:
        last = asker.edge(question.datasets).last_day
        found = asker.cut(question.by()).rows
        # Units to come have no column; the totals still are those of the period asked for.
        columns = tuple(row for row in found if row.period is None or row.period.start <= last)
    elif query.columns is not None:
        limit = query.column_limit
        columns, columns_beyond = _margin(asker, question, query.columns, limit, None)
    table |= {(row.members[0], TOTAL): row.cells for row in rows}
    table |= {(TOTAL, _column(row)): row.cells for row in columns}
    table |= {(TOTAL, _column(row)): row.cells for row in asker.cut(undivided_.by()).rows}
    return Frame(
        rows=tuple(_heading(row) for row in rows),
        columns=tuple(_heading(row) for row in columns),
        rows_beyond=rows_beyond,
        columns_beyond=columns_beyond,
    )


def _margin(
    asker: Asker, question: Question, dimension: str, limit: int | None, sort: Sort | None
) -> tuple[tuple[Row, ...], frozenset[Members]]:
    query = replace(question.by(dimension).query, limit=limit, sort=sort, rest=limit is not None)
    cut = asker.cut(replace(question, query=query))
    return cut.rows, cut.beyond


def _heading(row: Row) -> Heading:
    member = row.members[0] if row.members else ""
    return Heading(member=member, period=row.period, is_partial=row.is_partial)


def _key(heading: Heading) -> Key:
    if heading.period is not None:
        return heading.period.start.isoformat()
    return heading.member or TOTAL


def _column(row: Row) -> Key:
    return _key(_heading(row))


# --- cells ------------------------------------------------------------------------------------


def _fill(asker: Asker, query: PivotQuery, question: Question, frame: Frame, table: Table) -> None:
    """Put the cells into `table`: of members, and of the rest on either side and on both."""
    every = {_place(row, query): row.cells for row in asker.cut(question).rows}
    rows, columns = ({h.member for h in frame.rows}, {_key(h) for h in frame.columns})
    table |= {place: c for place, c in every.items() if place[0] in rows and place[1] in columns}
    beyond = tuple(code for (code,) in frame.rows_beyond)
    aside = tuple(code for (code,) in frame.columns_beyond)
    if REST in rows:
        for row in asker.cut(question.only(query.rows, beyond)).rows:
            column = _column(row) if query.grain else row.members[0]
            if column in columns:
                table[REST, column] = _rest(question, every, row.cells, (beyond, (column,)))
    if REST in columns and query.columns is not None:
        for row in asker.cut(question.only(query.columns, aside)).rows:
            if (member := row.members[0]) in rows:
                table[member, REST] = _rest(question, every, row.cells, ((member,), aside))
        if REST in rows:
            corner = question.only(query.rows, beyond).only(query.columns, aside)
            for row in asker.cut(corner).rows:
                table[REST, REST] = _rest(question, every, row.cells, (beyond, aside))


def _place(row: Row, query: PivotQuery) -> Place:
    return row.members[0], _column(row) if query.grain is not None else row.members[1]


def _rest(
    question: Question,
    every: Mapping[Place, Cells],
    cells: Cells,
    inside: tuple[tuple[Key, ...], tuple[Key, ...]],
) -> Cells:
    """Cells of the rest; hidden where a kind of measure hides a part of it by rules of its own."""
    parts = [every[r, c] for r in inside[0] for c in inside[1] if (r, c) in every]
    return tuple(
        Cell(state=CellState.SUPPRESSED)
        if hides_alone(metric.measure)
        and any(part[i].state is CellState.SUPPRESSED for part in parts)
        else cell
        for i, (metric, cell) in enumerate(zip(question.metrics, cells, strict=True))
    )
