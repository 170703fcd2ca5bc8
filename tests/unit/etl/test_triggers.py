"""Turns: each window exactly once, whatever clocks, zones and delays do."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.job import Job
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.triggers import Cron, Every

SHIFTS = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin loses an hour
    datetime(2026, 10, 25, 1, tzinfo=UTC),  # and has one twice
    datetime(1991, 4, 13, 18, tzinfo=UTC),  # Shanghai lost one too
    datetime(1991, 9, 14, 17, tzinfo=UTC),
)
LINES = ("*/5 * * * *", "30 * * * *", "30 1 * * *", "15 */2 * * *", "0 2 * * sun")


@pytest.fixture(scope="module", params=["Europe/Berlin", "Asia/Shanghai"])
def machine_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def windows(trigger: Every | Cron, looks: list[datetime]) -> list[datetime]:
    """The turns that are taken by somebody who looks at these instants, as APScheduler does."""
    taken: list[datetime] = []
    job = Job.__new__(Job)
    job.trigger = trigger
    job.next_run_time = trigger.get_next_fire_time(None, looks[0])
    for now in looks:
        due = job._get_run_times(now)
        if due:
            taken.append(due[-1])
            job.next_run_time = trigger.get_next_fire_time(due[-1], now)
    return taken


@settings(max_examples=25, deadline=None)
@given(
    shift=st.sampled_from(SHIFTS),
    line=st.sampled_from(LINES),
    late=st.integers(min_value=0, max_value=50),
)
def test_cron_when_clocks_change_then_every_window_once(
    machine_zone: str, shift: datetime, line: str, late: int
) -> None:
    start = shift - timedelta(days=2)
    looks = [start + timedelta(minutes=n, seconds=late) for n in range(4 * 24 * 60)]
    taken = windows(Cron(line), looks)

    assert taken == _expected(line, looks[0], looks[-1])


def _expected(line: str, first: datetime, last: datetime) -> list[datetime]:
    """By the definition of a cron line in UTC, minute by minute."""
    minute, hour, _, _, weekday = line.split()
    start = first.replace(second=0, microsecond=0)
    minutes = [start + timedelta(minutes=n) for n in range(4 * 24 * 60 + 1)]
    return [
        at
        for at in minutes
        if first <= at <= last
        and _fits(minute, at.minute)
        and _fits(hour, at.hour)
        and (weekday == "*" or at.weekday() == 6)
    ]


def _fits(field: str, value: int) -> bool:
    if field == "*":
        return True
    step = field.removeprefix("*/")
    return value % int(step) == 0 if step != field else value == int(field)


@settings(max_examples=25, deadline=None)
@given(
    shift=st.sampled_from(SHIFTS),
    seconds=st.sampled_from([1, 7, 60, 3600]),
    late=st.integers(min_value=0, max_value=999),
)
def test_interval_when_clocks_change_then_every_window_once(
    machine_zone: str, shift: datetime, seconds: int, late: int
) -> None:
    start, pause = shift - timedelta(seconds=30 * seconds), timedelta(seconds=seconds)
    delay = timedelta(milliseconds=late)
    looks = [start + delay, *(start + n * pause + 2 * delay for n in range(1, 60))]
    taken = windows(Every(seconds), looks)

    assert taken == [start + delay + n * pause for n in range(60)]


@pytest.mark.parametrize("make", [lambda: Every(1), lambda: Cron("* * * * *")], ids=["1s", "1m"])
def test_turns_when_nobody_looked_for_years_then_count_as_one_and_cost_nothing(
    make: Callable[[], Every | Cron],
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    began = time.perf_counter()
    later = start + timedelta(days=3650, seconds=0.5)
    taken = windows(make(), [start, later])

    assert len(taken) == 2
    assert time.perf_counter() - began < 1


def test_turns_when_the_clock_was_set_back_then_an_interval_goes_on_at_once() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert Every(60).get_next_fire_time(now + timedelta(hours=1), now) == now


def test_turns_when_the_clock_was_corrected_by_seconds_then_a_cron_turn_is_not_repeated() -> None:
    turn = datetime(2026, 1, 1, 12, tzinfo=UTC)
    cron, hour = Cron("0 * * * *"), timedelta(hours=1)
    assert cron.get_next_fire_time(turn, turn - timedelta(seconds=3)) == turn + hour
    assert cron.get_next_fire_time(turn, turn - hour - timedelta(minutes=1)) == turn - hour
