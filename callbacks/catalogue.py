"""The search box of the metric catalogue."""

from typing import Any

from dash import Dash, Input, Output

from callbacks.services import Services
from pages._ui import ids
from pages._ui.entries import entries


def register(app: Dash, services: Services) -> None:
    @app.callback(
        Output(ids.ENTRIES, "children"),
        Input(ids.SEARCH_BOX, "value"),
        prevent_initial_call=True,
    )
    def narrow(wanted: str | None) -> list[Any]:
        return list(entries(wanted or ""))
