"""Service use: what was asked for, where, on what, and how well it went."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.usage import PANELS
from pages._ui.frame import page_layout, title_of

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/usage", name="服务使用", title=title_of("usage"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("usage")
