"""The metric catalogue: one meaning per number, for everybody to read."""

from dash import register_page
from dash.development.base_component import Component

from pages._ui.entries import catalogue
from pages._ui.frame import title_of

__all__ = ["layout"]

register_page(__name__, path="/catalogue", name="指标目录", title=title_of("catalogue"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """All entries; the search box narrows them."""
    return catalogue()
