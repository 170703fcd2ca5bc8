"""The answer behind a card as a real table: every value exact, every state named."""

from dash import html
from dash.development.base_component import Component

from pages._figures.values import period_text
from pages._ui.numbers import exact, format_change
from pages._ui.panel import Drawing, Sheet
from pages._ui.parts import table
from pages._ui.shown import act, pick_button, shown
from pages._ui.text import _, named
from pages._ui.words import compare_word
from warehouse.datasets import KNOWN_DIMENSIONS
from warehouse.metrics import Metric, find
from warehouse.model import Cell, CellState, Result, Row

MOST_ROWS = 120


def answer_table(drawing: Drawing, title: str) -> list[Component]:
    """The main answer of a card; long ones end with a note that the file has all rows."""
    result = drawing.result
    metrics = tuple(find(name) for name in result.query.metrics)
    rows = [
        _pickable(_row(row, result, drawing, metrics), drawing.pick(result, row))
        for row in result.rows[:MOST_ROWS]
    ]
    count = len(result.query.by) + (1 if result.query.grain else 0)
    shown = _table(_head(result, metrics), rows, numeric_from=count, caption=title)
    left = len(result.rows) - MOST_ROWS
    if left <= 0:
        return [shown]
    return [shown, html.P(_("另有 {n} 行，请下载文件查看。").format(n=left), className="muted")]


def _pickable(texts: list[str], pick: str) -> list[str | Component]:
    """The row with its name as a button that does what a click in the chart does."""
    first = pick_button(texts[0], pick) if pick and texts else None
    return [first, *texts[1:]] if first else [*texts]


def whole_sheet(sheet: Sheet, title: str) -> Component:
    """A `Sheet` with the buttons that belong to it."""
    made = sheet_table(sheet, title) if sheet.rows else html.P(sheet.finding, className="muted")
    if not sheet.acts:
        return made
    return html.Div([html.Div([act(one) for one in sheet.acts], className="acts"), made])


def sheet_table(sheet: Sheet, title: str) -> Component:
    """A `Sheet` as a table. A row's note and what it opens stand in rows of their own."""
    head = [
        html.Th(text, scope="col", className=_side(i, sheet)) for i, text in enumerate(sheet.head)
    ]
    rows = [made for index in range(len(sheet.rows)) for made in _sheet_rows(sheet, index)]
    caption = html.Caption(title, className="visually-hidden")
    return table([caption, html.Thead(html.Tr(head)), html.Tbody(rows)])


def _sheet_rows(sheet: Sheet, index: int) -> list[Component]:
    tone = sheet.tones.get(index)
    cells = [
        html.Td(shown(cell), className=_side(i, sheet)) for i, cell in enumerate(sheet.rows[index])
    ]
    below: list[Component] = []
    if index in sheet.notes:
        wrong, remedy = sheet.notes[index]
        below.append(html.P([html.B(wrong), html.Span(remedy)], className="row-note"))
    if index in sheet.folds:
        fold = sheet.folds[index]
        inner = sheet_table(fold.sheet, fold.summary)
        below.append(html.Details([html.Summary(fold.summary), inner], className="fold"))
    mark = (f"row-{tone}" if tone else "") + (" has-more" if below else "")
    rows: list[Component] = [html.Tr(cells, className=mark.strip() or None)]
    if below:
        more = html.Td(below, colSpan=len(sheet.head))
        rows.append(html.Tr(more, className=f"row-more row-{tone}" if tone else "row-more"))
    return rows


def _side(index: int, sheet: Sheet) -> str:
    return "num" if index in sheet.numeric else ""


def _head(result: Result, metrics: tuple[Metric, ...]) -> list[str]:
    head = [_("时间")] if result.query.grain else []
    head += [named(KNOWN_DIMENSIONS[name].label) for name in result.query.by]
    for metric in metrics:
        head.append(named(metric.label))
        if result.query.compare:
            head += [_("对比值"), compare_word(result.query.compare)]
    return head


def _row(row: Row, result: Result, drawing: Drawing, metrics: tuple[Metric, ...]) -> list[str]:
    texts = []
    if result.query.grain:
        partial = _("（未完结）") if row.is_partial else ""
        start = row.period.start if row.period else None
        name = period_text(start, result.query.grain, drawing.language) if start else "—"
        texts.append(name + partial)
    pairs = zip(result.query.by, row.members, strict=True)
    texts += [drawing.label(name, code) for name, code in pairs]
    for cell, metric in zip(row.cells, metrics, strict=True):
        texts += _cell(cell, metric, drawing.language, is_compared=bool(result.query.compare))
    return texts


def _cell(cell: Cell, metric: Metric, language: str, *, is_compared: bool) -> list[str]:
    hidden = cell.state is CellState.SUPPRESSED
    value = _("已隐去") if hidden else exact(cell.value, metric.unit, language)
    if not is_compared:
        return [value]
    change = format_change(cell.change(metric.unit), metric.unit, metric.polarity, language)
    return [value, exact(cell.base, metric.unit, language), change.signed]


def _table(
    head: list[str], rows: list[list[str | Component]], *, numeric_from: int, caption: str
) -> Component:
    sides = ["" if i < numeric_from else "num" for i in range(len(head))]
    return table(
        [
            html.Caption(caption, className="visually-hidden"),
            html.Thead(
                html.Tr(
                    [html.Th(t, scope="col", className=s) for t, s in zip(head, sides, strict=True)]
                )
            ),
            html.Tbody(
                [
                    html.Tr([html.Td(t, className=s) for t, s in zip(row, sides, strict=True)])
                    for row in rows
                ]
            ),
        ]
    )
