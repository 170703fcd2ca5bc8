"""Loans: how many ask, how fast they hear, how far they get."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.loans import PANELS
from pages._ui.frame import page_layout, title_of

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/loans", name="普惠贷款", title=title_of("loans"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("loans")
