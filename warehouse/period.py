"""Time as questions speak of it: days, units of the calendar, and what they are compared with.

Asked for as `warehouse.model.Period` and so on, like all other values of a question.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from warehouse.errors import BadPeriod


class Grain(StrEnum):
    DAY = "day"
    WEEK = "week"  # starts on Monday
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    def floor(self, day: date) -> date:
        """The first day of the unit that holds `day`."""
        match self:
            case Grain.DAY:
                return day
            case Grain.WEEK:
                return day - timedelta(days=day.weekday())
            case Grain.MONTH:
                return day.replace(day=1)
            case Grain.QUARTER:
                return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
            case Grain.YEAR:
                return date(day.year, 1, 1)

    def shift(self, start: date, count: int) -> date:
        """`start`, the first day of a unit, moved by `count` units."""
        match self:
            case Grain.DAY:
                return start + timedelta(days=count)
            case Grain.WEEK:
                return start + timedelta(weeks=count)
            case Grain.MONTH:
                return _add_months(start, count)
            case Grain.QUARTER:
                return _add_months(start, 3 * count)
            case Grain.YEAR:
                return _add_months(start, 12 * count)


def _add_months(start: date, count: int) -> date:
    month = start.year * 12 + start.month - 1 + count
    return date(month // 12, month % 12 + 1, 1)


@dataclass(frozen=True, kw_only=True, order=True)
class Period:
    """Days from `start` (included) to `end` (not included), in the reporting time zone."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise BadPeriod(
                f"The period ends ({self.end}) before it starts ({self.start})."
                " Put the earlier day first; the last day is not included."
            )
        if (self.end - self.start).days > 40 * 366:
            raise BadPeriod("The period is longer than 40 years. Choose a shorter one.")

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def units(self, grain: Grain) -> tuple["Period", ...]:
        """The whole units of `grain` that touch this period, in order."""
        units, start = [], grain.floor(self.start)
        while start < self.end:
            units.append(Period(start=start, end=grain.shift(start, 1)))
            start = grain.shift(start, 1)
        return tuple(units)


class Compare(StrEnum):
    PREVIOUS = "previous"  # 环比
    YEAR = "year"  # 同比
    LUNAR = "lunar"  # 同比, days at the same distance from 春节


@dataclass(frozen=True, kw_only=True)
class Days:
    """The days behind a row, of a unit that is not over those that have begun.

    own, base            of the unit, and of what it is compared with; None: there are none.
    own_work, base_work  how many of them are worked, where values are per working day.
    """

    own: Period | None = None
    base: Period | None = None
    own_work: int = 0
    base_work: int = 0
