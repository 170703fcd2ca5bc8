"""Rows that were kept apart, and what operators ask of the ETL about them."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.quarantine import PANELS
from pages._ui.frame import page_layout, title_of
from pages._ui.wishes import dialog

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/pipeline/quarantine", name="隔离区", title=title_of("quarantine"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("quarantine", dialog())
