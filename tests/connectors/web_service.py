"""A real web service on this machine that answers as a test tells it, over HTTP or TLS."""

import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    """By their names in small letters."""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        found = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        assert all(len(values) == 1 for values in found.values()), "a parameter came twice"
        return {name: values[0] for name, values in found.items()}


@dataclass(kw_only=True)
class Answer:
    """What is sent back."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    """Bytes of the body after which the connection is reset."""
    silent_seconds: float = 0.0
    """Before anything is sent."""
    byte_seconds: float = 0.0
    """Between one byte of the body and the next."""
    has_length: bool = True


def json_answer(value: Any, **more: Any) -> Answer:
    return Answer(
        body=json.dumps(value, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8", **more.pop("headers", {})},
        **more,
    )


def packed(answer: Answer) -> Answer:
    return Answer(
        body=gzip.compress(answer.body, mtime=0),
        headers={**answer.headers, "Content-Encoding": "gzip"},
    )


@dataclass(kw_only=True)
class Service:
    """`answer` may be changed at any time."""

    answer: Callable[[Asked], Answer]
    origin: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.origin}/v1/events"


@contextmanager
def serving(
    answer: Callable[[Asked], Answer], tls: ssl.SSLContext | None = None
) -> Iterator[Service]:
    """Until the end of the block, on a free port."""
    service = Service(answer=answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(service))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # cuts are meant
    scheme = "https" if tls else "http"
    service.origin = f"{scheme}://{'localhost' if tls else '127.0.0.1'}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # a page in two writes would wait 40 ms
        timeout = 5

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(method=self.command, target=self.path, headers=headers)
            service.asked.append(asked)
            self._send(service.answer(asked))

        def _send(self, answer: Answer) -> None:
            if answer.silent_seconds:
                time.sleep(answer.silent_seconds)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.has_length and answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            for byte in answer.body if answer.byte_seconds else b"":
                self.wfile.write(bytes([byte]))
                time.sleep(answer.byte_seconds)
            self.wfile.write(b"" if answer.byte_seconds else answer.body[: answer.cut_after])
            if answer.cut_after is not None:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
            if answer.cut_after is not None or not answer.has_length:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    return Handler
