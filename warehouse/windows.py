"""Which units a question covers, what they are compared with, and which are not over. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from warehouse.calendar import lunar_base
from warehouse.compile import Window
from warehouse.errors import TooLarge
from warehouse.model import Compare, Grain, Period

_CALENDAR = (Grain.MONTH, Grain.QUARTER, Grain.YEAR, Grain.WEEK)
ONE_DAY = timedelta(days=1)
MOST_WINDOWS = 130
"""So many units that are none of the calendar are asked for, each by itself, at most."""


def whole_units(period: Period, grain: Grain | None) -> Window:
    """The window that answers for `period`: by grain, every whole unit that it touches."""
    if grain is None:
        return Window(period=period)
    start, last = grain.floor(period.start), grain.floor(period.end - ONE_DAY)
    return Window(period=Period(start=start, end=grain.shift(last, 1)), grain=grain)


def calendar_unit(period: Period) -> Grain | None:
    """The grain of which `period` is exactly one unit (not a day), or None."""
    for grain in _CALENDAR:
        if grain.floor(period.start) == period.start and grain.shift(period.start, 1) == period.end:
            return grain
    return None


def previous(window: Window) -> Window:
    """The window one unit earlier; for one period the one of equal length before it.

    A whole calendar month, quarter or year has the whole one before it.
    """
    grain = window.grain or calendar_unit(window.period)
    start, end = window.period.start, window.period.end
    if grain is None:
        return Window(period=Period(start=start - timedelta(days=window.period.days), end=start))
    return Window(
        period=Period(start=grain.shift(start, -1), end=grain.shift(end, -1)), grain=window.grain
    )


def year_before(day: date) -> date:
    """The same day one year before; 29 February has 28 February before it."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def base_unit(unit: Period, grain: Grain | None, compare: Compare) -> Period:
    """What a unit is compared with."""
    if compare is Compare.PREVIOUS:
        return previous(Window(period=unit, grain=grain)).period
    if compare is Compare.LUNAR:
        return lunar_base(unit)
    if grain is Grain.WEEK:  # 52 weeks, so that Mondays stand against Mondays
        back = timedelta(weeks=52)
        return Period(start=unit.start - back, end=unit.end - back)
    return Period(start=year_before(unit.start), end=_end_year_before(unit.end))


def _end_year_before(end: date) -> date:
    """Whole months stay whole: what ends with February does so in every year."""
    return year_before(end) if end.day == 1 else year_before(end - ONE_DAY) + ONE_DAY


def base_windows(
    units: Sequence[Period], grain: Grain | None, compare: Compare
) -> Mapping[Period, Window]:
    """By unit, the window that holds what it is compared with; units share windows where they can.

    Raises `TooLarge` where too many units would need a window each.
    """
    bases = {unit: base_unit(unit, grain, compare) for unit in units}
    if compare is not Compare.LUNAR:
        period = Period(start=bases[units[0]].start, end=bases[units[-1]].end)
        return dict.fromkeys(units, Window(period=period, grain=grain))
    if grain is Grain.DAY:
        return _runs(bases)
    if len(units) > MOST_WINDOWS:
        raise TooLarge(
            f"Compared by the lunar calendar a question has at most {MOST_WINDOWS} weeks, months"
            " or years. Ask for a shorter period or for longer units."
        )
    return {unit: base_window(base, grain, compare) for unit, base in bases.items()}


def _runs(bases: Mapping[Period, Period]) -> Mapping[Period, Window]:
    """Days whose bases follow one another share a window."""
    runs: list[list[Period]] = []
    for unit, base in bases.items():
        if runs and bases[runs[-1][-1]].end == base.start:
            runs[-1].append(unit)
        else:
            runs.append([unit])
    found: dict[Period, Window] = {}
    for run in runs:
        period = Period(start=bases[run[0]].start, end=bases[run[-1]].end)
        found |= dict.fromkeys(run, Window(period=period, grain=Grain.DAY))
    return found


def base_window(base: Period, grain: Grain | None, compare: Compare) -> Window:
    """The window of one base unit; by the lunar calendar only days are units of the calendar."""
    if compare is Compare.LUNAR and grain is not Grain.DAY:
        return Window(period=base, like=grain)
    return Window(period=base, grain=grain)


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Up to where numbers are complete: the end of the data, never later than now (local)."""

    at: datetime
    zone: ZoneInfo

    @property
    def last_day(self) -> date:
        """The last day of which anything is known; at midnight the day that ends."""
        return (self.at - timedelta.resolution).date()

    def is_partial(self, unit: Period) -> bool:
        """The unit is not over, or its data are not all here."""
        return datetime.combine(unit.end, time()) > self.at

    def begun(self, unit: Period) -> Period | None:
        """The days of the unit that have begun; None where it has not."""
        end = min(unit.end, self.last_day + ONE_DAY)
        return Period(start=unit.start, end=end) if unit.start < end else None

    def cut(self, unit: Period, base: Window) -> Window | None:
        """The same elapsed part of one base unit; None where nothing of the unit has elapsed."""
        elapsed = self.at - datetime.combine(unit.start, time())
        if elapsed <= timedelta():
            return None
        until = datetime.combine(base.period.start, time()) + elapsed
        if until >= datetime.combine(base.period.end, time()):
            return base
        return replace(base, until=utc(until, self.zone))


def utc(local: datetime, zone: ZoneInfo) -> datetime:
    """A local wall time as naive UTC."""
    return local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """An aware instant as naive local wall time."""
    return instant.astimezone(zone).replace(tzinfo=None)
