"""Explained numbers, kept under seal in `<home>/explained/<hash>.json`, to be asked again.

A record says what was asked, with which scope and role (never by whom), and the number. It is
written when somebody opens an explanation; the newest are kept, and nobody can fill the disk.
"""

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from warehouse import clock
from warehouse.errors import QueryError, StorageError, Tampered
from warehouse.explanation import Explanation, Facts, Known, checked_hash, from_facts
from warehouse.home import storage_errors
from warehouse.keys import Keyring
from warehouse.model import Viewer
from warehouse.seals import read_sealed, write_sealed
from warehouse.settings import Settings

KIND = "explanation"
MOST_KEPT = 10_000
MOST_A_MINUTE = 60
"""Explanations one viewer can have kept in a minute, in each process."""
_LOOK_EVERY = 100
"""So many are written between two looks at how many there are."""
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Record:
    """generation  the one that gave the number; at  when it was explained."""

    known: Known
    generation: int
    at: datetime


class Keeper:
    """Writes records; safe for many threads, and beside other processes."""

    def __init__(self, settings: Settings, keyring: Keyring, most: int = MOST_KEPT) -> None:
        self._folder = _folder(settings)
        self._keyring = keyring
        self._most = most
        self._written = 0
        self._lock = threading.Lock()
        self._recent: defaultdict[str, deque[datetime]] = defaultdict(deque)

    def keep(self, explanation: Explanation, viewer: Viewer) -> bool:
        """Whether the number can be asked by its hash from now on; False: too many at once.

        Raises `StorageError`, `NoSpace`.
        """
        file = self._folder / f"{explanation.hash}.json"
        if file.exists():
            return True
        with self._lock:
            if not self._may(viewer.name):
                return False
            self._write(file, explanation)
            if self._written % _LOOK_EVERY == 0:
                self._prune()
            self._written += 1
        return True

    def _may(self, name: str) -> bool:
        now, recent = clock.now(), self._recent[name]
        while recent and now - recent[0] > _MINUTE:
            recent.popleft()
        if len(recent) >= MOST_A_MINUTE:
            return False
        recent.append(now)
        return True

    def _write(self, file: Path, explanation: Explanation) -> None:
        content: Facts = {
            **explanation.known.facts(),
            "generation": explanation.generation,
            "at": explanation.now.isoformat(),
        }
        try:
            write_sealed(self._keyring, KIND, content, file)
        except StorageError:
            if not file.exists():  # another process may have written the same a moment before
                raise

    def _prune(self) -> None:
        with storage_errors(self._folder):
            files = [(file.stat().st_mtime_ns, file) for file in self._folder.glob("*.json")]
            for _, file in sorted(files)[: max(0, len(files) - self._most)]:
                file.unlink(missing_ok=True)


def _folder(settings: Settings) -> Path:
    return settings.home / "explained"


def recall(settings: Settings, keyring: Keyring, text: str) -> Record:
    """The record of a hash. Raises `QueryError` where there is none, `Tampered` on damage."""
    wanted = checked_hash(text)
    file = _folder(settings) / f"{wanted}.json"
    content = read_sealed(keyring, KIND, file)
    if content is None:
        raise QueryError(
            f"No explained number has the hash {wanted[:12]}…: open its explanation on the page"
            f" again. The newest {MOST_KEPT:,} are kept."
        )
    try:
        known = from_facts(content)
        record = Record(
            known=known,
            generation=int(content["generation"]),
            at=datetime.fromisoformat(content["at"]),
        )
    except (QueryError, ValueError, KeyError, TypeError) as error:
        raise Tampered(f"{file} holds no explained number: put a copy of it back.") from error
    if known.digest != wanted:
        raise Tampered(f"{file} is not named after its number: put a copy of it back.")
    return record
