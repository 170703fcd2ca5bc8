"""Signing in and out: two plain server-rendered forms."""

import logging
from math import ceil
from urllib.parse import urlsplit

from flask import Flask, make_response, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from gate import identity, policies
from gate.wording import say
from pages._ui.text import LANGUAGES
from warehouse.accounts import Accounts

log = logging.getLogger(__name__)

YEAR_SECONDS = 365 * 24 * 3600


def install(server: Flask, accounts: Accounts) -> None:
    def login() -> Response:
        if request.method == "POST":
            return _try(accounts)
        viewer = identity.viewer_or_none()
        if viewer is not None:
            return redirect(policies.home(viewer.role))
        return _form()

    def logout() -> Response:
        # A link on our own pages signs out at once; from elsewhere it only asks.
        came_from_us = request.headers.get("Sec-Fetch-Site") == "same-origin"
        if request.method != "POST" and not came_from_us:
            return make_response(render_template("logout.html"))
        identity.sign_out(accounts)
        return redirect("/login")

    def stale(error: CSRFError) -> Response:
        if request.endpoint == "login":
            return _form(say("expired"), 400)
        return make_response({"error": "Bad Request", "reason": error.description}, 400)

    server.add_url_rule("/login", "login", login, methods=["GET", "POST"])
    server.add_url_rule("/logout", "logout", logout, methods=["GET", "POST"])
    server.register_error_handler(CSRFError, stale)


def _try(accounts: Accounts) -> Response:
    name, address = request.form.get("name", ""), request.remote_addr or ""
    seconds = ceil(accounts.lockout.wait_seconds(name, address))
    if seconds > 0:
        answer = _form(say("wait", seconds=seconds), 429)
        answer.headers["Retry-After"] = str(seconds)
        return answer
    account = accounts.check(name, request.form.get("password", ""), address)
    if account is None:
        log.warning("sign-in failed from %s", address)
        return _form(say("wrong"), 401)
    identity.sign_in(accounts, account)
    log.info("signed in: %r from %s", account.name, address)
    return redirect(_next(request.form.get("next", "")) or policies.home(account.role))


def _form(problem: str = "", status: int = 200) -> Response:
    target = _next(request.values.get("next", ""))
    page = render_template(
        "login.html", problem=problem, next=target, name=request.form.get("name", "")
    )
    answer = make_response(page, status)
    if request.args.get("lang") in LANGUAGES:
        answer.set_cookie("lang", request.args["lang"], max_age=YEAR_SECONDS, samesite="Lax")
    return answer


def _next(target: str) -> str:
    """A path on this server, or nothing: never an address that leads elsewhere."""
    parts = urlsplit(target)
    is_ours = target.startswith("/") and not target.startswith(("//", "/\\"))
    is_plain = target.isprintable() and "\\" not in target
    if not is_ours or not is_plain or parts.scheme or parts.netloc:
        return ""
    return "" if parts.path in ("/login", "/logout") else target
