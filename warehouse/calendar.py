"""The days of China: working days, holidays with their 调休, and the Spring Festival. Pure.

Working days and holidays are the yearly notices of the State Council (国务院办公厅关于节假日安排的
通知), kept by the library `chinesecalendar`; the Spring Festival (first day of the first lunar
month, GB/T 33661-2017) is kept by `lunardate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

import chinese_calendar
from lunardate import LunarDate

from warehouse.errors import BadPeriod, UnknownHolidays
from warehouse.model import Label, Period

FIRST_LUNAR, LAST_LUNAR = 1902, 2098
"""Years whose festival, and those of the years beside them, are known."""
KNOWN_YEARS = range(
    min(chinese_calendar.holidays).year,  # the library refuses other years
    max(chinese_calendar.holidays).year + 1,
)
_ONE_DAY = timedelta(days=1)


class Rest(StrEnum):
    """What the yearly notice makes of a day."""

    HOLIDAY = "holiday"
    MADE_UP = "made_up"  # 调休: a Saturday or Sunday that is worked


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A day that the notice names, and the holiday it belongs to."""

    rest: Rest
    holiday: Label


_NAMES: Mapping[str, Label] = {
    "New Year's Day": Label(zh="元旦", en="New Year"),
    "Spring Festival": Label(zh="春节", en="Spring Festival"),
    "Tomb-sweeping Day": Label(zh="清明节", en="Qingming"),
    "Labour Day": Label(zh="劳动节", en="Labour Day"),
    "Dragon Boat Festival": Label(zh="端午节", en="Dragon Boat"),
    "Mid-autumn Festival": Label(zh="中秋节", en="Mid-Autumn"),
    "National Day": Label(zh="国庆节", en="National Day"),
    "Anti-Fascist 70th Day": Label(zh="抗战胜利纪念日", en="Victory Day"),
}


# --- working days and holidays ----------------------------------------------------------------


def workdays(period: Period) -> int:
    """How many days of the period are worked: working weekends in, holidays out.

    Raises `UnknownHolidays` for a year whose notice the library does not hold.
    """
    for year in range(period.start.year, (period.end - _ONE_DAY).year + 1):
        if year not in KNOWN_YEARS:
            raise UnknownHolidays(
                f"The holidays of {year} are not known (they are from {KNOWN_YEARS[0]} to"
                f" {KNOWN_YEARS[-1]}), so its working days cannot be counted. Update the library"
                " chinesecalendar, or ask without working days."
            )
    return _workdays(period.start, period.end)


@lru_cache(maxsize=4096)
def _workdays(start: date, end: date) -> int:
    days = (start + timedelta(days=i) for i in range((end - start).days))
    return sum(chinese_calendar.is_workday(day) for day in days)


@lru_cache(maxsize=4096)
def mark(day: date) -> Mark | None:
    """What the notice says of a day; None for an ordinary one, and where no notice is known."""
    if day.year not in KNOWN_YEARS:
        return None
    is_free, name = chinese_calendar.get_holiday_detail(day)
    if name is None:
        return None
    label = _NAMES.get(name, Label(zh=name, en=name))
    return Mark(rest=Rest.HOLIDAY if is_free else Rest.MADE_UP, holiday=label)


def holidays(period: Period) -> Mapping[Label, int]:
    """How many days of each holiday lie in the period, in their order."""
    return dict(_holidays(period.start, period.end))


@lru_cache(maxsize=1024)
def _holidays(start: date, end: date) -> tuple[tuple[Label, int], ...]:
    found: dict[Label, int] = {}
    for i in range((end - start).days):
        one = mark(start + timedelta(days=i))
        if one is not None and one.rest is Rest.HOLIDAY:
            found[one.holiday] = found.get(one.holiday, 0) + 1
    return tuple(found.items())


# --- the Spring Festival ----------------------------------------------------------------------


@lru_cache(maxsize=256)
def spring_festival(year: int) -> date:
    """The first day of the first lunar month. Raises `BadPeriod` beyond 1901 to 2099."""
    if not FIRST_LUNAR - 1 <= year <= LAST_LUNAR + 1:
        raise BadPeriod(
            f"The Spring Festival of {year} is not known. Compare by the lunar calendar between"
            f" {FIRST_LUNAR} and {LAST_LUNAR} only."
        )
    found: date = LunarDate(year, 1, 1).to_solar_date()
    return found


def festival_of(period: Period) -> date:
    """The Spring Festival a period belongs to: the one nearest to its middle day.

    So the weeks before a festival stand against the weeks before the last one, and those after
    it against those after; a period that holds one festival belongs to it. Half a lunar year
    away, at about the middle of August, days pass from one festival to the next.
    """
    middle = period.start + timedelta(days=(period.days - 1) // 2)
    near = [spring_festival(middle.year + i) for i in (-1, 0, 1)]
    return min(near, key=lambda day: abs((day - middle).days))


def lunar_base(period: Period) -> Period:
    """As many days at the same distance from the Spring Festival one year earlier.

    DEFINITIONS, Compare: 同比 aligned on the lunar calendar. Raises `BadPeriod` beyond the years
    whose festivals are known. In a lunar year with a leap month some days are compared twice
    (by days of midsummer, far from any festival), since it has a month more than the other.
    """
    festival = festival_of(period)
    back = festival - spring_festival(festival.year - 1)
    return Period(start=period.start - back, end=period.end - back)
