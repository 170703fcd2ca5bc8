"""Jobs at their times: never two of one name at once, a missed turn is made up for once.

Turns are instants of the machine's clock; the waiting is done by a clock that never jumps.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, EVENT_JOB_MAX_INSTANCES
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from etl.triggers import SMALL_STEP, Cron, Every

CLOCK_STEP_SECONDS = 2.0


class Pool(StrEnum):
    """Threads of their own, so that one kind of work never waits for another."""

    SOURCES = "sources"
    BOOKS = "books"
    POSTS = "posts"


_THREADS = {Pool.SOURCES: 64, Pool.BOOKS: 8, Pool.POSTS: 4}


class Jobs:
    """Jobs by pool and name."""

    def __init__(self) -> None:
        self._missed: set[str] = set()
        self._at_work: list[str] = []
        self._changed = threading.Condition()
        self._is_closed = False
        self._clock_offset = time.time() - time.monotonic()
        self._scheduler: Any = BackgroundScheduler(
            timezone=UTC,
            executors={pool.value: ThreadPoolExecutor(most) for pool, most in _THREADS.items()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._note_missed, EVENT_JOB_MAX_INSTANCES)
        self._scheduler.add_listener(self._make_up, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR)

    def start(self) -> None:
        self._scheduler.start()

    def put(self, pool: Pool, name: str, trigger: Every | Cron, work: Callable[[], None]) -> None:
        """`work` at once and then at its times; replaces the job of that name.

        `work` must not raise.
        """
        self._scheduler.add_job(
            functools.partial(self._counted, name, work),
            trigger,
            id=f"{pool}:{name}",
            executor=pool.value,
            next_run_time=datetime.now(UTC),
            replace_existing=True,
        )

    def remove(self, pool: Pool, name: str) -> None:
        """It is not begun any more, if there was such a job."""
        with suppress(JobLookupError):
            self._scheduler.remove_job(f"{pool}:{name}")

    def hurry(self, pool: Pool) -> None:
        """All jobs of the pool have their turn now."""
        for job in self._of(pool).values():
            self._turn_now(job.id)

    def following(self, pool: Pool) -> dict[str, datetime]:
        """Name -> next turn."""
        return {name: job.next_run_time for name, job in self._of(pool).items()}

    def stop(self, seconds: float) -> tuple[str, ...]:
        """Begins nothing more and waits for what is at work; what still is when time is up."""
        with self._changed:
            self._is_closed = True
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        with self._changed:
            self._changed.wait_for(lambda: not self._at_work, seconds)
            return tuple(self._at_work)

    def keep_time(self) -> float:
        """Call about every second. By how many seconds the machine's clock was set since, or 0.

        Set back, turns would otherwise wait for it to come round again.
        """
        offset = time.time() - time.monotonic()
        step, self._clock_offset = offset - self._clock_offset, offset
        if abs(step) < CLOCK_STEP_SECONDS:
            return 0.0
        self._scheduler.wakeup()
        if step < 0:
            for job in self._scheduler.get_jobs():
                # After a small correction the turns of a cron line come a little late, but once.
                if isinstance(job.trigger, Every) or step < -SMALL_STEP.total_seconds():
                    now = datetime.now(UTC)
                    with suppress(JobLookupError):
                        job.modify(next_run_time=job.trigger.get_next_fire_time(None, now))
        return step

    def _of(self, pool: Pool) -> dict[str, Any]:
        jobs = {job.id: job for job in self._scheduler.get_jobs()}
        prefix = f"{pool}:"
        return {name.removeprefix(prefix): j for name, j in jobs.items() if name.startswith(prefix)}

    def _counted(self, name: str, work: Callable[[], None]) -> None:
        with self._changed:
            if self._is_closed:
                return
            self._at_work.append(name)
        with self._until_done(name):
            work()

    @contextmanager
    def _until_done(self, name: str) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._at_work.remove(name)
                self._changed.notify_all()

    def _note_missed(self, event: Any) -> None:
        self._missed.add(event.job_id)

    def _make_up(self, event: Any) -> None:
        """A source whose turn came while it was at work is looked at once more."""
        if event.job_id in self._missed:
            self._missed.discard(event.job_id)
            if event.job_id.startswith(f"{Pool.SOURCES}:"):
                self._turn_now(event.job_id)

    def _turn_now(self, job_id: str) -> None:
        with suppress(JobLookupError):
            self._scheduler.modify_job(job_id, next_run_time=datetime.now(UTC))
