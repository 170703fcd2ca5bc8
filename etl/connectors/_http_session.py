"""One look at a service: requests over TLS, and each answer as a landed file."""

import ssl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from etl.connectors._http_auth import Bearer, Hmac, Signing
from etl.connectors._http_circuit import Patience, Unreachable, circuit, rest_seconds
from etl.delivery import Format
from etl.landing import Landing
from warehouse.errors import ContractBroken, SourceUnavailable
from warehouse.sentences import say

_PASSING = (429, 502, 503, 504)
"""Answers that may be over in a moment."""
_WHOLE_PAGE = 10
"""A page may take as many times the timeout, which is for each wait in it."""
_PIECE_BYTES = 1 << 16
_GZIP = 16 + zlib.MAX_WBITS
_ANYTHING = ("", "text/plain", "application/octet-stream", "binary/octet-stream")
"""Types that say nothing; the content will show."""
_ACCEPT = {
    Format.JSON: "application/json",
    Format.JSONL: "application/x-ndjson, application/jsonl, application/json",
    Format.CSV: "text/csv",
}


_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts no certificate, and costs nothing to make."""


class Refused(SourceUnavailable):
    """The service answers that it will not answer this."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Landed:
    """The body of an answer in a landed file, unpacked."""

    path: Path
    key: bytes
    sha256: str
    link: str
    """The next page as the header `Link` names it, or empty."""
    is_empty: bool
    """The service says that there is nothing."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """How a service is asked."""

    format: Format
    auth: Bearer | Hmac | None = None
    ca_file: Path | None = None
    """The only authorities that are believed. None: those of this machine."""
    timeout_seconds: float = 30.0
    """For each wait: to connect, for an answer, for the next piece of it."""
    most_bytes: int = 64 << 20
    """Of one page, unpacked."""
    patience: Patience = field(default_factory=Patience)


class Session:
    """Connections of one look, to one origin. A context manager."""

    def __init__(self, access: Access, origin: httpx2.URL) -> None:
        self._access = access
        self._circuit = circuit(origin_of(origin), access.patience)
        self._is_tls = origin.scheme == "https"
        self._client: httpx2.Client | None = None
        self._is_open = False

    def __enter__(self) -> Self:
        self._is_open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        if self._client is not None:
            self._client.close()
            self._client = None

    def get(self, url: httpx2.URL, landing: Landing, name: str) -> Landed:
        """The answer, landed; `name` stands before whatever is wrong with it.

        Raises `SourceUnavailable`, `Refused` and `Unreachable` among it, and `ContractBroken`.
        """
        return self._circuit.call(lambda: self._once(url, landing, name))

    @contextmanager
    def _lent(self) -> Iterator[httpx2.Client]:
        """The client of this look; one of its own for a page that is fetched after its end."""
        if not self._is_open:
            with self._new_client() as client:
                yield client
            return
        if self._client is None:
            self._client = self._new_client()
        yield self._client

    def _new_client(self) -> httpx2.Client:
        return httpx2.Client(
            auth=Signing(self._access.auth) if self._access.auth else None,
            headers={
                "Accept": _ACCEPT[self._access.format],
                "Accept-Encoding": "gzip",
                "User-Agent": "cockpit-etl",
            },
            verify=_tls(self._access.ca_file) if self._is_tls else _NOBODY,
            trust_env=False,  # a proxy would see the token; none is declared
            follow_redirects=False,
            timeout=self._access.timeout_seconds,
        )

    def _once(self, url: httpx2.URL, landing: Landing, name: str) -> Landed:
        try:
            with self._lent() as client, client.stream("GET", url) as response:
                self._check(response, name)
                return self._land(response, landing, name)
        except httpx2.TimeoutException as error:
            seconds = self._access.timeout_seconds
            told = say("no_answer", seconds=f"{seconds:g}")
            raise Unreachable(f"{name}: {told}.") from error
        except httpx2.TransportError as error:
            distrust = _distrust(error)
            if distrust:
                raise SourceUnavailable(f"{name}: {say('certificate', why=distrust)}.") from error
            raise Unreachable(f"{name}: {say('unreachable', why=_short(error))}.") from error

    def _check(self, response: httpx2.Response, name: str) -> None:
        status = response.status_code
        if status == 200:
            return self._check_content(response, name)
        if status == 204:
            return None
        if status in _PASSING or status >= 500:
            rest = rest_seconds(response.headers.get("Retry-After", ""))
            raise Unreachable(
                f"{name}: {say('answers', status=status)}.",
                is_brief=status in _PASSING,
                rest_seconds=rest,
            )
        if 300 <= status < 400:
            where = _shown(response, response.headers.get("Location", ""))
            raise SourceUnavailable(f"{name}: {say('redirects', where=where)}.")
        code = "answers_auth" if status in (401, 403) else "answers_declared"
        raise Refused(f"{name}: {say(code, status=status)}.", status)

    def _check_content(self, response: httpx2.Response, name: str) -> None:
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if not _fits(kind, self._access.format):
            wanted = self._access.format.value
            told = say("not_the_format", kind=kind[:60], wanted=wanted)
            raise ContractBroken(f"{name}: {told}.")
        packing = response.headers.get("Content-Encoding", "").strip().lower()
        if packing not in ("", "identity", "gzip"):
            raise ContractBroken(f"{name}: is packed as {packing[:30]!r}, not as gzip.")
        ends = {"content-length", "transfer-encoding"} & set(response.headers)
        if not ends and not packing and self._access.format is not Format.JSON:
            raise ContractBroken(f"{name}: {say('no_length')}.")

    def _land(self, response: httpx2.Response, landing: Landing, name: str) -> Landed:
        until = time.monotonic() + _WHOLE_PAGE * self._access.timeout_seconds
        with landing.draft(name, self._access.most_bytes) as draft:
            for number, piece in enumerate(_unpacked(response, name)):
                if time.monotonic() > until:
                    raise Unreachable(f"{name}: {say('slow_pieces')}.")
                if number == 0 and _is_web_page(piece):
                    raise ContractBroken(f"{name}: {say('web_page')}.")
                draft.write(piece)
            sha256 = draft.finish()
        link = response.links.get("next", {}).get("url", "")
        return Landed(
            path=draft.path,
            key=draft.key,
            sha256=sha256,
            link=link,
            is_empty=response.status_code == 204,
        )


def origin_of(url: httpx2.URL) -> str:
    """Scheme, host and port."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _unpacked(response: httpx2.Response, name: str) -> Iterator[bytes]:
    """Pieces of bounded size, however much a few packed bytes unfold to."""
    if response.headers.get("Content-Encoding", "").strip().lower() != "gzip":
        yield from response.iter_raw()  # as it comes: a slow answer is noticed
        return
    folded = zlib.decompressobj(_GZIP)
    try:
        for raw in response.iter_raw():
            if folded.eof:
                break
            while raw and not folded.eof:
                if piece := folded.decompress(raw, _PIECE_BYTES):
                    yield piece
                raw = folded.unconsumed_tail
    except zlib.error as error:
        raise Unreachable(f"{name}: {say('packed_damaged', why=error)}.") from error
    if not folded.eof:
        raise Unreachable(f"{name}: {say('packed_cut')}.")


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise SourceUnavailable(
            f"{ca_file}: cannot be read as certificates ({error.strerror or error})."
            " Name a file in PEM form."
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _distrust(error: BaseException) -> str:
    """Why a certificate was refused, or an empty text for any other error."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            return found.verify_message.rstrip(".")
        found = found.__cause__ or found.__context__
    return ""


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__


def _shown(response: httpx2.Response, location: str) -> str:
    """Where to, without a query, which may hold what is nobody's business."""
    try:
        to = response.url.join(location)
    except (httpx2.InvalidURL, ValueError):
        return "no readable address"
    return f"{origin_of(to)}{to.path}"[:200]


def _fits(kind: str, wanted: Format) -> bool:
    if kind in _ANYTHING:
        return True
    if wanted is Format.CSV:
        return kind.endswith("csv") or kind == "application/vnd.ms-excel"
    names = ("json", "jsonl", "jsonlines", "ndjson") if wanted is Format.JSONL else ("json",)
    return kind.endswith(names)


def _is_web_page(piece: bytes) -> bool:
    start = piece.removeprefix(b"\xef\xbb\xbf").lstrip()[:15].lower()
    return start.startswith((b"<!doctype", b"<html"))
