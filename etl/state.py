"""The ETL's books in `live/state.duckdb`: runs, what each batch came to, how far items are read.

Times go in and come out aware, in UTC; the file holds them without an offset.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import overload

from etl.model import Batch, BatchCount, Position, RunReport, RunState, Standing
from warehouse import clock
from warehouse.connection import Rows
from warehouse.schema import statements_of
from warehouse.writer import Writer

_TOTALS = """
    coalesce(sum(rows_read), 0)::BIGINT, coalesce(sum(rows_loaded), 0)::BIGINT,
    coalesce(sum(rows_duplicate), 0)::BIGINT, coalesce(sum(rows_quarantined), 0)::BIGINT
"""
_ADD = """
INSERT INTO {db}.standing BY NAME
SELECT ? AS source, ? AS rows_read, ? AS rows_loaded, ? AS rows_duplicate,
    ? AS rows_quarantined, ?::TIMESTAMP AS event_until, ?::TIMESTAMP AS quiet_until
ON CONFLICT (source) DO UPDATE SET
    rows_read = rows_read + excluded.rows_read,
    rows_loaded = rows_loaded + excluded.rows_loaded,
    rows_duplicate = rows_duplicate + excluded.rows_duplicate,
    rows_quarantined = rows_quarantined + excluded.rows_quarantined,
    event_until = greatest(event_until, excluded.event_until),
    quiet_until = greatest(quiet_until, excluded.quiet_until)
"""
_STARTED = """
INSERT INTO {db}.standing VALUES (?, 0, 0, 0, 0, NULL, NULL, ?, ?, ?, '')
ON CONFLICT (source) DO UPDATE SET run_id = excluded.run_id, run_state = excluded.run_state,
    run_started_at = excluded.run_started_at, run_message = ''
"""
_ENDED = f"""
INSERT OR IGNORE INTO {{db}}.ended
SELECT run.run_id, run.source, run.dataset, run.started_at, run.state, {_TOTALS}
FROM {{db}}.run AS run LEFT JOIN {{db}}.delivery AS delivery ON run.run_id = delivery.run_id
WHERE run.run_id = ? AND run.state <> 'running'
GROUP BY ALL
"""


class State:
    """Used under the loader's lock only."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._make_tables()
        self._close_interrupted()

    @property
    def alias(self) -> str:
        return self._writer.attach("state", "")

    def _execute(self, sql: str, *parameters: object) -> Rows:
        return self._writer.execute(sql.replace("{db}", self.alias), parameters)

    def _make_tables(self) -> None:
        """A home made by an older cockpit lacks the newer ones, which sum up the older ones."""
        for statement in statements_of("schema/state", self.alias):
            self._execute(statement)
        lacks = "SELECT 1 FROM {db}.run WHERE NOT EXISTS (SELECT 1 FROM {db}.standing) LIMIT 1"
        if self._execute(lacks):
            with self._writer.transaction():
                for statement in statements_of("schema/state_fill", self.alias):
                    self._execute(statement)

    def _close_interrupted(self) -> None:
        """We hold the only lock, so a run that still counts as running was killed."""
        running = RunState.RUNNING.value
        for (run_id,) in self._execute("SELECT run_id FROM {db}.run WHERE state = ?", running):
            self.end_run(run_id, RunState.INTERRUPTED)

    # --- runs -------------------------------------------------------------------------------

    def start_run(self, run_id: str, source: str, dataset: str, started_at: datetime) -> None:
        begun, running = naive(started_at), RunState.RUNNING.value
        with self._writer.transaction():
            self._execute(
                "INSERT INTO {db}.run VALUES (?, ?, ?, ?, NULL, ?, '')",
                run_id,
                source,
                dataset,
                begun,
                running,
            )
            self._execute(_STARTED, source, run_id, begun, running)

    def end_run(self, run_id: str, state: RunState, message: str = "") -> RunReport:
        """Close a run and return it with the counts of all its deliveries."""
        now = naive(clock.now())
        with self._writer.transaction():
            self._execute(
                "UPDATE {db}.run SET state = ?, message = ?, ended_at = ? WHERE run_id = ?",
                state.value,
                message,
                now,
                run_id,
            )
            self._execute(
                "UPDATE {db}.standing SET run_state = ?, run_message = ? WHERE run_id = ?",
                state.value,
                message,
                run_id,
            )
            self._execute(_ENDED, run_id)
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

    def standings(self) -> dict[str, Standing]:
        """How each source that was ever run stands; costs the same however long its history."""
        rows = self._execute(
            "SELECT source, rows_read, rows_loaded, rows_duplicate, rows_quarantined,"
            " greatest(event_until, quiet_until), run_started_at, run_state, run_message"
            " FROM {db}.standing"
        )
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

    # --- positions --------------------------------------------------------------------------

    def positions(self, source: str) -> dict[str, Position]:
        """Item -> the delivery of it that was read to its end."""
        rows = self._execute(
            "SELECT item, size, mtime_ns, sha256 FROM {db}.position WHERE source = ?", source
        )
        return {r[0]: Position(item=r[0], size=r[1], mtime_ns=r[2], sha256=r[3]) for r in rows}

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

    def known_broken(self, batch_id: str) -> int | None:
        """The broken rows of a batch that some run stored as a whole before; else None."""
        rows = self._execute(
            "SELECT rows_quarantined FROM {db}.delivery WHERE batch_id = ?"
            " ORDER BY recorded_at LIMIT 1",
            batch_id,
        )
        return rows[0][0] if rows else None

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
                naive(batch.event_until),
                naive(clock.now()),
            )
            self._add(batch.source.name, count, batch.event_until, batch.quiet_until)
            if position is not None:
                self.move(batch.source.name, position)

    def _add(
        self, source: str, count: BatchCount, until: datetime | None, quiet: datetime | None
    ) -> None:
        self._execute(
            _ADD,
            source,
            count.read,
            count.loaded,
            count.duplicate,
            count.quarantined,
            naive(until),
            naive(quiet),
        )


@overload
def naive(instant: datetime) -> datetime: ...


@overload
def naive(instant: datetime | None) -> datetime | None: ...


def naive(instant: datetime | None) -> datetime | None:
    """An aware instant as the file stores it."""
    return None if instant is None else instant.astimezone(UTC).replace(tzinfo=None)


def aware(stored: datetime | None) -> datetime | None:
    return None if stored is None else stored.replace(tzinfo=UTC)
