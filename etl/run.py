"""One run of one source: what was delivered and is new goes through its contract to the loader.

A delivery that cannot be read as a whole is refused: none of its rows count as read, the run fails
and says why, the others load. Every row of the others is loaded, a duplicate or quarantined.
"""

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event

from etl.books.attempts import MOST_TRIES, Attempt
from etl.connectors.files import SETTLE_SECONDS, Files
from etl.control import check_totals
from etl.delivery import Delivery, Fetched, Item, Position, Window
from etl.drift import drifts, sentence
from etl.load import Loader
from etl.marks import batch_id, declaration_mark, is_read, position_of
from etl.model import Batch, OnBroken, RunReport, RunState, Source
from etl.reading.job import Job, Piece, Survey
from etl.reading.process import READERS
from etl.replay import Replay
from etl.times import known_until
from warehouse import clock
from warehouse.errors import CockpitError, ContractBroken, ReaderEnded, SourceUnavailable
from warehouse.operations import RunKind

log = logging.getLogger(__name__)

Progress = Callable[[str, int], None]
"""Called with a source's name and the bytes of it that have just been dealt with."""

_WAIT_SECONDS = 2 * SETTLE_SECONDS + 1
_LONGEST_MESSAGE = 2000
_REMEMBERED_FILES = 1_000


class Stopped(Exception):
    """The process was asked to end; what is committed stays, the rest is read again."""


@dataclass(kw_only=True)
class _Run:
    """A run while it lasts. It stands in the books from when something is new."""

    source: Source
    mark: str
    kind: RunKind = RunKind.LOAD
    asked_by: str = ""
    window: Window | None = None
    asked: str = ""
    """Keeps the batches of a range that is read again apart from their first delivery."""
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    is_open: bool = False
    tells_parked: bool = False
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


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
        self._known: dict[str, dict[str, Position]] = {}

    # --- what may be asked ------------------------------------------------------------------

    def run(self, source: Source) -> RunReport:
        """Look for deliveries, wait for files still being written, load what is new."""
        run = _Run(source=source, mark=declaration_mark(source), tells_parked=True)
        self._open(run)
        self._wait(source)
        return self._end(run, self._take(run))

    def run_if_new(self, source: Source) -> RunReport | None:
        """As `run`, without waiting; None, and nothing in the books, when nothing is new."""
        run = _Run(source=source, mark=declaration_mark(source))
        state = self._take(run)
        return self._end(run, state) if run.is_open else None

    def backfill(self, source: Source, window: Window, asked_by: str = "") -> RunReport:
        """Read again whatever lies in the range; what is there already is a duplicate."""
        with self._loader.working():
            before = self._loader.state.finished(source.name, RunKind.BACKFILL)
        run = _Run(
            source=source,
            mark=declaration_mark(source),
            kind=RunKind.BACKFILL,
            asked_by=asked_by,
            window=window,
            asked=f"\x1f{window.start.isoformat()}\x1f{window.end.isoformat()}\x1f{before}",
            tells_parked=True,
        )
        self._open(run)
        return self._end(run, self._take(run))

    def replay(self, source: Source, reason: str = "", asked_by: str = "") -> RunReport:
        """Put what is in quarantine (for `reason`, a code; empty: all) through its contract again.

        Parked deliveries are tried again by the next run.
        """
        run = _Run(
            source=source, mark=declaration_mark(source), kind=RunKind.REPLAY, asked_by=asked_by
        )
        self._open(run)
        return self._end(run, self._taken(run, lambda: self._replay(run, reason)))

    def pending_bytes(self, source: Source) -> int:
        """How much there is to read, as far as known before; 0 where it cannot be reached."""
        if not isinstance(source.connector, Files):
            return 0
        known, mark = self._positions(source), declaration_mark(source)
        try:
            items = [d.item for d in source.connector.deliveries(known)]
        except SourceUnavailable:
            return 0
        return sum(i.size for i in items if not is_read(i, known.get(i.name), mark))

    def abandon(self, source: str, message: str) -> None:
        """Marks the run of `source` that still counts as running as failed."""
        with self._loader.working():
            last = self._loader.state.last_run(source)
            if last is not None and last.state is RunState.RUNNING:
                self._loader.state.end_run(last.run_id, RunState.FAILED, message)

    # --- a run in the books -----------------------------------------------------------------

    def _open(self, run: _Run) -> None:
        if run.is_open:
            return
        with self._loader.working():
            self._loader.state.start_run(
                run.run_id,
                run.source.name,
                run.source.contract.name,
                clock.now(),
                kind=run.kind,
                asked_by=run.asked_by,
            )
        run.is_open = True

    def _end(self, run: _Run, state: RunState) -> RunReport:
        message = "\n".join([*run.refusals, *run.notes])[:_LONGEST_MESSAGE]
        with self._loader.working():
            report = self._loader.state.end_run(run.run_id, state, message)
        _log(report)
        return report

    def _take(self, run: _Run) -> RunState:
        return self._taken(run, lambda: self._take_all(run))

    def _taken(self, run: _Run, work: Callable[[], None]) -> RunState:
        """How the work ended. What is wrong with the source as a whole fails the run."""
        try:
            work()
        except Stopped:
            return RunState.INTERRUPTED
        except CockpitError as error:
            if run.is_open or not self._said(run.source, error):
                self._open(run)
                run.refusals.append(str(error))
        return RunState.FAILED if run.refusals else RunState.DONE

    def _said(self, source: Source, error: CockpitError) -> bool:
        """The last run has failed for the same reason; saying it again helps nobody."""
        with self._loader.working():
            last = self._loader.state.last_run(source.name)
        return last is not None and last.state is RunState.FAILED and last.message == str(error)

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Stopped

    # --- deliveries -------------------------------------------------------------------------

    def _wait(self, source: Source) -> None:
        """Until nobody writes to a delivery; who writes on and on is left for later."""
        until = time.monotonic() + _WAIT_SECONDS
        try:
            while source.connector.is_settling() and time.monotonic() < until:
                if self._stop.wait(0.1):
                    return
        except SourceUnavailable:
            return  # the listing that follows says it

    def _take_all(self, run: _Run) -> None:
        known = self._positions(run.source)
        with self._loader.working():
            tried = self._loader.state.attempts(run.source.name)
        seen: set[str] = set()
        for delivery in run.source.connector.deliveries(dict(known), run.window):
            self._check_stop()
            item = delivery.item
            seen.add(item.name)
            if run.window is None and is_read(item, known.get(item.name), run.mark):
                continue
            attempt = tried.get(item.name)
            if attempt is not None and _is_parked(attempt, _version(run, item)):
                if run.tells_parked:
                    run.refusals.append(attempt.reason)
                continue
            is_taken = self._take_item(run, delivery, is_tried=attempt is not None)
            self._progress(run.source.name, item.size)
            if not is_taken and not item.version:
                return  # a page that fails must not be jumped over
        if run.window is None:
            self._forget(run.source, seen)

    def _take_item(self, run: _Run, delivery: Delivery, *, is_tried: bool) -> bool:
        """Load one delivery; False, and the reason in the books, when it is refused."""
        item = delivery.item
        try:
            fetched = delivery.fetch(self._loader.landing)
            try:
                self._load(run, item, fetched)
            finally:
                if fetched.content.key is not None:
                    fetched.content.path.unlink(missing_ok=True)
        except (SourceUnavailable, ContractBroken) as error:
            self._refuse(run, item, error)
            return False
        if is_tried:
            with self._loader.working():
                self._loader.state.clear(run.source.name, item.name)
        self._finish(run, item)
        return True

    def _finish(self, run: _Run, item: Item) -> None:
        try:
            run.source.connector.finished(item)
        except SourceUnavailable as error:  # it is loaded all the same
            run.notes.append(str(error))

    def _refuse(self, run: _Run, item: Item, error: CockpitError) -> None:
        """What is wrong in itself is parked at once; what may pass is tried again."""
        may_pass = isinstance(error, ReaderEnded) or not item.version
        version = _version(run, item)
        with self._loader.working():
            tries = self._loader.state.tried(
                run.source.name, item.name, version, str(error), is_final=not may_pass
            )
        if not run.is_open and tries > 1 and self._said(run.source, error):
            return
        self._open(run)
        run.refusals.append(str(error))

    # --- loading ----------------------------------------------------------------------------

    def _load(self, run: _Run, item: Item, fetched: Fetched) -> None:
        position = position_of(item, fetched, run.mark)
        known = self._positions(run.source).get(item.name)
        is_same = known is not None and known.sha256 == position.sha256
        if run.window is None and is_same:
            is_empty = self._survey(run, fetched).is_empty if item.version else False
            self._move(run, position, self._quiet_until(run, item, fetched, is_empty=is_empty))
            return
        survey = self._survey(run, fetched)
        self._check_survey(run, item, fetched, survey)
        quiet_until = self._quiet_until(run, item, fetched, is_empty=survey.is_empty)
        if survey.is_empty and not item.version:
            self._move(run, position, quiet_until)
            return
        self._open(run)
        self._load_pieces(run, item, fetched, position, quiet_until)

    def _load_pieces(
        self,
        run: _Run,
        item: Item,
        fetched: Fetched,
        position: Position,
        quiet_until: datetime | None,
    ) -> None:
        broken = 0
        for ordinal, piece in enumerate(READERS.read(self._job(run, fetched))):
            self._check_stop()
            batch = self._batch(
                run, item, piece, batch_id(run.source, position, ordinal, run.asked)
            )
            ends = piece.is_last and run.window is None
            if ends:
                batch = batch.quiet(quiet_until)
            broken += self._loader.load(batch, position if ends else None).quarantined
        if run.window is None:
            self._positions(run.source)[item.name] = position
        if broken and run.source.on_broken is OnBroken.WARN:
            run.notes.append(f"{item.name}: {broken} rows were broken.")

    def _batch(self, run: _Run, item: Item, piece: Piece, name: str) -> Batch:
        return Batch(
            batch_id=name,
            source=run.source,
            run_id=run.run_id,
            item=item.name,
            read=piece.read,
            rows=piece.rows,
            quarantined=piece.quarantined,
            is_last=piece.is_last,
            event_until=known_until(piece.rows, self._loader.settings.zone),
        )

    def _job(self, run: _Run, fetched: Fetched) -> Job:
        return Job(
            source=run.source,
            content=fetched.content,
            zone=self._loader.settings.zone,
            now=clock.now(),
            pseudonym_key=self._loader.keyring.key("pseudonym"),
            window=run.window,
        )

    @staticmethod
    def _quiet_until(run: _Run, item: Item, fetched: Fetched, *, is_empty: bool) -> datetime | None:
        """Until when nothing else has happened, unless something is missing from before it.

        Items are read in the order of delivery, so what was refused in this run came before.
        """
        if run.refusals or run.window is not None:
            return None
        return fetched.complete_until or (item.written_at if is_empty else None)

    def _move(self, run: _Run, position: Position, quiet_until: datetime | None) -> None:
        with self._loader.working():
            self._loader.state.move(run.source.name, position, quiet_until)
        self._positions(run.source)[position.item] = position

    # --- before anything of it loads --------------------------------------------------------

    def _survey(self, run: _Run, fetched: Fetched) -> Survey:
        """Looks through the whole delivery; half of one must not load."""
        totals = fetched.totals
        is_thorough = run.source.on_broken is OnBroken.STOP or totals is not None
        job = self._job(run, fetched)
        return READERS.survey(
            job.surveying(is_thorough=is_thorough, sums=tuple(totals.sums) if totals else ())
        )

    def _check_survey(self, run: _Run, item: Item, fetched: Fetched, survey: Survey) -> None:
        if fetched.totals is not None and run.window is None:
            check_totals(item.name, fetched.totals, survey.rows or 0, survey.sums)
        if run.source.on_broken is OnBroken.STOP and survey.first_broken:
            raise ContractBroken(
                f"{item.name}: {survey.first_broken}. The source stops at broken rows;"
                " nothing of the file was loaded."
            )
        self._note_drift(run, item, survey)

    def _note_drift(self, run: _Run, item: Item, survey: Survey) -> None:
        """Columns that are not what they were are named; a new one is never stored unasked."""
        if survey.is_empty:
            return
        with self._loader.working():
            before = self._loader.state.columns(run.source.name)
        found = drifts(run.source, item.name, before, survey)
        if found or not before:
            with self._loader.working():
                self._loader.state.keep_columns(run.source.name, survey.shapes, found)
        run.notes.extend(sentence(drift) for drift in found)

    # --- replay -----------------------------------------------------------------------------

    def _replay(self, run: _Run, reason: str) -> None:
        replay = Replay(self._loader, run.source, run.run_id, run.mark)
        for batch in replay.batches(reason):
            self._check_stop()
            self._loader.replay(batch)
        with self._loader.working():
            for item in self._loader.state.attempts(run.source.name):
                self._loader.state.clear(run.source.name, item)
        if replay.kept:
            run.notes.append(f"{replay.kept} rows stay in quarantine.")

    # --- positions --------------------------------------------------------------------------

    def _positions(self, source: Source) -> dict[str, Position]:
        """What was read of the source; from the books once, because nobody else writes them."""
        if source.name not in self._known:
            with self._loader.working():
                self._known[source.name] = self._loader.state.positions(source.name)
        return self._known[source.name]

    def _forget(self, source: Source, seen: set[str]) -> None:
        """Files that went away are forgotten when they become many.

        Should one come back, it is read again and counts once all the same.
        """
        known = self._positions(source)
        if len(known) > 2 * len(seen) + _REMEMBERED_FILES:
            with self._loader.working():
                self._loader.state.forget(source.name, known.keys() - seen)
            self._known[source.name] = {name: known[name] for name in known.keys() & seen}


def run_source(source: Source, loader: Loader) -> RunReport:
    """One run on its own."""
    return Runner(loader).run(source)


def _is_parked(attempt: Attempt, version: str) -> bool:
    return attempt.version == version and attempt.tries >= MOST_TRIES


def _version(run: _Run, item: Item) -> str:
    """What must change before a refused delivery is looked at again."""
    return f"{item.version}:{run.mark}"


def _log(report: RunReport) -> None:
    counts = {
        name: getattr(report, name) for name in ("read", "loaded", "duplicate", "quarantined")
    }
    level = logging.WARNING if report.state is RunState.FAILED else logging.INFO
    fields = {"source": report.source, "state": report.state.value, **counts}
    log.log(level, "run.finished", extra={"fields": {**fields, "why": report.message}})
