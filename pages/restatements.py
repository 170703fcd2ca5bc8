"""Which published numbers have changed since, and why."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.restatements import PANELS
from pages._ui.frame import page_layout, title_of

__all__ = ["PANELS", "layout"]

register_page(
    __name__, path="/pipeline/restatements", name="数据修订", title=title_of("restatements")
)  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("restatements")
