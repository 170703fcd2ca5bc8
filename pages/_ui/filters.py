"""The filter bar as a value: read from an address, checked, written back to an address.

The address is the whole state; `pages._ui.address` knows its keys and takes it apart. Defaults are
left out, so that a bare page address stays bare:
`?period=last_30_days&compare=year&district=a,b&grain=week`, or `?from=2026-01-01&to=2026-01-31`
(both days included). Equal states have equal addresses.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from pages._ui.address import (
    DIMENSIONS,
    EXPLORED,
    OWN_KEYS,
    RUN_KEYS,
    members_of,
    pairs_of,
    written,
)
from pages._ui.funnels import DEFAULTS, funnel_of
from pages._ui.text import _, named
from warehouse import datasets
from warehouse.errors import BadPeriod, QueryError, nearest
from warehouse.model import Compare, Grain, Period

CUSTOM = "custom"
WORKDAY = "workday"
DEFAULT_PRESET = "this_month"
FIRST_YEAR, LAST_YEAR = 1950, 2150
"""Of an address: two years either side stay inside what a question may ask."""
MOST_DIMENSIONS = 4
"""Filtered at a time: a question has six dimensions, and a card cuts by up to two of them."""
MOST_YEARS = 40
"""Of a period, as of any question's."""
_OLD_AFTER = timedelta(days=35)

_Choice = TypeVar("_Choice", bound=StrEnum)


def _last_days(days: int) -> Callable[[date], Period]:
    return lambda day: Period(start=day - timedelta(days=days - 1), end=day + timedelta(days=1))


def _units(grain: Grain, back: int, count: int = 1) -> Callable[[date], Period]:
    def period(day: date) -> Period:
        start = grain.shift(grain.floor(day), -back)
        return Period(start=start, end=grain.shift(start, count))

    return period


PRESETS: Mapping[str, Callable[[date], Period]] = {
    "last_7_days": _last_days(7),
    "last_30_days": _last_days(30),
    "this_month": _units(Grain.MONTH, 0),
    "previous_month": _units(Grain.MONTH, 1),
    "this_year": _units(Grain.YEAR, 0),
    "last_12_months": _units(Grain.MONTH, 11, 12),
}
"""Periods that move with the day. Whole calendar units stay whole: the running one is partial."""

ALL = "all"


def anchor(horizon: Period | None, today: date) -> date:
    """The day presets count back from: today, or the last day of a warehouse that is long over."""
    if horizon is None or horizon.end + _OLD_AFTER > today:
        return today
    return horizon.end - timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the bar says. `period` is always resolved; `grain` None means: fits the period.

    per_workday  counts that add up are divided by working days, where a card can be.
    chosen  the members chosen, by dimension or key of `RUN_KEYS`, in the order of the address.
    levels  finer dimensions that the data hold below what is chosen; see `pages._ui.drill`.
    own     what the address says under keys that only one page has, as written there.
    day     the last day anything is known of: charts by day end there, not in the future.
    """

    period: Period
    preset: str = DEFAULT_PRESET
    compare: Compare | None = Compare.PREVIOUS
    per_workday: bool = False
    grain: Grain | None = None
    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()
    own: tuple[tuple[str, str], ...] = ()
    day: date | None = None
    levels: frozenset[str] = field(default=frozenset(), compare=False)

    @classmethod
    def from_search(cls, search: str, horizon: Period | None, today: date) -> "Filters":
        """Read an address. Raises `QueryError` with one sentence on the first thing wrong."""
        pairs = pairs_of(search)
        preset, period = _period(pairs, horizon, today)
        found = ((name, members_of(pairs.get(name, ""))) for name in (*DIMENSIONS, *RUN_KEYS))
        return cls(
            period=period,
            preset=preset,
            compare=_compare(pairs.get("compare")),
            per_workday=_per_workday(pairs.get("per", "")),
            grain=_choice(Grain, "grain", pairs["grain"]) if "grain" in pairs else None,
            day=anchor(horizon, today),
            chosen=_few(tuple((name, members) for name, members in found if members)),
            own=_own(pairs),
        )

    def to_search(self) -> str:
        """The address of this state: `` or `?key=value&…`, always the same for the same state."""
        pairs: list[tuple[str, str]] = []
        if self.preset == CUSTOM:
            last = self.period.end - timedelta(days=1)
            pairs += [("from", str(self.period.start)), ("to", str(last))]
        elif self.preset != DEFAULT_PRESET:
            pairs.append(("period", self.preset))
        if self.compare is not Compare.PREVIOUS:
            pairs.append(("compare", self.compare.value if self.compare else "none"))
        if self.per_workday:
            pairs.append(("per", WORKDAY))
        if self.grain:
            pairs.append(("grain", self.grain.value))
        pairs += [(name, written(members)) for name, members in self.chosen]
        text = "&".join(f"{key}={value}" for key, value in (*pairs, *self.own))
        return f"?{text}" if text else ""

    @property
    def where(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The chosen members as a question holds them; dimensions without a choice are absent."""
        return tuple((name, members) for name, members in self.chosen if name in DIMENSIONS)

    def members(self, dimension: str) -> tuple[str, ...]:
        """The members chosen for a dimension or one of `RUN_KEYS`; none where all are meant."""
        return dict(self.chosen).get(dimension, ())

    def choosing(self, dimension: str, members: Collection[str]) -> "Filters":
        """The same filters with exactly these members of a dimension; none: all of them.

        Raises `QueryError` where that is more than an address may hold.
        """
        wished = {**dict(self.chosen), dimension: tuple(sorted(set(members)))}
        order = [name for name in (*DIMENSIONS, *RUN_KEYS) if wished.get(name)]
        return replace(self, chosen=_few(tuple((name, wished[name]) for name in order)))

    def within(self, period: Period, grain: Grain | None) -> "Filters":
        """The same filters over another period."""
        return replace(self, period=period, preset=CUSTOM, grain=grain)

    @property
    def unit(self) -> Grain:
        """The grain of charts over time: as chosen, else one that gives 7 to 60 points."""
        if self.grain:
            return self.grain
        if self.period.days <= 62:
            return Grain.DAY
        return Grain.WEEK if self.period.days <= 200 else Grain.MONTH

    @property
    def so_far(self) -> Period:
        """The period of charts over time: without the days that are still to come."""
        if self.day is None or self.unit is not Grain.DAY or self.day < self.period.start:
            return self.period
        end = min(self.period.end, self.day + timedelta(days=1))
        return Period(start=self.period.start, end=end)

    def whole(self, period: Period, grain: Grain) -> Period:
        """`period` without the unit that is still running, unless nothing else is in it.

        A line that ends in a unit of a few hours plunges for no reason.
        """
        end = grain.floor(self.day) if self.day else period.end
        inside = period.start < end < period.end
        return Period(start=period.start, end=end) if inside else period

    def back_whole(self, grain: Grain, count: int) -> Period:
        """`count` units of `grain` that are over, the last of them as late as may be."""
        found = self.back(grain, count)
        if self.day is None or not grain.floor(self.day) < found.end:
            return found
        end = grain.shift(found.end, -1)
        return Period(start=grain.shift(end, -count), end=end)

    def back(self, grain: Grain, count: int) -> Period:
        """`count` whole units of `grain`; the last holds the end of the period, or today in it."""
        last = self.period.end - timedelta(days=1)
        start = grain.floor(min(last, max(self.day or last, self.period.start)))
        return Period(start=grain.shift(start, 1 - count), end=grain.shift(start, 1))


def _own(pairs: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The keys of single pages, checked, without what goes without saying."""
    said = {key: pairs[key] for key in OWN_KEYS if key in pairs}
    funnel_of({key: text for key, text in said.items() if key in DEFAULTS})
    usual = {**DEFAULTS, **EXPLORED}
    return tuple((key, value) for key, value in said.items() if value != usual[key])


def _few(
    chosen: tuple[tuple[str, tuple[str, ...]], ...],
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is chosen, unless it is more than a card could still cut."""
    if sum(name in DIMENSIONS for name, _members in chosen) > MOST_DIMENSIONS:
        raise QueryError(
            _("最多同时按 {most} 个维度筛选。请先去掉一个。").format(most=MOST_DIMENSIONS)
        )
    return chosen


def _period(pairs: Mapping[str, str], horizon: Period | None, today: date) -> tuple[str, Period]:
    day = anchor(horizon, today)
    if "from" in pairs or "to" in pairs:
        if pairs.get("period", CUSTOM) != CUSTOM:
            raise QueryError(_("网址同时给出了预设时段和起止日期。请只保留一种。"))
        return CUSTOM, _custom(pairs, day)
    preset = pairs.get("period", DEFAULT_PRESET)
    if preset == ALL:
        return ALL, horizon or _last_days(30)(day)
    if preset not in PRESETS:
        known = (*PRESETS, ALL)
        raise QueryError(
            _("没有名为“{name}”的时段。").format(name=preset[:40]) + nearest(preset, known)
        )
    return preset, PRESETS[preset](day)


def _custom(pairs: Mapping[str, str], day: date) -> Period:
    start = _day("from", pairs["from"]) if "from" in pairs else day - timedelta(days=29)
    last = _day("to", pairs["to"]) if "to" in pairs else day
    if last < start:
        raise BadPeriod(
            _("时段的止日 {last} 早于起日 {first}。请把较早的日期放在前面。").format(
                last=last, first=start
            )
        )
    for day in (start, last):
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise BadPeriod(_("日期 {day} 太远。").format(day=day))
    if (last - start).days >= MOST_YEARS * 366:
        raise BadPeriod(_("时段超过 {most} 年。请选择较短的时段。").format(most=MOST_YEARS))
    return Period(start=start, end=last + timedelta(days=1))


def _day(key: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadPeriod(
            _("“{key}={text}”不是日期。请写成 2026-01-31。").format(key=key, text=text[:40])
        ) from None


def _compare(text: str | None) -> Compare | None:
    if text is None:
        return Compare.PREVIOUS
    return None if text == "none" else _choice(Compare, "compare", text)


def _per_workday(text: str) -> bool:
    if text not in ("", WORKDAY):
        raise QueryError(_("“per={text}”无效。可用的取值：workday。").format(text=text[:40]))
    return text == WORKDAY


def _choice(kind: type[_Choice], key: str, text: str) -> _Choice:
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(kind)
        raise QueryError(
            _("“{key}={text}”无效。可用的取值：{known}。").format(
                key=key, text=text[:40], known=known
            )
        ) from None


def check_members(dimension: str, chosen: Collection[str], known: Collection[str]) -> None:
    """Raises `QueryError` for the first member that is not known to the viewer."""
    for code in chosen:
        if known and code not in known:
            name = named(datasets.named_dimension(dimension))
            raise QueryError(
                _("{dimension}中没有“{name}”。").format(dimension=name, name=code[:40])
            )
