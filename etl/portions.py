"""The rows of a batch as its partitions take them."""

from datetime import date
from typing import cast

import polars as pl


def by_month(rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """The rows of each partition, in order of time and line."""
    if rows.is_empty():
        return []
    ordered = _in_order(rows)
    first, last = cast(date, rows["day"].min()), cast(date, rows["day"].max())
    if (first.year, first.month) == (last.year, last.month):
        return [(f"{first:%Y-%m}", ordered)]
    found = ordered.with_columns(month=pl.col("day").dt.month_start()).partition_by(
        "month", as_dict=True, include_key=False
    )
    parts = cast("dict[tuple[date], pl.DataFrame]", found)
    return [(f"{month:%Y-%m}", parts[(month,)]) for (month,) in sorted(parts)]


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """In order of time and line, as most deliveries are already."""
    is_ordered = rows["occurred_at"].is_sorted() and rows["line"].is_sorted()
    return rows if is_ordered else rows.sort("occurred_at", "line")


def once(rows: pl.DataFrame) -> pl.DataFrame:
    """Of rows with the same identity the one that was delivered first."""
    if rows["identity"].is_unique().all():
        return rows
    first = rows.sort("line").unique("identity", keep="first", maintain_order=True)
    return _in_order(first)


def days(rows: pl.DataFrame) -> str:
    """Where the whole row is the identity, an equal row is of the same day.

    A named identity can come again with a corrected time, so there the whole month is asked.
    """
    return f" AND day BETWEEN DATE '{rows['day'].min()!s}' AND DATE '{rows['day'].max()!s}'"
