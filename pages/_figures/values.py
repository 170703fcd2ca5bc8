"""What a drawing is made from: points of a series, and for whom it is drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from pages._ui.numbers import is_english
from pages._ui.theme import Theme
from warehouse.model import Cell, CellState, Grain, Label, Period, Polarity, Result, Row, Unit

MISSING = Cell(state=CellState.MISSING)


class Measured(Protocol):
    """What a drawing needs of a metric's definition."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> Label: ...
    @property
    def unit(self) -> Unit: ...
    @property
    def polarity(self) -> Polarity: ...


@dataclass(frozen=True, kw_only=True)
class Style:
    """Whom it is drawn for. `label` names a member: (dimension, code) -> text.

    pick  what a click on the mark of a row means, as the browser hands it back; empty: nothing.
    """

    theme: Theme
    language: str
    label: Callable[[str, str], str]
    pick: Callable[[Result, Row], str] = lambda _result, _row: ""

    def say(self, zh: str, en: str) -> str:
        return en if is_english(self.language) else zh


@dataclass(frozen=True, kw_only=True)
class Point:
    label: str
    cell: Cell
    code: str = ""
    period: Period | None = None
    is_partial: bool = False
    pick: str = ""

    @property
    def value(self) -> float | None:
        """None where it is suppressed or missing: never zero."""
        is_value = self.cell.state is CellState.VALUE and self.cell.value is not None
        return float(self.cell.value) if is_value and self.cell.value is not None else None

    @property
    def is_suppressed(self) -> bool:
        return self.cell.state is CellState.SUPPRESSED


@dataclass(frozen=True, kw_only=True)
class Break:
    """From point `at` on, edition `number` of the definition counts; it is in force `since`."""

    at: int
    number: int
    since: date


@dataclass(frozen=True, kw_only=True)
class Series:
    label: str
    unit: Unit
    polarity: Polarity
    points: tuple[Point, ...]
    grain: Grain | None = None
    code: str = ""
    breaks: tuple[Break, ...] = ()
    """Where another edition of the definition begins."""

    @property
    def values(self) -> tuple[float | None, ...]:
        return tuple(point.value for point in self.points)


def series(result: Result, metric: Measured, style: Style, label: str = "") -> Series:
    """All rows of one metric as one series. With a grain, units without a row are missing."""
    name = label or metric.label.text(style.language)
    return _series(result, metric, style, result.rows, name)


def series_by(result: Result, metric: Measured, style: Style, dimension: str) -> tuple[Series, ...]:
    """One series for each member of `dimension`, in the order of their first rows."""
    index = result.query.by.index(dimension)
    codes = dict.fromkeys(row.members[index] for row in result.rows)
    return tuple(
        _series(
            result,
            metric,
            style,
            tuple(row for row in result.rows if row.members[index] == code),
            style.label(dimension, code),
            code,
        )
        for code in codes
    )


def _series(
    result: Result,
    metric: Measured,
    style: Style,
    rows: Sequence[Row],
    label: str,
    code: str = "",
) -> Series:
    grain = result.query.grain
    index = result.query.metrics.index(metric.name)
    points = tuple(_point(result, row, index, style) for row in rows)
    if grain is not None:
        points = _filled(points, _units(result, grain), grain, style.language)
    return Series(
        label=label,
        unit=metric.unit,
        polarity=metric.polarity,
        points=points,
        grain=grain,
        code=code,
        breaks=_breaks(result, metric.name, points) if grain is not None else (),
    )


def _breaks(result: Result, metric: str, points: tuple[Point, ...]) -> tuple[Break, ...]:
    """Where the points pass from one edition to the next."""
    places = {p.period.start: i for i, p in enumerate(points) if p.period is not None}
    own = [use for use in result.editions if use.metric == metric]
    return tuple(
        Break(at=places[use.period.start], number=use.number, since=use.since)
        for use in own[1:]
        if places.get(use.period.start, 0) > 0
    )


def _point(result: Result, row: Row, index: int, style: Style) -> Point:
    names = [style.label(d, c) for d, c in zip(result.query.by, row.members, strict=True)]
    grain = result.query.grain
    if row.period is not None and grain is not None:
        names = [period_text(row.period.start, grain, style.language)]
    return Point(
        label=" · ".join(names),
        cell=row.cells[index],
        code="/".join(row.members),
        period=row.period,
        is_partial=row.is_partial,
        pick=style.pick(result, row) if row.cells[index].state is CellState.VALUE else "",
    )


def _units(result: Result, grain: Grain) -> tuple[Period, ...]:
    """Every unit from the first to the last row of the whole answer."""
    periods = [row.period for row in result.rows if row.period is not None]
    if not periods:
        return ()
    first, last = min(p.start for p in periods), max(p.start for p in periods)
    return Period(start=first, end=last + timedelta(days=1)).units(grain)


def _filled(
    points: tuple[Point, ...], units: tuple[Period, ...], grain: Grain, language: str
) -> tuple[Point, ...]:
    known = {grain.floor(p.period.start): p for p in points if p.period is not None}
    return tuple(
        known.get(unit.start)
        or Point(label=period_text(unit.start, grain, language), cell=MISSING, period=unit)
        for unit in units
    )


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def period_text(start: date, grain: Grain, language: str) -> str:
    """The full name of a unit, for tips and tables: 2026年11月, 11月23日, Nov 2026."""
    month, english = _MONTHS[start.month - 1], is_english(language)
    match grain:
        case Grain.DAY:
            return f"{start.day} {month} {start.year}" if english else _day_zh(start)
        case Grain.WEEK:
            return (
                f"week of {start.day} {month} {start.year}"
                if english
                else _day_zh(start) + "起一周"
            )
        case Grain.MONTH:
            return f"{month} {start.year}" if english else f"{start.year}年{start.month}月"
        case Grain.QUARTER:
            quarter = (start.month + 2) // 3
            return f"Q{quarter} {start.year}" if english else f"{start.year}年{quarter}季度"
        case Grain.YEAR:
            return str(start.year) if english else f"{start.year}年"


def _day_zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def tick_text(start: date, grain: Grain, language: str) -> str:
    """The short name of a unit, for an axis: 11月, 11/23, Nov."""
    month, english = _MONTHS[start.month - 1], is_english(language)
    match grain:
        case Grain.DAY | Grain.WEEK:
            return f"{start.day} {month}" if english else f"{start.month}/{start.day}"
        case Grain.MONTH:
            return month if english else f"{start.month}月"
        case Grain.QUARTER:
            quarter = (start.month + 2) // 3
            return f"Q{quarter}" if english else f"{quarter}季度"
        case Grain.YEAR:
            return str(start.year)
