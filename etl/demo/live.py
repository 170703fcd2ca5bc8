"""The running city: a few new rows every few seconds, at the rate of the hour.

What the plan of the month holds for the time since the last delivery is delivered in full. As
a city of this size has quiet minutes, visits and loans in time slots of their own come on top
while somebody is watching; after some hours the visits thin out, so that days keep their shape.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import polars as pl

from etl.demo import vocabulary as words
from etl.demo.bureaus import BUREAUS, Bureau
from etl.demo.calendar import ZONE, first_month, month_index, month_start
from etl.demo.delivery import deliver, deliver_nothing
from etl.demo.dice import uniform
from etl.demo.loans import DEALERS, taken_steps
from etl.demo.plan import DELIVERED, Window, as_delivered, happening, of_bureau
from etl.demo.population import people
from etl.demo.ratings import ratings
from etl.demo.state import DemoState, read_state, starting_state, write_state
from etl.demo.usage import events
from warehouse.settings import Settings

_LONGEST_PAUSE = timedelta(days=2)
_NAP = timedelta(minutes=2)
_AWAKE_FOR = timedelta(hours=3)
_KEEP_FILES = timedelta(hours=1)
_RATED_WITHIN = timedelta(hours=2, minutes=5)
_LOANS_LAST = timedelta(days=34)

_VISIT_SLOT = 2
_THINNED = 5
_LOAN_SLOT = 90
"""Slots in seconds; after `_AWAKE_FOR` only every fifth visit slot is used."""

_MONTHS_BACK = 2
"""How far back the plan still has rows to come: loans lapse after 30 days."""


def deliver_live(settings: Settings, now: datetime) -> None:
    """Deliver what happened since the last call, up to `now` (aware), at most two days of it.

    A bureau that reports events says once a minute, with a file without rows, that it has none;
    one that counts days does not.
    """
    state = read_state(settings) or starting_state(first_month(now), now - timedelta(minutes=5))
    if now <= state.last:
        return
    state = _resumed(state, now)
    window = Window(since=_local(state.last), until=_local(now))
    visits = _visits(state, window)
    is_new_minute = _seconds(window.since) // 60 < _seconds(window.until) // 60
    for bureau in BUREAUS:
        parts = [*_planned(bureau, state.first, window), *_on_top(bureau, state, window, visits)]
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


def _resumed(state: DemoState, now: datetime) -> DemoState:
    """After a pause the watch begins anew; what is older than two days is let go."""
    if now - state.last > _LONGEST_PAUSE:
        since = now - _LONGEST_PAUSE
        state = replace(state, last=since, loans_since=since)
    if now - state.last > _NAP:
        state = replace(state, awake_since=now - _NAP)
    return state


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


def _on_top(
    bureau: Bureau, state: DemoState, window: Window, visits: pl.DataFrame
) -> list[pl.DataFrame]:
    """Rows of the slots, by the month they began in, which goes into their numbers."""
    if bureau.kind == "volume":
        return []
    if bureau.kind in ("loan", "dealer"):
        started = _loan_steps(state, window, for_dealers=bureau.kind == "dealer")
    elif bureau.kind == "rating":
        started = ratings(visits, state.first, 0)
    else:
        started = of_bureau(visits, bureau)
    rows = started.filter(window.holds(DELIVERED))
    months = rows["began"].dt.truncate("1mo").unique().sort()
    return [
        as_delivered(rows.filter(pl.col("began").dt.truncate("1mo") == month), bureau, month)
        for month in months
    ]


def _slots(since: datetime, until: datetime, seconds: int) -> pl.DataFrame:
    """The slots that begin after `since`, up to `until`: number and a moment within, `at`."""
    start = _seconds(since) // seconds + 1
    number = pl.int_range(start, _seconds(until) // seconds + 1, eager=True).cast(pl.Int64)
    inner = (uniform(number, 201) * seconds * 1000).cast(pl.Int64)
    at = (number * seconds * 1000 + inner).cast(pl.Datetime("ms"))
    return pl.DataFrame({"number": number, "at": at, "began": at})


def _seconds(local: datetime) -> int:
    return int((local - datetime(1970, 1, 1)).total_seconds())


def _visits(state: DemoState, window: Window) -> pl.DataFrame:
    """Service events on top of the plan: known people, online, in slots of two seconds."""
    awake = _local(state.awake_since)
    slots = _slots(max(awake, window.since - _RATED_WITHIN), window.until, _VISIT_SLOT)
    watched = slots["at"] < awake + _AWAKE_FOR
    slots = slots.filter(watched | (slots["number"] % _THINNED == 0))
    month = month_index(state.first, window.until.date())
    online = events(state.first, month).filter(pl.col("channel") != words.COUNTER)
    chosen = (uniform(slots["number"], 202) * len(online)).cast(pl.Int64)
    sample = online[chosen].drop("number", "at", DELIVERED)
    return sample.with_columns(slots["number"], slots["at"], slots["began"]).with_columns(
        pl.col("at").alias(DELIVERED)
    )


def _loan_steps(state: DemoState, window: Window, *, for_dealers: bool) -> pl.DataFrame:
    """Steps of loans on top of the plan; fewer by night, one in four by a dealer."""
    begin = max(_local(state.loans_since), window.since - _LOANS_LAST)
    slots = _slots(begin, window.until, _LOAN_SLOT)
    awake = pl.when(pl.col("at").dt.hour().is_between(8, 21)).then(0.55).otherwise(0.12)
    mine = (pl.col("number") % 4 == 0) == for_dealers
    slots = slots.filter(mine & (pl.lit(uniform(slots["number"], 203)) < awake))
    applicants = _applicants(slots["number"], state.first, window, for_dealers=for_dealers)
    applications = slots.with_columns(applicants["person"], applicants["district"])
    rows = taken_steps(applications, slots["number"], for_dealers=for_dealers)
    return rows.filter(pl.col("at") >= begin)


def _applicants(
    numbers: pl.Series, first: date, window: Window, *, for_dealers: bool
) -> pl.DataFrame:
    everyone = people(month_index(first, window.until.date()) + 1)
    known = everyone.filter(~pl.col("is_company")).select("person", "district")
    if for_dealers:
        known = known.head(DEALERS).with_columns(pl.int_range(0, DEALERS).alias("person"))
    return known[(uniform(numbers, 204) * len(known)).cast(pl.Int64)]


def _prune(inbox: Path, before: datetime) -> None:
    """Remove own live files delivered before `before`; the history stays."""
    for bureau in BUREAUS:
        for path in (inbox / bureau.name).glob(f"{bureau.name}-????????T??????{bureau.suffix}"):
            stamp = path.name[len(bureau.name) + 1 :][: len("20260101T000000")]
            if stamp < f"{before:%Y%m%dT%H%M%S}":
                path.unlink()
