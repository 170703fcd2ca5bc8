"""The ETL as a process: one job a source, no overlap, and a publication when something is new.

Triggers count in UTC, so that no change of clocks runs a job twice or never. A second scheduler
on the same home is refused by the loader's lock.
"""

import functools
import logging
import secrets
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from etl.load import Loader
from etl.model import Declared, Source
from etl.publish import publish
from etl.run import Runner
from etl.status import source_statuses
from warehouse import clock
from warehouse.errors import CockpitError
from warehouse.keys import Keyring
from warehouse.settings import Settings

log = logging.getLogger(__name__)

PUBLISH_EVERY_SECONDS = 2
"""Loads that end within this time are published together."""
PUBLISH_AT_LEAST_SECONDS = 30
"""Run states are published this often even when no row is new."""
TICK_EVERY_SECONDS = 5
_WORKERS = 2

Tick = Callable[[Settings, datetime], None]
"""Called every `TICK_EVERY_SECONDS` with the present instant; the example city delivers in it."""


class Service:
    """Sources on their schedules, until `stop`."""

    def __init__(
        self, settings: Settings, declared: Declared, loader: Loader, tick: Tick | None = None
    ) -> None:
        self._settings = settings
        self._declared = declared
        self._loader = loader
        self._tick = tick
        self._stopping = threading.Event()
        self._runner = Runner(loader, stop=self._stopping)
        self._checked: dict[str, datetime] = {}
        self._is_new = threading.Event()
        self._is_new.set()
        self._published = 0.0
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(_WORKERS), "books": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Every source is looked at once now and then on its schedule."""
        for source in self._declared.sources:
            trigger = _trigger(source)
            if trigger is not None:
                self._add(source.name, trigger, functools.partial(self._run, source))
        self._add("publish", _every(PUBLISH_EVERY_SECONDS), self._publish, "books")
        if self._tick is not None:
            self._add("tick", _every(TICK_EVERY_SECONDS), self._deliver, "books")
        self._scheduler.start()

    def _add(
        self, name: str, trigger: Any, work: Callable[[], None], executor: str = "default"
    ) -> None:
        self._scheduler.add_job(
            functools.partial(self._guarded, name, work),
            trigger,
            id=f"{executor}:{name}",
            executor=executor,
            next_run_time=datetime.now(UTC),
        )

    def stop(self) -> None:
        """Lets the batches at work end, starts no more."""
        self._stopping.set()
        self._scheduler.shutdown(wait=True)

    # --- jobs -------------------------------------------------------------------------------

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        """The job runner: whatever a job does, the others go on."""
        if self._stopping.is_set():
            return
        try:
            work()
        except CockpitError as error:
            log.error("job.failed", extra={"fields": {"job": name, "why": str(error)}})
        except Exception:
            incident = secrets.token_hex(4)
            log.exception("job.broken", extra={"fields": {"job": name, "incident": incident}})
            self._runner.abandon(name, f"Internal error, incident {incident} in the log.")
            self._is_new.set()

    def _run(self, source: Source) -> None:
        report = self._runner.run_if_new(source)
        self._checked[source.name] = clock.now()
        if report is not None:
            self._is_new.set()

    def _publish(self) -> None:
        is_due = time.monotonic() - self._published >= PUBLISH_AT_LEAST_SECONDS
        if not self._is_new.is_set() and not is_due:
            return
        self._is_new.clear()
        try:
            publish_all(self._declared, self._loader, self._checked, self._following())
            self._published = time.monotonic()
        except CockpitError:
            self._is_new.set()
            raise

    def _following(self) -> dict[str, datetime]:
        jobs = {job.id.removeprefix("default:"): job for job in self._scheduler.get_jobs()}
        return {name: job.next_run_time for name, job in jobs.items() if job.next_run_time}

    def _deliver(self) -> None:
        if self._tick is not None:
            self._tick(self._settings, clock.now())


def publish_all(
    declared: Declared,
    loader: Loader,
    checked: dict[str, datetime] | None = None,
    following: dict[str, datetime] | None = None,
) -> int:
    """Publishes what is loaded; the number of the generation that counts now.

    Nothing loads in between, so the statuses count the rows that are published with them.
    """
    with loader.lock:
        statuses = source_statuses(declared.sources, loader, checked=checked, following=following)
        return publish(loader, statuses, declared.labels, declared.city).generation


def serve(settings: Settings, declared: Declared, tick: Tick | None = None) -> None:
    """Runs until SIGTERM or SIGINT; the batch at work is finished or rolled back.

    Raises `Busy` while another process writes the same home.
    """
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    keyring = Keyring.open(settings, create=True)
    with Loader(settings, keyring) as loader:
        service = Service(settings, declared, loader, tick)
        service.start()
        log.info("etl.started", extra={"fields": {"sources": len(declared.sources)}})
        ended.wait()
        service.stop()
    log.info("etl.stopped")


def _trigger(source: Source) -> Any:
    """When to look; None for a source that is loaded by `run` alone."""
    if source.cron is not None:
        return CronTrigger.from_crontab(source.cron, timezone=UTC)
    return None if source.every_seconds is None else _every(source.every_seconds)


def _every(seconds: int) -> Any:
    return IntervalTrigger(seconds=seconds, timezone=UTC)
