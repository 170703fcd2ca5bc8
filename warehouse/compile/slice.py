"""What part of a dataset a statement reads, and how it is cut: the one place that makes WHERE."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from warehouse.errors import DefinitionError
from warehouse.model import UNKNOWN, Grain, Period, Viewer
from warehouse.policy import has_district, visible_where

Parameter = str | int | float | datetime
Choice = tuple[str, ...]
"""Some of the dimensions of a slice."""
Where = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Sql:
    text: str
    parameters: tuple[Parameter, ...] = ()


class Tables(Protocol):
    """What answers statements: `connection.Snapshot`, one generation that does not change."""

    def table(
        self, dataset: str, table: str, *, period: Period | None, columns: tuple[str, ...] = ()
    ) -> str:
        """An expression for FROM: the table's rows in the months that `period` touches."""

    def select(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of one SELECT."""


def fetch(tables: Tables, sql: Sql) -> list[tuple[Any, ...]]:
    return tables.select(sql.text, sql.parameters)


@dataclass(frozen=True, kw_only=True)
class Window:
    """Whole units of a grain, or one period; `until` (UTC, included) cuts it within a day.

    like  the period stands for one unit of this grain, though it is none of the calendar.
    """

    period: Period
    grain: Grain | None = None
    until: datetime | None = None
    like: Grain | None = None

    @property
    def units(self) -> tuple[Period, ...]:
        return (self.period,) if self.grain is None else self.period.units(self.grain)

    def unit(self, day: str = '"day"') -> str:
        """SQL for the first day of the unit that holds the expression `day`."""
        if self.grain is None:
            return literal(self.period.start)
        if self.grain is Grain.DAY:
            return day
        return f"CAST(date_trunc('{self.grain}', {day}) AS DATE)"


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Rows of one dataset: those the viewer may see, that pass `where`, within the window."""

    dataset: str
    window: Window
    viewer: Viewer
    zone: ZoneInfo
    by: tuple[str, ...] = ()
    where: Where = ()

    @property
    def dims(self) -> tuple[str, ...]:
        """Every dimension the question needs, for cutting or for filtering."""
        return tuple(dict.fromkeys((*self.by, *(name for name, _ in self.where))))

    def over(self, window: Window) -> "Slice":
        return replace(self, window=window)

    def conditions(self) -> Sql:
        """The viewer's scope and the question's filters. There is no other way to a WHERE."""
        text, parameters = visible_where(self.viewer, self.dataset)
        texts, bound = [text], list(parameters)
        for name, members in self.where:
            texts.append(f"{dimension(name)} IN ({', '.join('?' * len(members))})")
            bound.extend(members)
        return Sql(text=" AND ".join(texts), parameters=tuple(bound))


ONE_DAY = timedelta(days=1)


def just(day: date) -> Period:
    """The period of one day."""
    return Period(start=day, end=day + ONE_DAY)


def literal(day: date) -> str:
    return f"DATE '{day.isoformat()}'"


def dimension(name: str) -> str:
    """SQL for the member of a row: a column, or cut from its day and hour."""
    if name == "hour":
        return f"coalesce(CAST(\"hour\" AS VARCHAR), '{UNKNOWN}')"
    if name == "weekday":
        return 'CAST(isodow("day") AS VARCHAR)'
    return f'"{name}"'


def columns_of(dims: tuple[str, ...], *more: str) -> tuple[str, ...]:
    """The stored columns that these dimensions and `more` stand on."""
    stored = ("day" if name == "weekday" else name for name in dims)
    return tuple(dict.fromkeys((*stored, *more)))


def cut(
    tables: Tables, part: Slice, table: str, *columns: str, within: Period | None = None
) -> Sql:
    """Rows of a table within the window: `unit`, `by_0`.. and the named columns.

    within  only these days of it. Sums of days know no instant, so a window that is cut within a
            day needs it for them: the days before that one.
    """
    window = part.window
    period = within or window.period
    is_cut = window.until is not None and table == "fact"
    if window.until is not None and not is_cut and within is None:
        raise DefinitionError(f"{table} knows whole days only: say which.")
    stored = columns_of(part.dims, "day", *scope_columns(part), *columns)
    if is_cut:
        stored = columns_of(stored, "occurred_at")
    source = tables.table(part.dataset, table, period=period, columns=stored)
    where, bound = part.conditions().text, part.conditions().parameters
    text = (
        f"SELECT {window.unit()} AS unit{members(part)}{_names(columns)}"
        f' FROM {source} WHERE "day" >= {literal(period.start)}'
        f' AND "day" < {literal(period.end)} AND {where}'
    )
    if window.until is None or not is_cut:
        return Sql(text=text, parameters=bound)
    return Sql(text=f'{text} AND "occurred_at" <= ?', parameters=(*bound, window.until))


def whole_days(part: Slice) -> Period | None:
    """The days of the window before the one it is cut in; all of them where it is not cut."""
    period, last = part.window.period, last_day(part)
    if last is None or last >= period.end:
        return period
    return Period(start=period.start, end=last) if last > period.start else None


def last_day(part: Slice) -> date | None:
    """The local day within which the window is cut."""
    until = part.window.until
    return None if until is None else until.replace(tzinfo=UTC).astimezone(part.zone).date()


def joined(parts: Sequence[Sql]) -> Sql:
    """The rows of all of them, one after the other."""
    return Sql(
        text=" UNION ALL ".join(sql.text for sql in parts),
        parameters=tuple(bound for sql in parts for bound in sql.parameters),
    )


def scope_columns(part: Slice) -> tuple[str, ...]:
    """What the viewer's scope filters on; nothing where the dataset has no districts."""
    return ("district",) if has_district(part.dataset) else ()


def members(part: Slice) -> str:
    """`, <dimension> AS by_0, ...` for a SELECT list."""
    return "".join(f", {dimension(name)} AS by_{i}" for i, name in enumerate(part.by))


def group(part: Slice) -> str:
    """`unit, by_0, ...`: what every statement groups by, and its first columns."""
    return ", ".join(("unit", *(f"by_{i}" for i in range(len(part.by)))))


def sets(part: Slice, choices: Iterable[Choice]) -> tuple[str, str]:
    """The columns and the GROUP BY of one statement that groups by each of `choices` apart.

    Columns are `unit`, all of `part.by` (NULL where not in the choice), and a mask that tells
    the choice: see `mask`.
    """
    choices = list(choices)
    used = [i for i, name in enumerate(part.by) if any(name in choice for choice in choices)]
    cells = [f"by_{i}" if i in used else f"NULL AS by_{i}" for i in range(len(part.by))]
    last = len(part.by) - 1
    bits = [
        f"(GROUPING(by_{i}) << {last - i})" if i in used else str(1 << (last - i))
        for i in range(len(part.by))
    ]
    telling = " + ".join(bits) or "0"
    groups = (
        ", ".join(("unit", *(f"by_{part.by.index(name)}" for name in choice))) for choice in choices
    )
    together = ", ".join(f"({group})" for group in groups)
    return ", ".join(("unit", *cells, f"{telling} AS mask")), f"GROUPING SETS ({together})"


def mask(by: Choice, choice: Choice) -> int:
    """What the column `mask` holds for a choice: a bit for each dimension that it lacks."""
    return sum((name not in choice) << (len(by) - 1 - i) for i, name in enumerate(by))


def _names(columns: tuple[str, ...]) -> str:
    return "".join(f', "{name}"' for name in columns)
