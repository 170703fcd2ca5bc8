"""Jobs: no overlap, missed turns made up for, clocks that jump, and an end in time."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from etl import jobs as scheduling
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

    jobs.put(Pool.SOURCES, "slow", Every(1), work)
    jobs.start()
    assert wait_until(lambda: bool(jobs._missed))
    assert (begun, most) == (1, 1)
    freed = time.monotonic()
    go_on.set()
    assert wait_until(lambda: begun == 2)
    assert time.monotonic() - freed < 0.9  # made up for at once, not at the next turn
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
    began = time.monotonic()
    assert jobs.stop(0.2) == ("hangs",)
    assert time.monotonic() - began < 2
    go_on.set()


def test_slots_when_those_at_work_make_no_progress_then_others_begin() -> None:
    slots = Slots(2, patience_seconds=0.2)
    with slots.held("a"), slots.held("b"):
        began = time.monotonic()
        with slots.held("c") as is_mine:
            assert is_mine and time.monotonic() - began > 0.1
        assert set(slots.hanging(0.1)) == {"a", "b"}
        slots.moved("a")
        slots.moved("b", 5)
        assert slots.hanging(0.1) == ()


def test_slots_when_the_mark_stays_then_that_is_no_progress() -> None:
    slots = Slots(2, patience_seconds=9)
    with slots.held("a"):
        slots.moved("a", 5)
        time.sleep(0.05)
        slots.moved("a", 5)
        assert slots.hanging(0.04) == ("a",)


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
