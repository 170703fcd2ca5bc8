"""Bootstrap's components where the house has a use for them; the looks are in cockpit.css."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash.development.base_component import Component

Children = Sequence[Component | None]


def container(children: Children, name: str) -> Component:
    """The frame of a page, as wide as the window."""
    made: Component = dbc.Container(list(children), fluid=True, className=name)
    return made


def badge(text: str, tone: str) -> Component:
    """A short mark with words and a tone."""
    made: Component = dbc.Badge(text, className=f"chip chip-{tone}", color=None)
    return made


def table(children: Children) -> Component:
    """A table of the house: caption, head, body."""
    made: Component = dbc.Table(list(children), className="sheet", size="sm")
    return made


def alert(children: Children) -> Component:
    """What is wrong, above everything else."""
    made: Component = dbc.Alert(list(children), color=None, className="notice-body")
    return made


def link_button(text: str, href: str, *, is_strong: bool = False, **more: Any) -> Component:
    """A link that looks like a button; it leaves the page as any link does."""
    name = "button button-strong" if is_strong else "button"
    made: Component = dbc.Button(
        text, href=href, external_link=True, color="link", className=name, **more
    )
    return made
