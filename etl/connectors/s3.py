"""The connector `s3`: objects of any S3-compatible store, addressed by path and fetched as streams.

Only what the declaration says counts: credentials, endpoints and switches of the environment
(`AWS_…`) are overridden.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.exceptions import BaseError, InvalidPathError, PreconditionError
from obstore.store import S3Store

from etl import notation
from etl.connectors._delivered import (
    changed,
    check_count,
    check_read,
    check_size,
    gone,
    is_delivered,
    read_done_folder,
)
from etl.connectors._layout import LAYOUT_KEYS, layout_mark, read_layout
from etl.connectors._secrets import SecretFile, refuse_written, secret_file
from etl.declaration import Declaration
from etl.delivery import Content, Delivery, Fetched, Item, Layout, Position, Window
from etl.landing import Landing
from warehouse.errors import SourceUnavailable

if TYPE_CHECKING:  # obstore has these names for type checkers only
    from obstore import GetOptions, ObjectMeta
    from obstore.store import ClientConfig, RetryConfig, S3Credential

_SECRETS = ("access_key", "secret_key")
_KEYS: tuple[str, ...] = ("kind", "endpoint", "region", "bucket", "prefix", "pattern", "ca_file")
_KEYS += ("access_key_file", "secret_key_file", "after", "done_folder", *LAYOUT_KEYS, *_SECRETS)
_PIECE_BYTES = 1 << 20
_LIST_PIECE = 1_000
_NO_FILE = SecretFile(path=Path())

_CLIENT: "ClientConfig" = {
    "connect_timeout": timedelta(seconds=5),
    "read_timeout": timedelta(seconds=10),
    "timeout": timedelta(hours=2),  # of a whole object; a stalled one ends by `read_timeout`
    "allow_invalid_certificates": False,
}
_RETRY: "RetryConfig" = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {
        "init_backoff": timedelta(milliseconds=200),
        "max_backoff": timedelta(seconds=4),
        "base": 2,
    },
}

_REMEDIES = {
    "NoSuchBucket": "there is no such bucket. Check connector.bucket.",
    "InvalidAccessKeyId": "the store does not know the access key. Check access_key_file.",
    "SignatureDoesNotMatch": "the secret key is not the access key's. Check secret_key_file.",
    "AccessDenied": "the store does not permit this. Grant the key to list and read the bucket"
    ', and for after = "move" to write and delete.',
    "RequestTimeTooSkewed": "the store's clock differs from this machine's. Set both by NTP.",
    "AuthorizationHeaderMalformed": "the store is in another region. Check connector.region.",
    "PermanentRedirect": "the bucket is in another region. Check connector.region and endpoint.",
    "InvalidObjectState": "the object is archived. Restore it in the store.",
}


@dataclass(frozen=True, kw_only=True)
class S3:
    """A bucket, and which of its objects are deliveries."""

    endpoint: str
    region: str
    bucket: str
    prefix: str
    """Without slashes around; empty: the whole bucket."""
    pattern: str
    """Of the key below the prefix; `*` spans slashes."""
    access_key: SecretFile
    secret_key: SecretFile
    ca_file: SecretFile | None = None
    """Certificates (PEM) to trust beside the system's."""
    layout: Layout
    done_folder: str = ""
    """A prefix of the bucket, where loaded objects go; empty: they stay and are remembered."""

    def deliveries(
        self, known: Mapping[str, Position], window: Window | None = None
    ) -> Iterator[Delivery]:
        """All objects in the order in which they were written; a window does not narrow them."""
        store = self._store()
        found = self._listed(store)
        found.sort(key=lambda item: (item.written_at, item.name))
        for item in found:
            yield _Object(place=self, store=store, item=item)

    def is_settling(self) -> bool:
        """Objects appear when they are whole."""
        return False

    def finished(self, item: Item) -> None:
        """Moves the object away, where declared; one that changed since stays for the next run.

        Raises `SourceUnavailable`.
        """
        if not self.done_folder:
            return
        store, key = self._store(), self.key(item.name)
        with _explained(f"{self.key(item.name)}: is loaded, but cannot be moved"):
            try:
                if _version(store.head(key)) != item.version:
                    return
                store.copy(key, f"{self.done_folder}/{item.name}")
            except FileNotFoundError:
                return  # moved already, by a run that was killed before it could tell
            store.delete(key)

    def mark(self) -> str:
        return layout_mark(self.layout)

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    @property
    def place(self) -> str:
        return f"{self.endpoint}/{self.bucket}/{self.prefix}".rstrip("/")

    def _listed(self, store: S3Store) -> list[Item]:
        found: list[Item] = []
        with _explained(self.place):
            for piece in store.list(self.prefix or None, chunk_size=_LIST_PIECE):
                found += (item for meta in piece if (item := self._item(meta)) is not None)
                check_count(len(found), self.place)
        return found

    def _item(self, meta: "ObjectMeta") -> Item | None:
        """None: it is no delivery, or one that was moved away."""
        key = meta["path"]
        name = key.removeprefix(self.prefix).lstrip("/")
        if not is_delivered(name, self.pattern) or self._is_done(key) or _is_folder(name, meta):
            return None
        return Item(
            name=name, version=_version(meta), size=meta["size"], written_at=meta["last_modified"]
        )

    def _is_done(self, key: str) -> bool:
        return bool(self.done_folder) and key.startswith(f"{self.done_folder}/")

    def _store(self) -> S3Store:
        """Raises `SourceUnavailable` when a secret cannot be read."""
        credential: S3Credential = {
            "access_key_id": self.access_key.read(),
            "secret_access_key": self.secret_key.read(),
            "token": None,
            "expires_at": None,
        }
        client: ClientConfig = {**_CLIENT, "allow_http": self.endpoint.startswith("http://")}
        if self.ca_file is not None:
            client["root_certificate"] = self.ca_file.read_bytes()
        with _explained(self.endpoint):
            return S3Store(
                self.bucket,
                config={
                    "endpoint": self.endpoint,
                    "aws_endpoint_url_s3": self.endpoint,
                    "region": self.region,
                    "virtual_hosted_style_request": False,
                    "skip_signature": False,
                    "s3_express": False,
                },
                client_options=client,
                retry_config=_RETRY,
                credential_provider=lambda: credential,
            )


@dataclass(frozen=True, kw_only=True)
class _Object:
    """One object as it was listed."""

    place: S3
    store: S3Store
    item: Item

    def fetch(self, landing: Landing) -> Fetched:
        """Fetches the object as a stream; it must be the listed one from begin to end."""
        key = self.place.key(self.item.name)
        check_size(key, self.item.size)
        with _explained(key), landing.draft(self.item.name) as draft:
            try:
                found = self.store.get(key, options=_only(self.item.version))
                for piece in found.stream(_PIECE_BYTES):
                    draft.write(bytes(piece))
                after = self.store.head(key)
            except PreconditionError as error:
                raise changed(key) from error
            except FileNotFoundError as error:
                raise gone(key) from error
            if {_version(found.meta), _version(after)} != {self.item.version}:
                raise changed(key)
            check_read(key, draft.size, self.item.size)
            sha256 = draft.finish()
        content = Content(
            path=draft.path,
            name=self.item.name,
            layout=self.place.layout,
            sha256=sha256,
            key=draft.key,
        )
        return Fetched(content=content)


def _is_folder(name: str, meta: "ObjectMeta") -> bool:
    """Web consoles keep an empty object for a folder; the slash at its end is not told."""
    return meta["size"] == 0 and "." not in name.rpartition("/")[2]


def _version(meta: "ObjectMeta") -> str:
    return meta["e_tag"] or f"{meta['size']}:{meta['last_modified'].timestamp():.0f}"


def _only(version: str) -> "GetOptions":
    """Asks for exactly this version, where it is an etag."""
    return {"if_match": version} if '"' in version else {}


@contextmanager
def _explained(place: str) -> Iterator[None]:
    """Says errors of the store in one sentence: its own are pages long."""
    try:
        yield
    except (BaseError, OSError) as error:
        raise SourceUnavailable(f"{place}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    text = str(error)
    if isinstance(error, InvalidPathError):
        return f"{_first_line(text)}. Have it renamed, or narrow connector.prefix."
    code = re.search(r"<Code>(\w+)</Code>", text)
    if code is not None and code.group(1) in _REMEDIES:
        return _REMEDIES[code.group(1)]
    if "InvalidCertificate" in text:
        return "the store's certificate is not trusted. Name its authority in connector.ca_file."
    status = re.search(r"status code: (\d{3}[ \w]*)", text)
    if status is not None:
        told = f" {code.group(1)}" if code is not None else ""
        return f"the store answers {status.group(1)}{told}. Ask who runs it; it is tried again."
    if "HTTP error" in text:
        return "the store cannot be reached, or broke off. Check connector.endpoint and network."
    return f"the store's answer is not understood ({_first_line(text)}). Check connector.endpoint."


def _first_line(text: str) -> str:
    return text.partition("\n")[0][:300].rstrip(". ")


def read(declaration: Declaration, env: Mapping[str, str]) -> S3:
    """The table `[connector]`; mistakes are noted in the declaration."""
    declaration.table(("connector",), _KEYS)
    refuse_written(declaration, ("connector",), _SECRETS)
    prefix = declaration.text(("connector", "prefix")).strip("/")
    declaration.text(("connector", "endpoint"), required=True)
    bucket = declaration.text(("connector", "bucket"), required=True)
    return S3(
        endpoint=declaration.checked(("connector", "endpoint"), lambda t: _endpoint(t, env)) or "",
        region=declaration.text(("connector", "region"), "us-east-1"),
        bucket=declaration.checked(("connector", "bucket"), _bucket) or bucket,
        prefix=prefix,
        pattern=declaration.text(("connector", "pattern"), "*"),
        access_key=_secret(declaration, "access_key_file", env),
        secret_key=_secret(declaration, "secret_key_file", env),
        ca_file=_ca_file(declaration, env),
        layout=read_layout(declaration),
        done_folder=_done_folder(declaration, prefix),
    )


def _secret(declaration: Declaration, key: str, env: Mapping[str, str]) -> SecretFile:
    return secret_file(declaration, ("connector", key), env, required=True) or _NO_FILE


def _ca_file(declaration: Declaration, env: Mapping[str, str]) -> SecretFile | None:
    """Certificates are no secret: everybody may read them."""
    file = secret_file(declaration, ("connector", "ca_file"), env)
    return file and replace(file, is_strict=False)


def _done_folder(declaration: Declaration, prefix: str) -> str:
    folder = read_done_folder(declaration).strip("/")
    if folder and f"{prefix}/".startswith(f"{folder}/"):
        declaration.problem(
            ("connector", "done_folder"),
            "holds the deliveries themselves. Name a prefix that they do not lie under.",
        )
    return folder


def _bucket(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]", text) is None:
        raise ValueError(f"{text!r} is no name of a bucket. Write it as in 'city-deliveries'.")
    return text


def _endpoint(text: str, env: Mapping[str, str]) -> str:
    """`https://host[:port]`; without TLS only on this machine."""
    found = notation.environment(text, env).rstrip("/")
    parts = urlsplit(found)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise ValueError(f"{found!r} is no endpoint. Write it as in 'https://s3.example.org'.")
    if parts.username or parts.password:
        raise ValueError("holds a secret. Use access_key_file and secret_key_file, and change it.")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError(f"{found!r} is not encrypted. Write https://; http is for loopback only.")
    return found


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
