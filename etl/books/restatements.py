"""Rows that came too late, the published numbers that they changed, and what checks found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from etl.books.book import Book, aware, naive
from warehouse import clock
from warehouse.operations import Restatement
from warehouse.quality import CHECKS


@dataclass(frozen=True, kw_only=True)
class Late:
    """Rows of one source that came for a day which it had already published as over."""

    dataset: str
    day: date
    source: str
    rows: int
    first_at: datetime
    cause: str
    """`late`, `replay` or `backfill`."""
    generation: int
    """The one that counted when they came."""


_LATE = """
INSERT INTO {db}.late VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (dataset, day, source) DO UPDATE SET
    rows = rows + excluded.rows, cause = excluded.cause
"""
_ENTERED: dict[str, pl.DataType | type[pl.DataType]] = {
    "metric": pl.String,
    "dimension": pl.String,
    "member": pl.String,
    "start": pl.Date,
    "end": pl.Date,
    "old": pl.Float64,
    "new": pl.Float64,
    "cause": pl.String,
    "sources": pl.List(pl.String),
    "rows": pl.Int64,
    "seen_at": pl.Datetime("us"),
    "generation": pl.Int64,
}


class Restatements(Book):
    def lates(self) -> tuple[Late, ...]:
        """By dataset, day and source."""
        rows = self._execute(
            "SELECT dataset, day, source, rows, first_at, cause, generation FROM {db}.late"
            " ORDER BY ALL"
        )
        return tuple(
            Late(
                dataset=row[0],
                day=row[1],
                source=row[2],
                rows=row[3],
                first_at=aware(row[4]),
                cause=row[5],
                generation=row[6],
            )
            for row in rows
        )

    def mark_late(
        self, dataset: str, source: str, days: Mapping[date, int], cause: str, generation: int
    ) -> None:
        """Adds to the late rows of each day. Marked with 0 before they are stored, so that a kill
        in between forgets their number at worst."""
        now = naive(clock.now())
        for day, rows in days.items():
            self._execute(_LATE, dataset, day, source, rows, now, cause, generation)

    def restated(self, restatements: Iterable[Restatement], lates: Iterable[Late] = ()) -> None:
        """Enters numbers that have changed; the late rows that caused it are done with.

        Rows that came since `lates` were read stay, with their count.
        """
        with self._transaction():
            self._enter(restatements)
            for late in lates:
                self._done(late)

    def _enter(self, restatements: Iterable[Restatement]) -> None:
        """All at once: one late batch may change thousands of numbers."""
        rows = [
            {**vars(each), "sources": list(each.sources), "seen_at": naive(each.seen_at)}
            for each in restatements
        ]
        entered = pl.DataFrame(rows, schema=_ENTERED)
        with self._writer.registered("entered", entered):
            self._execute("INSERT INTO {db}.restatement FROM entered")

    def _done(self, late: Late) -> None:
        key = (late.dataset, late.day, late.source)
        where = "WHERE dataset = ? AND day = ? AND source = ?"
        self._execute(f"UPDATE {{db}}.late SET rows = rows - ? {where}", late.rows, *key)
        self._execute(f"DELETE FROM {{db}}.late {where} AND rows <= 0", *key)

    def checked(self, dataset: str, month: str, found: Mapping[str, int]) -> None:
        """Check -> rows of the partition that break it now."""
        now = naive(clock.now())
        with self._transaction():
            self._execute(
                "DELETE FROM {db}.check_result WHERE dataset = ? AND month = ?", dataset, month
            )
            for key, rows in found.items():
                severity = CHECKS[key].severity.value
                self._execute(
                    "INSERT INTO {db}.check_result VALUES (?, ?, ?, ?, ?, ?)",
                    dataset,
                    month,
                    key,
                    severity,
                    rows,
                    now,
                )

    def restatements(self) -> tuple[Restatement, ...]:
        """All of them, the newest first."""
        rows = self._execute(
            "SELECT * FROM {db}.restatement"
            " ORDER BY seen_at DESC, metric, dimension, member, start_day"
        )
        return tuple(
            Restatement(
                metric=row[0],
                dimension=row[1],
                member=row[2],
                start=row[3],
                end=row[4],
                old=row[5],
                new=row[6],
                cause=row[7],
                sources=tuple(row[8]),
                rows=row[9],
                seen_at=aware(row[10]),
                generation=row[11],
            )
            for row in rows
        )
