"""What was checked before publishing, and columns of sources that changed."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.checks import PANELS
from pages._ui.frame import page_layout, title_of

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/pipeline/checks", name="质量检查", title=title_of("checks"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("checks")
