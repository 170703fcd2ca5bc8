"""Whole answers of pages, kept as they went out: equal requests on equal data get equal bytes.

Drawing a page costs fifty times what asking its kept numbers does. What is kept holds for a
minute at most, for one generation, one role and scope, one language, and exactly this request;
who asks was let in by the gate before.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable

import brotli
from dash import Dash
from flask import Flask, Response, g, request

from callbacks.services import Services
from gate.compress import QUALITY
from gate.policies import CALLBACK
from pages._ui.text import language
from warehouse import clock

MOST_ANSWERS = 256
MOST_BYTES = 200_000
"""A larger answer is not kept; all of them together take at most 50 MB, as a rule 5."""
_SECONDS = 60


def register(app: Dash, services: Services) -> None:
    kept = Kept()
    server: Flask = app.server

    @server.before_request
    def known() -> Response | None:
        if request.endpoint != CALLBACK or request.accept_encodings.quality("br") <= 0:
            return None
        g.kept_under = _key(services)
        body = kept.get(g.kept_under)
        return None if body is None else _response(body)

    @server.after_request
    def keep(response: Response) -> Response:
        if not g.get("may_be_kept") or "kept_under" not in g or response.status_code != 200:
            return response
        body = brotli.compress(response.get_data(), quality=QUALITY)
        kept.put(g.kept_under, body)
        return _response(body)


def allow() -> None:
    """Called where the answer of the running request depends on nothing else than its key."""
    g.may_be_kept = True


def _key(services: Services) -> Hashable:
    viewer, house = services.viewer(), services.warehouse
    now = clock.now()
    return (
        hashlib.blake2b(request.get_data(), digest_size=16).digest(),
        viewer.role,
        viewer.scope,
        language(),
        house.data_version(),
        int(now.timestamp()) // _SECONDS,
        clock.today(house.zone),
    )


def _response(body: bytes) -> Response:
    response = Response(body, mimetype="application/json")
    response.headers["Content-Encoding"] = "br"
    response.vary.add("Accept-Encoding")
    return response


class Kept:
    """The answers used last, compressed; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bodies: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        with self._lock:
            body = self._bodies.get(key)
            if body is not None:
                self._bodies.move_to_end(key)
            return body

    def put(self, key: Hashable, body: bytes) -> None:
        if len(body) > MOST_BYTES:
            return
        with self._lock:
            self._bodies[key] = body
            while len(self._bodies) > MOST_ANSWERS:
                self._bodies.popitem(last=False)
