"""Puts all parts of the gate round a Flask server, in the order they must run."""

from collections.abc import Callable

from flask import Flask, Response
from flask_wtf import CSRFProtect
from werkzeug.exceptions import NotFound
from werkzeug.middleware.proxy_fix import ProxyFix

from gate import compress, errors, guard, headers, hosts, identity, signin, wording
from gate.document import Document
from gate.envelope import MOST_BYTES
from gate.shelf import Shelf
from warehouse.accounts import WALL_LONGEST, Accounts
from warehouse.errors import SettingsError
from warehouse.settings import ROOT, Settings

SHORTEST_SECRET = 32


class Server(Flask):
    """Flask, with failures logged once: by `errors.refused`, next to their number."""

    def log_exception(self, exc_info: object) -> None:
        pass


def make_server(settings: Settings, secret: bytes) -> Flask:
    """A Flask server with cookies as strict as the profile allows; no routes yet."""
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < SHORTEST_SECRET // 4:
        raise SettingsError(
            "The session key is weak. Restore keys/keyring.json, or start with a new home."
        )
    server = Server("app", static_folder=None, template_folder=str(ROOT / "gate" / "templates"))
    server.secret_key = secret
    server.config.update(
        SESSION_COOKIE_NAME="__Host-sid" if settings.is_production else "sid",
        SESSION_COOKIE_SECURE=settings.is_production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=WALL_LONGEST,
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=16 * 1024,
        WTF_CSRF_HEADERS=[headers.CSRF_HEADER],
        # The token ends with its session, not after an hour on a page that stays open.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=True,
    )
    if settings.is_production:
        # Exactly one proxy stands in front: it says who asks and that it was over TLS.
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    return server


def install(
    server: Flask,
    settings: Settings,
    accounts: Accounts,
    shelf: Shelf,
    app_of: Callable[[], Document],
) -> None:
    """Gate, CSRF, sign-in, static files, headers and error pages. Before Dash adds its own."""
    hosts.install(server, settings.hosts)
    identity.install(server, accounts)
    guard.install(server, app_of, shelf.serve, lambda: identity.used(accounts))
    CSRFProtect(server)
    signin.install(server, accounts)
    errors.install(server)
    compress.install(server)
    server.add_url_rule("/static/<path:name>", "static", lambda name: _static(shelf, name))
    server.jinja_env.globals.update(
        say=wording.say,
        html_language=wording.html_language,
        theme=wording.theme,
        other_language=wording.other_language,
        version=shelf.version,
    )
    headers.install(server, lambda: app_of().security_policy, is_production=settings.is_production)


def _static(shelf: Shelf, name: str) -> Response:
    found = shelf.static(name)
    if found is None:
        raise NotFound()
    return found
