"""What lies outside, ready to be read: the values between a connector and the reading process."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from etl.landing import Landing


class Format(StrEnum):
    """How the rows of a delivery are written."""

    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    PARQUET = "parquet"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What must be known to take a delivery apart."""

    format: Format | None = None
    """None: by the item's name."""
    delimiter: str = ","
    encoding: str = "utf-8"
    header: bool = True
    """Without a header the columns are called `column_1`, `column_2`, ..."""
    records: str = ""
    """JSON: keys between dots that lead to the list of rows; empty: the document is the list."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One delivery as it was found outside."""

    name: str
    version: str
    """Changes whenever the content may have: an item whose version was read is not fetched again.
    Empty where only the content itself can tell."""
    size: int = 0
    """Bytes, as far as known before it is fetched."""
    written_at: datetime | None = None
    """When it was delivered (aware). A delivery without rows says that nothing happened till then.
    Items are read in this order."""


@dataclass(frozen=True, kw_only=True)
class Position:
    """One item that was read to its end. Unchanged: it is not read again."""

    item: str
    version: str
    sha256: str
    """Of the content, and after a colon the mark of the declaration it was read by."""
    cursor: str = ""
    """Where a table or a list of pages goes on. Its connector alone knows what it means."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A range to be read again, half-open; both aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What the source itself says a delivery holds."""

    rows: int | None = None
    sums: Mapping[str, str] = field(default_factory=dict)
    """Their column -> the sum of its numbers, as a decimal text."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """The bytes of a delivery in a file of this machine."""

    path: Path
    name: str
    """Of the item; its endings tell format and packing (`.csv.gz`) where the layout does not."""
    layout: Layout
    sha256: str
    key: bytes | None = None
    """Of a landed file, which is encrypted; None for a file that is read where it lies."""
    stamp: tuple[int, int] | None = None
    """(size, mtime_ns) of a file that is read where it lies: it must be the same afterwards."""
    may_be_empty: bool = False
    """0 bytes are no rows here: of an answer, not of a file that was cut off."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """A delivery that is here now."""

    content: Content
    version: str = ""
    """Of the item, where it was not known before."""
    cursor: str = ""
    totals: Totals | None = None
    complete_until: datetime | None = None
    """Once this is loaded, everything the source knew of up to here is loaded (aware)."""


class Delivery(Protocol):
    """An item that may be fetched."""

    @property
    def item(self) -> Item: ...

    def fetch(self, landing: Landing) -> Fetched:
        """Bring the content here. Raises `SourceUnavailable`, and `ContractBroken` for content
        that cannot be what was declared; both name the item."""


class Connector(Protocol):
    """One declared place outside: the options of `[connector]`, frozen, comparable, picklable.

    Each kind is one module of `etl/connectors/` with its class of this form and
    `read(declaration: Declaration, env: Mapping[str, str]) -> Connector`, which reads `[connector]`
    and notes every mistake in the declaration.
    """

    def deliveries(
        self, known: Mapping[str, Position], window: Window | None = None
    ) -> Iterator[Delivery]:
        """What there is to read, in the order of delivery; may list items that are known.

        The next delivery is asked for only when the one before is loaded, so that a table is
        read page by page. With a `window` everything in it, whatever is known.
        Raises `SourceUnavailable` when the place cannot be reached.
        """

    def is_settling(self) -> bool:
        """Whether something is still being written that `deliveries` leaves out for now."""

    def finished(self, item: Item) -> None:
        """Everything of `item` is loaded and its position is in the books."""

    def mark(self) -> str:
        """What of the options changes what the same content means; stable over versions."""
