"""What happens by itself in the browser: the menu follows the address.

New data need no callback of their own: `assets/refresh.js` polls `/api/version` and sets the
version store, which is an input of the panels.
"""

from dash import ALL, ClientsideFunction, Dash, Input, Output, State

from callbacks.services import Services
from pages._ui import ids


def register(app: Dash, services: Services) -> None:
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction(namespace="cockpit", function_name="menu"),
        Output(ids.link(ALL), "className"),
        Output(ids.link(ALL), "href"),
        Input(ids.URL, "pathname"),
        Input(ids.URL, "search"),
        State(ids.link(ALL), "id"),
    )
