"""Which rows a bureau delivers, month by month: the same for the history and for today."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import polars as pl

from etl.demo import vocabulary as words
from etl.demo.bureaus import Bureau
from etl.demo.calendar import month_start
from etl.demo.loans import steps
from etl.demo.ratings import machine_counts, ratings
from etl.demo.usage import events
from etl.demo.wording import blemished, worded

DELIVERED = "delivered"
"""Column beside a bureau's own: the local time at which the row reaches the inbox."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """Local times: later than `since`, up to and including `until`."""

    since: datetime
    until: datetime

    def holds(self, column: str) -> pl.Expr:
        return (pl.col(column) > self.since) & (pl.col(column) <= self.until)


def planned(bureau: Bureau, first: date, month: int) -> pl.DataFrame:
    """All rows of `bureau` that happen in `month`, worded and blemished, with `DELIVERED`."""
    return as_delivered(happening(bureau, first, month), bureau, month_start(first, month))


def as_delivered(rows: pl.DataFrame, bureau: Bureau, month: date) -> pl.DataFrame:
    """`rows` in the bureau's words; `month` goes into their running numbers."""
    texts = worded(rows, bureau, month).with_columns(rows[DELIVERED])
    return blemished(texts, rows, bureau, month)


def happening(bureau: Bureau, first: date, month: int) -> pl.DataFrame:
    """What happens in `month` at `bureau`, as codes, late rows included."""
    if bureau.kind == "service":
        return of_bureau(events(first, month), bureau)
    if bureau.kind == "rating":
        return _ratings(first, month)
    if bureau.kind == "volume":
        return machine_counts(first, month)
    return steps(first, month, for_dealers=bureau.kind == "dealer")


@lru_cache(maxsize=4)
def _ratings(first: date, month: int) -> pl.DataFrame:
    return ratings(events(first, month), first, month)


def of_bureau(rows: pl.DataFrame, bureau: Bureau) -> pl.DataFrame:
    """The service events of the scenes `bureau` runs."""
    codes = [scene.code for scene in words.SCENES]
    return rows.filter(pl.col("scene").is_in([codes.index(s) for s in bureau.scenes]))
