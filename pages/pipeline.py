"""The data pipeline: what came in, what was refused and why, who is late."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.pipeline import PANELS
from pages._ui.frame import page_layout, title_of

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/pipeline", name="数据管道", title=title_of("pipeline"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("pipeline")
