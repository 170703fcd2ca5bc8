"""What people did in a month: one row a service event, as codes, before any bureau words it.

Stories a viewer can find: the counter gives way to the phone everywhere but in one district;
two scenes were slow and failing for two days (`INCIDENT`), and people said so afterwards.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import polars as pl

from etl.demo import calendar
from etl.demo import vocabulary as words
from etl.demo.dice import pick, skewed, uniform
from etl.demo.population import active_people

_LATE_SHARE = 0.008
_LATE_SCENES = (0, 1, 2, 6, 11)
"""Those whose bureaus send some rows days later; together 0.5 % of all."""
_ANONYMOUS_SHARE = 0.03
_NO_DISTRICT_SHARE = 0.012


@dataclass(frozen=True, kw_only=True)
class Incident:
    """`days` of `month` on which `scenes` answered slowly; felt in ratings for `felt_days`."""

    month: int
    days: tuple[int, int]
    scenes: tuple[int, ...]
    felt_days: int


INCIDENT = Incident(month=20, days=(11, 12), scenes=(1, 2), felt_days=16)


@lru_cache(maxsize=12)
def events(first: date, month: int) -> pl.DataFrame:
    """All service events that happen in `month`, in order of delivery.

    Columns: number, person, is_company, district, age, scene, item, channel, device, outcome,
    latency_ms, at (local), delivered (local).
    """
    visits = _visits(first, month)
    number = visits["number"]
    salted = number + month * 20_000_000
    scene = _scenes(visits, salted, first, month)
    channel = _channels(visits, salted, month)
    at = _instants(salted, channel, calendar.month_start(first, month))
    incident = _in_incident(scene, at, channel, calendar.month_start(first, INCIDENT.month))
    outcome = _outcomes(salted, month, incident)
    frame = visits.with_columns(
        scene.alias("scene"),
        _items(scene, salted).alias("item"),
        channel.alias("channel"),
        _devices(channel, visits["phone_kind"], salted, month).alias("device"),
        outcome.alias("outcome"),
        _latency(salted, channel, incident).alias("latency_ms"),
        at.alias("at"),
        _delivered(salted, at, scene).alias("delivered"),
    )
    return frame.drop("taste", "second_taste", "phone_kind", "joined").sort("delivered", "number")


def _visits(first: date, month: int) -> pl.DataFrame:
    """A row for each event: who, and their lasting traits."""
    active = active_people(first, month)
    chance = uniform(active["person"] * 1000 + month, 31)
    times = (1 + skewed(chance, 0.95, 0.75).clip(0, 14)).cast(pl.Int64)
    visits = active.with_columns(times.alias("times")).select(
        pl.exclude("times").repeat_by("times").explode(empty_as_null=False)
    )
    number = pl.int_range(0, len(visits), eager=True).cast(pl.Int64).alias("number")
    return _with_gaps(visits.with_columns(number), month)


def _with_gaps(visits: pl.DataFrame, month: int) -> pl.DataFrame:
    """Some events name no person (guests), some no district."""
    salted = visits["number"] + month * 20_000_000
    return visits.with_columns(
        pl.when(uniform(salted, 41) >= _ANONYMOUS_SHARE).then(pl.col("person")).alias("person"),
        pl.when(uniform(salted, 42) >= _NO_DISTRICT_SHARE)
        .then(pl.col("district"))
        .alias("district"),
        pl.when(~pl.col("is_company")).then(pl.col("age")).alias("age"),
        pl.col("district").alias("home"),
    )


def _scenes(visits: pl.DataFrame, salted: pl.Series, first: date, month: int) -> pl.Series:
    """Most visits follow the person's two habits, the rest the season."""
    habit = uniform(salted, 43)
    chance = pl.select(
        pl.when(habit < 0.42)
        .then(visits["taste"])
        .when(habit < 0.67)
        .then(visits["second_taste"])
        .otherwise(uniform(salted, 44))
    ).to_series()
    season = calendar.month_start(first, month).month - 1
    open_now = [s.season[season] if month >= s.launched else 0.0 for s in words.SCENES]
    private = [s.for_people * w for s, w in zip(words.SCENES, open_now, strict=True)]
    business = [s.for_companies * w for s, w in zip(words.SCENES, open_now, strict=True)]
    chosen = pl.when(visits["is_company"]).then(pick(chance, business))
    return pl.select(chosen.otherwise(pick(chance, private)).cast(pl.Int64)).to_series()


def _items(scene: pl.Series, salted: pl.Series) -> pl.Series:
    """The item within the scene; the first ones are the most asked for."""
    counts = pl.Series([len(s.items) for s in words.SCENES])
    offsets = pl.Series([sum(len(s.items) for s in words.SCENES[:n]) for n in range(len(counts))])
    inner = (uniform(salted, 45) ** 1.5 * counts.gather(scene)).cast(pl.Int64)
    return offsets.gather(scene) + inner


def _channels(visits: pl.DataFrame, salted: pl.Series, month: int) -> pl.Series:
    """Position in `CHANNELS`; the counter's share falls from 38 to 14 per cent."""
    counter = 0.38 - 0.24 * min(month, 26) / 24
    share = pl.select(
        pl.when(visits["home"] == words.LAGGING_DISTRICT)
        .then(pl.lit(0.52 - 0.004 * min(month, 26)))
        .otherwise(pl.lit(counter) + pl.when(visits["age"] == 5).then(0.10).otherwise(0.0))
    ).to_series()
    online = pick(uniform(salted, 46), (46, 34 + month * 0.4, 20))
    chosen = pl.when(uniform(salted, 47) < share).then(pl.lit(words.COUNTER, pl.UInt32))
    return pl.select(chosen.otherwise(online).cast(pl.Int64)).to_series()


def _devices(channel: pl.Series, kind: pl.Series, salted: pl.Series, month: int) -> pl.Series:
    """Position in `DEVICES`; a person keeps the phone, and one phone system is on the rise."""
    phone = pick(kind, (46, 30, 6 + month * 0.6))
    at_counter = pick(uniform(salted, 48), (35, 65)) + 4
    return pl.select(
        pl.when(channel == words.COUNTER)
        .then(at_counter)
        .when(channel == words.WEB)
        .then(pl.lit(3, pl.UInt32))
        .otherwise(phone)
        .cast(pl.Int64)
    ).to_series()


def _instants(salted: pl.Series, channel: pl.Series, start: date) -> pl.Series:
    """Local time of each event, to the millisecond."""
    days = calendar.days_of(start)
    day_chance, hour_chance = uniform(salted, 49), uniform(salted, 50)
    at_counter = channel == words.COUNTER
    day = pl.when(at_counter).then(pick(day_chance, [calendar.office_weight(d) for d in days]))
    hour = pl.when(at_counter).then(pick(hour_chance, calendar.OFFICE_HOURS))
    hours = pl.select(
        day.otherwise(pick(day_chance, [calendar.day_weight(d) for d in days])).cast(pl.Int64) * 24
        + hour.otherwise(pick(hour_chance, calendar.ONLINE_HOURS)).cast(pl.Int64)
    ).to_series()
    within = (uniform(salted, 51) * 3_600_000).cast(pl.Int64)
    base = pl.lit(datetime(start.year, start.month, 1)).cast(pl.Datetime("ms"))
    return pl.select(base + (hours * 3_600_000 + within).cast(pl.Duration("ms"))).to_series()


def _in_incident(scene: pl.Series, at: pl.Series, channel: pl.Series, month: date) -> pl.Series:
    begin = datetime(month.year, month.month, INCIDENT.days[0])
    end = begin + timedelta(days=len(INCIDENT.days))
    online = channel != words.COUNTER
    return scene.is_in(INCIDENT.scenes) & at.is_between(begin, end, closed="left") & online


def _outcomes(salted: pl.Series, month: int, incident: pl.Series) -> pl.Series:
    """Position in `OUTCOMES`; services get better over the months."""
    chance = uniform(salted, 52)
    failed = 0.045 - 0.001 * min(month, 24)
    usual = pick(chance, (1 - failed - 0.05, failed, 0.032, 0.018))
    bad = pick(chance, (0.66, 0.22, 0.10, 0.02))
    return pl.select(pl.when(incident).then(bad).otherwise(usual).cast(pl.Int64)).to_series()


def _latency(salted: pl.Series, channel: pl.Series, incident: pl.Series) -> pl.Series:
    """Answer time in milliseconds; none at the counter."""
    usual = skewed(uniform(salted, 53), 240.0, 0.38).clip(20, 30_000)
    slower = pl.when(incident).then(usual * 6.5).otherwise(usual)
    known = pl.when(channel != words.COUNTER)
    return pl.select(known.then(slower.round().cast(pl.Int64))).to_series()


def _delivered(salted: pl.Series, at: pl.Series, scene: pl.Series) -> pl.Series:
    """When the row reaches the inbox: at once, or up to five days late."""
    late = (uniform(salted, 54) < _LATE_SHARE) & scene.is_in(_LATE_SCENES)
    delay = (uniform(salted, 55) ** 2 * 5 * 86_400_000).cast(pl.Int64).cast(pl.Duration("ms"))
    return pl.select(pl.when(late).then(at + delay).otherwise(at)).to_series()
