"""The running city: what the plan holds for the time since the last delivery, and nothing else.

So a day delivered live is row for row the day that the history would have held.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import polars as pl

from etl.demo.bureaus import BUREAUS, Bureau
from etl.demo.calendar import ZONE, first_month, month_index, month_start
from etl.demo.delivery import deliver, deliver_nothing
from etl.demo.plan import DELIVERED, Window, as_delivered, happening, of_bureau
from etl.demo.state import DemoState, read_state, write_state
from etl.demo.usage import events
from warehouse.settings import Settings

_LONGEST_PAUSE = timedelta(days=2)
_KEEP_FILES = timedelta(hours=1)
_FIRST_LOOK = timedelta(minutes=5)

_MONTHS_BACK = 2
"""How far back the plan still has rows to come: loans lapse after 30 days."""


def deliver_live(settings: Settings, now: datetime) -> None:
    """Deliver what happened since the last call, up to `now` (aware), at most two days of it.

    A bureau that reports events says once a minute, with a file without rows, that it has none;
    one that counts days does not.
    """
    state = read_state(settings) or DemoState(first=first_month(now), last=now - _FIRST_LOOK)
    if now <= state.last:
        return
    since = max(state.last, now - _LONGEST_PAUSE)
    window = Window(since=_local(since), until=_local(now))
    is_new_minute = _minute(window.since) < _minute(window.until)
    for bureau in BUREAUS:
        parts = _planned(bureau, state.first, window)
        folder, stem = settings.inbox / bureau.name, live_stem(bureau, window.until)
        if parts:
            deliver(pl.concat(parts).drop(DELIVERED), folder, stem, bureau)
        elif is_new_minute and bureau.kind != "volume":
            deliver_nothing(folder, stem, bureau)
    write_state(settings, replace(state, last=now))
    _prune(settings.inbox, window.until - _KEEP_FILES)


def live_stem(bureau: Bureau, local: datetime) -> str:
    """Live files are named by the second they tell of and go after `_KEEP_FILES`."""
    return f"{bureau.name}-{local:%Y%m%dT%H%M%S}"


def _local(instant: datetime) -> datetime:
    return instant.astimezone(ZONE).replace(tzinfo=None)


def _planned(bureau: Bureau, first: date, window: Window) -> list[pl.DataFrame]:
    latest = month_index(first, window.until.date())
    parts = []
    for month in range(max(0, latest - _MONTHS_BACK), latest + 1):
        rows = _due(bureau, first, month, window)
        if not rows.is_empty():
            parts.append(as_delivered(rows, bureau, month_start(first, month)))
    return parts


def _due(bureau: Bureau, first: date, month: int, window: Window) -> pl.DataFrame:
    if bureau.kind == "service":
        return of_bureau(_due_events(first, month, window), bureau)
    return happening(bureau, first, month).filter(window.holds(DELIVERED))


@lru_cache(maxsize=_MONTHS_BACK + 1)
def _due_events(first: date, month: int, window: Window) -> pl.DataFrame:
    """Kept for the bureaus of one delivery, which share it."""
    return events(first, month).filter(window.holds(DELIVERED))


def _minute(local: datetime) -> datetime:
    return local.replace(second=0, microsecond=0)


def _prune(inbox: Path, before: datetime) -> None:
    """Remove own live files delivered before `before`; the history stays."""
    for bureau in BUREAUS:
        for path in (inbox / bureau.name).glob(f"{bureau.name}-????????T??????{bureau.suffix}"):
            stamp = path.name[len(bureau.name) + 1 :][: len("20260101T000000")]
            if stamp < f"{before:%Y%m%dT%H%M%S}":
                path.unlink()
