"""What a server is to the reading of its tables: columns, conditions, and one snapshot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

Row = tuple[bytes, tuple[str, ...]]
"""A row as a JSON object, and its cursor and key as the server writes them."""


class Kind(Enum):
    """What a column can be as a cursor."""

    INSTANT = "instant"  # a time that knows its offset
    LOCAL = "local"  # a time without offset, or a day
    NUMBER = "number"
    OTHER = "other"


TIMES = (Kind.INSTANT, Kind.LOCAL)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column as the server describes it; `type` in the server's own words."""

    name: str
    kind: Kind
    type: str
    may_be_empty: bool


@dataclass(frozen=True)
class Where:
    """A condition, and the values of its placeholders."""

    text: str
    values: tuple[object, ...] = ()

    def __and__(self, other: "Where") -> "Where":
        return Where(f"{self.text} AND {other.text}", (*self.values, *other.values))


class Session(Protocol):
    """A read-only snapshot of a server: what differs between kinds of servers."""

    def now(self) -> datetime:
        """The server's clock, not later than the snapshot (aware)."""

    def tables(self) -> list[str]:
        """What this account sees, as `table` may be written."""

    def columns(self) -> list[Column]:
        """Those of the table that this account may read; none where there is no such table."""

    def quoted(self, *names: str) -> str: ...

    def compared(self, column: Column, sign: str, text: str) -> Where:
        """`column sign text`, as in `"id" >= 5`."""

    def not_before(self, column: Column, texts: Sequence[str], back: int) -> Where:
        """`column` is at least the least of `texts` less `back`: seconds, or a number."""

    def after(self, columns: Sequence[Column], at: Sequence[str]) -> Where:
        """Behind the place `at` in the order of `columns`."""

    def one(self, statement: str, values: Sequence[object] = ()) -> tuple[str, ...]:
        """The first row as text, where NULL is empty; nothing when there is no row."""

    def rows(
        self, asked: Sequence[Column], named: Sequence[Column], where: Where, limit: int | None
    ) -> Iterator[Row]:
        """In the order of `named`, a few of them in memory at a time."""
