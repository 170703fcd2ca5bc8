"""When a source is looked at. All in UTC, so that no change of clocks skips or doubles a turn.

Missed turns count as one, however long nobody looked: the next is always after now. (APScheduler's
own triggers list every missed turn first, which takes minutes after a clock was a year off.)
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

SMALL_STEP = timedelta(seconds=60)
"""A clock set back by at most this was corrected: a turn of `Cron` that was taken stays taken."""


class Every(BaseTrigger):  # type: ignore[misc]
    """Every so many seconds, counted from the first turn."""

    def __init__(self, seconds: float) -> None:
        self._pause = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The first turn after `now`; at once the first time, and after a clock was set back."""
        if previous is None or previous > now + self._pause:
            return now
        turns = max(1, (now - previous) // self._pause + 1)
        return previous + turns * self._pause


class Cron(BaseTrigger):  # type: ignore[misc]
    """At the minutes of a cron line, UTC."""

    def __init__(self, line: str) -> None:
        self._line: Any = CronTrigger.from_crontab(line, timezone=UTC)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The first turn after `now` that was not taken; None when there is none any more."""
        after = now
        if previous is not None and previous - now <= SMALL_STEP:
            after = max(now, previous + timedelta(microseconds=1))
        found: datetime | None = self._line.get_next_fire_time(None, after.astimezone(UTC))
        return found
