"""The connector `sftp`: files in one folder of an SSH server whose host key is pinned."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from time import time
from typing import cast

import asyncssh

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
from etl.connectors._secrets import refuse_written, secret_file
from etl.connectors._ssh import Door, host_key
from etl.control import CONTROL_ENDING
from etl.declaration import Declaration
from etl.delivery import Content, Delivery, Fetched, Item, Layout, Position, Totals, Window
from etl.landing import Draft, Landing

_SECRETS = ("password", "private_key", "passphrase")
_KEYS: tuple[str, ...] = ("kind", "host", "port", "user", "folder", "pattern", "settle", "host_key")
_KEYS += ("private_key_file", "password_file", "after", "done_folder", *LAYOUT_KEYS, *_SECRETS)
_PIECE_BYTES = 1 << 20
_SETTLE_SECONDS = 10
_CLOCK_AHEAD_SECONDS = 3_600
"""A file from further ahead has a made-up time, not one of a server whose clock is fast."""


@dataclass(frozen=True, kw_only=True)
class Sftp:
    """A folder of a server, and which of its files are deliveries."""

    door: Door
    folder: str
    """Relative to where the server lets the account in, or from its root."""
    pattern: str
    settle_seconds: int = _SETTLE_SECONDS
    layout: Layout
    done_folder: str = ""
    """Where loaded files go, written as `folder`; empty: they stay and are remembered."""

    def deliveries(
        self, known: Mapping[str, Position], window: Window | None = None
    ) -> Iterator[Delivery]:
        """All settled files in the order in which they were written; a window narrows nothing.

        One connection serves the listing, every fetch and every `finished` till the last delivery
        is dealt with.
        """
        with self.door.open() as session:
            found, totals = session.run(self._listed, self.place)
            for item in self._settled(found):
                has_totals = totals_name(item.name) in totals
                yield _File(place=self, item=item, has_totals=has_totals)

    def is_settling(self) -> bool:
        """Never waited for: asking costs a connection each time. The next run takes the file."""
        return False

    def finished(self, item: Item) -> None:
        """Moves the file away, where declared; one that changed since stays for the next run.

        Raises `SourceUnavailable`.
        """
        if not self.done_folder:
            return
        with self.door.open() as session:
            about = f"{self.path(item.name)}: is loaded, but cannot be moved to {self.done_folder}"
            session.run(lambda client: self._move(client, item), about)

    def mark(self) -> str:
        return layout_mark(self.layout)

    def path(self, name: str) -> str:
        return str(PurePosixPath(self.folder) / _sent(name))

    @property
    def place(self) -> str:
        return f"{self.door.place}:{self.folder}"

    async def _listed(self, client: asyncssh.SFTPClient) -> tuple[list[Item], set[str]]:
        """The deliveries, and the names of control totals."""
        found: list[Item] = []
        totals: set[str] = set()
        async for entry in client.scandir(self.folder):
            name, attributes = str(entry.filename), entry.attrs
            if attributes.type != asyncssh.FILEXFER_TYPE_REGULAR:
                continue
            if name.endswith(CONTROL_ENDING):
                totals.add(_shown(name))
            elif is_delivered(name, self.pattern):
                found.append(_item(name, attributes))
                check_count(len(found), self.place)
        return found, totals

    def _settled(self, found: list[Item]) -> list[Item]:
        """The files nobody has touched for a while, by the server's clock as far as it shows."""
        now = time()
        times = [_seconds(item) for item in found]
        ahead = [t for t in times if now < t < now + _CLOCK_AHEAD_SECONDS]
        now = max(ahead, default=now)
        return sorted(
            (i for i in found if not 0 <= now - _seconds(i) < self.settle_seconds),
            key=lambda item: (_seconds(item), item.name),
        )

    async def _move(self, client: asyncssh.SFTPClient, item: Item) -> None:
        with suppress(asyncssh.SFTPNoSuchFile):  # moved already, by a run that was killed
            attributes = await client.lstat(self.path(item.name))
            if _item(item.name, attributes).version == item.version:
                await client.makedirs(self.done_folder, exist_ok=True)
                with suppress(asyncssh.SFTPNoSuchFile):  # few sources deliver them
                    await self._rename(client, totals_name(item.name))
                await self._rename(client, item.name)

    async def _rename(self, client: asyncssh.SFTPClient, name: str) -> None:
        path, target = self.path(name), str(PurePosixPath(self.done_folder) / _sent(name))
        try:
            await client.posix_rename(path, target)
        except asyncssh.SFTPOpUnsupported:
            if await client.exists(target):
                await client.remove(target)
            await client.rename(path, target)


@dataclass(frozen=True, kw_only=True)
class _File:
    """One file as it was listed."""

    place: Sftp
    item: Item
    has_totals: bool

    def fetch(self, landing: Landing) -> Fetched:
        """Fetches the file piece by piece; it must be the listed one from begin to end."""
        check_size(self.item.name, self.item.size)

        async def fetched(client: asyncssh.SFTPClient) -> tuple[Draft, str, Totals | None]:
            totals = await self._totals(client)
            with landing.draft(self.item.name) as draft:
                await self._copy(client, draft)
                return draft, draft.finish(), totals

        with self.place.door.open() as session:
            draft, sha256, totals = session.run(fetched, self.place.path(self.item.name))
        content = Content(
            path=draft.path,
            name=self.item.name,
            layout=self.place.layout,
            sha256=sha256,
            key=draft.key,
        )
        return Fetched(content=content, totals=totals)

    async def _totals(self, client: asyncssh.SFTPClient) -> Totals | None:
        if not self.has_totals:
            return None
        name = totals_name(self.item.name)
        try:
            async with client.open(self.place.path(name), "rb") as file:
                return totals_from(name, cast(bytes, await file.read(MOST_TOTALS_BYTES + 1)))
        except asyncssh.SFTPNoSuchFile as error:
            raise gone(self.place.path(name)) from error

    async def _copy(self, client: asyncssh.SFTPClient, draft: Draft) -> None:
        path = self.place.path(self.item.name)
        try:
            async with client.open(path, "rb") as file:
                while piece := await file.read(_PIECE_BYTES, draft.size):
                    draft.write(cast(bytes, piece))
            after = await client.lstat(path)
        except asyncssh.SFTPNoSuchFile as error:
            raise gone(path) from error
        if _item(self.item.name, after).version != self.item.version:
            raise changed(path)
        check_read(path, draft.size, self.item.size)


def _item(name: str, attributes: asyncssh.SFTPAttrs) -> Item:
    """The protocol tells whole seconds."""
    size, seconds = attributes.size or 0, attributes.mtime or 0
    return Item(
        name=_shown(name),
        version=f"{size}:{seconds}",
        size=size,
        written_at=datetime.fromtimestamp(seconds, UTC),
    )


def _seconds(item: Item) -> float:
    return item.written_at.timestamp() if item.written_at else 0.0


def _shown(name: str) -> str:
    """Bytes that are no UTF-8, as in names of older systems, are told as `\\xb1`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _sent(name: str) -> str:
    """The name as the server knows it."""
    return re.sub(r"\\x([89a-f][0-9a-f])", lambda byte: chr(0xDC00 + int(byte[1], 16)), name)


def read(declaration: Declaration, env: Mapping[str, str]) -> Sftp:
    """The table `[connector]`; mistakes are noted in the declaration."""
    declaration.table(("connector",), _KEYS)
    refuse_written(declaration, ("connector",), _SECRETS)
    folder = declaration.text(("connector", "folder"), required=True)
    return Sftp(
        door=_door(declaration, env),
        folder=folder,
        pattern=declaration.text(("connector", "pattern"), "*"),
        settle_seconds=_settle(declaration),
        layout=read_layout(declaration),
        done_folder=_done_folder(declaration, folder),
    )


def _door(declaration: Declaration, env: Mapping[str, str]) -> Door:
    key = secret_file(declaration, ("connector", "private_key_file"), env)
    password = secret_file(declaration, ("connector", "password_file"), env)
    given = [k for k in ("private_key_file", "password_file") if _stands(declaration, k)]
    if not given:
        declaration.problem(
            ("connector", "private_key_file"), "is missing. Add it, or password_file."
        )
    elif len(given) == 2:
        declaration.problem(
            ("connector", "password_file"), "stands beside private_key_file. Remove one of the two."
        )
    declaration.text(("connector", "host_key"), required=True)
    return Door(
        host=declaration.text(("connector", "host"), required=True),
        port=_port(declaration),
        user=declaration.text(("connector", "user"), required=True),
        host_key=declaration.checked(("connector", "host_key"), host_key) or "",
        private_key=key,
        password=password,
    )


def _stands(declaration: Declaration, key: str) -> bool:
    return declaration.value(("connector", key)) is not None


def _port(declaration: Declaration) -> int:
    port: int | None = declaration.typed(("connector", "port"), int)
    if port is not None and not 0 < port < 65_536:
        declaration.problem(("connector", "port"), f"{port} is no port. Write 1 to 65535.")
    return 22 if port is None else port


def _settle(declaration: Declaration) -> int:
    if declaration.value(("connector", "settle")) == "0s":
        return 0
    return declaration.checked(("connector", "settle"), notation.duration) or _SETTLE_SECONDS


def _done_folder(declaration: Declaration, folder: str) -> str:
    done = read_done_folder(declaration)
    if done and PurePosixPath(done) == PurePosixPath(folder):
        declaration.problem(
            ("connector", "done_folder"), "is the folder of the deliveries. Name another one."
        )
    return done
