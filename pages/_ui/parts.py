"""Bootstrap's components where the house has a use for them; the looks are in cockpit.css."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

Children = Sequence[Component | None]


def container(children: Children, name: str) -> Component:
    """The frame of a page, as wide as the window."""
    made: Component = dbc.Container(list(children), fluid=True, className=name)
    return made


def badge(text: str, tone: str, tip: str = "") -> Component:
    """A short mark with words and a tone; `tip` is shown when one points at it."""
    more = {"title": tip} if tip else {}
    made: Component = dbc.Badge(text, className=f"chip chip-{tone}", color=None, **more)
    return made


def table(children: Children) -> Component:
    """A table of the house: caption, head, body."""
    made: Component = dbc.Table(list(children), className="sheet", size="sm")
    return made


def alert(children: Children) -> Component:
    """What is wrong, above everything else."""
    made: Component = dbc.Alert(list(children), color=None, className="notice-body")
    return made


ANY = "any"
"""The value of a list's first entry, which chooses nothing."""


def select(name: str, identity: Any, options: Mapping[str, str], chosen: str) -> Component:
    """One choice of a list, by the browser's own control.

    name  what it is for, for screen readers.   options  value -> text.
    """
    offered = [{"label": text, "value": value} for value, text in options.items()]
    pick = dbc.Select(id=identity, options=offered, value=chosen or ANY, class_name="select")
    return html.Label([html.Span(name, className="visually-hidden"), pick], className="pick")


def link_button(text: str, href: str, *, is_strong: bool = False, **more: Any) -> Component:
    """A link that looks like a button; it leaves the page as any link does."""
    name = "button button-strong" if is_strong else "button"
    made: Component = dbc.Button(
        text, href=href, external_link=True, color="link", className=name, **more
    )
    return made
