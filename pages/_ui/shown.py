"""Cells of tables as components: marks, bars, two lines, delivered rows, buttons."""

from collections.abc import Callable, Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from pages._ui.cells import Act, Acts, Chip, Entry, Line, Meter, Named, Pair, Split
from pages._ui.ids import aria, attributes
from pages._ui.numbers import fixed
from pages._ui.parts import badge

_LONGEST_VALUE = 160


def chip(one: Chip) -> Component:
    """A mark with words and a tone."""
    made = badge(one.text, one.tone, one.tip)
    return html.A(made, href=one.href, className="chip-link") if one.href else made


def shown(cell: Entry) -> str | Component:
    """Any cell of a table."""
    if isinstance(cell, str):
        return cell
    return fixed(cell, 0) if isinstance(cell, int) else _MAKERS[type(cell)](cell)


def act(one: Act) -> Component:
    """A button that asks for confirmation before anything happens; see assets/shell.js."""
    return html.Button(
        one.text,
        type="button",
        className="button button-small",
        **aria(one.spoken),
        **attributes(data_offer=one.key),
    )


def pick_button(text: str, pick: str) -> Component:
    """A name that does what a click on its mark in the chart does; see assets/shell.js."""
    return html.Button(text, type="button", className="pickable", **attributes(data_pick=pick))


def _named(cell: Named) -> str | Component:
    return pick_button(cell.text, cell.pick) if cell.pick else cell.text


def _acts(cell: Acts) -> Component:
    return html.Span([act(one) for one in cell.acts], className="acts")


def _meter(cell: Meter) -> Component:
    track = [html.I(className="fill", style={"width": f"{_percent(cell.share)}%"})]
    if cell.mark is not None:
        track.append(html.I(className="mark", style={"left": f"{_percent(cell.mark)}%"}))
    bar = html.Span(track, className="track", **attributes(aria_hidden="true"))
    return html.Span(
        [bar, html.Span(cell.text, className="said")], className=f"meter tone-{cell.tone}"
    )


def _percent(share: float) -> float:
    return round(100 * min(max(share, 0.0), 1.0), 1)


def _split(cell: Split) -> Component:
    whole = sum(max(part.count, 0) for part in cell.parts) or 1
    pieces = [
        html.I(className=f"part-{p.kind}", style={"width": f"{_percent(p.count / whole)}%"})
        for p in cell.parts
        if p.count > 0
    ]
    bar = html.Span(pieces, className="track", **attributes(aria_hidden="true"))
    said = [
        html.Span(
            [html.I(className=f"key part-{p.kind}"), f"{p.name} {fixed(p.count, 0)}"],
            className="is-none" if p.count == 0 else None,
        )
        for p in cell.parts
    ]
    return html.Span([bar, html.Span(said, className="said")], className="split")


def _pair(cell: Pair) -> Component:
    main = html.A(cell.main, href=cell.href) if cell.href else html.Span(cell.main)
    wrapped = " is-wrapped" if cell.is_wrapped else ""
    below = [html.Small(cell.below)] if cell.below else []
    return html.Span([main, *below], className=f"pair{wrapped}")


def _line(cell: Line) -> Component:
    said = [
        html.Span(
            [html.Small(name), html.B(_clipped(value) or "∅")],
            className="value-marked" if name == cell.marked else None,
        )
        for name, value in cell.values
    ]
    return html.Span(said, className="original")


def _clipped(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "…"


_MAKERS: Mapping[type, Callable[[Any], str | Component]] = {
    Named: _named,
    Chip: chip,
    Meter: _meter,
    Split: _split,
    Pair: _pair,
    Line: _line,
    Acts: _acts,
}
