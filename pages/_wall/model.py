"""A scene as a value: its cards, what they ask, and what a drawing may use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pages._figures.values import Series, Style, series, series_by
from warehouse.metrics import find
from warehouse.model import (
    City,
    Compare,
    Grain,
    Label,
    MetricQuery,
    Period,
    Result,
    Row,
    SourceStatus,
)

NOTHING = Label(zh="", en="")
Asks = Callable[[date], tuple[MetricQuery, ...]]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """The answers to a card's questions, in their order, and for whom they are drawn."""

    results: tuple[Result, ...]
    style: Style
    city: City
    sources: tuple[SourceStatus, ...]
    now: datetime
    zone: ZoneInfo

    def say(self, zh: str, en: str) -> str:
        return self.style.say(zh, en)

    def series(self, metric: str, at: int = 0) -> Series:
        """A metric of the answer to question number `at`."""
        return series(self.results[at], find(metric), self.style)

    def series_by(self, metric: str, dimension: str, at: int = 0) -> tuple[Series, ...]:
        return series_by(self.results[at], find(metric), self.style, dimension)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure and the sentence that it shows; without one the card's title stands.

    note   what must stand at the foot of the wall while this is shown.
    about  what the sentence is about, where it does not say so outside its card.
    """

    figure: dict[str, Any]
    finding: str = ""
    note: str = ""
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Number:
    """One line of a number card. `trend` oldest first; `tone` of the change: good, bad, flat."""

    label: str
    value: str
    unit: str
    change: str = ""
    tone: str = "flat"
    note: str = ""
    trend: tuple[float | None, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The first number is the large one."""

    lines: tuple[Number, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """`tones` gives rows a tone by their number: warn, bad."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: Mapping[int, str]
    finding: str = ""


Face = Picture | Numbers | Table


@dataclass(frozen=True, kw_only=True)
class Card:
    """area  its place in the scene's grid, a letter of `assets/wall.css`.
    kind   figure, numbers or table.
    draw   gives None where there is nothing to show.
    """

    id: str
    area: str
    title: Label
    asks: Asks
    draw: Callable[[Answers], Face | None]
    note: Label = NOTHING
    kind: str = "figure"


@dataclass(frozen=True, kw_only=True)
class Scene:
    name: str
    label: Label
    cards: tuple[Card, ...]
    arrangement: str = "six"


# --- questions ------------------------------------------------------------------------------


def last(day: date, grain: Grain, count: int) -> Period:
    """`count` units of `grain`, the last of them the one that holds `day`."""
    start = grain.floor(day)
    return Period(start=grain.shift(start, 1 - count), end=grain.shift(start, 1))


def over(grain: Grain, count: int, *metrics: str, by: tuple[str, ...] = ()) -> Asks:
    """Metrics over the last `count` units, each against the unit before."""
    return lambda day: (
        MetricQuery(
            metrics=metrics,
            period=last(day, grain, count),
            grain=grain,
            by=by,
            compare=None if by else Compare.PREVIOUS,
        ),
    )


def whole(grain: Grain, count: int, *metrics: str, by: tuple[str, ...] = ()) -> Asks:
    """As `over`, without the running unit: the way of days that are over."""

    def asks(day: date) -> tuple[MetricQuery, ...]:
        end = grain.floor(day)
        period = Period(start=grain.shift(end, -count), end=end)
        compare = None if by else Compare.PREVIOUS
        return (MetricQuery(metrics=metrics, period=period, grain=grain, by=by, compare=compare),)

    return asks


def by(metric: str, *dimensions: str, compare: bool = False, days: int = 0) -> Asks:
    """A metric cut by dimensions, this month or over the last `days` days before `day`."""

    def asks(day: date) -> tuple[MetricQuery, ...]:
        period = (
            Period(start=day - timedelta(days=days), end=day) if days else last(day, Grain.MONTH, 1)
        )
        chosen = Compare.PREVIOUS if compare else None
        return (MetricQuery(metrics=(metric,), period=period, by=dimensions, compare=chosen),)

    return asks


def both(*asks: Asks) -> Asks:
    """Several questions of one card."""
    return lambda day: tuple(query for ask in asks for query in ask(day))


def ordered(result: Result, codes: tuple[str, ...]) -> tuple[Row, ...]:
    """The rows of these members, in this order."""
    known = {row.members[0]: row for row in result.rows}
    return tuple(known[code] for code in codes if code in known)
