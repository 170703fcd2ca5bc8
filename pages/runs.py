"""The runs of the sources: when, how long, what came of them."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.runs import PANELS
from pages._ui.frame import page_layout, title_of

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/pipeline/runs", name="运行记录", title=title_of("runs"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("runs")
