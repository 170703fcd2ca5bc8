"""Alarms as JSON to one address, signed so that the receiver knows who sent it and when.

`X-Cockpit-Signature: v1=<hex>` is the HMAC-SHA256 under the secret of
`<X-Cockpit-Timestamp>.<body>`; a receiver refuses old timestamps, and drops a repeated
`Idempotency-Key`.
"""

import hashlib
import hmac
import json
import ssl
import time

import httpx2

from etl.alarms.mail import read_secret
from etl.alarms.wording import Message, plain
from warehouse.alarm_targets import WebhookTarget
from warehouse.errors import Undelivered

TIMEOUT_SECONDS = 10.0
SHORTEST_SECRET = 16


class WebhookPost:
    """Posts to one address; follows no redirect, uses no proxy."""

    name = "webhook"

    def __init__(self, target: WebhookTarget, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._target = target
        self._timeout = timeout_seconds

    @property
    def place(self) -> str:
        """Scheme, host and port: paths of webhooks often hold a token."""
        url = httpx2.URL(self._target.url)
        return f"{url.scheme}://{url.netloc.decode('ascii')}"

    def send(self, message: Message) -> None:
        """Raises `Undelivered` unless the answer is a 2xx."""
        secret = read_secret(self._target.secret_file)
        if len(secret) < SHORTEST_SECRET:
            raise Undelivered(
                f"{self._target.secret_file} holds fewer than {SHORTEST_SECRET} characters:"
                " write a longer secret."
            )
        body = _body(message)
        try:
            with (
                httpx2.Client(
                    verify=ssl.create_default_context(),
                    timeout=self._timeout,
                    follow_redirects=False,
                    trust_env=False,
                ) as client,
                client.stream(
                    "POST",
                    self._target.url,
                    content=body,
                    headers=_headers(message.message_id, body, secret, int(time.time())),
                ) as answer,
            ):
                code = answer.status_code
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            why = plain(str(error)) or type(error).__name__
            raise Undelivered(f"{self.place} cannot be used: {why}.") from error
        if not 200 <= code < 300:
            what = "redirects, which is not followed" if 300 <= code < 400 else "refuses"
            raise Undelivered(f"{self.place} {what} (code {code}).")


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """What stands in `X-Cockpit-Signature`."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={signed.hexdigest()}"


def _headers(message_id: str, body: bytes, secret: str, timestamp: int) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "cockpit",
        "Idempotency-Key": message_id,
        "X-Cockpit-Timestamp": str(timestamp),
        "X-Cockpit-Signature": signature(body, secret, timestamp),
    }


def _body(message: Message) -> bytes:
    told = {
        "id": message.message_id,
        "event": message.event,
        "subject": message.subject,
        "text": message.text,
        **message.fields,
    }
    return json.dumps(told, ensure_ascii=False).encode()
