"""数据探索: any metrics by any two dimensions, or by one and time, as a table and as a chart."""

from dataclasses import replace

from pages._figures import crossing, lines, ranking
from pages._figures.values import Point, Series
from pages._panels import findings
from pages._panels.charts import unit_note
from pages._ui.crosstable import Crosstab, heading_text
from pages._ui.explored import explored, pivot, title_of
from pages._ui.numbers import exact
from pages._ui.panel import Chart, Drawing, Panel, Sheet
from pages._ui.text import _, named
from warehouse.crosstab import Cells, Pivot
from warehouse.metrics import Metric, find
from warehouse.metrics.model import ADDITIVE
from warehouse.model import REST, Cell, CellState

_MOST_BARS = 14
_MOST_ROWS_BEHIND = 60


def table(drawing: Drawing) -> Crosstab | None:
    """The table; None where there is nothing to show."""
    found = drawing.pivot
    if found is None or not found.rows or _is_empty(found):
        return None
    one = explored(drawing.filters)
    note = _("行：{rows} · 列：{columns} · 以{metric}排序").format(
        rows=title_of(one.rows), columns=title_of(one.columns), metric=named(find(one.by).label)
    )
    face = Crosstab(head=(), rows=(), pivot=found, chosen=one, drawing=drawing, note=note)
    return replace(face, finding=_leader(face, _totals(face, find(one.by))))


def _is_empty(found: Pivot) -> bool:
    return all(cell.state is CellState.MISSING for cell in found.total)


def chart(drawing: Drawing) -> Chart | None:
    """The first metric in the chosen form; where the table alone was wished for it is not shown."""
    face = table(drawing)
    if face is None:
        return None
    metric = find(face.chosen.by)
    totals = _totals(face, metric)
    left_out = [_("图中不含“其他”")] if any(p.code == REST for p in totals.points) else []
    return Chart(
        figure=_figure(face, metric, totals),
        finding=_leader(face, totals),
        note=" · ".join((named(metric.label), unit_note(totals, drawing), *left_out)),
        behind=_behind(face, metric),
    )


def _figure(face: Crosstab, metric: Metric, totals: Series) -> dict[str, object]:
    """Without the rest: all others together would dwarf the members."""
    form, style = face.chosen.form, face.drawing.style
    rows = [row for row in _by_row(face, metric) if row.code != REST]
    if form == "heat" and face.pivot.columns:
        return crossing.draw(rows, style)
    if form == "lines" and face.chosen.grain:
        return lines.draw(rows, style)
    members = tuple(point for point in totals.points if point.code != REST)
    return ranking.draw(replace(totals, points=members), style, limit=_MOST_BARS)


def _cell(face: Crosstab, cells: Cells, metric: Metric) -> Cell:
    return cells[face.pivot.query.metrics.index(metric.name)]


def _totals(face: Crosstab, metric: Metric) -> Series:
    points = tuple(
        Point(
            label=heading_text(face, heading, face.chosen.rows),
            cell=_cell(face, cells, metric),
            code=heading.member,
        )
        for heading, cells in zip(face.pivot.rows, face.pivot.row_totals, strict=True)
    )
    label = named(metric.label)
    return Series(label=label, unit=metric.unit, polarity=metric.polarity, points=points)


def _by_row(face: Crosstab, metric: Metric) -> list[Series]:
    """A series a row, with a point a column."""
    names = [
        heading_text(face, heading, face.chosen.dimension or "") for heading in face.pivot.columns
    ]
    return [
        Series(
            label=heading_text(face, heading, face.chosen.rows),
            unit=metric.unit,
            polarity=metric.polarity,
            grain=face.chosen.grain,
            code=heading.member,
            points=tuple(
                Point(
                    label=name,
                    cell=_cell(face, place, metric),
                    code=column.member,
                    period=column.period,
                    is_partial=column.is_partial,
                )
                for name, column, place in zip(names, face.pivot.columns, cells, strict=True)
            ),
        )
        for heading, cells in zip(face.pivot.rows, face.pivot.cells, strict=True)
    ]


def _leader(face: Crosstab, totals: Series) -> str:
    """Who is first, with what share of the total where the metric adds up."""
    points = [point for point in findings.known(totals) if point.code != REST]
    if len(points) < 2:
        return ""
    metric = find(face.chosen.by)
    adds_up = isinstance(metric.measure, ADDITIVE)
    return findings.leader(totals, face.drawing, adds_up=adds_up) if points else ""


def _behind(face: Crosstab, metric: Metric) -> Sheet:
    """The table behind the chart: one metric, its totals first."""
    language = face.drawing.language

    def said(cells: Cells) -> str:
        cell = _cell(face, cells, metric)
        hidden = cell.state is CellState.SUPPRESSED
        return _("已隐去") if hidden else exact(cell.value, metric.unit, language)

    names = [heading_text(face, h, face.chosen.dimension or "") for h in face.pivot.columns]
    rows = [
        (heading_text(face, heading, face.chosen.rows), said(total), *map(said, cells))
        for heading, total, cells in zip(
            face.pivot.rows, face.pivot.row_totals, face.pivot.cells, strict=True
        )
    ]
    whole = (_("合计"), said(face.pivot.total), *map(said, face.pivot.column_totals))
    return Sheet(
        head=(title_of(face.chosen.rows), _("合计"), *names),
        rows=(whole, *rows[:_MOST_ROWS_BEHIND]),
        numeric=frozenset(range(1, len(names) + 2)),
    )


PANELS = (
    Panel(
        id="chart",
        kind="chart",
        title="图形",
        query=None,
        pivot=pivot,
        draw=chart,
        width=12,
        tall=True,
    ),
    Panel(
        id="table",
        kind="table",
        title="透视表",
        query=None,
        pivot=pivot,
        draw=table,
        width=12,
        is_news=True,
    ),
)
