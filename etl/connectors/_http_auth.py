"""Who asks: a token, or a signature of the request. The secret is read for each request."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Generator
from dataclasses import dataclass

import httpx2

from etl.connectors._secrets import SecretFile
from warehouse.errors import SourceUnavailable

BEARER_HEADER = "Authorization"
SIGNATURE_HEADER = "X-Signature"


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """A token in a header: after `Bearer ` in `Authorization`, alone in any other."""

    token_file: SecretFile
    header: str = BEARER_HEADER

    def sign(self, request: httpx2.Request) -> None:
        token = _sendable(self.token_file)
        is_standard = self.header.lower() == BEARER_HEADER.lower()
        request.headers[self.header] = f"Bearer {token}" if is_standard else token


@dataclass(frozen=True, kw_only=True)
class Hmac:
    """HMAC-SHA256, in hex, with the secret as UTF-8 over five lines without a last line end:

        GET
        /v1/events?since=2026-11-01T00%3A00%3A00Z&page=2     path and query, as they are sent
        1795420800                                           X-Timestamp: Unix time in seconds
        9f2c…                                                X-Nonce: 32 hex digits, never twice
        e3b0c442…                                            X-Content-SHA256: of the body, in hex

    `X-Key-Id` says whose secret it is. Every try of a request is signed anew.
    """

    secret_file: SecretFile
    key_id: str
    header: str = SIGNATURE_HEADER

    def sign(self, request: httpx2.Request) -> None:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
        body = hashlib.sha256(request.content).hexdigest()
        path = request.url.raw_path.decode("ascii")
        lines = "\n".join((request.method, path, timestamp, nonce, body))
        key = self.secret_file.read().encode()
        request.headers["X-Key-Id"] = self.key_id
        request.headers["X-Timestamp"] = timestamp
        request.headers["X-Nonce"] = nonce
        request.headers["X-Content-SHA256"] = body
        request.headers[self.header] = hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()


class Signing(httpx2.Auth):
    """Lets `Bearer` or `Hmac` sign what is sent."""

    def __init__(self, auth: Bearer | Hmac) -> None:
        self._auth = auth

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        self._auth.sign(request)
        yield request


def _sendable(file: SecretFile) -> str:
    """Checked here, because the errors of lower layers would show it."""
    token = file.read().strip()
    if not token or not token.isascii() or not token.isprintable():
        raise SourceUnavailable(
            f"{file.path}: holds signs that no header can carry. Write the token anew, in one line."
        )
    return token
