"""Jobs: no overlap, missed turns made up for, clocks that jump, and an end in time."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from etl import jobs as scheduling
from etl import slots as slotting
from etl.jobs import Jobs, Pool
from etl.slots import Slots
from etl.triggers import Cron, Every

PATIENCE = 10.0


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.stop(0)


def wait_until(is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.01)
    return False


class TomorrowOnceMissed(Every):
    """Turns come often until one was missed; then the next is a day away."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(0.1)
        self._jobs = jobs

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        if self._jobs._missed:
            return now + timedelta(days=1)
        return super().get_next_fire_time(previous, now)


def test_job_when_longer_than_its_period_then_never_twice_at_once_and_made_up_once(
    jobs: Jobs,
) -> None:
    at_work, most, begun, go_on = 0, 0, 0, threading.Event()

    def work() -> None:
        nonlocal at_work, most, begun
        at_work, begun = at_work + 1, begun + 1
        most = max(most, at_work)
        go_on.wait(PATIENCE)
        at_work -= 1

    jobs.put(Pool.SOURCES, "slow", TomorrowOnceMissed(jobs), work)
    jobs.start()
    soon = datetime.now(UTC) + timedelta(hours=1)
    assert wait_until(lambda: jobs.following(Pool.SOURCES)["slow"] > soon)
    assert (begun, most) == (1, 1)
    go_on.set()
    assert wait_until(lambda: begun == 2)  # at once, not tomorrow
    assert most == 1


def test_jobs_when_the_clock_is_set_back_then_go_on_at_once(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = threading.Event()
    jobs.put(Pool.SOURCES, "hourly", Every(3600), ran.set)
    jobs.put(Pool.SOURCES, "by_cron", Cron("0 0 * * *"), lambda: None)
    jobs.start()
    assert ran.wait(PATIENCE)
    ran.clear()
    assert jobs.keep_time() == 0
    real, steady = time.time, time.monotonic

    class Shifted:
        """The machine's clock two hours back; the monotone one as it is."""

        time = staticmethod(lambda: real() - 7200)
        monotonic = staticmethod(steady)

    monkeypatch.setattr(scheduling, "time", Shifted)
    assert jobs.keep_time() == pytest.approx(-7200, abs=1)
    assert ran.wait(PATIENCE)
    assert jobs.keep_time() == 0


def test_jobs_when_stopped_then_end_and_who_hangs_is_named(jobs: Jobs) -> None:
    go_on, begun = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        go_on.wait(PATIENCE)

    jobs.put(Pool.SOURCES, "hangs", Every(60), hang)
    jobs.start()
    assert begun.wait(PATIENCE)
    assert jobs.stop(0.2) == ("hangs",)  # before it ended
    go_on.set()


class Watch:
    """A clock that goes on when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(slotting, "time", watch)
    return watch


def test_slots_when_those_at_work_make_no_progress_then_others_begin(watch: Watch) -> None:
    slots, begun = Slots(2, patience_seconds=20), threading.Event()

    def begin() -> None:
        with slots.held("c") as is_mine:
            assert is_mine
            begun.set()

    waiting = threading.Thread(target=begin)
    with slots.held("a"), slots.held("b"):
        watch.seconds = 20
        waiting.start()
        assert not begun.wait(0.5)
        watch.seconds = 20.5
        assert begun.wait(PATIENCE)
        waiting.join(PATIENCE)
        assert set(slots.hanging(20)) == {"a", "b"}
        slots.moved("a")
        slots.moved("b", 5)
        assert slots.hanging(0) == ()


def test_slots_when_the_mark_stays_then_that_is_no_progress(watch: Watch) -> None:
    slots = Slots(2, patience_seconds=9)
    with slots.held("a"):
        slots.moved("a", 5)
        watch.seconds = 5
        slots.moved("a", 5)
        assert slots.hanging(4) == ("a",)


def test_slots_when_closed_then_who_waits_begins_nothing() -> None:
    slots, answers = Slots(1, patience_seconds=9), []

    def ask() -> None:
        with slots.held("late") as is_mine:
            answers.append(is_mine)

    with slots.held("first"):
        waiting = threading.Thread(target=ask)
        waiting.start()
        slots.close()
        waiting.join(PATIENCE)
    assert answers == [False]
