"""One run of one source: what was delivered and is new goes through its contract to the loader.

An item (a delivered file) that cannot be read as a whole is refused: none of its rows count as
read, the run fails and says why, the other items load. Every row of the other items is loaded, a
duplicate or quarantined.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event

import polars as pl

from etl import contract
from etl.connectors.files import (
    SETTLED_SECONDS,
    Item,
    check_item,
    is_settled,
    list_items,
    read_item,
)
from etl.delivery import Position
from etl.formats.chunk import Chunk
from etl.identity import Identifier
from etl.load import Loader
from etl.marks import batch_id, declaration_mark, is_read, position_of
from etl.model import Batch, BatchCount, OnBroken, RunReport, RunState, Source
from etl.times import known_until
from warehouse import clock
from warehouse.errors import CockpitError, ContractBroken, SourceUnavailable

log = logging.getLogger(__name__)

Progress = Callable[[str, int], None]
"""Called with a source's name and the bytes of it that have just been dealt with."""

_WAIT_SECONDS = 2 * SETTLED_SECONDS + 1
_LONGEST_MESSAGE = 2000
_REMEMBERED_FILES = 1_000


class Stopped(Exception):
    """The process was asked to end; what is committed stays, the rest is read again."""


@dataclass(kw_only=True)
class _Run:
    """A run while it lasts."""

    run_id: str
    source: Source
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    """An item that was refused as it is now; it is not read again until it changes."""

    item: Item
    declaration: str
    message: str


class Runner:
    """Runs sources with one loader. Safe to use from several threads, one source in each."""

    def __init__(
        self,
        loader: Loader,
        *,
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> None:
        self._loader = loader
        self._progress = progress or (lambda source, done: None)
        self._stop = stop or Event()
        self._pseudonym = loader.keyring.pseudonym
        self._known: dict[str, dict[str, Position]] = {}
        self._refused: dict[tuple[str, str], _Refusal] = {}

    def run(self, source: Source) -> RunReport:
        """Look for deliveries, wait for files still being written, load what is new."""
        return self._recorded(source, lambda: self._pending(source, self._wait(source)))

    def run_if_new(self, source: Source) -> RunReport | None:
        """As `run`, without waiting; None, and nothing in the books, when nothing is new."""
        try:
            items = self._pending(source, _settled(source))
        except SourceUnavailable as error:
            return None if self._said(source, error) else self._recorded(source, _raiser(error))
        if not [item for item in items if not self._is_refused(source, item)]:
            return None
        return self._recorded(source, lambda: items)

    def pending_bytes(self, source: Source) -> int:
        """How much there is to read; 0 where the place cannot be reached."""
        try:
            return sum(item.size for item in self._pending(source, list_items(source.connector)))
        except SourceUnavailable:
            return 0

    def abandon(self, source: str, message: str) -> None:
        """Marks the run of `source` that still counts as running as failed."""
        with self._loader.working():
            last = self._loader.state.last_run(source)
            if last is not None and last.state is RunState.RUNNING:
                self._loader.state.end_run(last.run_id, RunState.FAILED, message)

    # --- which items ------------------------------------------------------------------------

    def _wait(self, source: Source) -> tuple[Item, ...]:
        """The items, once nobody writes to them; who writes on and on is left for later."""
        until = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < until and not self._stop.is_set():
            items = list_items(source.connector)
            if all(is_settled(item) for item in items):
                return items
            time.sleep(0.1)
        return _settled(source)

    def _pending(self, source: Source, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Items that were not read to their end as they are now, in the order of delivery."""
        known, mark = self._positions(source, items), declaration_mark(source)
        fresh = [item for item in items if not is_read(item, known.get(item.name), mark)]
        return tuple(sorted(fresh, key=lambda item: (item.mtime_ns, item.name)))

    def _positions(
        self, source: Source, items: tuple[Item, ...] | None = None
    ) -> dict[str, Position]:
        """What was read of the source; from the books once, because nobody else writes them.

        Files that went away are forgotten here when they become many. Should one come back, it is
        read again and counts once all the same.
        """
        if source.name not in self._known:
            with self._loader.working():
                self._known[source.name] = self._loader.state.positions(source.name)
        known = self._known[source.name]
        listed = known.keys() if items is None else {item.name for item in items}
        if len(known) > 2 * len(listed) + _REMEMBERED_FILES:
            with self._loader.working():
                self._loader.state.forget(source.name, known.keys() - listed)
            known = {name: known[name] for name in known.keys() & listed}
            self._known[source.name] = known
        return known

    def _is_refused(self, source: Source, item: Item) -> bool:
        refusal = self._refused.get((source.name, item.name))
        now = (item, declaration_mark(source))
        return refusal is not None and (refusal.item, refusal.declaration) == now

    def _said(self, source: Source, error: CockpitError) -> bool:
        """The last run has failed for the same reason; saying it again helps nobody."""
        with self._loader.working():
            last = self._loader.state.last_run(source.name)
        return last is not None and last.state is RunState.FAILED and last.message == str(error)

    # --- one run ----------------------------------------------------------------------------

    def _recorded(self, source: Source, items: Callable[[], tuple[Item, ...]]) -> RunReport:
        run = _Run(run_id=uuid.uuid4().hex, source=source)
        state = self._loader.state
        with self._loader.working():
            state.start_run(run.run_id, source.name, source.contract.name, clock.now())
        try:
            ended = self._take(run, items)
        except CockpitError as error:
            run.refusals.append(str(error))
            ended = RunState.FAILED
        message = "\n".join([*run.refusals, *run.notes])[:_LONGEST_MESSAGE]
        with self._loader.working():
            report = state.end_run(run.run_id, ended, message)
        _log(report)
        return report

    def _take(self, run: _Run, items: Callable[[], tuple[Item, ...]]) -> RunState:
        try:
            for item in items():
                if self._stop.is_set():
                    raise Stopped
                self._take_item(run, item)
                self._progress(run.source.name, item.size)
        except Stopped:
            return RunState.INTERRUPTED
        return RunState.FAILED if run.refusals else RunState.DONE

    def _take_item(self, run: _Run, item: Item) -> None:
        key = (run.source.name, item.name)
        if self._is_refused(run.source, item):
            run.refusals.append(self._refused[key].message)
            return
        try:
            self._load_item(run, item)
            self._refused.pop(key, None)
        except (SourceUnavailable, ContractBroken) as error:
            run.refusals.append(str(error))
            self._refused[key] = _Refusal(
                item=item, declaration=declaration_mark(run.source), message=str(error)
            )

    def _load_item(self, run: _Run, item: Item) -> None:
        position = position_of(run.source, item)
        positions = self._positions(run.source)
        known = positions.get(item.name)
        if known is not None and known.sha256 == position.sha256:
            first = next(read_item(item, run.source.connector))
            quiet_until = self._quiet_until(run, item, first)
            with self._loader.working():  # touched, not changed
                self._loader.state.move(run.source.name, position, quiet_until)
            positions[item.name] = position
            return
        self._check_item(run, item)
        total = BatchCount()
        for batch in self._batches(run, item, position):
            if self._stop.is_set():
                raise Stopped
            total += self._loader.load(batch, position if batch.is_last else None)
        self._positions(run.source)[item.name] = position
        if total.quarantined and run.source.on_broken is OnBroken.WARN:
            run.notes.append(f"{item.name}: {total.quarantined} rows were broken.")

    def _check_item(self, run: _Run, item: Item) -> None:
        """Looks through the whole item before any of it loads; half of an item must not load."""
        check_item(item, run.source.connector)
        if run.source.on_broken is not OnBroken.STOP:
            return
        identifier = Identifier(run.source, self._pseudonym)
        for chunk in read_item(item, run.source.connector):
            if self._stop.is_set():
                raise Stopped
            _, broken = self._apply(run.source, chunk, identifier)
            _refuse_broken(item, broken)

    def _check_columns(self, run: _Run, item: Item, chunk: Chunk) -> None:
        if chunk.is_sparse and chunk.frame.is_empty():
            return
        names = chunk.frame.columns
        try:
            contract.check_columns(names, run.source, is_sparse=chunk.is_sparse)
        except ContractBroken as error:
            raise ContractBroken(f"{item.name}: {error}.") from error
        fresh = contract.new_columns(names, run.source)
        if fresh:
            shown = ", ".join(repr(name) for name in fresh[:5])
            run.notes.append(f"{item.name}: not declared and not stored: {shown}.")

    def _batches(self, run: _Run, item: Item, position: Position) -> Iterator[Batch]:
        identifier = Identifier(run.source, self._pseudonym)
        chunks = _with_last(read_item(item, run.source.connector))
        for ordinal, (chunk, is_last) in enumerate(chunks):
            if ordinal == 0:
                self._check_columns(run, item, chunk)
            rows, broken = self._apply(run.source, chunk, identifier)
            yield Batch(
                batch_id=batch_id(run.source, position, ordinal),
                source=run.source,
                run_id=run.run_id,
                item=item.name,
                read=chunk.read,
                rows=rows,
                quarantined=broken,
                is_last=is_last,
                event_until=known_until(rows, self._loader.settings.zone),
                quiet_until=self._quiet_until(run, item, chunk),
            )

    @staticmethod
    def _quiet_until(run: _Run, item: Item, first: Chunk) -> datetime | None:
        """When an item without rows was written, unless something is missing from before it.

        Items are read in the order of delivery, so what was refused in this run came before.
        """
        if first.read or run.refusals:
            return None
        return datetime.fromtimestamp(item.mtime_ns / 1e9, UTC)

    def _apply(
        self, source: Source, chunk: Chunk, identifier: Identifier
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        zone = self._loader.settings.zone
        frame = identifier.identify(chunk.frame)
        rows, broken = contract.apply(frame, source, pseudonym=self._pseudonym, zone=zone)
        return rows, pl.concat([broken, contract.broken_lines(chunk.broken, source)])


def run_source(source: Source, loader: Loader) -> RunReport:
    """One run on its own."""
    return Runner(loader).run(source)


def _settled(source: Source) -> tuple[Item, ...]:
    return tuple(item for item in list_items(source.connector) if is_settled(item))


def _refuse_broken(item: Item, broken: pl.DataFrame) -> None:
    if broken.is_empty():
        return
    first = broken.sort("line").row(0, named=True)
    what = f"{first['column_name']} {first['reason']}".strip()
    raise ContractBroken(
        f"{item.name}: line {first['line']}: {what}. The source stops at broken rows;"
        " nothing of the file was loaded."
    )


def _with_last(chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, bool]]:
    """Each chunk, and whether it is the last one."""
    waiting: Chunk | None = None
    for chunk in chunks:
        if waiting is not None:
            yield waiting, False
        waiting = chunk
    if waiting is not None:
        yield waiting, True


def _raiser(error: CockpitError) -> Callable[[], tuple[Item, ...]]:
    def fail() -> tuple[Item, ...]:
        raise error

    return fail


def _log(report: RunReport) -> None:
    counts = {
        name: getattr(report, name) for name in ("read", "loaded", "duplicate", "quarantined")
    }
    level = logging.WARNING if report.state is RunState.FAILED else logging.INFO
    fields = {"source": report.source, "state": report.state.value, **counts}
    log.log(level, "run.finished", extra={"fields": {**fields, "why": report.message}})
