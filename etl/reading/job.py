"""What a reading process is asked to do, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

import polars as pl

from etl.delivery import Connector, Content, Window
from etl.model import Source
from etl.reading.content import ROWS


@dataclass(frozen=True, kw_only=True)
class Job:
    """One delivery to be read. Goes to the process as it is; it holds keys: never log it."""

    source: Source
    content: Content
    zone: ZoneInfo
    """The reporting time zone."""
    now: datetime
    pseudonym_key: bytes
    is_survey: bool = False
    """Look through all of it and tell what it holds, without any row."""
    is_thorough: bool = False
    """A survey that reads every row: the source has control totals or stops at a broken row."""
    sums: tuple[str, ...] = ()
    """Their columns to be summed in a thorough survey."""
    window: Window | None = None
    """Only rows whose time lies in it count as read."""
    rows: int = ROWS

    def sent(self) -> "Job":
        """Without the connector: its options and libraries are no business of who only reads."""
        return replace(self, source=replace(self.source, connector=cast(Connector, None)))

    def surveying(self, *, is_thorough: bool, sums: tuple[str, ...]) -> "Job":
        """The same delivery, to be looked through."""
        return replace(self, is_survey=True, is_thorough=is_thorough, sums=sums)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Rows of a delivery after their contract, ready to be a batch. Frames as in `Batch`."""

    read: int
    rows: pl.DataFrame
    quarantined: pl.DataFrame
    columns: tuple[str, ...]
    """Their columns, as delivered."""
    is_sparse: bool
    is_last: bool


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What a delivery holds, before anything of it is loaded."""

    columns: tuple[str, ...] = ()
    is_sparse: bool = False
    is_empty: bool = False
    """It has no rows."""
    shapes: Mapping[str, str] = field(default_factory=dict)
    """Their column -> what its first values look like: see `etl.reading.shapes`."""
    rows: int | None = None
    """Thorough only, as are `sums` and `first_broken`."""
    sums: Mapping[str, str] = field(default_factory=dict)
    """Their column -> the exact sum as a decimal text."""
    first_broken: str = ""
    """`line 7: channel is empty but required`, or empty."""
