"""When people come: working days and holidays, seasons, hours; months counted from the first."""

import calendar
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

ZONE = ZoneInfo("Asia/Shanghai")
"""The example city's clock, whatever zone the cockpit reports in."""

HISTORY_MONTHS = 24

# One weight an hour: noon and evening on the phone, office hours at the counter.
_MORNING = (2.0, 1.2, 0.8, 0.6, 0.6, 1.0, 2.2, 4.0, 7.0, 9.0, 9.5, 9.0)
_AFTERNOON = (11.0, 9.0, 8.0, 8.0, 7.5, 7.0, 7.5, 9.0, 10.5, 9.0, 6.0, 3.5)
ONLINE_HOURS = (*_MORNING, *_AFTERNOON)
_OFFICE = (4.0, 12.0, 13.0, 9.0, 2.0, 5.0, 12.0, 11.0, 8.0, 1.0)
OFFICE_HOURS = (*(0.0,) * 8, *_OFFICE, *(0.0,) * 6)


def month_start(first: date, index: int) -> date:
    """The first day of month `index` of the history that begins with the month of `first`."""
    months = first.year * 12 + first.month - 1 + index
    return date(months // 12, months % 12 + 1, 1)


def month_index(first: date, day: date) -> int:
    return (day.year - first.year) * 12 + day.month - first.month


def first_month(until: datetime) -> date:
    """Where the history begins: `HISTORY_MONTHS` whole months before the running one."""
    return month_start(until.astimezone(ZONE).date().replace(day=1), -HISTORY_MONTHS)


def days_of(start: date) -> tuple[date, ...]:
    count = calendar.monthrange(start.year, start.month)[1]
    return tuple(start + timedelta(days=n) for n in range(count))


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> bool:
    """Chinese holidays and make-up days; plain weekdays in years not yet decreed."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def day_weight(day: date) -> float:
    """How busy a day is online."""
    if is_working_day(day):
        return 1.0 if day.weekday() < 5 else 0.85
    return 0.62 if day.weekday() >= 5 else 0.42


def office_weight(day: date) -> float:
    """How busy a day is at the counter, which keeps a short Saturday."""
    if is_working_day(day):
        return 1.0
    return 0.12 if day.weekday() == 5 else 0.0
