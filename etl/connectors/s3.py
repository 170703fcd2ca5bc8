"""The connector `s3`: objects of any S3-compatible store, addressed by path, fetched as streams."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.exceptions import PreconditionError
from obstore.store import S3Store

from etl import notation
from etl.connectors._delivered import (
    MOST_TOTALS_BYTES,
    changed,
    check_count,
    check_read,
    check_size,
    gone,
    is_delivered,
    read_done_folder,
    totals_from,
    totals_name,
)
from etl.connectors._layout import LAYOUT_KEYS, layout_mark, read_layout
from etl.connectors._object_store import explained, open_store
from etl.connectors._secrets import SecretFile, refuse_written, secret_file
from etl.control import CONTROL_ENDING
from etl.declaration import Declaration
from etl.delivery import Content, Delivery, Fetched, Item, Layout, Position, Totals, Window
from etl.landing import Landing

if TYPE_CHECKING:  # obstore has these names for type checkers only
    from obstore import GetOptions, ObjectMeta

_SECRETS = ("access_key", "secret_key")
_KEYS: tuple[str, ...] = ("kind", "endpoint", "region", "bucket", "prefix", "pattern", "ca_file")
_KEYS += ("access_key_file", "secret_key_file", "after", "done_folder", *LAYOUT_KEYS, *_SECRETS)
_PIECE_BYTES = 1 << 20
_LIST_PIECE = 1_000
_NO_FILE = SecretFile(path=Path())


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
        found, names = self._listed(store)
        found.sort(key=lambda item: (item.written_at, item.name))
        for item in found:
            has_totals = totals_name(item.name) in names
            yield _Object(place=self, store=store, item=item, has_totals=has_totals)

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
        about = f"{key}: is loaded, but cannot be moved"
        with explained(about), suppress(FileNotFoundError):  # moved by a run that was killed
            if _version(store.head(key)) == item.version:
                with suppress(FileNotFoundError):  # few sources deliver them
                    self._move(store, totals_name(item.name))
                self._move(store, item.name)

    def _move(self, store: S3Store, name: str) -> None:
        store.copy(self.key(name), f"{self.done_folder}/{name}")
        store.delete(self.key(name))

    def mark(self) -> str:
        return layout_mark(self.layout)

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}" if self.prefix else name

    @property
    def place(self) -> str:
        return f"{self.endpoint}/{self.bucket}/{self.prefix}".rstrip("/")

    def _listed(self, store: S3Store) -> tuple[list[Item], set[str]]:
        """The deliveries, and the names of control totals."""
        found: list[Item] = []
        totals: set[str] = set()
        with explained(self.place):
            for piece in store.list(self.prefix or None, chunk_size=_LIST_PIECE):
                found += (item for meta in piece if (item := self._item(meta)) is not None)
                totals.update(self._name(m) for m in piece if m["path"].endswith(CONTROL_ENDING))
                check_count(len(found), self.place)
        return found, totals

    def _name(self, meta: "ObjectMeta") -> str:
        return meta["path"].removeprefix(self.prefix).lstrip("/")

    def _item(self, meta: "ObjectMeta") -> Item | None:
        """None: it is no delivery, or one that was moved away."""
        key, name = meta["path"], self._name(meta)
        if not is_delivered(name, self.pattern) or self._is_done(key) or _is_folder(name, meta):
            return None
        return Item(
            name=name, version=_version(meta), size=meta["size"], written_at=meta["last_modified"]
        )

    def _is_done(self, key: str) -> bool:
        return bool(self.done_folder) and key.startswith(f"{self.done_folder}/")

    def _store(self) -> S3Store:
        """Raises `SourceUnavailable` when a secret cannot be read."""
        keys = self.access_key.read(), self.secret_key.read()
        authorities = self.ca_file.read_bytes() if self.ca_file else None
        return open_store(self.endpoint, self.region, self.bucket, keys, authorities)


@dataclass(frozen=True, kw_only=True)
class _Object:
    """One object as it was listed."""

    place: S3
    store: S3Store
    item: Item
    has_totals: bool

    def fetch(self, landing: Landing) -> Fetched:
        """Fetches the object as a stream; it must be the listed one from begin to end."""
        key = self.place.key(self.item.name)
        check_size(key, self.item.size)
        totals = self._totals()
        with explained(key), landing.draft(self.item.name) as draft:
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
        return Fetched(content=content, totals=totals)

    def _totals(self) -> Totals | None:
        if not self.has_totals:
            return None
        name = totals_name(self.item.name)
        key = self.place.key(name)
        with explained(key):
            try:
                found = self.store.get_range(key, start=0, length=MOST_TOTALS_BYTES + 1)
            except FileNotFoundError as error:
                raise gone(key) from error
        return totals_from(name, bytes(found))


def _is_folder(name: str, meta: "ObjectMeta") -> bool:
    """Web consoles keep an empty object for a folder; the slash at its end is not told."""
    return meta["size"] == 0 and "." not in name.rpartition("/")[2]


def _version(meta: "ObjectMeta") -> str:
    return meta["e_tag"] or f"{meta['size']}:{meta['last_modified'].timestamp():.0f}"


def _only(version: str) -> "GetOptions":
    """Asks for exactly this version, where it is an etag."""
    return {"if_match": version} if '"' in version else {}


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
