"""The people of the city: when each joins, how faithful each is, who is active in a month.

Active people follow a path that grows about 30 % a month and bends to about 12 % in the last
half year; the numbers joining are what the path asks for beyond those who come back.
"""

import math
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import polars as pl

from etl.demo import vocabulary as words
from etl.demo.calendar import HISTORY_MONTHS
from etl.demo.dice import pick, uniform

_LAST_FULL_MONTH = 57_000
_STEADY = 1.30
_BEND = (1.25, 1.19, 1.16, 1.14, 1.125, 1.12, 1.11)
_AFTERWARDS = 1.04
# Growth of single months against the path: a slow holiday month and its recovery, an outage.
_STORIES = {3: 0.86, 4: 1.12, 9: 0.90, 10: 1.11, 15: 0.84, 16: 1.15}
_COMPANY_EVERY = 13


@dataclass(frozen=True, kw_only=True)
class Path:
    """For each month: the people active, and the number of the first person who joins in it."""

    active: tuple[int, ...]
    joined: tuple[int, ...]


def _growth(month: int) -> float:
    bend = month - (HISTORY_MONTHS - len(_BEND) + 1)
    if bend < 0:
        return _STEADY * _STORIES.get(month, 1.0)
    return _BEND[bend] if bend < len(_BEND) else _AFTERWARDS


def faithfulness(age: int) -> float:
    """The share of those who joined `age` months ago that is active."""
    return 1.0 if age == 0 else 0.25 + 0.33 * math.exp(-(age - 1) / 3.0)


@lru_cache(maxsize=8)
def path(months: int) -> Path:
    """The growth of the first `months` months; longer paths continue shorter ones."""
    base = _LAST_FULL_MONTH / math.prod(_growth(m) for m in range(1, HISTORY_MONTHS))
    active: list[int] = []
    joiners: list[int] = []
    for month in range(months):
        base *= _growth(month) if month else 1.0
        back = sum(n * faithfulness(month - m) for m, n in enumerate(joiners))
        joiners.append(max(20, round(base - back)))
        active.append(round(base))
    starts = [sum(joiners[:m]) for m in range(months + 1)]
    return Path(active=tuple(active), joined=tuple(starts))


@lru_cache(maxsize=2)
def people(months: int) -> pl.DataFrame:
    """Everyone who joined in the first `months` months, with what stays the same about them."""
    starts = path(months).joined
    number = pl.int_range(0, starts[-1], eager=True).cast(pl.Int64)
    month = pl.Series(starts[1:]).search_sorted(number, side="right").cast(pl.Int64)
    company = number % _COMPANY_EVERY == 5
    return pl.DataFrame(
        {
            "person": number,
            "joined": month,
            "is_company": company,
            "district": _districts(number, month, months),
            "age": pick(uniform(number, 11), [w for _, _, w in words.AGE_BANDS]),
            "taste": uniform(number, 12),
            "second_taste": uniform(number, 13),
            "phone_kind": uniform(number, 14),
        }
    )


def _districts(number: pl.Series, month: pl.Series, months: int) -> pl.Series:
    """Home districts; one district gains weight with every cohort."""
    chance = uniform(number, 10)
    parts = []
    for joined in range(months):
        weights = [w for _, _, w in words.DISTRICTS]
        weights[words.RISING_DISTRICT] *= 0.5 + joined / 9.0
        parts.append(pick(chance.filter(month == joined), weights))
    return pl.concat(parts)


def active_people(first: date, month: int) -> pl.DataFrame:
    """Who is active in `month`; the same people however long the history has grown since."""
    everyone = people(max(month + 1, HISTORY_MONTHS + 1)).filter(pl.col("joined") <= month)
    age = month - everyone["joined"]
    shares = pl.Series([faithfulness(a) for a in range(month + 1)])
    fate = uniform(everyone["person"] * 1000 + month, 20 + first.year % 3)
    return everyone.filter(fate < shares.gather(age))
