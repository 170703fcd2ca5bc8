"""Storing a batch so that it counts once, however often it is delivered or interrupted.

Order of a batch: each partition in a transaction of its own (rows and ledger together), then
the broken rows' originals, then the books (counts, position) last. A process killed anywhere
starts the batch again: a partition whose ledger knows the batch returns its recorded counts.
"""

import fcntl
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Self

import polars as pl

from etl.failpoints import reach
from etl.model import Batch, BatchCount, Position
from etl.rollup import DIRTY, partitions_to_sum, roll_up
from etl.state import State, naive
from warehouse import clock
from warehouse.datasets import DATASETS
from warehouse.errors import Busy, NoSpace, StorageError
from warehouse.home import storage_errors
from warehouse.keys import Keyring
from warehouse.schema import fact_columns
from warehouse.settings import Settings
from warehouse.writer import Writer

log = logging.getLogger(__name__)

RESERVE_BYTES = 64 * 1024 * 1024
MOST_ATTACHED = 16

# 127 bits of the MD5, because the column is signed. Source and identity are kept apart by a
# separator that neither may hold.
_STAGE = """
CREATE OR REPLACE TEMP TABLE staged AS
SELECT (md5_number($1 || chr(31) || identity) >> 1)::HUGEINT AS event_id, $1 AS source,
    strftime(day, '%Y-%m') AS month, * EXCLUDE (identity)
FROM incoming
"""
_FRESH = """
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT * FROM (
    SELECT * FROM staged WHERE month = ?
    QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY line) = 1
) ANTI JOIN {known} USING (event_id)
"""


class Loader:
    """The one writer of a home, for as long as it lives. Safe to share between threads."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        """Raises `Busy` while another process holds the home."""
        self.settings = settings
        self.keyring = keyring
        self.lock = threading.RLock()
        with ExitStack() as undo:
            self._held = hold(settings)
            undo.callback(os.close, self._held)
            self.writer = Writer(settings, keyring)
            undo.callback(self.writer.close)
            self.state = State(self.writer)
            self._unsummed = partitions_to_sum(settings)
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self.lock:
            try:
                self.writer.close()
            finally:
                os.close(self._held)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Alone with the files; after an error of storage the next user finds them usable."""
        with self.lock:
            try:
                yield
            except StorageError:
                self.writer.reset()
                raise

    def load(self, batch: Batch, position: Position | None = None) -> BatchCount:
        """Store `batch`; with its last piece give the item's `position`.

        The same batch of the same run gives its recorded counts again. A batch that an earlier
        run stored as a whole is a second delivery: nothing is written, its rows are duplicates.
        Raises `NoSpace` before anything is written, `StorageError` if counts do not add up.
        """
        with self.working():
            recorded = self.state.delivered(batch)
            if recorded is not None:
                return recorded
            count = self._again(batch) if self.state.is_known(batch.batch_id) else None
            if count is None:
                self._check_space(batch)
                count = self._store(batch)
            _check(batch, count)
            reach("position")
            self.state.record(batch, count, position)
            return count

    def _again(self, batch: Batch) -> BatchCount:
        return BatchCount(
            read=batch.read, duplicate=len(batch.rows), quarantined=len(batch.quarantined)
        )

    def _check_space(self, batch: Batch) -> None:
        with storage_errors(self.settings.live):
            free = shutil.disk_usage(self.settings.live).free
        needed = RESERVE_BYTES + 4 * int(batch.rows.estimated_size())
        if free < needed:
            raise NoSpace(
                f"{self.settings.live} has {free // 2**20} MB left, the next batch of"
                f" {batch.source.name} needs {needed // 2**20} MB: free some space."
            )

    def _store(self, batch: Batch) -> BatchCount:
        loaded = duplicate = 0
        for month in self._stage(batch):
            new, old = self._store_month(batch, month)
            loaded, duplicate = loaded + new, duplicate + old
            reach("next_partition")
        self._quarantine(batch)
        return BatchCount(
            read=batch.read,
            loaded=loaded,
            duplicate=duplicate,
            quarantined=len(batch.quarantined),
        )

    def _stage(self, batch: Batch) -> tuple[str, ...]:
        """Identify the rows in memory; the months they belong to, in order."""
        if batch.rows.is_empty():
            return ()
        with _registered(self.writer, "incoming", batch.rows):
            self.writer.execute(_STAGE, [batch.source.name])
        reach("stage")
        months = self.writer.execute("SELECT DISTINCT month FROM staged ORDER BY month")
        return tuple(row[0] for row in months)

    def _store_month(self, batch: Batch, month: str) -> tuple[int, int]:
        """(loaded, duplicate) rows of one partition."""
        dataset = batch.source.contract.name
        self._make_room()
        alias = self.writer.attach(dataset, month)
        recorded = self.writer.execute(
            f"SELECT rows_loaded, rows_duplicate FROM {alias}.ledger WHERE batch_id = ?",
            [batch.batch_id],
        )
        if recorded:
            return recorded[0][0], recorded[0][1]
        total = self.writer.execute("SELECT count(*) FROM staged WHERE month = ?", [month])[0][0]
        self.writer.execute(_FRESH.format(known=self._known(batch, alias, month)), [month])
        loaded = self.writer.execute("SELECT count(*) FROM fresh")[0][0]
        if loaded:
            self._write_month(batch, month, (loaded, total - loaded))
        return loaded, total - loaded

    def _known(self, batch: Batch, alias: str, month: str) -> str:
        """What may already hold the batch's rows.

        Where the whole row is the identity, an equal row is of the same day; a named identity
        can come again with a corrected time, so the whole month is asked.
        """
        if not batch.source.is_by_occurrence:
            return f"{alias}.fact"
        first, last = self.writer.execute(
            "SELECT min(day)::VARCHAR, max(day)::VARCHAR FROM staged WHERE month = ?", [month]
        )[0]
        return f"(SELECT * FROM {alias}.fact WHERE day BETWEEN DATE '{first}' AND DATE '{last}')"

    def _write_month(self, batch: Batch, month: str, counts: tuple[int, int]) -> None:
        dataset = batch.source.contract.name
        alias = self.writer.attach(dataset, month)
        columns = ", ".join(f'"{name}"' for name in fact_columns(dataset))
        reach("begin")
        with self.writer.transaction():
            self.writer.execute(
                f"INSERT INTO {alias}.fact SELECT {columns} FROM fresh ORDER BY occurred_at, line"
            )
            reach("write")
            if dataset in DIRTY:
                table, column = DIRTY[dataset]
                self.writer.execute(
                    f"INSERT INTO {alias}.{table} SELECT DISTINCT {column} FROM fresh"
                    f" ANTI JOIN {alias}.{table} USING ({column})"
                )
            self.writer.execute(
                f"INSERT INTO {alias}.ledger SELECT ?, ?, ?, ?, bit_xor(event_id), ? FROM fresh",
                [batch.batch_id, batch.run_id, *counts, naive(clock.now())],
            )
            reach("ledger")
        reach("commit")
        self._unsummed.add((dataset, month))

    def _quarantine(self, batch: Batch) -> None:
        """Keep the originals of broken rows, once a batch."""
        if batch.quarantined.is_empty():
            return
        alias = self.writer.attach("quarantine", "")
        now = naive(clock.now())
        if self.writer.execute(
            f"SELECT 1 FROM {alias}.ledger WHERE batch_id = ?", [batch.batch_id]
        ):
            return
        with _registered(self.writer, "broken", batch.quarantined), self.writer.transaction():
            self.writer.execute(
                f"INSERT INTO {alias}.original"
                " SELECT ?, ?, ?, ?, line, column_name, reason, original, ? FROM broken",
                [batch.source.name, batch.run_id, batch.batch_id, batch.item, now],
            )
            self.writer.execute(
                f"INSERT INTO {alias}.ledger VALUES (?, ?, ?, ?)",
                [batch.batch_id, batch.run_id, len(batch.quarantined), now],
            )
        reach("quarantine")

    def _make_room(self) -> None:
        """Close the partition attached longest ago; each open one holds memory."""
        months = [key for key in self.writer.attached if key[0] in DATASETS]
        for dataset, month in months[: max(0, len(months) - MOST_ATTACHED + 1)]:
            self.writer.detach(dataset, month)

    def roll_up(self) -> None:
        """Sum again whatever loads have touched; after a start every partition is asked."""
        with self.working():
            for dataset, month in sorted(self._unsummed):
                roll_up(self.writer, dataset, month)
                self._unsummed.discard((dataset, month))


def _check(batch: Batch, count: BatchCount) -> None:
    if count.read != count.loaded + count.duplicate + count.quarantined:
        raise StorageError(
            f"{batch.source.name}: {batch.item}: {count.read} rows were read but {count.loaded}"
            f" loaded, {count.duplicate} duplicate and {count.quarantined} quarantined."
            " Run `python -m warehouse verify`."
        )


@contextmanager
def _registered(writer: Writer, name: str, frame: pl.DataFrame) -> Iterator[None]:
    writer.register(name, frame)
    try:
        yield
    finally:
        writer.unregister(name)


def hold(settings: Settings) -> int:
    """The lock of the home, held until the descriptor closes, also by a kill."""
    file = settings.live / "LOCK"
    with storage_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise Busy(
            f"{settings.home} is written by another process (pid {pid}): stop it first, or use"
            " another COCKPIT_HOME."
        ) from None
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
