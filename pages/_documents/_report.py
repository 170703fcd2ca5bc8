"""What a file says, before it has a format: sheets of cells, and a first part that explains them.

Built from the same answers as the cards, so a file cannot show other numbers than the screen.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pages._documents._words import say
from pages._ui.cells import Entry as Shown
from pages._ui.cells import Meter, Split
from pages._ui.panel import Sheet as Screen
from warehouse.crosstab import Cells, Heading, Pivot
from warehouse.datasets import KNOWN_DIMENSIONS
from warehouse.metrics.model import Metric
from warehouse.model import Cell, CellState, Compare, EditionUse, Period, Result, Row, Unit, Viewer

Entry = str | float | int | None
"""A text, a number in the unit of its column, or None: no data."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """unit is None for text. change: `rate` (relative), `points` (percentage points) or empty."""

    title: str
    unit: Unit | None = None
    change: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One panel. `about` are the lines of the explaining part that belong to it."""

    title: str
    about: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Pivoted:
    """A pivot table and the order of its metrics on the screen."""

    pivot: Pivot
    metrics: tuple[str, ...]


Found = Result | Screen | Pivoted
"""What a panel gives to a file."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """about: product, page, filters, who and when: what all sheets share."""

    title: str
    about: tuple[tuple[str, str], ...]
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True, kw_only=True)
class Format:
    """write gives the file's bytes piece by piece; it may use, and then removes, files in the
    folder it is handed."""

    suffix: str
    mimetype: str
    write: Callable[[Report, Path], Iterator[bytes]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who exported what, when, and the names of codes."""

    page: str
    filters: str
    viewer: Viewer
    at: datetime
    zone: ZoneInfo
    metrics: Mapping[str, Metric]
    label: Callable[[str, str], str]
    language: str
    restated: Callable[[Result], tuple[str, ...]] = lambda _result: ()
    """A sentence for each number of an answer that was published otherwise before."""


def make_report(
    title: str,
    panels: Sequence[tuple[str, Found]],
    asked: Asked,
    left_out: Sequence[str] = (),
) -> Report:
    """A report of (panel title, answer or table) pairs, a sheet each; it says what is left out."""
    words = asked.language
    about = (
        (say("product", words), say("name", words)),
        (say("what", words), title),
        (say("filters", words), asked.filters),
        (say("who", words), f"{asked.viewer.name} ({asked.viewer.role.value})"),
        (say("scope", words), _scope(asked)),
        (say("when", words), _time(asked.at, asked)),
        *((say("left_out", words), name) for name in left_out),
    )
    sheets = tuple(_sheet(name, found, asked) for name, found in panels)
    return Report(title=title, about=about, sheets=sheets)


def _sheet(title: str, found: Found, asked: Asked) -> Sheet:
    if isinstance(found, Screen):
        return table_sheet(title, found, asked)
    if isinstance(found, Pivoted):
        return pivot_sheet(title, found, asked)
    return make_sheet(title, found, asked)


def pivot_sheet(title: str, found: Pivoted, asked: Asked) -> Sheet:
    """The sheet of a pivot table: rows and columns as on the screen, totals first."""
    pivot, result = found.pivot, found.pivot.result
    lines = zip(pivot.rows, pivot.row_totals, pivot.cells, strict=True)
    total = say("total", asked.language)
    rows = [(total, (pivot.total, *pivot.column_totals))]
    rows += [(_heading(h, found, asked), (own, *cells)) for h, own, cells in lines]
    groups = [total, *(_heading(heading, found, asked) for heading in pivot.columns)]
    per_group = _metric_columns(found.metrics, pivot.query.compare, asked)
    columns = [Column(title=_dimension(pivot.query.rows, asked))]
    columns += [replace(c, title=f"{name} · {c.title}") for name in groups for c in per_group]
    return Sheet(
        title=title,
        about=(*_lines(title, result, asked), *_definitions(result, asked)),
        columns=tuple(columns),
        rows=tuple((name, *_pivot_cells(places, found, asked)) for name, places in rows),
    )


def _heading(heading: Heading, found: Pivoted, asked: Asked) -> str:
    if heading.period is not None:
        partial = f" ({say('partial', asked.language)})" if heading.is_partial else ""
        return period_text(heading.period) + partial
    query = found.pivot.query
    is_row = heading in found.pivot.rows
    return asked.label(query.rows if is_row else query.columns or "", heading.member)


def _pivot_cells(places: Sequence[Cells], found: Pivoted, asked: Asked) -> Iterator[Entry]:
    query = found.pivot.query
    for cells in places:
        by_name = dict(zip(query.metrics, cells, strict=True))
        for name in found.metrics:
            yield from _cell(by_name[name], asked.metrics[name].unit, query.compare, asked.language)


def make_sheet(title: str, result: Result, asked: Asked) -> Sheet:
    """The sheet of one answer: a line a row of the answer, in its order."""
    return Sheet(
        title=title,
        about=(*_lines(title, result, asked), *_definitions(result, asked)),
        columns=_columns(result, asked),
        rows=tuple(_row(row, result, asked) for row in result.rows),
    )


def table_sheet(title: str, screen: Screen, asked: Asked) -> Sheet:
    """The sheet of a table as it stands on the screen: numbers stay numbers, marks are words."""
    words, head = asked.language, [_titles(screen, at) for at in range(len(screen.head))]
    rows = tuple(tuple(_plain(row)) for row in screen.rows)
    titles = [title for group in head for title in group]
    return Sheet(
        title=title,
        about=(
            (say("panel", words), title),
            *((say("finding", words), text) for text in (screen.finding, screen.note) if text),
        ),
        columns=tuple(
            Column(title=name, unit=Unit.ROWS if _is_counted(rows, at) else None)
            for at, name in enumerate(titles)
        ),
        rows=rows,
    )


def _titles(screen: Screen, at: int) -> list[str]:
    """A column's title; the names of the parts where its cells are divided."""
    split = next((row[at] for row in screen.rows if isinstance(row[at], Split)), None)
    return [part.name for part in split.parts] if isinstance(split, Split) else [screen.head[at]]


def _plain(row: Iterable[Shown]) -> Iterator[Entry]:
    """Cells as texts and numbers; each part of a divided cell by itself."""
    for cell in row:
        if isinstance(cell, Split):
            yield from (part.count for part in cell.parts)
        elif isinstance(cell, Meter) and cell.count is not None:
            yield cell.count
        else:
            yield cell if isinstance(cell, str | int) else cell.text


def _is_counted(rows: Sequence[Sequence[Entry]], at: int) -> bool:
    return bool(rows) and all(isinstance(row[at], int) for row in rows)


def _scope(asked: Asked) -> str:
    scope = asked.viewer.scope
    if scope.everything:
        return say("everything", asked.language)
    return ", ".join(asked.label("district", code) for code in sorted(scope.districts)) or "—"


def _lines(title: str, result: Result, asked: Asked) -> Iterator[tuple[str, str]]:
    words, query = asked.language, result.query
    yield say("panel", words), title
    if query.period:
        yield say("period", words), period_text(query.period)
    if query.compare:
        yield say("compare", words), say(query.compare.value, words)
    if query.per_workday:
        yield say("per_workday", words), _worked(result, words)
    for dimension, members in query.where:
        names = ", ".join(asked.label(dimension, code) for code in members)
        yield _dimension(dimension, asked), names
    yield say("as_of", words), _time(result.as_of, asked) if result.as_of else "—"
    yield say("version", words), result.data_version
    for text in asked.restated(result):
        yield say("restated", words), text
    yield say("suppressed", words), str(result.suppressed)
    if result.suppressed:
        yield say("suppressed_note", words), say("suppressed_text", words)


def _worked(result: Result, language: str) -> str:
    """How many working days stand behind the rows, where it is the same for all."""
    found = {row.days for row in result.rows}
    days = found.pop() if len(found) == 1 else None
    if days is None:
        return say("per_workday_text", language)
    base = "" if days.base is None else f" ({say('base', language)}: {days.base_work})"
    return f"{say('per_workday_text', language)}: {days.own_work}{base}"


def _definitions(result: Result, asked: Asked) -> Iterator[tuple[str, str]]:
    words = asked.language
    for metric in (asked.metrics[name] for name in result.query.metrics):
        name = metric.label.text(words)
        uses = [use for use in result.editions if use.metric == metric.name]
        for use in uses:
            edition = metric.editions[use.number - 1]
            own = name if len(uses) == 1 else f"{name} v{use.number}"
            yield f"{say('definition', words)}: {own}", edition.sentence.text(words)
            yield f"{say('formula', words)}: {own}", edition.formula
            yield f"{say('edition', words)}: {own}", _in_force(use, words)
        yield f"{say('unit', words)}: {name}", say(f"unit_{metric.unit.value}", words)


def _in_force(use: EditionUse, language: str) -> str:
    """Since when an edition is in force, and which units of the answer it counts."""
    counted = f"{say('counts', language)} {period_text(use.period)}"
    parts = [f"v{use.number}", f"{say('since', language)} {use.since}", counted]
    if use.overtaken is not None:
        parts.append(f"{say('overtaken', language)} {use.overtaken}")
    return "; ".join(parts)


def _columns(result: Result, asked: Asked) -> tuple[Column, ...]:
    words, query = asked.language, result.query
    has_time = any(row.period for row in result.rows)
    columns = [Column(title=say("period", words))] if has_time else []
    columns += [Column(title=_dimension(name, asked)) for name in query.by]
    columns += _metric_columns(
        query.metrics, query.compare, asked, say("workday", words) if query.per_workday else ""
    )
    return (*columns, Column(title=say("remark", words)))


def _metric_columns(
    names: Sequence[str], compare: Compare | None, asked: Asked, per: str = ""
) -> list[Column]:
    """The value of each metric and, where compared, its base and change."""
    words, columns = asked.language, list[Column]()
    for metric in (asked.metrics[name] for name in names):
        unit = say(f"unit_{metric.unit.value}", words) + (f" / {per}" if per else "")
        title = f"{metric.label.text(words)} ({unit})"
        columns.append(Column(title=title, unit=metric.unit))
        if compare:
            columns.append(Column(title=f"{title} · {say('base', words)}", unit=metric.unit))
            change = "points" if metric.unit is Unit.SHARE else "rate"
            columns.append(
                Column(title=f"{title} · {say(change, words)}", unit=metric.unit, change=change)
            )
    return columns


def _row(row: Row, result: Result, asked: Asked) -> tuple[Entry, ...]:
    query, entries = result.query, list[Entry]()
    if any(other.period for other in result.rows):
        entries.append(period_text(row.period) if row.period else "")
    entries += [asked.label(name, code) for name, code in zip(query.by, row.members, strict=True)]
    for name, cell in zip(query.metrics, row.cells, strict=True):
        entries += _cell(cell, asked.metrics[name].unit, query.compare, asked.language)
    remarks = [say("partial", asked.language)] if row.is_partial else []
    if any(cell.is_broken for cell in row.cells):
        remarks.append(say("broken", asked.language))
    return (*entries, "; ".join(remarks))


def _cell(cell: Cell, unit: Unit, compare: Compare | None, language: str) -> list[Entry]:
    """The value and, where compared, its base and change. Hidden is a word, missing is empty."""
    if cell.state is CellState.SUPPRESSED:
        hidden: Entry = say("hidden", language)
        return [hidden, hidden, hidden] if compare else [hidden]
    value = cell.value if cell.state is CellState.VALUE else None
    if not compare:
        return [value]
    change = cell.change(unit)
    return [value, cell.base, round(change * 100, 6) if change and unit is Unit.SHARE else change]


def _dimension(name: str, asked: Asked) -> str:
    known = KNOWN_DIMENSIONS.get(name)
    return known.label.text(asked.language) if known else name


def period_text(period: Period) -> str:
    """First and last day, both included: `2026-01-01` or `2026-01-01 – 2026-01-31`."""
    last = period.end - timedelta(days=1)
    return str(period.start) if last == period.start else f"{period.start} – {last}"


def _time(instant: datetime, asked: Asked) -> str:
    return f"{instant.astimezone(asked.zone):%Y-%m-%d %H:%M:%S} ({asked.zone.key})"


def file_name(*parts: str) -> str:
    """Parts joined for a file name: letters, digits, `-` and Chinese, nothing a path could use."""
    return "_".join(re.sub(r"[^\w\-]+", "-", part).strip("-") for part in parts if part)[:120]
