"""Data exploration: choose metrics, rows and columns, and go deeper."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.explore import PANELS
from pages._ui.frame import page_layout, title_of
from pages._ui.setup import setup_frame

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/explore", name="数据探索", title=title_of("explore"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("explore", before=[setup_frame()])
