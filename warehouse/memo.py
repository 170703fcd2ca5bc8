"""Rows of statements that were read before. A statement names the contents it reads."""

from collections.abc import Sequence
from typing import Any

from warehouse.cache import Cache
from warehouse.compile import Tables
from warehouse.model import Period

Rows = list[tuple[Any, ...]]


class Memo:
    """`Tables` that remember their rows.

    The text of a statement names files by their contents, so text and parameters tell the rows
    whatever the generation. Different questions share them; so do generations, where they have
    the same files.
    """

    def __init__(self, tables: Tables, rows: Cache[Rows]) -> None:
        self._tables = tables
        self._rows = rows

    def table(
        self, dataset: str, table: str, *, period: Period | None, columns: tuple[str, ...] = ()
    ) -> str:
        return self._tables.table(dataset, table, period=period, columns=columns)

    def select(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        key = (sql, tuple(parameters))
        return self._rows.get(key, lambda: self._tables.select(sql, parameters))
