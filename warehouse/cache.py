"""Answers that were computed once: bounded, shared by threads, each computed by one of them.

Keys carry the data version, so nothing is ever cleared by a timer: new data make new keys, and
the entries used least recently fall out at the end.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Entry(Generic[T]):
    """A place for one value; whoever holds the lock computes it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.values: list[T] = []


class Cache(Generic[T]):
    """The last used `entries` values. An error is raised to who asked, and never kept."""

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._kept: OrderedDict[Hashable, _Entry[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The value for `key`. One thread computes it; others that ask meanwhile wait for it."""
        entry = self._entry(key)
        if entry.values:
            return entry.values[0]
        with entry.lock:
            if not entry.values:
                entry.values.append(compute())
            return entry.values[0]

    def _entry(self, key: Hashable) -> _Entry[T]:
        with self._lock:
            entry = self._kept.setdefault(key, _Entry())
            self._kept.move_to_end(key)
            while len(self._kept) > self._entries:
                self._kept.popitem(last=False)
            return entry

    def __len__(self) -> int:
        return len(self._kept)
