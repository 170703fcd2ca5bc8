"""Where broken rows are kept, and how they leave it when a replay finds them good."""

import polars as pl

from etl.books.book import naive
from etl.failpoints import step
from etl.model import Batch, BatchCount, Replayed
from warehouse import clock
from warehouse.connection import Rows
from warehouse.writer import Writer

_KEEP = """
INSERT INTO {db}.original BY NAME
SELECT $1 AS source, $2 AS run_id, $3 AS batch_id, $4 AS item, line, column_name, reason, original,
    $5::TIMESTAMP AS seen_at,
    (md5_number($1 || chr(31) || identity) >> 1)::HUGEINT AS event_id
FROM broken
"""

_THERE = """
WITH kept AS (FROM {db}.original WHERE source = $1 AND batch_id <> $2),
came AS MATERIALIZED (FROM broken)
SELECT place FROM came
WHERE (md5_number($1 || chr(31) || identity) >> 1)::HUGEINT IN (SELECT event_id FROM kept)
UNION ALL
SELECT place FROM came SEMI JOIN (FROM kept WHERE event_id IS NULL AND item = $3)
    USING (line, reason)
WHERE identity IS NULL
"""


class Quarantine:
    """The file `quarantine`, used under the loader's lock only."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        for column in ("event_id HUGEINT",):  # a home made before rows could be replayed
            self._execute(f"ALTER TABLE {{db}}.original ADD COLUMN IF NOT EXISTS {column}")
        self._execute(_REPLAY)

    def _execute(self, sql: str, *parameters: object) -> Rows:
        return self._writer.execute(sql.replace("{db}", self.alias), parameters)

    @property
    def alias(self) -> str:
        return self._writer.attach("quarantine", "")

    def keep(self, batch: Batch) -> None:
        """Keep the originals of a batch's broken rows, once a batch.

        What a killed run has kept of it is replaced: a row that was too far ahead then may be good
        by now, and is stored.
        """
        now = naive(clock.now())
        known = self._execute("SELECT 1 FROM {db}.ledger WHERE batch_id = ?", batch.batch_id)
        if not known and batch.quarantined.is_empty():
            return
        broken = self._writer.registered("broken", batch.quarantined)
        with step("quarantine"), broken, self._writer.transaction():
            if known:
                self._drop(batch.batch_id)
            self._execute(_KEEP, batch.source.name, batch.run_id, batch.batch_id, batch.item, now)
            self._execute(
                "INSERT INTO {db}.ledger VALUES (?, ?, ?, ?)",
                batch.batch_id,
                batch.run_id,
                len(batch.quarantined),
                now,
            )

    def _drop(self, batch_id: str) -> None:
        for table in ("original", "ledger"):
            self._execute(f"DELETE FROM {{db}}.{table} WHERE batch_id = ?", batch_id)

    def is_there(self, batch: Batch) -> pl.Series:
        """Whether each broken row of a batch is kept already, with another batch of its source.

        A line that could not be taken apart is known by its item, place and reason.
        """
        with self._writer.registered("broken", batch.quarantined.with_row_index("place")):
            rows = self._execute(_THERE, batch.source.name, batch.batch_id, batch.item)
        places = pl.Series([row[0] for row in rows], dtype=pl.UInt32)
        return pl.int_range(len(batch.quarantined), dtype=pl.UInt32, eager=True).is_in(
            places.implode()
        )

    def kept(self, batch_id: str) -> int:
        """How many rows of a batch are kept here."""
        rows = self._execute("SELECT count(*) FROM {db}.original WHERE batch_id = ?", batch_id)
        return int(rows[0][0])

    # --- replay -----------------------------------------------------------------------------

    def origins(self, source: str) -> list[tuple[str, str]]:
        """(batch, item) of what is kept of a source, the oldest first."""
        rows = self._execute(
            "SELECT batch_id, any_value(item) FROM {db}.original WHERE source = ?"
            " GROUP BY batch_id ORDER BY min(seen_at), batch_id",
            source,
        )
        return [(batch, item) for batch, item in rows]

    def originals(self, source: str, origin: str) -> list[tuple[int, str, str, str | None]]:
        """(line, reason, original, event id) of the rows kept with a batch."""
        rows = self._execute(
            "SELECT line, reason, original, event_id::VARCHAR FROM {db}.original"
            " WHERE source = ? AND batch_id = ? ORDER BY line",
            source,
            origin,
        )
        return [(line, reason, original, event) for line, reason, original, event in rows]

    def take_out(self, replayed: Replayed, count: BatchCount) -> None:
        """Remove rows that are in the warehouse now, and note what that comes to."""
        batch = replayed.batch
        with step("replay"), self._writer.transaction():
            self._execute(
                "DELETE FROM {db}.original WHERE batch_id = ? AND line IN (SELECT unnest(?))",
                replayed.origin,
                list(replayed.lines),
            )
            self._execute(
                "INSERT INTO {db}.replay VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                batch.batch_id,
                batch.run_id,
                batch.item,
                batch.source.name,
                count.loaded,
                count.duplicate,
                count.quarantined,
                naive(clock.now()),
            )

    def taken_out(self) -> list[tuple[str, str, str, str, BatchCount]]:
        """(batch, run, item, source, count) of every replay that may not be in the books yet."""
        rows = self._execute(
            "SELECT batch_id, run_id, item, source, rows_loaded, rows_duplicate, rows_quarantined"
            " FROM {db}.replay"
        )
        return [
            (*row[:4], BatchCount(loaded=row[4], duplicate=row[5], quarantined=row[6]))
            for row in rows
        ]

    def forget_replays(self) -> None:
        """They are in the books."""
        if self._execute("SELECT 1 FROM {db}.replay LIMIT 1"):
            self._execute("DELETE FROM {db}.replay")


_REPLAY = """
CREATE TABLE IF NOT EXISTS {db}.replay (
    batch_id VARCHAR PRIMARY KEY,
    run_id VARCHAR,
    item VARCHAR,
    source VARCHAR,
    rows_loaded BIGINT,
    rows_duplicate BIGINT,
    rows_quarantined BIGINT,
    seen_at TIMESTAMP
)
"""
