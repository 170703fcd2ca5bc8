"""The default-deny gate: one function that runs before every request."""

import logging
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from dash import Dash
from flask import Flask, Response, redirect, request
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    RequestEntityTooLarge,
    Unauthorized,
    UnsupportedMediaType,
)
from werkzeug.wrappers import Response as AnyResponse

from gate import envelope, policies
from gate.identity import viewer_or_none
from warehouse.model import Viewer

log = logging.getLogger(__name__)

_SAFE = frozenset({"GET", "HEAD"})
_BY_PEOPLE = frozenset({*policies.PAGE_ROUTES, "export_page", "export_panel"})
Serve = Callable[[str], Response | None]


def install(
    server: Flask, app_of: Callable[[], Dash], serve: Serve, used: Callable[[], None]
) -> None:
    """Put the gate in front of `server`.

    serve  answers prepared static files, once the request is allowed.
    used   notes that a person did something; a page that refreshes itself is nobody.
    Install it before anything else, so that nothing runs for a request that is not let in.
    """

    read = envelope.reader(lambda: app_of().callback_map)

    @server.before_request
    def gate() -> AnyResponse | None:
        policy = policies.ROUTES.get(request.endpoint or "")
        if policy is not None and policy.is_public:
            _check_method(policy)
            _check_origin()
            return None
        viewer = viewer_or_none()
        if viewer is None:
            return _turn_away()
        if request.endpoint is None:
            return None  # Flask answers 404 or 405 itself
        _check_policy(policy, viewer)
        _check_origin()
        if request.endpoint in policies.PAGE_ROUTES:
            check_page(request.path, viewer)
        by_person = request.endpoint in _BY_PEOPLE
        if request.endpoint == policies.CALLBACK:
            called = _check_callback(read, viewer)
            by_person = called.changed != policies.REFRESH
        if by_person:
            used()
        if request.endpoint in (policies.SUITES, policies.ASSETS):
            return serve(request.path)
        return None


def wants_page() -> bool:
    """Whether a person is navigating, so that a page is the right answer to a refusal."""
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return mode == "navigate" and request.accept_mimetypes.accept_html and not request.is_json


def _turn_away() -> AnyResponse:
    if request.method in _SAFE and wants_page():
        target = request.full_path.rstrip("?")
        return redirect("/login" if target == "/" else f"/login?next={quote(target, safe='/')}")
    raise Unauthorized()


def _check_policy(policy: policies.Policy | None, viewer: Viewer) -> None:
    if policy is None:
        log.error("route %s has no policy: denied", request.endpoint)
        raise Forbidden()
    _check_method(policy)
    if not policy.roles:
        raise NotFound()
    if viewer.role not in policy.roles:
        raise Forbidden()


def _check_method(policy: policies.Policy) -> None:
    method = "GET" if request.method == "HEAD" else request.method
    if method not in policy.methods:
        raise MethodNotAllowed(valid_methods=sorted(policy.methods))


def _check_origin() -> None:
    """A request that changes something must come from our own pages."""
    if request.method in _SAFE:
        return
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise Forbidden()
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Forbidden()


def check_page(path: str, viewer: Viewer) -> None:
    """404 for a path without a page, 403 for a page that is not for the viewer's role."""
    roles = policies.page_roles(path)
    if roles is None:
        raise NotFound()
    if viewer.role not in roles:
        raise Forbidden()


def _check_callback(
    read: Callable[[bytes], envelope.Envelope], viewer: Viewer
) -> envelope.Envelope:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType()
    if (request.content_length or 0) > envelope.MOST_BYTES:
        raise RequestEntityTooLarge()
    try:
        called = read(request.get_data())
    except envelope.BadEnvelope as error:
        log.warning("callback refused: %s", error)
        raise BadRequest() from error
    name = policies.callback_name(called.output)
    roles = policies.CALLBACKS.get(name)
    if roles is None:
        log.error("callback %s has no policy: denied", name)
        raise Forbidden()
    if viewer.role not in roles:
        raise Forbidden()
    if name == policies.PAGES_CALLBACK:
        _check_opened(called, viewer)
    return called


def _check_opened(called: envelope.Envelope, viewer: Viewer) -> None:
    path = called.value("_pages_location", "pathname")
    search = called.value("_pages_location", "search")
    if not isinstance(path, str) or not isinstance(search, str | None):
        raise BadRequest()
    check_page(path, viewer)
