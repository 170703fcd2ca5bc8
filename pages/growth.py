"""Growth of users: who comes, who stays, who leaves, and the goal."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.growth import PANELS
from pages._ui.frame import page_layout, title_of

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/growth", name="用户增长", title=title_of("growth"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("growth")
