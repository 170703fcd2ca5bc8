"""Where every number comes from, drawn: source, dataset, table, metric, page."""

from dash import register_page
from dash.development.base_component import Component

from pages._panels.lineage import PANELS
from pages._ui.frame import page_layout, title_of

__all__ = ["PANELS", "layout"]

register_page(__name__, path="/pipeline/lineage", name="数据血缘", title=title_of("lineage"))  # type: ignore[no-untyped-call]


def layout(**_address: str) -> Component:
    """The page before its numbers; the address is read by the panels' callback."""
    return page_layout("lineage")
