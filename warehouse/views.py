"""Saved views: a name for the address of a page, kept beside the accounts.

They stand in the accounts' own file, so they go with an account that is removed and are in every
backup. An address is only text here; who opens it is checked like anybody who types it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from warehouse import clock
from warehouse.errors import StorageError
from warehouse.model import Viewer
from warehouse.settings import Settings
from warehouse.view import LONGEST_TITLE, MOST_VIEWS, Refusal, View, ViewRefused

LONGEST_ADDRESS = 8_100

SCHEMA = """
CREATE TABLE IF NOT EXISTS view (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    title TEXT NOT NULL, address TEXT NOT NULL, is_shared INTEGER NOT NULL, saved_at TEXT NOT NULL,
    UNIQUE (owner, title)
) STRICT;
"""


class Views:
    """The views of all accounts. Safe to share between threads and processes."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.web / "accounts.sqlite"
        try:
            with closing(sqlite3.connect(self._path, timeout=10)) as connection:
                connection.executescript(SCHEMA)
        except sqlite3.Error as error:
            raise StorageError(
                f"The views in {self._path} cannot be opened ({error})."
                " COCKPIT_HOME must be writable for this user and have space."
            ) from error

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """A connection with an open transaction, committed unless the block raises."""
        with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection

    def own(self, viewer: Viewer) -> tuple[View, ...]:
        """The viewer's own, by name."""
        return self._read("owner = ?", viewer.name)

    def shared(self, viewer: Viewer) -> tuple[View, ...]:
        """What others share, by name; whoever shows them checks whether the viewer may see them."""
        return self._read("owner <> ? AND is_shared = 1", viewer.name)

    def _read(self, condition: str, name: str) -> tuple[View, ...]:
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT id, owner, title, address, is_shared FROM view"
                f" WHERE {condition} ORDER BY title, id LIMIT {10 * MOST_VIEWS}",
                (name,),
            ).fetchall()
        return tuple(
            View(number=row[0], owner=row[1], title=row[2], address=row[3], is_shared=bool(row[4]))
            for row in rows
        )

    def save(self, viewer: Viewer, title: str, address: str, *, is_shared: bool = False) -> View:
        """Keep an address under a new name. Raises `ViewRefused` with what is wrong.

        address  checked by the caller: it knows pages and filters.
        """
        _check_title(title)
        if not address.startswith("/") or len(address) > LONGEST_ADDRESS:
            raise ViewRefused(Refusal.ADDRESS)
        row = (viewer.name, title, address, int(is_shared), clock.now().isoformat())
        with self._connect() as connection:
            known = "SELECT count(*) FROM view WHERE owner = ?"
            if connection.execute(known, (viewer.name,)).fetchone()[0] >= MOST_VIEWS:
                raise ViewRefused(Refusal.MANY)
            number = _unless_taken(
                connection,
                "INSERT INTO view (owner, title, address, is_shared, saved_at)"
                " VALUES (?, ?, ?, ?, ?)",
                row,
            ).lastrowid
        return View(
            number=number or 0,
            owner=viewer.name,
            title=title,
            address=address,
            is_shared=is_shared,
        )

    def rename(self, viewer: Viewer, number: int, title: str) -> None:
        """Raises `ViewRefused` where it is not the viewer's, or the name is bad or taken."""
        _check_title(title)
        self._change(viewer, number, "UPDATE view SET title = ?", title)

    def share(self, viewer: Viewer, number: int, *, is_shared: bool) -> None:
        """Raises `ViewRefused` where it is not the viewer's."""
        self._change(viewer, number, "UPDATE view SET is_shared = ?", int(is_shared))

    def delete(self, viewer: Viewer, number: int) -> None:
        """Raises `ViewRefused` where it is not the viewer's."""
        self._change(viewer, number, "DELETE FROM view")

    def _change(self, viewer: Viewer, number: int, statement: str, *values: str | int) -> None:
        with self._connect() as connection:
            changed = _unless_taken(
                connection,
                f"{statement} WHERE id = ? AND owner = ?",
                (*values, number, viewer.name),
            )
            if not changed.rowcount:
                raise ViewRefused(Refusal.MISSING)


def _unless_taken(
    connection: sqlite3.Connection, statement: str, values: tuple[str | int, ...]
) -> sqlite3.Cursor:
    try:
        return connection.execute(statement, values)
    except sqlite3.IntegrityError as error:
        raise ViewRefused(Refusal.TAKEN) from error


def _check_title(title: str) -> None:
    is_plain = title.isprintable() and title == title.strip()
    if not 1 <= len(title) <= LONGEST_TITLE or not is_plain:
        raise ViewRefused(Refusal.TITLE)
