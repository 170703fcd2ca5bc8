"""Answers made for one request, smaller on the way: pages, layouts and callback answers.

Not the gate's own forms: they hold a token, and an answer that holds both a secret and what
somebody else chose must not be compressed.
"""

import brotli
from flask import Flask, Response, request

SMALLEST = 1_400
"""Bytes; what fits one packet anyway stays as it is."""
QUALITY = 4
_KINDS = frozenset({"text/html", "application/json"})
_NEVER = frozenset({"login", "logout"})


def install(server: Flask) -> None:
    @server.after_request
    def squeeze(response: Response) -> Response:
        if _may(response):
            body = brotli.compress(response.get_data(), quality=QUALITY)
            response.set_data(body)
            response.headers["Content-Encoding"] = "br"
            response.vary.add("Accept-Encoding")
        return response


def _may(response: Response) -> bool:
    return (
        response.status_code == 200
        and response.mimetype in _KINDS
        and request.endpoint not in _NEVER
        and not response.is_streamed
        and "Content-Encoding" not in response.headers
        and request.accept_encodings.quality("br") > 0
        and len(response.get_data()) >= SMALLEST
    )
