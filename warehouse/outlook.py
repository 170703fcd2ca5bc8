"""Where the growth goal stands: the gap, what it takes a day, when it is reached, where it ends.

Made from answers alone, so that scope and small cells hold in it as they do in them. Pure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from warehouse.model import CellState, Grain, MetricQuery, Period, Result

PACE_DAYS = 7
"""The present pace is how many people a day the month has gained in so many days."""
MOST_MONTHS = 1200
MAU, GOAL, PEOPLE = "growth.mau", "growth.goal", "usage.people"

Where = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """day         the last day of which anything is known; its month is the running one.
    at          up to where the data reach then (local time).
    population  registered people of the districts asked for; 0: not known.
    growth      the goal's growth a month, as a share.
    """

    day: date
    at: datetime
    population: int
    growth: float


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """How the running month stands to its goal.

    state       SUPPRESSED where people or goal are hidden, MISSING where there is no goal.
    gap         people - goal; at 0 or more the goal is reached.
    days_left   of the month, the running one as far as it is left.
    needed      people a day until the month ends; 0 when reached, None when it is over.
    pace        people a day the month has gained of late; None where that is hidden.
    arrives_on  the day the goal is reached at this pace, in this month or not; None when it is
                reached, or never would be.
    passes_in   first day of the month whose goal is the registered population or more; None
                where the path does not rise or there is no population.
    """

    state: CellState
    month: Period
    population: int
    growth: float
    people: int | None = None
    goal: float | None = None
    gap: float | None = None
    days_left: float = 0.0
    needed: float | None = None
    pace: float | None = None
    arrives_on: date | None = None
    passes_in: date | None = None

    @property
    def is_reached(self) -> bool:
        return self.gap is not None and self.gap >= 0

    @property
    def is_in_time(self) -> bool:
        """Whether the present pace reaches the goal within the month."""
        return self.is_reached or (self.arrives_on is not None and self.arrives_on < self.month.end)


def questions(day: date, where: Where) -> tuple[MetricQuery, MetricQuery]:
    """People and goal of the month of `day`, and its people before the days of the pace."""
    month = _month(day)
    early = Period(start=month.start, end=max(_since(day), month.start + timedelta(days=1)))
    return (
        MetricQuery(metrics=(MAU, GOAL), period=month, grain=Grain.MONTH, where=where),
        MetricQuery(metrics=(PEOPLE,), period=early, where=where),
    )


def read(answers: Sequence[Result], setting: Setting) -> Outlook:
    """The outlook from the answers to `questions`, in their order."""
    month = _month(setting.day)
    blank = Outlook(
        state=CellState.MISSING,
        month=month,
        population=setting.population,
        growth=setting.growth,
    )
    if not answers[0].rows:
        return blank
    people, goal = answers[0].rows[0].cells
    if CellState.SUPPRESSED in (people.state, goal.state):
        return replace(blank, state=CellState.SUPPRESSED)
    if people.value is None or not goal.value:
        return blank
    gap = people.value - goal.value
    pace = _pace(answers[1], int(people.value), setting, month)
    left = max((_midnight(month.end) - setting.at) / timedelta(days=1), 0.0)
    return Outlook(
        state=CellState.VALUE,
        month=month,
        population=setting.population,
        growth=setting.growth,
        people=int(people.value),
        goal=goal.value,
        gap=gap,
        days_left=left,
        needed=0.0 if gap >= 0 else -gap / left if left else None,
        pace=pace,
        arrives_on=_arrival(setting.at, gap, pace),
        passes_in=_passing(month.start, goal.value, setting),
    )


def _month(day: date) -> Period:
    start = Grain.MONTH.floor(day)
    return Period(start=start, end=Grain.MONTH.shift(start, 1))


def _since(day: date) -> date:
    return day - timedelta(days=PACE_DAYS - 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _pace(earlier: Result, people: int, setting: Setting, month: Period) -> float | None:
    """New faces of the month a day, over the last days of it that have data."""
    since, before = max(_since(setting.day), month.start), 0
    if since > month.start:
        cell = earlier.rows[0].cells[0] if earlier.rows else None
        if cell is None or cell.value is None:
            return None
        before = int(cell.value)
    days = (setting.at - _midnight(since)) / timedelta(days=1)
    return (people - before) / days if days > 0 else None


def _arrival(at: datetime, gap: float, pace: float | None) -> date | None:
    if gap >= 0 or pace is None or pace <= 0:
        return None
    days = -gap / pace
    return (at + timedelta(days=days)).date() if days < MOST_MONTHS * 30 else None


def _passing(month: date, goal: float, setting: Setting) -> date | None:
    """target(m) = goal * (1 + g)^m, counted from the running month; m may lie behind it."""
    if setting.growth <= 0 or setting.population <= 0:
        return None
    months = math.log(setting.population / goal) / math.log1p(setting.growth)
    first = math.ceil(round(months, 9))
    return Grain.MONTH.shift(month, first) if abs(first) <= MOST_MONTHS else None
