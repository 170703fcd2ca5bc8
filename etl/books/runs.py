"""Runs, and how each source stands over all of them."""

from datetime import datetime

from etl.books.book import Book, aware, naive
from etl.model import BatchCount, RunReport, RunState, Standing
from warehouse import clock
from warehouse.operations import RunKind

_TOTALS = """
    coalesce(sum(rows_read), 0)::BIGINT, coalesce(sum(rows_loaded), 0)::BIGINT,
    coalesce(sum(rows_duplicate), 0)::BIGINT, coalesce(sum(rows_quarantined), 0)::BIGINT
"""
_START = """
INSERT INTO {db}.run BY NAME
SELECT ? AS run_id, ? AS source, ? AS dataset, ?::TIMESTAMP AS started_at, ? AS state,
    ? AS kind, ? AS asked_by, '' AS message,
    0 AS rows_read, 0 AS rows_loaded, 0 AS rows_duplicate, 0 AS rows_quarantined
"""
_STARTED = """
INSERT INTO {db}.standing VALUES (?, 0, 0, 0, 0, NULL, NULL, ?, ?, ?, '')
ON CONFLICT (source) DO UPDATE SET run_id = excluded.run_id, run_state = excluded.run_state,
    run_started_at = excluded.run_started_at, run_message = ''
"""
_END = """
UPDATE {db}.run SET state = ?, message = ?, ended_at = ?, rows_read = ?, rows_loaded = ?,
    rows_duplicate = ?, rows_quarantined = ?
WHERE run_id = ?
"""
_ENDED = """
INSERT OR IGNORE INTO {db}.ended
SELECT run_id, source, dataset, started_at, state,
    rows_read, rows_loaded, rows_duplicate, rows_quarantined
FROM {db}.run WHERE run_id = ?
"""
_RUN = """
SELECT source, started_at, ended_at, state, message, kind, asked_by,
    rows_read, rows_loaded, rows_duplicate, rows_quarantined
FROM {db}.run WHERE run_id = ?
"""
_STANDINGS = """
SELECT source, rows_read, rows_loaded, rows_duplicate, rows_quarantined,
    CASE WHEN coalesce(held.is_known, true)
        THEN least(greatest(event_until, quiet_until), held.until) END,
    run_started_at, run_state, run_message
FROM {db}.standing LEFT JOIN (
    SELECT source, min(held_at) AS until, bool_and(held_at IS NOT NULL) AS is_known
    FROM {db}.attempt GROUP BY source
) AS held USING (source)
"""


class Runs(Book):
    def start_run(
        self,
        run_id: str,
        source: str,
        dataset: str,
        started_at: datetime,
        kind: RunKind = RunKind.LOAD,
        asked_by: str = "",
    ) -> None:
        begun, running = naive(started_at), RunState.RUNNING.value
        with self._transaction():
            self._execute(_START, run_id, source, dataset, begun, running, kind.value, asked_by)
            self._execute(_STARTED, source, run_id, begun, running)

    def end_run(self, run_id: str, state: RunState, message: str = "") -> RunReport:
        """Close a run and return it with the counts of all its deliveries."""
        now, count = naive(clock.now()), self.counts(run_id)
        numbers = (count.read, count.loaded, count.duplicate, count.quarantined)
        with self._transaction():
            self._execute(_END, state.value, message, now, *numbers, run_id)
            self._execute(
                "UPDATE {db}.standing SET run_state = ?, run_message = ? WHERE run_id = ?",
                state.value,
                message,
                run_id,
            )
            self._execute(_ENDED, run_id)
        return self.run(run_id)

    def close_interrupted(self) -> None:
        """Whoever holds the only lock knows: a run that still counts as running was killed."""
        running = RunState.RUNNING.value
        for (run_id,) in self._execute("SELECT run_id FROM {db}.run WHERE state = ?", running):
            self.end_run(run_id, RunState.INTERRUPTED)

    def run(self, run_id: str) -> RunReport:
        row = self._execute(_RUN, run_id)[0]
        count = BatchCount(read=row[7], loaded=row[8], duplicate=row[9], quarantined=row[10])
        if row[3] == RunState.RUNNING:
            count = self.counts(run_id)
        return RunReport(
            run_id=run_id,
            source=row[0],
            started_at=aware(row[1]),
            ended_at=aware(row[2]),
            state=RunState(row[3]),
            message=row[4],
            kind=RunKind(row[5]),
            asked_by=row[6],
            read=count.read,
            loaded=count.loaded,
            duplicate=count.duplicate,
            quarantined=count.quarantined,
        )

    def counts(self, run_id: str) -> BatchCount:
        """The sum over the deliveries of a run that is not published yet, of a killed one too."""
        row = self._execute(f"SELECT {_TOTALS} FROM {{db}}.delivery WHERE run_id = ?", run_id)[0]
        return BatchCount(read=row[0], loaded=row[1], duplicate=row[2], quarantined=row[3])

    def last_run(self, source: str) -> RunReport | None:
        """The run of `source` that started last, also if it still runs."""
        rows = self._execute(
            "SELECT run_id FROM {db}.run WHERE source = ? ORDER BY started_at DESC, run_id LIMIT 1",
            source,
        )
        return self.run(rows[0][0]) if rows else None

    def finished(self, source: str, kind: RunKind) -> int:
        """How many runs of this kind came to their end."""
        rows = self._execute(
            "SELECT count(*) FROM {db}.run WHERE source = ? AND kind = ? AND state = ?",
            source,
            kind.value,
            RunState.DONE.value,
        )
        return int(rows[0][0])

    def standings(self) -> dict[str, Standing]:
        """How each source that was ever run stands; costs the same however long its history.

        A delivery that could not be read holds the watermark where it was at its first try.
        """
        rows = self._execute(_STANDINGS)
        return {
            row[0]: Standing(
                count=BatchCount(read=row[1], loaded=row[2], duplicate=row[3], quarantined=row[4]),
                watermark=aware(row[5]),
                run_started_at=aware(row[6]),
                run_state=row[7] or "",
                run_message=row[8] or "",
            )
            for row in rows
        }

    def totals(self, source: str) -> BatchCount:
        """What all runs of `source` came to."""
        found = self.standings().get(source)
        return BatchCount() if found is None else found.count

    def watermark(self, source: str) -> datetime | None:
        """Every committed batch of `source` reaches at most to here; None before the first."""
        found = self.standings().get(source)
        return None if found is None else found.watermark
