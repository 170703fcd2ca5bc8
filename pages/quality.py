"""Service quality: what people say afterwards."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.quality import PANELS
from pages._ui.frame import page_layout, title_of

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/quality", name="服务质量", title=title_of("quality"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("quality")
