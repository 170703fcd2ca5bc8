"""Who exists, and who is signed in: accounts and sessions in `<home>/web/accounts.sqlite`.

The views people keep stand in the same file; see `views.py`.

Passwords are kept as argon2id hashes, session tokens as SHA-256 hashes of 256 random bits: the
file alone lets nobody in. Sessions live on the server, so signing out, a new password, another
role or removal end them at once.
"""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from warehouse import clock
from warehouse.errors import QueryError, StorageError
from warehouse.lockout import Lockout
from warehouse.model import Role, Scope, Viewer
from warehouse.settings import Settings

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
WALL_LONGEST = timedelta(days=30)
SEEN_EVERY = timedelta(seconds=30)
"""How exactly the last use of a session is kept: fewer writes, at most this much shorter idle."""

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 128
LONGEST_NAME = 64

SCHEMA = """
CREATE TABLE IF NOT EXISTS account (
    name TEXT PRIMARY KEY, password TEXT NOT NULL, role TEXT NOT NULL,
    districts TEXT NOT NULL, everything INTEGER NOT NULL, changed_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS session (
    token TEXT PRIMARY KEY, name TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
    started_at TEXT NOT NULL, seen_at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS session_name ON session (name);
CREATE TABLE IF NOT EXISTS failure (
    key TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at TEXT NOT NULL
) STRICT;
"""

# argon2 takes 64 MiB each: a flood of sign-ins may queue, not fill the memory.
_AT_ONCE = BoundedSemaphore(2)


@dataclass(frozen=True, kw_only=True)
class Account:
    name: str
    role: Role
    scope: Scope

    @property
    def viewer(self) -> Viewer:
        return Viewer(name=self.name, role=self.role, scope=self.scope)


class Accounts:
    """Accounts and sessions. Safe to share between threads and processes."""

    def __init__(self, settings: Settings, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._path = settings.web / "accounts.sqlite"
        _prepare(self._path)
        self.lockout = Lockout(self._connect)

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        """A connection with an open transaction, committed unless the block raises."""
        with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection

    # --- accounts ---------------------------------------------------------------------------

    def add(self, name: str, password: str, role: Role, scope: Scope) -> Account:
        """A new account. Raises `QueryError` for a bad name, weak password or a taken name."""
        _check_name(name)
        _check_password(name, password)
        row = (name, self._hash(password), role.value, *_scope_row(scope), _iso(clock.now()))
        try:
            with self._connect() as connection:
                connection.execute("INSERT INTO account VALUES (?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError as error:
            raise QueryError(
                f"There is an account {name!r} already. Remove it first, or choose another name."
            ) from error
        return Account(name=name, role=role, scope=scope)

    def all(self) -> tuple[Account, ...]:
        with self._connect() as connection:
            rows = connection.execute(f"SELECT {_FIELDS} FROM account ORDER BY name").fetchall()
        return tuple(_account(row) for row in rows)

    def get(self, name: str) -> Account | None:
        with self._connect() as connection:
            row = connection.execute(
                f"SELECT {_FIELDS} FROM account WHERE name = ?", (name,)
            ).fetchone()
        return None if row is None else _account(row)

    def viewer(self, name: str) -> Viewer:
        """The viewer of this name. Raises `QueryError` when there is none."""
        account = self.get(name)
        if account is None:
            raise _no_account(name)
        return account.viewer

    def set_password(self, name: str, password: str) -> None:
        """Replace the password and end every session of the account."""
        _check_password(name, password)
        self._change(name, "password = ?", (self._hash(password),))

    def set_role(self, name: str, role: Role, scope: Scope) -> None:
        """Replace role and scope and end every session of the account."""
        self._change(
            name, "role = ?, districts = ?, everything = ?", (role.value, *_scope_row(scope))
        )

    def remove(self, name: str) -> None:
        """Remove the account and its sessions."""
        with self._connect() as connection:
            if not connection.execute("DELETE FROM account WHERE name = ?", (name,)).rowcount:
                raise _no_account(name)

    def _change(self, name: str, assignment: str, values: tuple[str | int, ...]) -> None:
        with self._connect() as connection:
            changed = connection.execute(
                f"UPDATE account SET {assignment}, changed_at = ? WHERE name = ?",
                (*values, _iso(clock.now()), name),
            ).rowcount
            if not changed:
                raise _no_account(name)
            connection.execute("DELETE FROM session WHERE name = ?", (name,))

    # --- passwords --------------------------------------------------------------------------

    def check(self, name: str, password: str, address: str = "") -> Account | None:
        """The account if the password fits and neither name nor address is locked out.

        Takes one password verification for a known and an unknown name alike.
        """
        if self.lockout.wait_seconds(name, address) > 0:
            return None
        with self._connect() as connection:
            row = connection.execute(
                f"SELECT {_FIELDS}, password FROM account WHERE name = ?", (name,)
            ).fetchone()
        if row is None:
            self._hash(password[: LONGEST_PASSWORD + 1])  # as dear as to verify it
        if row is None or not self._verify(row[4], password):
            self.lockout.failed(name, address)
            return None
        self.lockout.succeeded(name, address)
        return _account(row[:4])

    def _hash(self, password: str) -> str:
        with _AT_ONCE:
            return self._hasher.hash(password)

    def _verify(self, hashed: str, password: str) -> bool:
        with _AT_ONCE:
            try:
                return self._hasher.verify(hashed, password[: LONGEST_PASSWORD + 1])
            except (VerificationError, InvalidHashError):
                return False

    # --- sessions ---------------------------------------------------------------------------

    def start_session(self, name: str) -> str:
        """A new session's token: 256 random bits that are stored nowhere."""
        token, instant = secrets.token_urlsafe(32), _iso(clock.now())
        with self._connect() as connection:
            connection.execute(
                "DELETE FROM session WHERE started_at < ?", (_iso(clock.now() - WALL_LONGEST),)
            )
            connection.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?)", (_hidden(token), name, instant, instant)
            )
        return token

    def session_viewer(self, token: str) -> Viewer | None:
        """Who this session belongs to; None when it ended, was idle too long or never was.

        Looking does not keep a session alive: that is `session_used`.
        """
        with self._connect() as connection:
            row = connection.execute(
                f"SELECT {_FIELDS}, started_at, seen_at FROM session JOIN account USING (name)"
                " WHERE token = ?",
                (_hidden(token),),
            ).fetchone()
            if row is None:
                return None
            account, started_at, seen_at = _account(row[:4]), _instant(row[4]), _instant(row[5])
            if _is_over(account.role, started_at, seen_at):
                connection.execute("DELETE FROM session WHERE token = ?", (_hidden(token),))
                return None
        return account.viewer

    def session_used(self, token: str) -> None:
        """A person did something: the idle time starts again. Written at most every 30 s."""
        instant = clock.now()
        with self._connect() as connection:
            connection.execute(
                "UPDATE session SET seen_at = ? WHERE token = ? AND seen_at < ?",
                (_iso(instant), _hidden(token), _iso(instant - SEEN_EVERY)),
            )

    def end_session(self, token: str) -> None:
        with self._connect() as connection:
            connection.execute("DELETE FROM session WHERE token = ?", (_hidden(token),))


_FIELDS = "name, role, districts, everything"


def _prepare(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(SCHEMA)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(
            f"The accounts in {path} cannot be opened ({error})."
            " COCKPIT_HOME must be writable for this user and have space."
        ) from error


def _account(row: tuple[str, str, str, int]) -> Account:
    name, role, districts, everything = row
    scope = Scope(districts=frozenset(json.loads(districts)), everything=bool(everything))
    return Account(name=name, role=Role(role), scope=scope)


def _scope_row(scope: Scope) -> tuple[str, int]:
    return json.dumps(sorted(scope.districts)), int(scope.everything)


def _is_over(role: Role, started_at: datetime, seen_at: datetime) -> bool:
    if role is Role.WALL:
        return clock.now() - started_at >= WALL_LONGEST
    return clock.now() - started_at >= LONGEST or clock.now() - seen_at >= IDLE


def _hidden(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="microseconds")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _check_name(name: str) -> None:
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise QueryError(
            f"An account name has 1 to {LONGEST_NAME} printable characters"
            " and no space at its ends."
        )


def _check_password(name: str, password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise QueryError(
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; choose another."
        )
    if len(set(password)) < 5 or name.casefold() in password.casefold():
        raise QueryError(
            "The password is too easy to guess: use five different characters and not the name."
        )


def _no_account(name: str) -> QueryError:
    return QueryError(f"There is no account {name!r}. See `python -m warehouse accounts list`.")
