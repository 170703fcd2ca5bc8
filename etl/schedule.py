"""The ETL as a process: one job a source, no overlap, and a publication when something is new.

A source that hangs, fails or fills the disk never keeps the others from loading, and nothing here
waits for a mail server. A second scheduler on the same home is refused by the loader's lock, or
stands by.
"""

import functools
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from etl.alarms.desk import Desk
from etl.asked import Asked
from etl.city import CITY_FILE
from etl.disk import check_space
from etl.folder import Folder, Reading
from etl.jobs import Jobs, Pool
from etl.load import Loader
from etl.model import Declared, RunState, Source
from etl.publication import publish_all
from etl.run import Runner
from etl.slots import Slots
from etl.sources import source_env
from etl.triggers import Cron, Every
from warehouse import clock
from warehouse.books import ask_for_books, books_wanted
from warehouse.destroy import are_asked
from warehouse.errors import CockpitError, NoSpace, StorageError
from warehouse.retention import ask_to_retain, read_retention
from warehouse.sentences import say
from warehouse.settings import Settings
from warehouse.troubles import Kind

log = logging.getLogger(__name__)

PUBLISH_EVERY_SECONDS = 1
"""Loads that end within this time are published together."""
PUBLISH_AT_LEAST_SECONDS = 30
"""Run states are published this often even when no row is new."""
TICK_EVERY_SECONDS = 5
RETAIN_EVERY_SECONDS = 6 * 3600
SPACE_EVERY_SECONDS = 5
SPACE_AGAIN_SECONDS = 30.0
"""So long nothing is tried where the disk was full again at once: each try is a run."""
FOLDER_EVERY_SECONDS = 1
LOOK_EVERY_SECONDS = 2
POST_EVERY_SECONDS = 1
ASKED_EVERY_SECONDS = 1
SOURCES_AT_A_TIME = 2
"""Each reads in a process of its own and takes memory."""
PATIENCE_SECONDS = 20.0
"""A source without progress for so long lets another one begin."""
HANGING_SECONDS = 300.0
"""A source without progress for so long is told to somebody."""
SEAL_SECONDS = 2.0
"""A publication that took longer is not repeated at the end: ending takes ten seconds at most."""
STOP_SECONDS = 6.0
"""After this a process asked to end does not wait any more; what is not committed rolls back."""

Tick = Callable[[Settings, datetime], None]
"""Called every `TICK_EVERY_SECONDS` with the present instant; the example city delivers in it."""


class Service:
    """Sources on their schedules, until `stop`."""

    def __init__(
        self, settings: Settings, declared: Declared, loader: Loader, tick: Tick | None = None
    ) -> None:
        self._settings = settings
        self._declared = declared
        self._sources = {source.name: source for source in declared.sources}
        self._folder = Folder(settings.sources, source_env(settings, os.environ), declared)
        self._looking = threading.Lock()
        self._loader = loader
        self._tick = tick
        self._stopping = threading.Event()
        self._slots = Slots(SOURCES_AT_A_TIME, PATIENCE_SECONDS)
        self._runner = Runner(
            loader, progress=lambda source, done: self._slots.moved(source), stop=self._stopping
        )
        self._asked = Asked(loader, self._runner, self._slots)
        self._desk = Desk(settings, loader, lambda: self._declared)
        self._checked: dict[str, datetime] = {}
        self._is_new = threading.Event()
        self._is_new.set()
        self._published_at = self._published_took = 0.0
        self._is_full = threading.Event()
        self._cut_short: set[str] = set()
        self._try_after = self._resumed_at = float("-inf")
        self._jobs = Jobs()

    def start(self) -> None:
        """Every source is looked at once now and then on its schedule."""
        for source in self._declared.sources:
            self._schedule(source)
        self._put("publish", PUBLISH_EVERY_SECONDS, self._publish)
        self._put("look", LOOK_EVERY_SECONDS, self._look)
        self._put("folder", FOLDER_EVERY_SECONDS, self._follow)
        self._put("asked", ASKED_EVERY_SECONDS, self._do_asked)
        self._put("retain", RETAIN_EVERY_SECONDS, self._retain)
        self._put("space", SPACE_EVERY_SECONDS, self._try_space)
        if self._tick is not None:
            self._put("tick", TICK_EVERY_SECONDS, self._deliver)
        for outbox in self._desk.outboxes:
            self._put(outbox.post.name, POST_EVERY_SECONDS, outbox.send_due, Pool.POSTS)
        self._jobs.start()

    def _put(
        self, name: str, seconds: float, work: Callable[[], None], pool: Pool = Pool.BOOKS
    ) -> None:
        self._jobs.put(pool, name, Every(seconds), functools.partial(self._guarded, name, work))

    def _schedule(self, source: Source) -> None:
        trigger, name = trigger_of(source), source.name
        if trigger is None:
            self._jobs.remove(Pool.SOURCES, name)
        else:
            work = functools.partial(self._guarded, name, functools.partial(self._run, name))
            self._jobs.put(Pool.SOURCES, name, trigger, work)

    def keep_time(self) -> None:
        """Call about every second, by a clock that never jumps."""
        step = self._jobs.keep_time()
        if step:
            log.warning("clock.jumped", extra={"fields": {"seconds": round(step, 1)}})

    def stop(self) -> bool:
        """Lets the batches at work end, starts no more. False: something is still at work."""
        self._stopping.set()
        self._slots.close()
        left = self._jobs.stop(STOP_SECONDS)
        if left:
            log.warning("etl.abandoned", extra={"fields": {"jobs": left}})
        return not left

    def seal(self) -> None:
        """After `stop`: publishes the books of this moment, for backups while nobody serves.

        Left out where it may take long. Those that are there are at most some minutes older.
        """
        if 0.0 < self._published_took < SEAL_SECONDS and not self._is_full.is_set():
            ask_for_books(self._settings)
            self._guarded("publish", self._publish_now)

    # --- jobs -------------------------------------------------------------------------------

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        """The job runner: whatever a job does, the others go on."""
        try:
            work()
        except NoSpace as error:
            self._pause(name, error)
        except CockpitError as error:
            log.error("job.failed", extra={"fields": {"job": name, "why": str(error)}})
        except Exception:
            incident = secrets.token_hex(4)
            log.exception("job.broken", extra={"fields": {"job": name, "incident": incident}})
            self._runner.abandon(name, say("internal", number=incident) + ".")
            self._is_new.set()

    def _run(self, name: str) -> None:
        if self._is_full.is_set():
            return
        with self._slots.held(name) as is_mine:
            source = self._sources.get(name)
            if not is_mine or source is None:
                return
            try:
                self._load(source)
            except NoSpace as error:  # said while it still counts as at work: see _undecided
                self._pause(name, error)

    def _load(self, source: Source) -> None:
        report = self._runner.run_if_new(source)
        self._checked[source.name] = clock.now()
        if report is not None:
            self._is_new.set()
            if report.state is RunState.FAILED:
                check_space(self._settings)  # a full disk is nothing the source can help

    def _do_asked(self) -> None:
        """What operators asked for, the oldest first."""
        while not self._is_full.is_set() and self._asked.do_next(self._sources_now):
            self._is_new.set()

    def _sources_now(self) -> Mapping[str, Source]:
        self._follow()
        return self._sources

    def _publish(self) -> None:
        since = time.monotonic() - self._published_at
        is_asked = books_wanted(self._settings) or are_asked(self._settings)
        is_due = is_asked or self._is_new.is_set() or since >= PUBLISH_AT_LEAST_SECONDS
        # A warehouse that takes long to publish leaves as much time again to the loads.
        if self._is_full.is_set() or not is_due or since < self._published_took:
            return
        self._is_new.clear()
        begun = time.monotonic()
        try:
            self._publish_now()
        except StorageError as error:
            self._is_new.set()
            if not isinstance(error, NoSpace):
                self._desk.trouble("", Kind.CHECK, str(error))
                self._published_at = time.monotonic()
                pause = 2 * max(1.0, self._published_took)
                self._published_took = min(float(PUBLISH_AT_LEAST_SECONDS), pause)
            raise
        self._published_at = time.monotonic()
        self._published_took = self._published_at - begun
        self._desk.well("", Kind.CHECK)

    def _publish_now(self) -> None:
        publish_all(
            self._declared,
            self._loader,
            self._checked,
            self._following(),
            restates_at_once=False,
        )

    def _retain(self) -> None:
        """Months older than the city keeps them go with the next publication."""
        kept = read_retention(self._settings.sources / CITY_FILE)
        ask_to_retain(self._settings, self._loader.keyring, kept)

    def _following(self) -> dict[str, datetime]:
        return self._jobs.following(Pool.SOURCES)

    def _deliver(self) -> None:
        if self._tick is not None:
            self._tick(self._settings, clock.now())

    # --- alarms -----------------------------------------------------------------------------

    def _look(self) -> None:
        """Notes what is wrong now; incidents are published like everything else."""
        unscheduled = {s.name for s in self._sources.values() if trigger_of(s) is None}
        for name, count in self._desk.counts().items():
            self._slots.moved(name, count)
        for name in self._sources:
            if name in self._slots.hanging(HANGING_SECONDS):
                text = say("hanging", source=name, span=int(HANGING_SECONDS))
                self._desk.trouble(name, Kind.HANGING, f"{text}.")
            else:
                self._desk.well(name, Kind.HANGING)
        if self._desk.look(self._checked, unscheduled, self._undecided):
            self._is_new.set()

    def _undecided(self) -> set[str]:
        """Sources whose last run may have failed for the disk and not by themselves."""
        at_work = self._slots.at_work()
        return set(self._sources) if self._is_full.is_set() else at_work

    # --- disk -------------------------------------------------------------------------------

    def _pause(self, name: str, error: NoSpace) -> None:
        """Nothing is loaded or published until there is space; readers go on."""
        if not self._is_full.is_set():
            log.error("disk.full", extra={"fields": {"job": name, "why": str(error)}})
            soon = time.monotonic() - self._resumed_at < 2 * SPACE_AGAIN_SECONDS
            self._try_after = time.monotonic() + (SPACE_AGAIN_SECONDS if soon else 0.0)
        self._cut_short.add(name)
        self._is_full.set()
        self._desk.trouble("", Kind.DISK, str(error))

    def _try_space(self) -> None:
        if not self._is_full.is_set() or time.monotonic() < self._try_after:
            return
        check_space(self._settings)
        for name in self._cut_short & self._sources.keys():
            self._runner.abandon(name, say("disk_was_full") + ".")
        self._cut_short.clear()
        self._desk.doubt_failures()
        self._resumed_at = time.monotonic()
        self._is_full.clear()
        self._desk.well("", Kind.DISK)
        log.info("disk.usable")
        self._is_new.set()
        self._jobs.hurry(Pool.SOURCES)

    # --- declarations -----------------------------------------------------------------------

    def _follow(self) -> None:
        """A changed, new or removed declaration counts from now on."""
        with self._looking:
            reading = self._folder.look()
            if reading is not None:
                self._apply(reading)

    def _apply(self, reading: Reading) -> None:
        before = self._sources
        now = {source.name: source for source in reading.declared.sources}
        changed = [source for name, source in now.items() if source != before.get(name)]
        gone = before.keys() - now.keys()
        if changed or gone or reading.declared != self._declared:
            self._declared, self._sources = reading.declared, now
            names = [source.name for source in changed]
            log.info("etl.declared", extra={"fields": {"changed": names, "gone": sorted(gone)}})
            self._is_new.set()
        for name in gone:
            self._jobs.remove(Pool.SOURCES, name)
            self._checked.pop(name, None)
            self._desk.well(name, Kind.HANGING)
        for source in changed:
            self._schedule(source)
        self._desk.only(Kind.DECLARATION, reading.problems)


def trigger_of(source: Source) -> Every | Cron | None:
    """When to look; None for a source that is loaded by `run` alone."""
    if source.cron is not None:
        return Cron(source.cron)
    return None if source.every_seconds is None else Every(source.every_seconds)
