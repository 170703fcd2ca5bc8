"""The wall's components: its frame once, and what a scene's cards show at the moment."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from pages._ui.ids import attributes
from pages._ui.spark import spark
from pages._ui.text import named
from pages._ui.theme import DARK, graph_config
from pages._wall.model import Card, Number, Numbers, Scene, Table
from warehouse.metrics import find
from warehouse.model import Label

_ANY_DAY = date(2026, 1, 1)
_TABS = Label(zh="场景", en="Scenes")
_NOTHING = Label(zh="暂无数据", en="No data yet")
_FAILED = Label(zh="数据暂时无法读取", en="The numbers cannot be read just now")
_FORBIDDEN = Label(zh="此屏无权查看", en="This wall may not show it")
BLANK: dict[str, Any] = {
    "data": [],
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": {"visible": False},
        "yaxis": {"visible": False},
        "uirevision": "keep",
    },
}


def part(kind: str, scene: Any, card: Any = "") -> dict[str, Any]:
    """The id of a part of a scene or of one of its cards; patterns may stand in both."""
    return {"wall": kind, "scene": scene, "card": card}


def datasets(card: Card) -> frozenset[str]:
    """What its numbers stand on: when one of these is late, the card is dimmed."""
    return frozenset(find(m).dataset for query in card.asks(_ANY_DAY) for m in query.metrics)


def top(scenes: Sequence[Scene], product: Label, city: Label) -> Component:
    """The line above the scenes: what this is, which scene stands, and the time."""
    return html.Header(
        [
            html.Div(
                [
                    html.Span("政", className="wall-mark", **attributes(aria_hidden="true")),
                    html.H1(named(product)),
                    html.Span(named(city), className="wall-city"),
                ],
                className="wall-brand",
            ),
            html.Nav(
                [_tab(s, is_first=i == 0) for i, s in enumerate(scenes)],
                className="wall-tabs",
                **attributes(aria_label=named(_TABS)),
            ),
            html.Div(
                [
                    html.Span(id="wall-asof", className="wall-asof"),
                    html.Span(id="wall-date", className="wall-date"),
                    html.Span(id="wall-clock", className="wall-clock"),
                ],
                className="wall-time",
            ),
        ],
        className="wall-top",
    )


def _tab(scene: Scene, *, is_first: bool) -> Component:
    marks = attributes(data_wall_tab=scene.name, data_on="1" if is_first else "0")
    return html.Button(named(scene.label), type="button", className="wall-tab", **marks)


def section(scene: Scene, language: str, *, is_first: bool) -> Component:
    """A scene with empty cards. All scenes stay mounted; only one is visible."""
    return html.Section(
        [
            dcc.Store(id=part("want", scene.name)),
            dcc.Store(id=part("got", scene.name)),
            html.Div(
                [_card(scene, card, language) for card in scene.cards],
                className=f"wall-grid wall-{scene.arrangement}",
            ),
            html.Div(id=part("ticker", scene.name), className="wall-ticker"),
        ],
        className="wall-scene",
        **attributes(
            data_scene=scene.name, data_on="1" if is_first else "0", aria_label=named(scene.label)
        ),
    )


def _card(scene: Scene, card: Card, language: str) -> Component:
    title = html.H2(named(card.title), id=part("title", scene.name, card.id))
    return html.Article(
        [
            html.Header([title, html.Span(named(card.note), className="wall-note")]),
            _body(scene, card, language),
        ],
        className=f"wall-card wall-card-{card.kind} wall-at-{card.area}",
        **attributes(data_datasets=" ".join(sorted(datasets(card)))),
    )


def _body(scene: Scene, card: Card, language: str) -> Component:
    held = html.Div(id=part("held", scene.name, card.id), className="wall-held")
    if card.kind != "figure":
        return html.Div(held, className="wall-body")
    graph = dcc.Graph(
        id=part("graph", scene.name, card.id),
        figure=BLANK,
        config=graph_config(language),  # type: ignore[arg-type]
        responsive=True,
        className="wall-graph",
    )
    label = attributes(role="img", aria_label=named(card.title))
    return html.Div(
        [html.Div(graph, className="wall-graph-box", **label), held], className="wall-body"
    )


def numbers(face: Numbers) -> list[Component]:
    first, *others = face.lines
    return [_hero(first), html.Div([_line(number) for number in others], className="wall-lines")]


def _value(number: Number, name: str) -> Component:
    parts = [html.B(number.value), html.Small(number.unit)]
    return html.Span(parts, className=name)


def _change(number: Number) -> Component:
    return html.Span(number.change, className=f"wall-change wall-tone-{number.tone}")


def _trend(number: Number) -> Component:
    picture = spark(number.trend, DARK)
    return html.Img(src=picture, alt="", className="wall-spark") if picture else html.Span()


def _hero(number: Number) -> Component:
    below = [html.Span(number.note), _change(number)] if number.change else []
    return html.Div(
        [
            html.Div(number.label, className="wall-hero-label"),
            _value(number, "wall-hero-value"),
            html.Div(below, className="wall-hero-below"),
        ],
        className="wall-hero",
    )


def _line(number: Number) -> Component:
    name = html.Span(number.label, className="wall-name")
    return html.Div(
        [name, _trend(number), _value(number, "wall-value"), _change(number)],
        className="wall-line",
    )


def table(face: Table) -> Component:
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in face.head]))
    rows = [
        html.Tr([html.Td(text) for text in row], className=f"wall-row-{face.tones.get(i, 'quiet')}")
        for i, row in enumerate(face.rows)
    ]
    return html.Table([head, html.Tbody(rows)], className="wall-table")


def message(reason: str) -> Component:
    """Why a card is empty: nothing, failed or forbidden."""
    words = {"failed": _FAILED, "forbidden": _FORBIDDEN}.get(reason, _NOTHING)
    return html.P(named(words), className=f"wall-message wall-message-{reason}")


def ticker(findings: Sequence[str], note: str) -> list[Component]:
    """The sentences of a scene in one line, and what must stand under its map."""
    items = [html.Span(text, className="wall-finding") for text in findings]
    name = html.B(named(Label(zh="要点", en="In short")))
    return [name, html.Div(items, className="wall-findings"), html.Small(note)]
