"""The ETL's books in `live/state.duckdb`: runs, what each batch came to, how far items are read.

Times go in and come out aware, in UTC; the file holds them without an offset.
"""

from datetime import UTC, datetime

from etl.model import Batch, BatchCount, Position, RunReport, RunState
from warehouse import clock
from warehouse.connection import Rows
from warehouse.writer import Writer

_TOTALS = """
    coalesce(sum(rows_read), 0)::BIGINT, coalesce(sum(rows_loaded), 0)::BIGINT,
    coalesce(sum(rows_duplicate), 0)::BIGINT, coalesce(sum(rows_quarantined), 0)::BIGINT
"""


class State:
    """Used under the loader's lock only."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._close_interrupted()

    @property
    def alias(self) -> str:
        return self._writer.attach("state", "")

    def _execute(self, sql: str, *parameters: object) -> Rows:
        return self._writer.execute(sql.replace("{db}", self.alias), parameters)

    def _close_interrupted(self) -> None:
        """We hold the only lock, so a run that still counts as running was killed."""
        self._execute(
            "UPDATE {db}.run SET state = ?, ended_at = coalesce(ended_at, ?) WHERE state = ?",
            RunState.INTERRUPTED.value,
            naive(clock.now()),
            RunState.RUNNING.value,
        )

    # --- runs -------------------------------------------------------------------------------

    def start_run(self, run_id: str, source: str, dataset: str, started_at: datetime) -> None:
        self._execute(
            "INSERT INTO {db}.run VALUES (?, ?, ?, ?, NULL, ?, '')",
            run_id,
            source,
            dataset,
            naive(started_at),
            RunState.RUNNING.value,
        )

    def end_run(self, run_id: str, state: RunState, message: str = "") -> RunReport:
        """Close a run and return it with the counts of all its deliveries."""
        self._execute(
            "UPDATE {db}.run SET state = ?, message = ?, ended_at = ? WHERE run_id = ?",
            state.value,
            message,
            naive(clock.now()),
            run_id,
        )
        return self.run(run_id)

    def run(self, run_id: str) -> RunReport:
        row = self._execute(
            "SELECT source, started_at, ended_at, state, message FROM {db}.run WHERE run_id = ?",
            run_id,
        )[0]
        count = self.counts(run_id)
        return RunReport(
            run_id=run_id,
            source=row[0],
            started_at=aware(row[1]) or clock.now(),
            ended_at=aware(row[2]),
            state=RunState(row[3]),
            message=row[4],
            read=count.read,
            loaded=count.loaded,
            duplicate=count.duplicate,
            quarantined=count.quarantined,
        )

    def counts(self, run_id: str) -> BatchCount:
        """The sum over the run's deliveries, of a killed run too."""
        row = self._execute(f"SELECT {_TOTALS} FROM {{db}}.delivery WHERE run_id = ?", run_id)[0]
        return BatchCount(read=row[0], loaded=row[1], duplicate=row[2], quarantined=row[3])

    def last_run(self, source: str) -> RunReport | None:
        """The run of `source` that started last, also if it still runs."""
        rows = self._execute(
            "SELECT run_id FROM {db}.run WHERE source = ? ORDER BY started_at DESC, run_id LIMIT 1",
            source,
        )
        return self.run(rows[0][0]) if rows else None

    def totals(self, source: str) -> BatchCount:
        """What all runs of `source` came to."""
        row = self._execute(f"SELECT {_TOTALS} FROM {{db}}.delivery WHERE source = ?", source)[0]
        return BatchCount(read=row[0], loaded=row[1], duplicate=row[2], quarantined=row[3])

    def watermark(self, source: str) -> datetime | None:
        """Every committed batch of `source` reaches at most to here; None before the first."""
        rows = self._execute("SELECT max(event_until) FROM {db}.delivery WHERE source = ?", source)
        return aware(rows[0][0])

    # --- positions --------------------------------------------------------------------------

    def positions(self, source: str) -> dict[str, Position]:
        """Item -> the delivery of it that was read to its end."""
        rows = self._execute(
            "SELECT item, size, mtime_ns, sha256 FROM {db}.position WHERE source = ?", source
        )
        return {r[0]: Position(item=r[0], size=r[1], mtime_ns=r[2], sha256=r[3]) for r in rows}

    def move(self, source: str, position: Position) -> None:
        """From now on this item is not read again unless it changes."""
        self._execute(
            "INSERT OR REPLACE INTO {db}.position VALUES (?, ?, ?, ?, ?, ?)",
            source,
            position.item,
            position.size,
            position.mtime_ns,
            position.sha256,
            naive(clock.now()),
        )

    # --- deliveries -------------------------------------------------------------------------

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

    def is_known(self, batch_id: str) -> bool:
        """The batch was stored as a whole before, by whichever run."""
        return bool(
            self._execute("SELECT 1 FROM {db}.delivery WHERE batch_id = ? LIMIT 1", batch_id)
        )

    def record(self, batch: Batch, count: BatchCount, position: Position | None) -> None:
        """The last step of a batch: its counts and, with its last piece, the item's position."""
        with self._writer.transaction():
            self._execute(
                "INSERT INTO {db}.delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                batch.batch_id,
                batch.run_id,
                batch.item,
                batch.source.name,
                count.read,
                count.loaded,
                count.duplicate,
                count.quarantined,
                None if batch.event_until is None else naive(batch.event_until),
                naive(clock.now()),
            )
            if position is not None:
                self.move(batch.source.name, position)


def naive(instant: datetime) -> datetime:
    """An aware instant as the file stores it."""
    return instant.astimezone(UTC).replace(tzinfo=None)


def aware(stored: datetime | None) -> datetime | None:
    return None if stored is None else stored.replace(tzinfo=UTC)
