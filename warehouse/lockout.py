"""How long somebody who guesses passwords has to wait: longer after each failure.

Counted for the pair of name and address, and for the address alone against one password tried
on many names. Known and unknown names are counted alike, so nothing tells them apart.
"""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from warehouse import clock

FREE_FOR_NAME, FREE_FOR_ADDRESS = 5, 50
"""Failures before the first wait."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=24)


class Lockout:
    """Failures kept in the accounts file, so that every worker counts the same ones."""

    def __init__(self, connect: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        self._connect = connect

    def wait_seconds(self, name: str, address: str) -> float:
        """Seconds until this name from this address may try again; 0: now."""
        with self._connect() as connection:
            return max(_wait(connection, key, free) for key, free in _keys(name, address))

    def failed(self, name: str, address: str) -> None:
        instant = clock.now()
        with self._connect() as connection:
            connection.execute(
                "DELETE FROM failure WHERE last_at < ?", ((instant - FORGET_AFTER).isoformat(),)
            )
            for key, _ in _keys(name, address):
                connection.execute(
                    "INSERT INTO failure VALUES (?, 1, ?) ON CONFLICT (key) DO UPDATE"
                    " SET failures = failures + 1, last_at = excluded.last_at",
                    (key, instant.isoformat()),
                )

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of the name, not those of the address: others may be guessing."""
        with self._connect() as connection:
            key = _keys(name, address)[0][0]
            connection.execute("DELETE FROM failure WHERE key = ?", (key,))


def _keys(name: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    pair = hashlib.sha256(f"{len(address)}:{address}{name}".encode(errors="replace")).hexdigest()
    return (f"name:{pair}", FREE_FOR_NAME), (f"address:{address}", FREE_FOR_ADDRESS)


def _wait(connection: sqlite3.Connection, key: str, free: int) -> float:
    row = connection.execute(
        "SELECT failures, last_at FROM failure WHERE key = ?", (key,)
    ).fetchone()
    failures = 0 if row is None else int(row[0])
    if failures < free:
        return 0.0
    wait = min(FIRST_WAIT * 2.0 ** min(failures - free, 16), LONGEST_WAIT)
    return max(0.0, (datetime.fromisoformat(row[1]) + wait - clock.now()).total_seconds())
