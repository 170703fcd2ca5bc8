"""Rows as they were delivered, before any contract is applied."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from warehouse.errors import ContractBroken

LINE = "#line"
"""Column that numbers the rows: the line in a text file, the row in a Parquet file, from 1."""

MOST_COLUMNS = 4_096
"""A delivery with more is a mistake or hostile: each column costs memory in every piece."""

MAX_LINE_BYTES = 1 << 20
"""A longer line is no row of a delivery but a broken or hostile file."""


@dataclass(frozen=True, kw_only=True)
class BrokenLine:
    """A line that could not be taken apart into fields."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Some rows of a delivery. `frame` holds their columns as String, and `LINE`."""

    frame: pl.DataFrame
    broken: tuple[BrokenLine, ...] = ()
    is_sparse: bool = False
    """A row may leave out any column (JSON lines): an absent column is an empty one."""

    @property
    def read(self) -> int:
        return len(self.frame) + len(self.broken)


def check_width(count: int) -> None:
    """Raises `ContractBroken` for more columns than a delivery has."""
    if count > MOST_COLUMNS:
        raise ContractBroken(f"has {count:,} columns; at most {MOST_COLUMNS:,} are read")


def text_frame(columns: dict[str, list[str | None]], lines: list[int]) -> pl.DataFrame:
    """A frame of text columns and their line numbers."""
    series = [pl.Series(name, texts, dtype=pl.String) for name, texts in columns.items()]
    return pl.DataFrame([*series, pl.Series(LINE, lines, dtype=pl.Int64)])


def regroup(chunks: Iterator[Chunk], rows: int) -> Iterator[Chunk]:
    """The same rows in chunks of `rows`, so that cuts depend on the content alone.

    Without any row one chunk still tells the columns, if the format has them.
    """
    waiting: list[pl.DataFrame] = []
    broken: deque[BrokenLine] = deque()
    count, is_sparse, is_first = 0, False, True
    for chunk in chunks:
        is_sparse = is_sparse or chunk.is_sparse
        waiting.append(chunk.frame)
        broken.extend(chunk.broken)
        count += len(chunk.frame)
        if count >= rows:
            whole = pl.concat(waiting, how="diagonal")
            while len(whole) >= rows:
                part, whole = whole[:rows], whole[rows:]
                yield Chunk(frame=part, broken=_until(broken, part[LINE][-1]), is_sparse=is_sparse)
                is_first = False
            waiting, count = [whole], len(whole)
    last = pl.concat(waiting, how="diagonal") if waiting else pl.DataFrame()
    if len(last) or broken or is_first:
        yield Chunk(frame=last, broken=tuple(broken), is_sparse=is_sparse)


def _until(broken: deque[BrokenLine], line: int) -> tuple[BrokenLine, ...]:
    found = []
    while broken and broken[0].line <= line:
        found.append(broken.popleft())
    return tuple(found)
