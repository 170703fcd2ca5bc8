"""Which names of the server are answered: a page under a foreign name would make foreign links."""

from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.exceptions import BadRequest

HEALTH = "/healthz"
"""Asked by machines that know the address only."""


def install(server: Flask, hosts: frozenset[str]) -> None:
    """Refuse requests for other names than `hosts`; none given: every name is answered."""

    @server.before_request
    def check_name() -> None:
        if hosts and request.endpoint != HEALTH and _name(request.host) not in hosts:
            raise BadRequest()


def _name(host: str) -> str:
    """The name alone; empty for what is no name."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
