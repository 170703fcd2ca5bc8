"""Real servers of this machine that alarms are sent to, good ones and bad ones."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

HOST = "127.0.0.1"
USER, PASSWORD = "alarms", "correct horse"


def authority(folder: Path) -> tuple[trustme.CA, Path]:
    """A certificate authority, and the file that makes somebody trust it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = trustme.CA()
    file = folder / "ca.pem"
    made.cert_pem.write_to_path(str(file))
    return made, file


def server_context(made: trustme.CA, name: str = HOST) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.issue_cert(name).configure_cert(context)
    return context


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


# --- mail -----------------------------------------------------------------------------------


@dataclass
class Inbox:
    """What a mail server was given."""

    answer: str = "250 OK"
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            parsed = message_from_bytes(envelope.content, policy=policy.default)
            self.mails.append(cast(EmailMessage, parsed))
        return self.answer


@contextmanager
def mail_server(
    context: ssl.SSLContext | None, *, port: int = 0, inbox: Inbox | None = None
) -> Iterator[tuple[int, Inbox]]:
    """(port, what arrives). With a context it insists on STARTTLS and on the password."""
    taken, port = inbox or Inbox(), port or free_port()

    def check(server: Any, session: Any, envelope: Any, kind: str, given: Any) -> AuthResult:
        good = LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=given == good, handled=False)

    secured: dict[str, Any] = {
        "tls_context": context,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": check,
    }
    controller = Controller(taken, hostname=HOST, port=port, **(secured if context else {}))
    controller.start()
    try:
        yield port, taken
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes a connection and never says a word."""
    with closing(socket.create_server((HOST, 0))) as listening:
        yield int(listening.getsockname()[1])


# --- web ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Posted:
    path: str
    headers: dict[str, str]
    body: bytes


class Hook(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.code = 204
        self.location = ""
        self.posted: list[Posted] = []


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.posted.append(Posted(path=self.path, headers=headers, body=body))
        self.send_response(self.server.code)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


@contextmanager
def web_server(context: ssl.SSLContext | None = None, *, port: int = 0) -> Iterator[Hook]:
    hook = Hook(port)
    if context is not None:
        hook.socket = context.wrap_socket(hook.socket, server_side=True)
    thread = threading.Thread(target=hook.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hook
    finally:
        hook.shutdown()
        thread.join()
        hook.server_close()
