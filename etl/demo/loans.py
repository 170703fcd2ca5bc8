"""Loans of a month: applications of people and dealers, and every step each one takes.

A decision takes about 22 seconds; some 3 per cent take longer than a minute, most of those
because a person had a hand in it.
"""

from datetime import date, datetime
from functools import lru_cache

import polars as pl

from etl.demo import calendar
from etl.demo import vocabulary as words
from etl.demo.dice import pick, skewed, uniform
from etl.demo.population import active_people

DEALERS = 880
_APPLYING_SHARE = 0.088
_LATE_SHARE = 0.004

APPLIED, APPROVED, SIGNED, DISBURSED, DECLINED, WITHDRAWN, CANCELLED, EXPIRED = range(8)

_SECOND = 1_000
_HOUR = 3_600_000
_DAY = 86_400_000


@lru_cache(maxsize=12)
def steps(first: date, month: int, *, for_dealers: bool) -> pl.DataFrame:
    """Every step of the applications handed in during `month`, in order of delivery."""
    who = _dealers(month) if for_dealers else _people(first, month)
    number = pl.int_range(0, len(who), eager=True).cast(pl.Int64).alias("number")
    salted = number + month * 20_000_000 + (10_000_000 if for_dealers else 0)
    at = _instants(salted, calendar.month_start(first, month))
    return _taken(who.with_columns(number, at.alias("at")), salted, for_dealers=for_dealers)


def _taken(applications: pl.DataFrame, salted: pl.Series, *, for_dealers: bool) -> pl.DataFrame:
    """One row a step of `applications` (number, person, district, at): what becomes of each.

    Adds step, reason, amount (yuan), channel, manual and the three verification flags.
    """
    facts = _with_facts(applications, salted, for_dealers=for_dealers)
    ways = _ways(facts, salted)
    parts = [
        facts.with_columns(pl.lit(step, pl.Int64).alias("step"), ways[name].alias("at")).filter(
            ways[name].is_not_null()
        )
        for step, name in enumerate(code for code, _ in words.STEPS)
    ]
    rows = pl.concat(parts).with_columns(
        pl.when(pl.col("step") == DECLINED).then(pl.col("reason")).alias("reason"),
        (pl.col("manual") & (pl.col("step").is_in([APPROVED, DECLINED]))).alias("manual"),
        pl.when(pl.col("step") == APPLIED)
        .then(pl.col("asked"))
        .when(pl.col("step").is_in([APPROVED, SIGNED, DISBURSED]))
        .then(pl.col("granted"))
        .alias("amount"),
    )
    key = rows["key"] * 8 + rows["step"]
    late = uniform(key, 80) < (0.0 if for_dealers else _LATE_SHARE)
    delay = (uniform(key, 81) * 3 * _DAY).cast(pl.Int64)
    later = pl.when(late).then(pl.col("at") + delay.cast(pl.Duration("ms")))
    return rows.with_columns(later.otherwise(pl.col("at")).alias("delivered")).sort(
        "delivered", "number", "step"
    )


def _people(first: date, month: int) -> pl.DataFrame:
    active = active_people(first, month).filter(~pl.col("is_company"))
    applying = uniform(active["person"] * 1000 + month, 61) < _APPLYING_SHARE
    return active.filter(applying).select("person", "district")


def _dealers(month: int) -> pl.DataFrame:
    """Dealers come on board over the months; each applies about once a month."""
    aboard = min(DEALERS, 240 + month * 32)
    dealer = pl.int_range(0, aboard, eager=True).cast(pl.Int64)
    times = skewed(uniform(dealer * 1000 + month, 62), 0.9, 0.5).round().clip(0, 6).cast(pl.Int64)
    frame = pl.DataFrame({"person": dealer, "times": times}).filter(pl.col("times") > 0)
    repeated = frame.select(pl.col("person").repeat_by("times").explode(empty_as_null=False))
    home = pick(uniform(repeated["person"], 63), [w for _, _, w in words.DISTRICTS])
    return repeated.with_columns(home.alias("district"))


def _instants(salted: pl.Series, start: date) -> pl.Series:
    days = calendar.days_of(start)
    day = pick(uniform(salted, 64), [0.4 + calendar.day_weight(d) for d in days])
    hour = pick(uniform(salted, 65), calendar.ONLINE_HOURS)
    offset = day.cast(pl.Int64) * _DAY + hour.cast(pl.Int64) * _HOUR
    within = (uniform(salted, 66) * _HOUR).cast(pl.Int64)
    base = pl.lit(datetime(start.year, start.month, 1)).cast(pl.Datetime("ms"))
    return pl.select(base + (offset + within).cast(pl.Duration("ms"))).to_series()


def _with_facts(
    applications: pl.DataFrame, salted: pl.Series, *, for_dealers: bool
) -> pl.DataFrame:
    """What is known of an application from its first minute on."""
    median, limit = (420_000.0, 5_000_000) if for_dealers else (52_000.0, 300_000)
    asked = (skewed(uniform(salted, 67), median, 0.35) / 100).round().clip(10, limit / 100) * 100
    granted = (asked * (0.6 + 0.4 * uniform(salted, 68))).round(2)
    bureau, trust, court = (0.975, 0.90, 0.955) if for_dealers else (0.99, 0.965, 0.935)
    return applications.with_columns(
        salted.alias("key"),
        asked.alias("asked"),
        granted.alias("granted"),
        pick(uniform(salted, 69), (52, 34, 10, 4)).alias("channel"),
        pick(uniform(salted, 70), (60, 40)).alias("product"),
        pick(uniform(salted, 71), [w for _, _, w in words.REASONS]).alias("reason"),
        (uniform(salted, 72) < bureau).alias("credit_bureau"),
        (uniform(salted, 73) < trust).alias("public_trust"),
        (uniform(salted, 74) < court).alias("judicial"),
        (uniform(salted, 75) < 0.013).alias("manual"),
    )


def _ways(facts: pl.DataFrame, salted: pl.Series) -> pl.DataFrame:
    """When each application takes each step; null where it never does."""
    decided = _decision_time(facts, salted)
    fate, after = uniform(salted, 76), uniform(salted, 77)
    signed_wait = skewed(uniform(salted, 78), 35 * 60 * _SECOND, 0.9).clip(20 * _SECOND, 3 * _DAY)
    paid_wait = skewed(uniform(salted, 79), 45 * _SECOND, 0.5).clip(2 * _SECOND, 6 * _HOUR)
    approved = pl.when(fate < 0.70).then(facts["at"] + decided)
    signed = approved_then(fate, after < 0.83, facts["at"] + decided, signed_wait)
    ended = pl.when((fate < 0.70) & (after >= 0.83))
    return pl.select(
        facts["at"].alias("applied"),
        approved.alias("approved"),
        signed.alias("signed"),
        pl.when((fate < 0.70) & (after < 0.805))
        .then(facts["at"] + decided + _wait(signed_wait) + _wait(paid_wait))
        .alias("disbursed"),
        pl.when((fate >= 0.70) & (fate < 0.955)).then(facts["at"] + decided).alias("declined"),
        pl.when((fate >= 0.955) & (fate < 0.99)).then(facts["at"] + decided * 3).alias("withdrawn"),
        ended.then(
            pl.when(after < 0.91).then(facts["at"] + decided + _wait(signed_wait * 2))
        ).alias("cancelled"),
        ended.then(
            pl.when(after >= 0.91).then(facts["at"] + pl.lit(30 * _DAY).cast(pl.Duration("ms")))
        ).alias("expired"),
    )


def approved_then(
    fate: pl.Series, goes_on: pl.Series, decided_at: pl.Series, wait: pl.Series
) -> pl.Expr:
    """The time of the step after approval for those who go on."""
    return pl.when((fate < 0.70) & goes_on).then(decided_at + _wait(wait))


def _decision_time(facts: pl.DataFrame, salted: pl.Series) -> pl.Series:
    """Milliseconds from application to decision, as a duration."""
    by_machine = skewed(uniform(salted, 82), 22.0 * _SECOND, 0.275).clip(3 * _SECOND, 20 * 60_000)
    by_hand = skewed(uniform(salted, 83), 45 * 60.0 * _SECOND, 0.5).clip(60_000, _DAY)
    time = pl.when(facts["manual"]).then(by_hand).otherwise(by_machine)
    return pl.select(time.cast(pl.Int64).cast(pl.Duration("ms"))).to_series()


def _wait(milliseconds: pl.Series) -> pl.Series:
    return milliseconds.cast(pl.Int64).cast(pl.Duration("ms"))
