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
        self.weight = 0


class Cache(Generic[T]):
    """The last used `entries` values, of all together at most the weight `most`.

    An error is raised to who asked, and never kept.
    """

    def __init__(
        self, entries: int, *, weight: Callable[[T], int] = lambda _: 1, most: int = 1_000_000
    ) -> None:
        self._entries = entries
        self._weigh = weight
        self._most = most
        self._held = 0
        self._kept: OrderedDict[Hashable, _Entry[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The value for `key`. One thread computes it; others that ask meanwhile wait for it."""
        entry = self._entry(key)
        if entry.values:
            return entry.values[0]
        with entry.lock:
            if not entry.values:
                value = compute()
                entry.values.append(value)
                self._weighed(key, entry, self._weigh(value))
            return entry.values[0]

    def _entry(self, key: Hashable) -> _Entry[T]:
        with self._lock:
            entry = self._kept.setdefault(key, _Entry())
            self._kept.move_to_end(key)
            self._drop()
            return entry

    def _weighed(self, key: Hashable, entry: _Entry[T], weight: int) -> None:
        with self._lock:
            if self._kept.get(key) is entry:
                entry.weight = weight
                self._held += weight
                self._drop()

    def _drop(self) -> None:
        while len(self._kept) > self._entries or (self._held > self._most and self._kept):
            self._held -= self._kept.popitem(last=False)[1].weight

    def __len__(self) -> int:
        return len(self._kept)
