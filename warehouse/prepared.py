"""Tables in memory made from published files, so that many questions share one pass over them."""

import threading
import weakref
from collections import deque
from collections.abc import Callable

Files = tuple[str, ...]
"""The contents a table was made of, by the names of their files."""


class _Made:
    """One table, or the finding that it would be too large; `lock` is held while it is made."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.lock = threading.Lock()
        self.tables: list[str | None] = []


class Shelf:
    """The tables of one generation. Each is made once, by the first thread that needs it.

    A table lives as long as a shelf holds it; then its name is put on `freed`, to be dropped.
    """

    def __init__(self, freed: deque[str]) -> None:
        self._freed = freed
        self._lock = threading.Lock()
        self._made: dict[str, _Made] = {}

    def table(self, files: Files, sql: str, make: Callable[[], str | None]) -> str | None:
        """The table with the rows of `sql`, which reads `files` alone."""
        with self._lock:
            made = self._made.setdefault(sql, _Made(files))
        with made.lock:
            if not made.tables:
                table = make()
                made.tables.append(table)
                if table is not None:
                    weakref.finalize(made, self._freed.append, table).atexit = False
            return made.tables[0]

    def next(self, holds: Callable[[Files], bool]) -> "Shelf":
        """The shelf of the next generation: with the tables whose files it still has."""
        shelf = Shelf(self._freed)
        with self._lock:
            shelf._made = {sql: made for sql, made in self._made.items() if holds(made.files)}
        return shelf
