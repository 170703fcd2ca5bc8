"""Cards: the frame that stands from the first paint, and what fills its parts.

The frame of a card never changes; callbacks fill its parts. Above all a graph is made once and
only its `figure` is replaced.
"""

from dataclasses import replace
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from pages._ui.answered import Answered, Blank
from pages._ui.book import page_of
from pages._ui.cells import Chip
from pages._ui.crosstable import Crosstab, crosstable
from pages._ui.dialog import button, is_explained
from pages._ui.entries import anchor
from pages._ui.ids import aria, attributes, part
from pages._ui.notes import against, as_of, late_names, marks, note, title
from pages._ui.panel import Chart, Panel, Sheet, Tile
from pages._ui.parts import link_button
from pages._ui.reckoning import holiday_words
from pages._ui.shown import chip
from pages._ui.spark import spark
from pages._ui.tables import answer_table, sheet_table, whole_sheet
from pages._ui.text import _, language
from pages._ui.theme import graph_config, theme

BLANK_FIGURE: dict[str, Any] = {
    "data": [],
    "layout": {
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    },
}


# --- frames ---------------------------------------------------------------------------------


def frame(panel: Panel) -> Component:
    """The card before any answer: its neutral title and a skeleton."""
    makers = {"tile": _tile_frame, "chart": _chart_frame, "table": _sheet_frame}
    return makers[panel.kind](panel)


def _tile_frame(panel: Panel) -> Component:
    waiting = [
        html.H2(_(panel.title), className="tile-name"),
        html.Div(className="bone bone-value"),
        html.Div(className="bone bone-line"),
    ]
    return html.Article(
        [
            html.Div(waiting, id=part("tile", panel.id), className="tile-body"),
            *([button(panel)] if is_explained(panel) else []),
            dcc.Store(id=part("stamp", panel.id)),
        ],
        className="card tile",
    )


def _chart_frame(panel: Panel) -> Component:
    graph = dcc.Graph(
        id=part("graph", panel.id),
        figure=BLANK_FIGURE,
        config=graph_config(language()),  # type: ignore[arg-type]
        responsive=True,
        className="graph",
    )
    image = html.Div(
        graph,
        id=part("image", panel.id),
        role="img",
        className="image",
        **aria(_(panel.title)),
    )
    size = " plot-tall" if panel.tall else " plot-wide" if panel.wide else ""
    reached = 0 if panel.wide else None
    plot = html.Div([image, _state(panel)], className=f"plot{size}", tabIndex=reached)
    return _card(panel, plot, has_table=True)


def _sheet_frame(panel: Panel) -> Component:
    sheet = html.Div(id=part("sheet", panel.id), className="sheet-scroll", tabIndex=0)
    return _card(panel, html.Div([sheet, _state(panel)], className="plot-sheet"), has_table=False)


def _state(panel: Panel) -> Component:
    bones = [html.I(className="bone", style={"height": f"{h}%"}) for h in (30, 38, 55, 66, 78, 74)]
    waiting = html.Div(bones, className="skeleton", **aria(_("正在载入")))
    return html.Div(waiting, id=part("state", panel.id), className="state")


def _card(panel: Panel, body: Component, *, has_table: bool) -> Component:
    foot: list[Component] = [html.Div(id=part("foot", panel.id), className="foot-line")]
    if is_explained(panel):
        foot.append(button(panel, _("解释")))
    if has_table:
        foot.append(_table_frame(panel))
    return html.Section(
        [
            html.Header(head_of(_(panel.title), _(panel.note)), id=part("head", panel.id)),
            body,
            html.Footer(foot),
            dcc.Store(id=part("stamp", panel.id)),
        ],
        className=f"card chart w{panel.width}",
    )


def _table_frame(panel: Panel) -> Component:
    scroll = html.Div(id=part("table", panel.id), className="table-scroll", tabIndex=0)
    return html.Details([html.Summary(_("数据表")), scroll], className="behind")


def head_of(title: str, note: str, chips: tuple[Chip, ...] = ()) -> list[Component]:
    """Title, marks and the line beneath them."""
    return [
        html.Div(
            [html.H2(title), html.Span([chip(c) for c in chips], className="chips")],
            className="head-line",
        ),
        html.P(note, className="note"),
    ]


# --- what fills them ------------------------------------------------------------------------


def tile(one: Answered) -> list[Component]:
    """The inside of a tile."""
    if one.blank or not isinstance(one.face, Tile):
        return _blank_tile(one.panel, one.blank or Blank(reason="empty"))
    face = one.face
    title = html.Div(
        [
            _name_of_tile(one),
            html.Span([chip(c) for c in _once(*face.chips, *marks(one))], className="chips"),
        ],
        className="head-line",
    )
    value = html.Div(
        [html.Strong(face.value, className="value"), html.Span(face.unit, className="unit")]
    )
    picture = _spark(one, face)
    line = html.Img(src=picture, alt="", className="spark") if picture else None
    return [title, html.Div([value, line], className="tile-line"), _tile_foot(one, face)]


def detail(one: Answered) -> str:
    """Where the detail of a card lives, with the filters kept; empty where this is it."""
    if not one.panel.leads or not one.drawing:
        return ""
    page = page_of(one.panel.leads)
    if one.drawing.role not in page.roles:
        return ""
    return page.path + replace(one.drawing.filters, own=()).to_search()


def _name_of_tile(one: Answered) -> Component:
    """The name of a tile; where it leads to a page, as the link to it."""
    name, there = _(one.panel.title), detail(one)
    if not there:
        return html.H2(name, className="tile-name")
    arrow = html.Span("›", **attributes(aria_hidden="true"))
    return html.H2(dcc.Link([name, arrow], href=there, className="leads"), className="tile-name")


def _once(*chips: Chip) -> tuple[Chip, ...]:
    """Each mark once, in the order given."""
    return tuple({c.text: c for c in reversed(chips)}.values())[::-1]


def _spark(one: Answered, face: Tile) -> str:
    known = sum(value is not None for value in face.trend)
    if not one.drawing or known < 2:
        return ""
    rows = one.results[1].rows if len(one.results) > 1 else ()
    is_open = bool(rows) and rows[-1].is_partial
    return spark(face.trend, theme(one.drawing.theme), is_partial=is_open)


def _tile_foot(one: Answered, face: Tile) -> Component:
    words = against(one.drawing) if face.change and one.drawing else ""
    change: list[str | Component] = []
    if words:
        change = [f"{words} ", html.B(face.change, className=f"tone-{face.tone}")]
    return html.Div(
        [html.Span(change), html.Span(_context(one, face), className="context")],
        className="tile-foot",
    )


def _context(one: Answered, face: Tile) -> str:
    """Its own words, else what makes its comparison uneven, else as of when it is."""
    uneven = holiday_words(one.results[0]) if one.results and face.change else ""
    return face.context or uneven or as_of(one)


def _blank_tile(panel: Panel, blank: Blank) -> list[Component]:
    return [
        html.H2(_(panel.title), className="tile-name"),
        html.Div(html.Strong("—", className="value muted"), className="tile-line"),
        html.Div(
            blank.title + (f" {blank.reference}" if blank.reference else ""), className="tile-foot"
        ),
    ]


def head(one: Answered) -> list[Component]:
    """Title (the finding), marks and note of a chart or table card."""
    return head_of(title(one), note(one), marks(one))


def figure(one: Answered) -> dict[str, Any]:
    return one.face.figure if isinstance(one.face, Chart) else BLANK_FIGURE


def sheet(one: Answered) -> Component | None:
    if isinstance(one.face, Crosstab):
        return crosstable(one.face, title(one))
    return whole_sheet(one.face, title(one)) if isinstance(one.face, Sheet) else None


def table(one: Answered) -> list[Component]:
    """The data table behind a chart; nothing where nothing may be shown."""
    if one.blank or not one.drawing:
        return [html.P(one.blank.title if one.blank else "—", className="muted")]
    if isinstance(one.face, Chart) and one.face.behind:
        return [sheet_table(one.face.behind, title(one))]
    if not one.results:
        return []
    return answer_table(one.drawing, title(one))


def state(one: Answered) -> list[Component]:
    """What lies over the card instead of a graph; empty when there is one."""
    if not one.blank:
        return []
    action = None
    if one.blank.reason == "empty":
        action = link_button(_("恢复默认条件"), "?")
    elif one.blank.reason == "error":
        action = link_button(_("重试"), "")
    return [
        html.Div(
            [html.Strong(one.blank.title), html.P(one.blank.advice), action],
            className=f"blank blank-{one.blank.reason}",
        )
    ]


def foot(one: Answered, page: str) -> list[Component]:
    """As of when, the definition, and the files."""
    said = [text for text in (as_of(one), late_names(one)) if text]
    dot = [html.I(className="dot dot-late")] if one.stale else []
    links: list[Component] = []
    if one.drawing:
        address = one.drawing.filters.to_search()
        there = detail(one)
        links += [dcc.Link(_("详情"), href=there)] if there else []
        defined = [result.query.metrics[0] for result in one.results[:1]]
        links += [html.A(_("口径"), href=f"/catalogue#{anchor(name)}") for name in defined]
        links += [
            html.A(
                kind.upper(),
                href=f"/export/{page}/{one.panel.id}.{kind}{address}",
                **aria(_("下载 {kind}").format(kind=kind.upper())),
            )
            for kind in ("csv", "xlsx")
        ]
    return [
        html.Span([*dot, " · ".join(said)], className="foot-asof", title=" · ".join(said)),
        html.Span(links, className="foot-links"),
    ]
