"""好差评 and counter machines: what follows from the service events of a month."""

from datetime import date, datetime, timedelta

import polars as pl

from etl.demo import calendar
from etl.demo import vocabulary as words
from etl.demo.dice import pick, skewed, uniform
from etl.demo.usage import INCIDENT

_RATED_SHARE = 0.083
_USUAL = (71.0, 21.0, 5.2, 1.9, 0.9)
_ANNOYED = (48.0, 20.0, 11.0, 12.0, 9.0)

# Scenes the self-service machines in the halls offer: position in SCENES, share of use.
_MACHINE_SCENES = ((0, 9.0), (3, 5.0), (6, 12.0), (11, 7.0))


def ratings(events: pl.DataFrame, first: date, salt: int) -> pl.DataFrame:
    """The ratings people left for completed `events` (their columns, plus level and own times)."""
    salted = events["number"] + salt * 20_000_000
    done = events.filter((events["outcome"] == 0) & (uniform(salted, 91) < _RATED_SHARE))
    key = done["number"] + salt * 20_000_000
    annoyed = _annoyed(done, first)
    chance = uniform(key, 92)
    level = pl.when(annoyed).then(pick(chance, _ANNOYED)).otherwise(pick(chance, _USUAL))
    wait = (skewed(uniform(key, 93), 90.0, 0.6).clip(5, 7200) * 1000).cast(pl.Int64)
    rated_at = pl.col("at") + wait.cast(pl.Duration("ms"))
    return done.with_columns(
        level.cast(pl.Int64).alias("level"), rated_at.alias("at"), rated_at.alias("delivered")
    ).sort("delivered", "number")


def _annoyed(events: pl.DataFrame, first: date) -> pl.Series:
    month = calendar.month_start(first, INCIDENT.month)
    begin = datetime(month.year, month.month, INCIDENT.days[0])
    felt = events["at"].is_between(begin, begin + timedelta(days=INCIDENT.felt_days))
    return felt & events["scene"].is_in(INCIDENT.scenes)


def machine_counts(first: date, month: int) -> pl.DataFrame:
    """How often each hall's machines were used: a row a day, district and scene."""
    days = calendar.days_of(calendar.month_start(first, month))
    grid = (
        pl.DataFrame({"day": days})
        .join(pl.DataFrame({"district": range(len(words.DISTRICTS))}), how="cross")
        .join(pl.DataFrame({"place": range(len(_MACHINE_SCENES))}), how="cross")
    )
    number = pl.int_range(0, len(grid), eager=True).cast(pl.Int64) + month * 20_000_000
    size = pl.Series([w for _, _, w in words.DISTRICTS]).gather(grid["district"])
    use = pl.Series([w for _, w in _MACHINE_SCENES]).gather(grid["place"])
    quiet = pl.Series([max(0.12, calendar.office_weight(d)) for d in days])
    busy = quiet.gather((pl.int_range(0, len(grid), eager=True) // _cells()).cast(pl.Int64))
    volume = size * use * busy * (0.55 + 0.9 * uniform(number, 95)) * (1 + month / 40)
    return grid.select(
        number.alias("number"),
        pl.col("day").cast(pl.Datetime("ms")).alias("at"),
        "district",
        pl.Series([s for s, _ in _MACHINE_SCENES]).gather(grid["place"]).alias("scene"),
        volume.round().cast(pl.Int64).alias("volume"),
        (pl.col("day").cast(pl.Datetime("ms")) + pl.duration(hours=19, minutes=5)).alias(
            "delivered"
        ),
    )


def _cells() -> int:
    return len(words.DISTRICTS) * len(_MACHINE_SCENES)
