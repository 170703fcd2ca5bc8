"""Rows that came too late, and the published numbers that they changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from etl.books.book import Book, aware, naive
from warehouse.operations import Restatement


@dataclass(frozen=True, kw_only=True)
class Late:
    """Rows of one source that came for a day which it had already published as over."""

    dataset: str
    day: date
    source: str
    rows: int
    first_at: datetime


class Restatements(Book):
    def lates(self) -> tuple[Late, ...]:
        """By dataset, day and source; `record` adds to them."""
        rows = self._execute(
            "SELECT dataset, day, source, rows, first_at FROM {db}.late ORDER BY ALL"
        )
        return tuple(
            Late(dataset=r[0], day=r[1], source=r[2], rows=r[3], first_at=aware(r[4])) for r in rows
        )

    def restated(self, restatements: Iterable[Restatement], lates: Iterable[Late] = ()) -> None:
        """Enters numbers that have changed; the late rows that caused it are done with.

        Rows that came since `lates` were read stay, with their count.
        """
        with self._transaction():
            for each in restatements:
                self._execute(
                    "INSERT INTO {db}.restatement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    each.metric,
                    each.dimension,
                    each.member,
                    each.start,
                    each.end,
                    each.old,
                    each.new,
                    each.cause,
                    list(each.sources),
                    each.rows,
                    naive(each.seen_at),
                    each.generation,
                )
            for late in lates:
                self._done(late)

    def _done(self, late: Late) -> None:
        key = (late.dataset, late.day, late.source)
        where = "WHERE dataset = ? AND day = ? AND source = ?"
        self._execute(f"UPDATE {{db}}.late SET rows = rows - ? {where}", late.rows, *key)
        self._execute(f"DELETE FROM {{db}}.late {where} AND rows <= 0", *key)

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
