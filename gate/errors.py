"""Refusals and failures: a page for people, JSON for scripts, a reference number for both.

No answer ever carries a trace, a path or a query; those stand in the log next to the number.
"""

import logging
import secrets
from http import HTTPStatus

from dash.exceptions import DependencyException
from flask import Flask, Response, abort, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from gate import policies
from gate.guard import wants_page
from gate.identity import viewer_or_none
from gate.wording import WORDS
from warehouse.errors import CockpitError, Forbidden, QueryError, StorageError

log = logging.getLogger(__name__)


def install(server: Flask) -> None:
    server.register_error_handler(HTTPException, refused)
    server.register_error_handler(CockpitError, declined)
    # Dash knows no other answer to a component file that does not exist.
    server.register_error_handler(DependencyException, lambda _: refused(NotFound()))


def refused(error: HTTPException) -> Response:
    """The answer to a refusal, or to a failure nobody foresaw."""
    reference = secrets.token_hex(4)
    status = error.code or 500
    if isinstance(error, InternalServerError):
        log.error("incident %s: %s", reference, _place(), exc_info=error.original_exception)
    elif status not in (401, 404):
        log.info("refused %s with %d: %s", reference, status, _place())
    answer = answer_for(status, reference)
    if error.code == 405 and (allowed := getattr(error, "valid_methods", None)):
        answer.headers["Allow"] = ", ".join(allowed)
    return answer


def declined(error: CockpitError) -> Response:
    """The answer to an error the cockpit raises on purpose."""
    reference = secrets.token_hex(4)
    status = status_of(error)
    log.log(
        logging.ERROR if status >= 500 else logging.INFO,
        "declined %s with %d: %s: %s",
        reference,
        status,
        _place(),
        error,
    )
    # A question that cannot be answered says why; the other errors may name files.
    return answer_for(status, reference, str(error) if status == 400 else "")


def status_of(error: CockpitError) -> int:
    if isinstance(error, QueryError):
        return 400
    if isinstance(error, Forbidden):
        return 403
    return 503 if isinstance(error, StorageError) else 500


def callback_failed(error: Exception) -> None:
    """Dash's `on_error`: turns an error in a callback into the answer a route would give."""
    abort(answer_for(500, incident(error)))


def incident(error: Exception) -> str:
    """The number under which the log now holds an error nobody foresaw.

    Errors that are an answer of their own, ours and those of HTTP, are raised as that answer.
    """
    if isinstance(error, HTTPException):
        raise error
    if isinstance(error, CockpitError):
        abort(declined(error))
    reference = secrets.token_hex(4)
    log.error("incident %s: %s", reference, _place(), exc_info=error)
    return reference


def answer_for(status: int, reference: str, reason: str = "") -> Response:
    key = str(status) if str(status) in WORDS else ("500" if status >= 500 else "400")
    if wants_page():
        viewer = viewer_or_none()
        home = policies.home(viewer.role) if viewer else "/"
        page = render_template("error.html", key=key, reference=reference, reason=reason, home=home)
        return make_response(page, status)
    phrase = HTTPStatus(status).phrase
    return make_response(jsonify(error=phrase, reason=reason, reference=reference), status)


def _place() -> str:
    return f"{request.method} {request.path[:200]!r}"
