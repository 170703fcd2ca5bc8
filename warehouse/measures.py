"""Values of metrics in a slice: each measure kind has its one way to be computed."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from warehouse import rollups
from warehouse.compile import Slice, Tables, Window, applications, facts, fetch, people
from warehouse.compile.applications import REACHED, STEP
from warehouse.metrics.model import (
    Active,
    Count,
    Cumulative,
    Distinct,
    Goal,
    Growth,
    Measure,
    Metric,
    Penetration,
    Percentile,
    Person,
    Reached,
    Share,
    Stickiness,
    Sum,
)
from warehouse.model import City, Grain, Period, Unit
from warehouse.policy import Cell, Members
from warehouse.windows import local, previous

Number = float | int | None
Values = dict[Cell, Number]
PEOPLE = Distinct(column="person")
IDENTITIES = (
    (Person.NEW, Person.RETAINED, Person.RESURRECTED),
    (Person.RETAINED, Person.CHURNED),
)
"""The kinds that add up to |A(t)|, and those that add up to |A(t-1)|."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What values stand on beside the rows.

    since     the first day that has data.
    complete  up to where the data are complete (local); units that end later are not over.
    smallest_cell  cells with fewer contributors are hidden.
    """

    tables: Tables
    since: date
    complete: datetime
    city: City
    goal_growth: float
    goal_from: date
    smallest_cell: int


def evaluate(ground: Ground, part: Slice, metrics: Sequence[Metric]) -> dict[str, Values]:
    """The values of each metric, all of them on the dataset of `part`."""
    found: dict[str, Values] = {}
    plain: dict[str, list[Metric]] = defaultdict(list)
    for metric in metrics:
        if isinstance(metric.measure, Count | Sum | Distinct | Share | Percentile):
            plain[_table(part, metric.measure)].append(metric)
        elif isinstance(metric.measure, Growth):
            found[metric.name] = {}
        else:
            found[metric.name] = _SPECIAL[type(metric.measure)](ground, part, metric.measure)
    for table, group in plain.items():
        found |= _plain(ground, part, group, table)
    return found | _growth(ground, part, [m for m in metrics if isinstance(m.measure, Growth)])


def _table(part: Slice, measure: Measure) -> str:
    is_cut = part.window.until is not None
    return rollups.route(part.dataset, measure, part.dims, is_cut=is_cut).table


def _plain(ground: Ground, part: Slice, metrics: Sequence[Metric], table: str) -> dict[str, Values]:
    measures = [metric.measure for metric in metrics]
    if part.dataset == "loan_event":
        sql = applications.statement(ground.tables, part, measures)
    else:
        sql = facts.statement(ground.tables, part, measures, table)
    rows = fetch(ground.tables, sql)
    return {
        metric.name: _column(rows, part, i, _scaled(metric)) for i, metric in enumerate(metrics)
    }


def _column(
    rows: Sequence[tuple[Any, ...]],
    part: Slice,
    index: int,
    scaled: Callable[[Number], Number] = lambda number: number,
) -> Values:
    width = 1 + len(part.by)
    return {(row[0], tuple(row[1:width])): scaled(row[width + index]) for row in rows}


def _scaled(metric: Metric) -> Callable[[Number], Number]:
    """From how it is stored to the metric's unit: fen to yuan, microseconds to seconds."""
    if metric.unit is Unit.YUAN:
        return lambda fen: None if fen is None else round(fen / 100, 2)
    if metric.unit is Unit.SECONDS:
        return lambda micro: None if micro is None else round(micro / 1_000_000, 3)
    return lambda number: number


def _people(ground: Ground, part: Slice) -> Values:
    """|A(t)| in each unit of the window."""
    sql = facts.statement(ground.tables, part, [PEOPLE], _table(part, PEOPLE))
    return _column(fetch(ground.tables, sql), part, 0)


def _growth(ground: Ground, part: Slice, metrics: Sequence[Metric]) -> dict[str, Values]:
    kinds = accounts(ground, part) if metrics else {}
    return {
        metric.name: dict(kinds[metric.measure.person])
        for metric in metrics
        if isinstance(metric.measure, Growth)
    }


def accounts(ground: Ground, part: Slice) -> Mapping[Person, Mapping[Cell, int]]:
    """All people of each unit and of the unit before, by how they stand to both."""
    before = previous(part.window).period
    first = Period(start=before.start, end=part.window.period.start)
    sql = people.accounting(ground.tables, part, first, ground.since)
    rows = fetch(ground.tables, sql)
    return _accounts(part, first, *(_column(rows, part, i) for i in range(3)))


def _accounts(
    part: Slice, first: Period, active: Values, new: Values, retained: Values
) -> Mapping[Person, Mapping[Cell, int]]:
    """All four kinds from |A(t)|, new and retained, by the identities that define them."""
    starts = [unit.start for unit in part.window.units]
    before = dict(zip(starts, [first.start, *starts], strict=False))
    kinds: dict[Person, dict[Cell, int]] = {person: {} for person in Person}
    for members in dict.fromkeys(members for _, members in active):
        for start in starts:
            cell, last = (start, members), int(active.get((before[start], members)) or 0)
            now, fresh, kept = (int(counts.get(cell) or 0) for counts in (active, new, retained))
            if now or last:
                kinds[Person.NEW][cell] = fresh
                kinds[Person.RETAINED][cell] = kept
                kinds[Person.RESURRECTED][cell] = now - fresh - kept
                kinds[Person.CHURNED][cell] = last - kept
    return kinds


def _reached(ground: Ground, part: Slice, _: Measure) -> Values:
    wanted = dict(part.where).get(STEP, REACHED)
    plain = replace(
        part,
        by=tuple(name for name in part.by if name != STEP),
        where=tuple((name, members) for name, members in part.where if name != STEP),
    )
    rows = fetch(ground.tables, applications.reached(ground.tables, plain))
    found: Values = {}
    for i, step in enumerate(REACHED):
        if step in wanted:
            for (unit, members), count in _column(rows, plain, i).items():
                found[unit, _with_step(part, members, step)] = count
    return found


def _with_step(part: Slice, members: Members, step: str) -> Members:
    if STEP not in part.by:
        return members
    place = part.by.index(STEP)
    return (*members[:place], step, *members[place:])


def _cumulative(ground: Ground, part: Slice, _: Measure) -> Values:
    """A running sum over the units, for every member that was ever served."""
    since = min(ground.since, part.window.period.start)
    rows = fetch(ground.tables, people.first_completed(ground.tables, part, since))
    firsts = _column(rows, part, 0)
    found: Values = {}
    for members in dict.fromkeys(members for _, members in firsts):
        total = 0
        for unit in part.window.units:
            total += int(firsts.get((unit.start, members)) or 0)
            found[unit.start, members] = total
    return found


def _active(ground: Ground, part: Slice, measure: Measure) -> Values:
    if not isinstance(measure, Active) or part.window.grain is measure.grain:
        return _people(ground, part)
    return _mean(ground, part, measure.grain)


def _mean(ground: Ground, part: Slice, fine: Grain) -> Values:
    """The mean of |A| over the fine units that lie in each unit and are over."""
    window = part.window
    limit = ground.complete if window.until is None else _local_end(window, part)
    inner = {unit.start: _inside(unit, fine, ground.since, limit) for unit in window.units}
    chosen = [unit for units in inner.values() for unit in units]
    if not chosen:
        return {}
    period = Period(start=chosen[0].start, end=chosen[-1].end)
    counts = _people(ground, part.over(replace(window, period=period, grain=fine)))
    found: Values = {}
    for members in dict.fromkeys(members for _, members in counts):
        for start, units in inner.items():
            if units:
                total = sum(int(counts.get((unit.start, members)) or 0) for unit in units)
                found[start, members] = round(total / len(units), 6)
    return found


def _local_end(window: Window, part: Slice) -> datetime:
    """The window's cut as local wall time."""
    until = window.until or datetime.combine(window.period.end, time())
    return local(until.replace(tzinfo=UTC), part.zone)


def _inside(unit: Period, fine: Grain, since: date, limit: datetime) -> list[Period]:
    """Fine units wholly inside that are over and have data; the running one when alone."""
    inner = [
        small
        for small in unit.units(fine)
        if small.start >= unit.start and small.end <= unit.end and small.end > since
    ]
    over = [small for small in inner if datetime.combine(small.end, time()) <= limit]
    running = [small for small in inner if datetime.combine(small.start, time()) <= limit]
    return over or running[:1]


def _stickiness(ground: Ground, part: Slice, _: Measure) -> Values:
    daily, whole = _mean(ground, part, Grain.DAY), _people(ground, part)
    return {
        cell: round(mean / count, 6) if mean is not None and (count := whole.get(cell)) else None
        for cell, mean in daily.items()
    }


def _penetration(ground: Ground, part: Slice, _: Measure) -> Values:
    registered = {d.code: d.population for d in ground.city.districts}
    if not part.viewer.scope.everything:
        registered = {c: n for c, n in registered.items() if c in part.viewer.scope.districts}
    wanted = dict(part.where).get("district")
    if wanted is not None:
        registered = {code: n for code, n in registered.items() if code in wanted}
    place = part.by.index("district") if "district" in part.by else None
    found: Values = {}
    for cell, count in _people(ground, part).items():
        code = None if place is None else cell[1][place]
        population = sum(registered.values()) if code is None else registered.get(code, 0)
        found[cell] = round((count or 0) / population, 6) if population else None
    return found


def _goal(ground: Ground, part: Slice, _: Measure) -> Values:
    """The path from the base month on, for each unit of the window, also those to come."""
    base = _people(ground, part.over(goal_window(ground.goal_from)))
    found: Values = {}
    for unit in part.window.units:
        months = _months(ground.goal_from, unit.start)
        for (_base, members), count in base.items() if months >= 0 else ():
            found[unit.start, members] = round((count or 0) * (1 + ground.goal_growth) ** months, 3)
    return found


def goal_window(base: date) -> Window:
    """The month the goal compounds from."""
    period = Period(start=base, end=Grain.MONTH.shift(base, 1))
    return Window(period=period, grain=Grain.MONTH)


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


_SPECIAL: Mapping[type[Measure], Callable[[Ground, Slice, Measure], Values]] = {
    Active: _active,
    Cumulative: _cumulative,
    Goal: _goal,
    Penetration: _penetration,
    Reached: _reached,
    Stickiness: _stickiness,
}
