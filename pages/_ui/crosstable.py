"""A pivot table on the screen: headings that sort and lead deeper, totals first and apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dash import html
from dash.development.base_component import Component

from pages._figures.values import period_text
from pages._ui.explored import Explored, below_column, below_row, saying, title_of
from pages._ui.ids import attributes
from pages._ui.numbers import exact, format_change
from pages._ui.panel import Drawing, Sheet
from pages._ui.parts import table
from pages._ui.text import _, named
from pages._ui.trail import going
from pages._ui.words import colon, compare_word
from warehouse.crosstab import Cells, Heading, Pivot
from warehouse.metrics import Metric, find
from warehouse.model import Cell, CellState, Sort


@dataclass(frozen=True, kw_only=True)
class Crosstab(Sheet):
    """A pivot as a face: what it shows, and what its links lead to."""

    pivot: Pivot
    chosen: Explored
    drawing: Drawing

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """In the order they were chosen in."""
        return tuple(find(name) for name in self.chosen.metrics)

    def of(self, cells: Cells) -> tuple[Cell, ...]:
        """The cells of a place, in the order of `metrics`."""
        by_name = dict(zip(self.pivot.query.metrics, cells, strict=True))
        return tuple(by_name[name] for name in self.chosen.metrics)


def heading_text(face: Crosstab, heading: Heading, dimension: str) -> str:
    """What a row or column is called."""
    grain = face.pivot.query.grain
    if heading.period is not None and grain is not None:
        partial = _("（未完结）") if heading.is_partial else ""
        return period_text(heading.period.start, grain, face.drawing.language) + partial
    return face.drawing.label(dimension, heading.member)


def crosstable(face: Crosstab, title: str) -> Component:
    """The table: each cell under a heading of its column and beside one of its row."""
    pivot = face.pivot
    rows = [_row(face, None, pivot.total, pivot.column_totals)]
    for heading, total, cells in zip(pivot.rows, pivot.row_totals, pivot.cells, strict=True):
        rows.append(_row(face, heading, total, cells))
    return html.Div(
        table(
            [
                html.Caption(title, className="visually-hidden"),
                html.Thead(_head(face)),
                html.Tbody(rows),
            ]
        ),
        className="crosstab",
    )


# --- head -------------------------------------------------------------------------------------


def _head(face: Crosstab) -> list[Component]:
    many = len(face.metrics)
    rows = html.Th(
        _sorting(face, title_of(face.chosen.rows), Sort.MEMBER, ""),
        scope="col",
        rowSpan=2,
        **_sorted(face.chosen.sort is Sort.MEMBER, "ascending"),
    )
    total = html.Th(_("合计"), scope="colgroup", colSpan=many, className="num of-total")
    groups = [
        html.Th(
            _column_name(face, heading), scope="colgroup", colSpan=many, className=_group_class(h)
        )
        for h, heading in enumerate(face.pivot.columns)
    ]
    below = [_total_metric(face, i, metric) for i, metric in enumerate(face.metrics)]
    for _heading in face.pivot.columns:
        below += [
            html.Th(named(metric.label), scope="col", className=_cell_class(i))
            for i, metric in enumerate(face.metrics)
        ]
    return [html.Tr([rows, total, *groups]), html.Tr(below)]


def _group_class(_index: int) -> str:
    return "num is-first"


def _cell_class(index: int) -> str:
    return "num is-first" if index == 0 else "num"


def _total_metric(face: Crosstab, index: int, metric: Metric) -> Component:
    """A metric over the totals: by it, or by its change, the rows can be ordered."""
    is_by = face.chosen.by == metric.name and face.chosen.sort is not Sort.MEMBER
    parts: list[Component] = [_sorting(face, named(metric.label), Sort.VALUE, metric.name)]
    if face.pivot.query.compare is not None:
        word = compare_word(face.pivot.query.compare)
        parts.append(_sorting(face, word, Sort.CHANGE, metric.name))
    return html.Th(
        html.Span(parts, className="sorts"),
        scope="col",
        className=f"{_cell_class(index)} of-total",
        title=named(metric.sentence),
        **_sorted(is_by, "descending"),
    )


def _sorted(is_sorted: bool, direction: str) -> dict[str, Any]:
    return attributes(aria_sort=direction) if is_sorted else {}


def _sorting(face: Crosstab, text: str, sort: Sort, metric: str) -> Component:
    chosen = face.chosen
    is_on = chosen.sort is sort and (sort is Sort.MEMBER or chosen.by == metric)
    by = "" if metric in ("", chosen.metrics[0]) else metric
    wished = saying(face.drawing.filters, sort=sort.value, by=by)
    spoken = {
        Sort.VALUE: _("按{name}从大到小排序"),
        Sort.CHANGE: _("按{name}的变化大小排序"),
        Sort.MEMBER: _("按{name}的固有次序排序"),
    }[sort].format(name=named(find(metric).label) if metric else text)
    if text not in spoken:
        spoken = f"{text}{colon()}{spoken}"
    arrow = {Sort.MEMBER: " ▲"}.get(sort, " ▼") if is_on else ""
    mark = html.Span(arrow, **attributes(aria_hidden="true"))
    return going([text, mark], wished, "sorting is-on" if is_on else "sorting", spoken)


def _column_name(face: Crosstab, heading: Heading) -> Any:
    text = heading_text(face, heading, face.chosen.dimension or "")
    to = below_column(face.drawing.filters, face.chosen, heading)
    return going(text, to, "deeper", _("展开{name}").format(name=text)) if to else text


# --- body -------------------------------------------------------------------------------------


def _row(
    face: Crosstab, heading: Heading | None, total: Cells, cells: Iterable[Cells]
) -> Component:
    name = html.Th(_row_name(face, heading), scope="row")
    made = [*_cells(face, total, "of-total")]
    for place in cells:
        made += _cells(face, place, "")
    return html.Tr([name, *made], className="totals" if heading is None else None)


def _row_name(face: Crosstab, heading: Heading | None) -> Any:
    if heading is None:
        return _("合计")
    text = heading_text(face, heading, face.chosen.rows)
    to = below_row(face.drawing.filters, face.chosen, heading.member)
    return going(text, to, "deeper", _("展开{name}").format(name=text)) if to else text


def _cells(face: Crosstab, cells: Cells, mark: str) -> list[Component]:
    return [
        html.Td(_shown(face, cell, metric), className=f"{_cell_class(i)} {mark}".strip())
        for i, (cell, metric) in enumerate(zip(face.of(cells), face.metrics, strict=True))
    ]


def _shown(face: Crosstab, cell: Cell, metric: Metric) -> Any:
    if cell.state is CellState.SUPPRESSED:
        return html.Span(_("已隐去"), className="muted")
    value = exact(cell.value, metric.unit, face.drawing.language)
    if face.pivot.query.compare is None or cell.value is None:
        return value
    change = format_change(
        cell.change(metric.unit), metric.unit, metric.polarity, face.drawing.language
    )
    small = html.Small(change.arrow + change.text, className=f"tone-{change.tone}")
    return html.Span([value, small], className="pair")
