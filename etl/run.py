"""One run of one source, and what stands in the books about it.

What is new goes through its contract to the loader: see `etl.take`.
"""

import logging
import time
from collections.abc import Callable
from threading import Event

from etl.connectors.files import SETTLE_SECONDS, Files
from etl.delivery import Window
from etl.failpoints import step
from etl.load import Loader
from etl.marks import declaration_mark, is_read
from etl.model import RunReport, RunState, Source
from etl.positions import Positions
from etl.replay import Replay
from etl.take import Progress, Run, Taking, was_told
from warehouse.errors import CockpitError, NoSpace, SourceUnavailable
from warehouse.operations import RunKind
from warehouse.sentences import say

log = logging.getLogger(__name__)

_WAIT_SECONDS = 2 * SETTLE_SECONDS + 1
_LONGEST_MESSAGE = 2000


class Stopped(Exception):
    """The process was asked to end; what is committed stays, the rest is read again."""


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
        self._positions = Positions(loader)

    # --- what may be asked ------------------------------------------------------------------

    def run(self, source: Source) -> RunReport:
        """Look for deliveries, wait for files still being written, load what is new."""
        run = Run(source=source, mark=declaration_mark(source), tells_parked=True)
        run.open(self._loader)
        self._wait(source)
        return self._end(run, self._take(run))

    def run_if_new(self, source: Source) -> RunReport | None:
        """As `run`, without waiting; None, and nothing in the books, when nothing is new.

        Raises `NoSpace`, after the run has ended as far as that can be written down.
        """
        run = Run(source=source, mark=declaration_mark(source))
        state = self._take(run)
        report = self._end(run, state) if run.is_open else None
        if run.no_space is not None:
            raise run.no_space
        return report

    def backfill(self, source: Source, window: Window, asked_by: str = "") -> RunReport:
        """Read again whatever lies in the range; what is there already is a duplicate."""
        with self._loader.working():
            before = self._loader.state.finished(source.name, RunKind.BACKFILL)
        run = Run(
            source=source,
            mark=declaration_mark(source),
            kind=RunKind.BACKFILL,
            asked_by=asked_by,
            window=window,
            asked=f"\x1f{window.start.isoformat()}\x1f{window.end.isoformat()}\x1f{before}",
            tells_parked=True,
        )
        run.open(self._loader)
        return self._end(run, self._take(run))

    def replay(self, source: Source, reason: str = "", asked_by: str = "") -> RunReport:
        """Put what is in quarantine (for `reason`, a code; empty: all) through its contract again.

        Parked deliveries are tried again by the next run.
        """
        run = Run(
            source=source, mark=declaration_mark(source), kind=RunKind.REPLAY, asked_by=asked_by
        )
        run.open(self._loader)
        state = self._taken(run, lambda: self._replay(run, reason))
        with self._loader.working():
            self._loader.settle_replays()  # of a replay that failed half-way
        return self._end(run, state)

    def pending_bytes(self, source: Source) -> int:
        """How much there is to read, as far as known before; 0 where it cannot be reached."""
        if not isinstance(source.connector, Files):
            return 0
        known, mark = self._positions.of(source), declaration_mark(source)
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

    def _end(self, run: Run, state: RunState) -> RunReport:
        if run.parked and not run.tells_parked:
            run.notes.append(f"{say('parked_count', n=run.parked)}.")
        message = "\n".join([*run.refusals, *run.notes])[:_LONGEST_MESSAGE]
        with self._loader.working(), step("end_run"):
            report = self._loader.state.end_run(run.run_id, state, message)
        _log(report)
        return report

    def _take(self, run: Run) -> RunState:
        return self._taken(run, lambda: self._taking(run).take_all())

    def _taken(self, run: Run, work: Callable[[], None]) -> RunState:
        """How the work ended. What is wrong with the source as a whole fails the run."""
        try:
            work()
        except Stopped:
            return RunState.INTERRUPTED
        except CockpitError as error:
            run.no_space = error if isinstance(error, NoSpace) else None
            if run.is_open or not was_told(self._loader, run.source, error):
                run.open(self._loader)
                run.refusals.append(str(error))
        return RunState.FAILED if run.refusals else RunState.DONE

    def _taking(self, run: Run) -> Taking:
        return Taking(
            self._loader,
            run,
            self._positions,
            progress=self._progress,
            check_stop=self._check_stop,
        )

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

    # --- replay -----------------------------------------------------------------------------

    def _replay(self, run: Run, reason: str) -> None:
        replay = Replay(self._loader, run.source, run.run_id, run.mark)
        for batch in replay.batches(reason):
            self._check_stop()
            self._loader.replay(batch)
        with self._loader.working():
            self._loader.state.try_again(run.source.name)
        if replay.kept:
            run.notes.append(f"{say('rows_kept', n=replay.kept)}.")


def run_source(source: Source, loader: Loader) -> RunReport:
    """One run on its own."""
    return Runner(loader).run(source)


def _log(report: RunReport) -> None:
    counts = {
        name: getattr(report, name) for name in ("read", "loaded", "duplicate", "quarantined")
    }
    level = logging.WARNING if report.state is RunState.FAILED else logging.INFO
    fields = {"source": report.source, "state": report.state.value, **counts}
    log.log(level, "run.finished", extra={"fields": {**fields, "why": report.message}})
