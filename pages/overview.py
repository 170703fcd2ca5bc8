"""The overview: eight numbers and six charts that answer how the city is doing."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.overview import PANELS
from pages._ui.frame import page_layout, title_of

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/", name="总览", title=title_of("overview"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("overview")
