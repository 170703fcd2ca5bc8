"""The filter bar as a value: read from an address, checked, written back to an address.

The address is the whole state. Defaults are left out, so that a bare page address stays bare:
`?period=last_30_days&compare=year&district=a,b&grain=week`, or `?from=2026-01-01&to=2026-01-31`
(both days included). `lang` and `theme` are let through and ignored here.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl, quote

from pages._ui.text import _, named
from warehouse import datasets
from warehouse.errors import BadPeriod, QueryError, nearest
from warehouse.model import Compare, Grain, Period

DIMENSIONS = ("district", "scene", "channel")
"""What the bar can filter by, in its order."""
RUN_KEYS = ("source", "state")
"""What the list of runs is narrowed by; no question hears of it."""

CUSTOM = "custom"
DEFAULT_PRESET = "this_month"
FIRST_YEAR, LAST_YEAR = 1950, 2150
"""Of an address: two years either side stay inside what a question may ask."""
_OLD_AFTER = timedelta(days=35)
_MOST_MEMBERS = 200
_KEYS = ("period", "from", "to", "compare", "grain", *DIMENSIONS, *RUN_KEYS)
_PASSED = ("lang", "theme")

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

    `day` is the last day anything is known of: charts by day end there, not in the future.
    """

    period: Period
    preset: str = DEFAULT_PRESET
    compare: Compare | None = Compare.PREVIOUS
    grain: Grain | None = None
    district: tuple[str, ...] = ()
    scene: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    day: date | None = None

    @classmethod
    def from_search(cls, search: str, horizon: Period | None, today: date) -> "Filters":
        """Read an address. Raises `QueryError` with one sentence on the first thing wrong."""
        pairs = pairs_of(search)
        preset, period = _period(pairs, horizon, today)
        members = {name: _members(pairs.get(name, "")) for name in (*DIMENSIONS, *RUN_KEYS)}
        return cls(
            period=period,
            preset=preset,
            compare=_compare(pairs.get("compare")),
            grain=_choice(Grain, "grain", pairs["grain"]) if "grain" in pairs else None,
            day=anchor(horizon, today),
            **members,
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
        if self.grain:
            pairs.append(("grain", self.grain.value))
        chosen = [
            (name, ",".join(quote(m, safe="") for m in members))
            for name in (*DIMENSIONS, *RUN_KEYS)
            if (members := self.members(name))
        ]
        text = "&".join(f"{key}={value}" for key, value in (*pairs, *chosen))
        return f"?{text}" if text else ""

    @property
    def where(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The chosen members as a question holds them; dimensions without a choice are absent."""
        chosen = ((name, self.members(name)) for name in DIMENSIONS)
        return tuple((name, members) for name, members in chosen if members)

    def members(self, dimension: str) -> tuple[str, ...]:
        """The members chosen for one of `DIMENSIONS` or `RUN_KEYS`."""
        own = (self.district, self.scene, self.channel, self.source, self.state)
        return dict(zip((*DIMENSIONS, *RUN_KEYS), own, strict=True))[dimension]

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


def pairs_of(search: str) -> Mapping[str, str]:
    """The pairs of an address as they stand there. Raises `QueryError` for an unknown key."""
    if len(search) > 8000:
        raise QueryError(_("网址过长。请减少所选条件。"))
    found: dict[str, str] = {}
    # Commas separate members, so a member is only decoded after the split.
    for part in search.removeprefix("?").split("&"):
        key, equals, value = part.partition("=")
        if not part or key in _PASSED:
            continue
        if key not in _KEYS:
            close = nearest(key, _KEYS)
            raise QueryError(_("网址中的“{key}”不是筛选条件。").format(key=key[:40]) + close)
        if not equals or key in found:
            raise QueryError(_("网址中的“{key}”应当出现一次并带有取值。").format(key=key))
        found[key] = value
    return found


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


def _members(text: str) -> tuple[str, ...]:
    """Codes between commas, decoded, each once, in a stable order (one state, one address)."""
    codes = {dict(parse_qsl("m=" + part)).get("m", "") for part in text.split(",") if part}
    if len(codes) > _MOST_MEMBERS:
        raise QueryError(_("所选条件超过 {most} 项。请减少。").format(most=_MOST_MEMBERS))
    return tuple(sorted(codes - {""}))


def check_members(dimension: str, chosen: tuple[str, ...], known: Collection[str]) -> None:
    """Raises `QueryError` for the first member that is not known to the viewer."""
    for code in chosen:
        if known and code not in known:
            name = named(datasets.DIMENSIONS[dimension].label)
            raise QueryError(
                _("{dimension}中没有“{name}”。").format(dimension=name, name=code[:40])
            )
