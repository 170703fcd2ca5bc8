"""Deliveries that could not be read, and the columns that sources deliver."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from etl.books.book import Book, aware, naive
from warehouse import clock
from warehouse.operations import Drift

MOST_TRIES = 3
"""After so many tries a delivery is left alone until something about it changes."""
MOST_DRIFTS = 200
"""Of each source the newest stay."""

_TRIED = """
INSERT INTO {db}.attempt BY NAME
SELECT $1 AS source, $2 AS item, $3 AS version, $4 AS tries, $5 AS reason, $6::TIMESTAMP AS since,
    (SELECT greatest(event_until, quiet_until) FROM {db}.standing WHERE source = $1) AS held_at
ON CONFLICT (source, item) DO UPDATE SET
    tries = CASE WHEN version = excluded.version THEN tries ELSE 0 END + excluded.tries,
    version = excluded.version, reason = excluded.reason, since = excluded.since
RETURNING tries
"""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A delivery that could not be read, as it was then."""

    item: str
    version: str
    tries: int
    reason: str
    since: datetime
    """Of the last try."""


class Attempts(Book):
    # --- tries ------------------------------------------------------------------------------

    def tried(self, source: str, item: str, version: str, reason: str, *, tries: int = 1) -> int:
        """Notes that the item could not be read as it is now; how often that was so.

        Until it is read or went away, the source's watermark stays where it was at the first try.

        tries   as how many this one counts: `MOST_TRIES` parks it at once, because another try
                would come to the same; 0 never does, because it says nothing about the item.
        """
        now = naive(clock.now())
        return int(self._execute(_TRIED, source, item, version, tries, reason, now)[0][0])

    def attempts(self, source: str) -> dict[str, Attempt]:
        """Item -> what was tried of it in vain."""
        rows = self._execute(
            "SELECT item, version, tries, reason, since FROM {db}.attempt WHERE source = ?", source
        )
        return {
            row[0]: Attempt(
                item=row[0], version=row[1], tries=row[2], reason=row[3], since=aware(row[4])
            )
            for row in rows
        }

    def parked(self, source: str) -> dict[str, Attempt]:
        """The items that are left alone; one whose version is another by now is not parked."""
        return {
            item: attempt
            for item, attempt in self.attempts(source).items()
            if attempt.tries >= MOST_TRIES
        }

    def try_again(self, source: str) -> None:
        """What is parked shall be tried by the next run; until then it holds the watermark."""
        self._execute("UPDATE {db}.attempt SET tries = 0 WHERE source = ?", source)

    def clear(self, source: str, item: str) -> None:
        """The item was read or went away."""
        self._execute("DELETE FROM {db}.attempt WHERE source = ? AND item = ?", source, item)

    # --- identity ---------------------------------------------------------------------------

    def identity(self, source: str) -> str:
        """The mark of what makes its stored rows the same; empty before the first run."""
        rows = self._execute("SELECT mark FROM {db}.identity WHERE source = ?", source)
        return rows[0][0] if rows else ""

    def keep_identity(self, source: str, mark: str) -> None:
        self._execute("INSERT OR REPLACE INTO {db}.identity VALUES (?, ?)", source, mark)

    # --- columns ----------------------------------------------------------------------------

    def columns(self, source: str) -> dict[str, str]:
        """Their column -> its shape when the source delivered last.

        A shape is `text`, `whole`, `number`, `time`, `flag` or `empty`.
        """
        rows = self._execute(
            "SELECT column_name, shape FROM {db}.column_shape WHERE source = ?", source
        )
        return dict(rows)

    def keep_columns(
        self, source: str, columns: Mapping[str, str], drifts: Iterable[Drift] = ()
    ) -> None:
        """What the source has delivered now, and how that differs from before."""
        now = naive(clock.now())
        with self._transaction():
            self._execute("DELETE FROM {db}.column_shape WHERE source = ?", source)
            for name, shape in columns.items():
                self._execute(
                    "INSERT INTO {db}.column_shape VALUES (?, ?, ?, ?)", source, name, shape, now
                )
            self._drifted(source, drifts)

    def _drifted(self, source: str, drifts: Iterable[Drift]) -> None:
        for drift in drifts:
            self._execute(
                "INSERT INTO {db}.drift VALUES (?, ?, ?, ?, ?, ?, ?)",
                source,
                drift.item,
                drift.column_name,
                drift.kind,
                drift.was,
                drift.now,
                naive(drift.seen_at),
            )
        self._execute(
            "DELETE FROM {db}.drift WHERE source = $1 AND seen_at < ("
            " SELECT min(seen_at) FROM (SELECT seen_at FROM {db}.drift WHERE source = $1"
            " ORDER BY seen_at DESC LIMIT $2))",
            source,
            MOST_DRIFTS,
        )

    def drifts(self, source: str) -> tuple[Drift, ...]:
        """The newest first."""
        rows = self._execute(
            "SELECT item, column_name, kind, was, now, seen_at FROM {db}.drift WHERE source = ?"
            " ORDER BY seen_at DESC, column_name",
            source,
        )
        return tuple(
            Drift(
                source=source,
                item=row[0],
                column_name=row[1],
                kind=row[2],
                was=row[3],
                now=row[4],
                seen_at=aware(row[5]),
            )
            for row in rows
        )
