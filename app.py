"""How the parts are put together. `gunicorn app:server` serves it."""

from typing import TYPE_CHECKING, Any

from callbacks import register_all
from callbacks.services import Services
from gate.document import INDEX, Document
from gate.errors import callback_failed
from gate.headers import CSRF_COOKIE, CSRF_HEADER
from gate.identity import current_viewer
from gate.install import install, make_server
from gate.shelf import Shelf
from pages._ui.shell import shell
from warehouse.accounts import Accounts
from warehouse.answer import Warehouse
from warehouse.explained import Keeper
from warehouse.keys import Keyring
from warehouse.requests import ask, asked, waiting
from warehouse.settings import Settings
from warehouse.views import Views

if TYPE_CHECKING:
    from flask import Flask


def create_app(settings: Settings) -> Document:
    """The cockpit as a Dash app behind its gate. Raises `CockpitError` on a bad setting or key."""
    accounts, shelf, keyring = Accounts(settings), Shelf(), Keyring.open(settings)
    server = make_server(settings, keyring.key("session"))
    install(server, settings, accounts, shelf, lambda: app)
    app = Document(
        "app",
        server=server,  # type: ignore[arg-type]
        use_pages=True,
        index_string=INDEX,
        on_error=callback_failed,
        health_endpoint="healthz",
        serve_locally=True,
        compress=False,
        update_title="",
        add_log_handler=False,
        csrf_token_name=CSRF_COOKIE,
        csrf_header_name=CSRF_HEADER,
        # Both can be switched on from the environment unless they are refused here.
        enable_mcp=False,
        websocket_callbacks=False,
    )
    app.shelf = shelf
    app.layout = shell
    services = Services(
        settings=settings,
        warehouse=Warehouse.open(settings),
        accounts=accounts,
        views=Views(settings),
        viewer=current_viewer,
        ask=lambda **wanted: ask(settings, keyring, asked(**wanted)),
        waiting=lambda: waiting(settings, keyring),
        keep=Keeper(settings, keyring).keep,
    )
    register_all(app, services)
    server.extensions["cockpit_services"] = services
    app.finish()
    return app


def __getattr__(name: str) -> Any:
    """`server` is made when it is asked for, so that importing this module costs nothing."""
    if name != "server":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    server: Flask = create_app(Settings.from_env()).server
    globals()["server"] = server
    return server
