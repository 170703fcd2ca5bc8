"""Storing a batch so that it counts once, however often it is delivered or interrupted.

Order of a batch: each partition in a transaction of its own (rows and ledger together), then
the broken rows' originals, then the books (counts, position) last. A process killed anywhere
starts the batch again: a partition whose ledger knows the batch returns its recorded counts.
"""

import functools
import logging
import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import date
from typing import Self

import polars as pl

from etl.applications import merge
from etl.checks import check_partition
from etl.delivery import Position
from etl.failpoints import reach, step
from etl.landing import Landing
from etl.late import late_days, over_until
from etl.model import Batch, BatchCount, Replayed
from etl.outgrown import bring_up
from etl.people import sum_people
from etl.portions import by_month, days, once
from etl.quarantine import Quarantine
from etl.rollup import DIRTY, partitions_to_sum, roll_up
from etl.state import State, naive
from etl.withhold import withhold, withhold_replayed
from warehouse import clock
from warehouse.datasets import DATASETS
from warehouse.destroy import carry_out_asked, recover
from warehouse.errors import NoSpace, NotPublished, StorageError, Tampered
from warehouse.home import storage_errors
from warehouse.keys import Keyring
from warehouse.lock import hold
from warehouse.manifest import Manifest, read_manifest
from warehouse.schema import fact_columns
from warehouse.sentences import say
from warehouse.settings import Settings
from warehouse.stamps import refuse_rollback
from warehouse.writer import Writer

log = logging.getLogger(__name__)

RESERVE_BYTES = 64 * 1024 * 1024
MOST_ATTACHED = 32

# 127 bits of the MD5, because the column is signed. Source and identity are kept apart by a
# separator that neither may hold. An event of another source is never the same event.
_EVENT_ID = "(md5_number($1 || chr(31) || identity) >> 1)::HUGEINT"
_KEPT_ID = "identity::HUGEINT"
_STAGED = """
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT {event_id} AS event_id, $1 AS source, * EXCLUDE (identity) FROM incoming
"""
# In two steps, so that the join is made on the few rows of the batch and not on those of a month.
_FORGET_KNOWN = """
DELETE FROM fresh WHERE event_id IN (
    SELECT event_id
    FROM fresh SEMI JOIN (SELECT event_id FROM {alias}.fact WHERE source = $1{days})
    USING (event_id)
)
"""


class Loader:
    """The one writer of a home, for as long as it lives. Safe to share between threads."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        """Raises `Busy` while another process holds the home, `Tampered` for an older copy."""
        self.settings = settings
        self.keyring = keyring
        self.lock = threading.RLock()
        with ExitStack() as undo:
            self._held = hold(settings)
            undo.callback(os.close, self._held)
            refuse_rollback(settings, keyring)
            self.writer = Writer(settings, keyring)
            undo.callback(self.writer.close)
            self.landing = Landing(settings.landing)
            undo.callback(self.landing.close)
            self._finish_destructions()
            self.state = State(self.writer)
            self.quarantine = Quarantine(self.writer)
            self.settle_replays()
            self.state.resume()
            self.generation = 0
            self.over: Mapping[str, date] = {}
            with suppress(NotPublished, Tampered):  # publishing says what is wrong
                self.published(read_manifest(settings, keyring))
            self._unsummed = partitions_to_sum(settings)
            self.stored = Counter[tuple[str, str]]()
            """(dataset, month) -> batches this process stored in it since the last publication."""
            self.merged = set[tuple[str, str]]()
            """Where this process put what it sums across months since the last publication."""
            self.verified: dict[str, tuple[int, ...]] = {}
            """Published file -> how it looked when this process last hashed it."""
            undo.pop_all()

    def published(self, manifest: Manifest) -> None:
        """`manifest` counts now: rows for what it says is over are late from here on."""
        self.generation = manifest.generation
        self.over = over_until(manifest, self.settings.zone)

    def _finish_destructions(self) -> None:
        try:
            recover(self.settings, self.keyring, self.writer)
        except StorageError as error:  # no row comes back meanwhile: see `withhold`
            log.error("A destruction is not finished: %s", error)

    def destroy_asked(self) -> None:
        """Destroy the months that a shell asked for; nothing may be attached."""
        refused = functools.partial(log.error, "A destruction is not done: %s")
        for key in carry_out_asked(self.settings, self.keyring, self.writer, refused):
            self._unsummed |= partitions_to_sum(self.settings)  # what had rows there is marked
            self._unsummed.discard(key)
            self.stored.pop(key, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self.lock:
            try:
                self.writer.close()
            finally:
                self.landing.close()
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

        The same batch of the same run gives its recorded counts again, and one that an interrupted
        run has counted counts as nothing. A batch of an item that an earlier run stored to its end
        is a second delivery: nothing is written, its rows are duplicates.
        Raises `NoSpace` before anything is written, `StorageError` if counts do not add up.
        """
        with self.working():
            recorded = self.state.delivered(batch)
            if recorded is not None:
                return recorded
            if self.state.is_part(batch):
                return BatchCount()
            batch = withhold(self.settings, batch)
            if self.state.known_broken(batch.batch_id) is None:
                self._check_space(batch)
                count = self._store(batch)
            else:
                count = _again(batch, self.quarantine.kept(batch.batch_id))
            _check(batch, count)
            with step("position"):
                self.state.record(batch, count, position)
            return count

    def replay(self, replayed: Replayed) -> BatchCount:
        """Store rows of the quarantine that are good now.

        Nothing comes in, so what leaves the quarantine counts there with a minus. A batch that
        was delivered more than once counts as often as it was quarantined.
        """
        with self.working():
            replayed = withhold_replayed(self.settings, replayed)
            batch = replayed.batch
            self._check_space(batch)
            loaded, duplicate = self._store_months(batch)
            times = self.state.times_broken(replayed.origin)
            rows = len(replayed.lines)
            count = BatchCount(
                loaded=loaded,
                duplicate=duplicate + (times - 1) * rows,
                quarantined=-times * rows,
            )
            self.quarantine.take_out(replayed, count)
            with step("settle"):
                self.settle_replays()
            return count

    def settle_replays(self) -> None:
        """Bring into the books what replays took out, also one that a kill kept from it."""
        for batch_id, run_id, item, source, count in self.quarantine.taken_out():
            self.state.record_replay(batch_id, run_id, item, source, count)
        self.quarantine.forget_replays()

    def _check_space(self, batch: Batch) -> None:
        with storage_errors(self.settings.live):
            free = shutil.disk_usage(self.settings.live).free
        needed = RESERVE_BYTES + 4 * int(batch.rows.estimated_size())
        if free < needed:
            raise NoSpace(
                say(
                    "disk_batch",
                    place=self.settings.live,
                    left=free // 2**20,
                    source=batch.source.name,
                    needed=needed // 2**20,
                )
                + "."
            )

    def _store(self, batch: Batch) -> BatchCount:
        loaded, duplicate = self._store_months(batch)
        kept = self._still_unknown(batch) if batch.cause == "backfill" else batch
        self.quarantine.keep(kept)
        return BatchCount(
            read=batch.read,
            loaded=loaded,
            duplicate=duplicate + batch.read - kept.read,
            quarantined=len(kept.quarantined),
        )

    def _still_unknown(self, batch: Batch) -> Batch:
        """Of a range that is read again: without the broken rows that lie in quarantine already."""
        broken = batch.quarantined.filter(~self.quarantine.is_there(batch))
        return replace(batch, quarantined=broken, read=len(batch.rows) + len(broken))

    def _store_months(self, batch: Batch) -> tuple[int, int]:
        """(loaded, duplicate) rows of every partition the batch touches."""
        loaded = duplicate = 0
        with step("mark_late"):
            self._mark_late(batch, late_days(batch.rows, self.over.get(batch.source.name)))
        with step("stage"):
            months = by_month(batch.rows)
        for month, rows in months:
            with step("next_partition"):
                new, old = self._store_month(batch, month, rows)
            loaded, duplicate = loaded + new, duplicate + old
        return loaded, duplicate

    def _mark_late(self, batch: Batch, days: Mapping[date, int]) -> None:
        dataset, source = batch.source.contract.name, batch.source.name
        self.state.mark_late(dataset, source, days, batch.cause, self.generation)

    def _fresh_before(self, over: date) -> dict[date, int]:
        """Rows just stored, by day."""
        counted = "SELECT day, count(*) FROM fresh WHERE day < ? GROUP BY day"
        return dict(self.writer.execute(counted, [over]))

    def _store_month(self, batch: Batch, month: str, rows: pl.DataFrame) -> tuple[int, int]:
        """(loaded, duplicate) rows of one partition.

        A killed run may have stored it with fewer rows: one that was too far ahead is good by now.
        """
        alias = self._attach(batch.source.contract.name, month)
        recorded = self.writer.execute(
            f"SELECT rows_loaded, rows_duplicate, checksum FROM {alias}.ledger WHERE batch_id = ?",
            [batch.batch_id],
        )
        before, again, checked = recorded[0] if recorded else (0, 0, 0)
        if recorded and before + again == len(rows):
            return before, again
        staged = _STAGED.format(event_id=_KEPT_ID if batch.has_event_ids else _EVENT_ID)
        span = days(rows) if batch.source.is_by_occurrence else ""
        with self.writer.registered("incoming", once(rows)):
            self.writer.execute(staged, [batch.source.name])
        self.writer.execute(_FORGET_KNOWN.format(alias=alias, days=span), [batch.source.name])
        fresh, checksum = self.writer.execute("SELECT count(*), bit_xor(event_id) FROM fresh")[0]
        loaded = before + fresh
        duplicate = max(len(rows) - loaded, 0)
        if fresh:
            self._write_month(batch, month, (loaded, duplicate, checksum ^ checked))
            self.stored[batch.source.contract.name, month] += not recorded
            over = self.over.get(batch.source.name)
            if over is not None:
                self._mark_late(batch, self._fresh_before(over))
        return loaded, duplicate

    def _write_month(self, batch: Batch, month: str, counts: tuple[int, int, int]) -> None:
        """`fresh` and its line of the ledger: rows loaded, duplicate, and their checksum."""
        dataset = batch.source.contract.name
        alias = self.writer.attach(dataset, month)
        columns = ", ".join(f'"{name}"' for name in fact_columns(dataset))
        reach("begin.before")
        with self.writer.transaction():
            reach("begin.after")
            with step("write"):
                self.writer.execute(f"INSERT INTO {alias}.fact SELECT {columns} FROM fresh")
            if dataset in DIRTY:
                table, column = DIRTY[dataset]
                self.writer.execute(
                    f"INSERT INTO {alias}.{table} SELECT DISTINCT {column} FROM fresh"
                    f" ANTI JOIN {alias}.{table} USING ({column})"
                )
            with step("ledger"):
                self.writer.execute(
                    f"INSERT OR REPLACE INTO {alias}.ledger VALUES (?, ?, ?, ?, ?, ?)",
                    [batch.batch_id, batch.run_id, *counts, naive(clock.now())],
                )
            reach("commit.before")
        reach("commit.after")
        self._unsummed.add((dataset, month))

    def _attach(self, dataset: str, month: str) -> str:
        """Closes the partitions used longest ago first; each open one holds memory.

        Closing writes the file anew from its log, so a long load keeps a month of every year open.
        """
        if (dataset, month) not in self.writer.attached:
            months = [key for key in self.writer.attached if key[0] in DATASETS]
            for key in months[: max(0, len(months) - MOST_ATTACHED + 1)]:
                self.writer.detach(*key)
        return self.writer.attach(dataset, month)

    def roll_up(self) -> None:
        """Sum and check again whatever loads have touched; after a start, every partition."""
        with self.working():
            for dataset, month in sorted(self._unsummed):
                self._attach(dataset, month)
                bring_up(self.writer, dataset, month)
                roll_up(self.writer, dataset, month)
            self.merged |= merge(self.settings, self.writer, self._attach, self._unsummed)
            self.merged |= sum_people(self.settings, self.writer, self._unsummed)
            for dataset, month in sorted(self._unsummed):
                self._attach(dataset, month)
                check_partition(self.writer, dataset, month)
                self._unsummed.discard((dataset, month))


def _again(batch: Batch, broken: int) -> BatchCount:
    """A row that was too far ahead may be good by now; it is kept apart all the same, until a
    replay takes it out of the `broken` ones."""
    return BatchCount(read=batch.read, duplicate=batch.read - broken, quarantined=broken)


def _check(batch: Batch, count: BatchCount) -> None:
    if count.read != count.loaded + count.duplicate + count.quarantined:
        raise StorageError(
            f"{batch.source.name}: {batch.item}: {count.read} rows were read but {count.loaded}"
            f" loaded, {count.duplicate} duplicate and {count.quarantined} quarantined."
            " Run `python -m warehouse verify`."
        )
