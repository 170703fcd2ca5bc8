"""What each batch came to, and how far each item has been read."""

from collections.abc import Iterable
from datetime import datetime

from etl.books.book import Book, aware, naive
from etl.delivery import Position
from etl.model import Batch, BatchCount, Source
from warehouse import clock
from warehouse.writer import Writer

_ADD = """
UPDATE {db}.standing SET
    rows_read = rows_read + $2,
    rows_loaded = rows_loaded + $3,
    rows_duplicate = rows_duplicate + $4,
    rows_quarantined = rows_quarantined + $5,
    event_until = greatest(event_until, $6::TIMESTAMP),
    quiet_until = greatest(quiet_until, $7::TIMESTAMP)
WHERE source = $1
"""
_BEGIN = """
INSERT INTO {db}.standing BY NAME
SELECT $1 AS source, $2 AS rows_read, $3 AS rows_loaded, $4 AS rows_duplicate,
    $5 AS rows_quarantined, $6::TIMESTAMP AS event_until, $7::TIMESTAMP AS quiet_until
"""
_KNOWN = """
SELECT rows_quarantined FROM (
    SELECT rows_quarantined, 0 AS place, NULL AS recorded_at FROM {db}.batch
    WHERE batch = md5_number($1)
    UNION ALL
    SELECT rows_quarantined, 1, recorded_at FROM {db}.delivery WHERE batch_id = $1
) ORDER BY place, recorded_at LIMIT 1
"""
_PARTS = "SELECT count(*) FROM {db}.part WHERE source = ? AND item = ?"
_NEWEST = """
SELECT max(event_until) FROM (
    SELECT event_until FROM {db}.delivery WHERE run_id = $1 AND item = $2
    UNION ALL
    SELECT event_until FROM {db}.part WHERE source = $3 AND item = $2
)
"""
_TIMES = """
SELECT (SELECT coalesce(sum(times), 0) FROM {db}.batch WHERE batch = md5_number($1))
    + (SELECT count(*) FROM {db}.delivery WHERE batch_id = $1 AND rows_quarantined > 0)
"""


_PERSONAL = """
INSERT INTO {db}.personal VALUES (?, ?, NULL)
ON CONFLICT (source) DO UPDATE SET columns = list_distinct(columns || excluded.columns)
"""
_FORGET_SAMPLES = """
DELETE FROM {db}.sample WHERE source = $1 AND EXISTS (
    FROM {db}.personal WHERE source = $1 AND NOT list_has_all(columns, $2::VARCHAR[])
)
"""


class Deliveries(Book):
    def __init__(self, writer: Writer) -> None:
        super().__init__(writer)
        self._personal: dict[str, frozenset[str]] = {}

    # --- positions --------------------------------------------------------------------------

    def positions(self, source: str) -> dict[str, Position]:
        """Item -> the delivery of it that was read to its end."""
        rows = self._execute(
            "SELECT item, version, sha256, cursor FROM {db}.position WHERE source = ?", source
        )
        return {r[0]: Position(item=r[0], version=r[1], sha256=r[2], cursor=r[3]) for r in rows}

    def forget(self, source: str, items: Iterable[str]) -> None:
        """Items that went away. Should one come back, it is read again and counts once."""
        self._execute(
            "DELETE FROM {db}.position WHERE source = ? AND item IN (SELECT unnest(?))",
            source,
            list(items),
        )

    def move(self, source: str, position: Position, quiet_until: datetime | None = None) -> None:
        """From now on this item is not read again unless it changes.

        `quiet_until`: the item says that nothing happened until then.
        """
        if quiet_until is not None:
            self._add(source, BatchCount(), None, quiet_until)
        self._execute(
            "INSERT OR REPLACE INTO {db}.position VALUES (?, ?, ?, ?, ?, ?)",
            source,
            position.item,
            position.version,
            position.sha256,
            position.cursor,
            naive(clock.now()),
        )

    # --- batches ----------------------------------------------------------------------------

    def delivered(self, batch: Batch) -> BatchCount | None:
        """What this very batch came to in this run, if it was recorded already."""
        rows = self._execute(
            "SELECT rows_read, rows_loaded, rows_duplicate, rows_quarantined FROM {db}.delivery"
            " WHERE batch_id = ? AND run_id = ? AND item = ?",
            batch.batch_id,
            batch.run_id,
            batch.item,
        )
        if not rows:
            return None
        read, loaded, duplicate, quarantined = rows[0]
        return BatchCount(read=read, loaded=loaded, duplicate=duplicate, quarantined=quarantined)

    def is_part(self, batch: Batch) -> bool:
        """It was stored already by a run that was interrupted before the end of the item."""
        return bool(
            self._execute(
                "SELECT 1 FROM {db}.part WHERE source = ? AND item = ? AND batch_id = ?",
                batch.source.name,
                batch.item,
                batch.batch_id,
            )
        )

    def known_broken(self, batch_id: str) -> int | None:
        """The broken rows of a batch that some run stored as a whole before; else None."""
        rows = self._execute(_KNOWN, batch_id)
        return rows[0][0] if rows else None

    def times_broken(self, batch_id: str) -> int:
        """How often the broken rows of a batch have been counted as quarantined.

        0 for what a killed run has kept and the next one counts.
        """
        return int(self._execute(_TIMES, batch_id)[0][0])

    def record(
        self,
        batch: Batch,
        count: BatchCount,
        position: Position | None,
    ) -> None:
        """The last step of a batch: its counts and, with its last piece, the item's position."""
        source = batch.source.name
        self.note_personal(batch.source)
        with self._transaction():
            self._note(batch.batch_id, batch.run_id, batch.item, source, count, batch.event_until)
            self._add(source, count, self._complete_until(batch), batch.quiet_until)
            self._note_part(batch)
            if position is not None:
                self.move(source, position)

    def record_replay(
        self, batch_id: str, run_id: str, item: str, source: str, count: BatchCount
    ) -> None:
        """What a replay has moved out of quarantine, once a batch."""
        with self._transaction():
            if self.known_broken(batch_id) is None:
                self._note(batch_id, run_id, item, source, count, None)
                self._add(source, count, None, None)

    def _note(
        self,
        batch_id: str,
        run_id: str,
        item: str,
        source: str,
        count: BatchCount,
        until: datetime | None,
    ) -> None:
        self._execute(
            "INSERT INTO {db}.delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            batch_id,
            run_id,
            item,
            source,
            count.read,
            count.loaded,
            count.duplicate,
            count.quarantined,
            naive(until),
            naive(clock.now()),
        )

    def _note_part(self, batch: Batch) -> None:
        """Pieces of an item whose end is not stored yet: what interrupts it counts none twice."""
        source, item = batch.source.name, batch.item
        if not batch.is_last:
            until = naive(batch.event_until)
            self._execute(
                "INSERT INTO {db}.part VALUES (?, ?, ?, ?)", source, item, batch.batch_id, until
            )
        elif self._execute(_PARTS, source, item)[0][0]:
            self._execute("DELETE FROM {db}.part WHERE source = ? AND item = ?", source, item)

    def _complete_until(self, batch: Batch) -> datetime | None:
        """The newest event of the item, once all of it is here: its pieces are in no order of
        time, so before that an event older than the newest may still be missing."""
        if not batch.is_last:
            return None
        (newest,) = self._execute(_NEWEST, batch.run_id, batch.item, batch.source.name)
        return aware(newest[0])

    def note_personal(self, source: Source) -> None:
        """Remember every column that was ever declared personal: no operator sees it.

        Examples from before one was are forgotten.
        """
        declared = {*source.personal, *source.dropped}
        if declared <= self._personal.get(source.name, frozenset()) and (
            source.name in self._personal
        ):
            return
        with self._transaction():
            self._execute(_FORGET_SAMPLES, source.name, sorted(declared))
            self._execute(_PERSONAL, source.name, sorted(declared))
        known = self._execute("SELECT columns FROM {db}.personal WHERE source = ?", source.name)
        self._personal[source.name] = frozenset(known[0][0])

    def _add(
        self, source: str, count: BatchCount, until: datetime | None, quiet: datetime | None
    ) -> None:
        figures = (
            *(source, count.read, count.loaded, count.duplicate, count.quarantined),
            *(naive(until), naive(quiet)),
        )
        # Half of what an upsert costs, for every batch.
        if self._execute(_ADD, *figures) == [(0,)]:
            self._execute(_BEGIN, *figures)
