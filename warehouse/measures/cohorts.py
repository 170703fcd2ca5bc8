"""Retention: of the people first active in a unit, how many are active so many units later."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from warehouse.compile import Slice, Window, cohorts, fetch
from warehouse.datasets import OFFSET
from warehouse.errors import DefinitionError
from warehouse.measures.ground import Ground, Hides, Number, Patterns, Values
from warehouse.measures.parts import without_computed
from warehouse.measures.people import hides_growth
from warehouse.metrics.model import Cohort, Followed, Growth, Measure, Person
from warehouse.model import Grain, Period
from warehouse.policy import Cell, Members, hidden_accounts

OFFSETS = {Grain.DAY: 30, Grain.WEEK: 12, Grain.MONTH: 12}
"""How many units a cohort is followed."""
_OLDER = "older"

Counts = Mapping[tuple[date, Members, int], int]
"""By first unit, members and offset."""


@dataclass(frozen=True, kw_only=True)
class _Table:
    """Cohorts as they are followed, over a part that reaches as far as any of their cells."""

    part: Slice
    grain: Grain
    most: int
    active: Counts
    older: Mapping[Cell, int]
    """By active unit: people whose cohort lies further back than is followed."""
    units: tuple[date, ...]
    """Begun units from the first that has data."""
    members: frozenset[Members]

    def size(self, first: date, members: Members) -> int:
        return self.active.get((first, members, 0), 0)

    def offsets(self, first: date) -> range:
        """The offsets of a cohort whose unit has begun."""
        begun = len(self.units) - bisect_left(self.units, first)
        return range(min(begun, self.most + 1))


def followed(ground: Ground, part: Slice, measure: Measure) -> Values:
    """One value for each cohort and offset that has begun; the offset may be filtered only."""
    if not _is_followed(ground, part):
        return {}
    found, tells = _table(ground, part), _tells(measure)
    later = _later(ground, found) if tells is Followed.ROLLING else {}
    values: Values = {}
    begun = frozenset(found.units)
    for first in (unit.start for unit in part.window.units if unit.start in begun):
        for members in found.members:
            for n in _wanted(part, found, first):
                kept = later if tells is Followed.ROLLING else found.active
                number = kept.get((first, members, n), 0)
                value = (
                    number if tells is Followed.PEOPLE else _share(found, first, members, number)
                )
                values[first, _placed(part, members, n)] = value
    return values


def _is_followed(ground: Ground, part: Slice) -> bool:
    """There is an offset to follow by, and data. A cohort has no elapsed part to compare with."""
    has_offset = OFFSET in part.by or len(dict(part.where).get(OFFSET, ())) == 1
    has_data = ground.since < part.window.period.end
    return has_offset and has_data and part.window.until is None and part.window.grain in OFFSETS


def _tells(measure: Measure) -> Followed:
    if not isinstance(measure, Cohort):
        raise DefinitionError(f"{type(measure).__name__} follows no cohort.")
    return measure.tells


def _share(found: _Table, first: date, members: Members, number: int) -> Number:
    size = found.size(first, members)
    return round(number / size, 6) if size else None


def _wanted(part: Slice, found: _Table, first: date) -> list[int]:
    chosen = dict(part.where).get(OFFSET)
    return [n for n in found.offsets(first) if chosen is None or str(n) in chosen]


def _placed(part: Slice, members: Members, n: int) -> Members:
    if OFFSET not in part.by:
        return members
    place = part.by.index(OFFSET)
    return (*members[:place], str(n), *members[place:])


def _split(part: Slice, members: Members) -> tuple[Members, int]:
    """Members without the offset, and the offset."""
    if OFFSET in part.by:
        place = part.by.index(OFFSET)
        return members[:place] + members[place + 1 :], int(members[place])
    chosen = dict(part.where).get(OFFSET, ("0",))
    return members, int(chosen[0])


def _table(ground: Ground, part: Slice) -> _Table:
    plain = without_computed(part)
    grain = plain.window.grain
    if grain not in OFFSETS:
        raise DefinitionError(f"Cohorts are not followed by {grain}.")
    most = OFFSETS[grain]
    wide = plain.over(Window(period=_reach(ground, plain.window.period, grain), grain=grain))
    active: dict[tuple[date, Members, int], int] = {}
    older: dict[Cell, int] = {}
    rows = fetch(ground.tables, cohorts.active(ground.tables, wide, ground.since, most))
    for unit, *names, past, people in rows:
        if past > most:
            older[unit, tuple(names)] = people
        else:
            active[grain.shift(unit, -past), tuple(names), past] = people
    return _Table(
        part=wide,
        grain=grain,
        most=most,
        active=active,
        older=older,
        units=_begun(ground, wide),
        members=frozenset(members for _, members, _ in active),
    )


def _reach(ground: Ground, asked: Period, grain: Grain) -> Period:
    """What is read for cohorts of `asked`: all that has begun, whatever is asked, so that
    questions share it. Of weeks and days, which are many, those their cells can lie in."""
    start = grain.floor(ground.since)
    end = grain.shift(grain.floor((ground.complete - timedelta.resolution).date()), 1)
    if grain is not Grain.MONTH:
        start = max(start, grain.shift(asked.start, -OFFSETS[grain]))
        end = min(end, grain.shift(asked.end, OFFSETS[grain]))
    return Period(start=start, end=max(end, grain.shift(start, 1)))


def _begun(ground: Ground, wide: Slice) -> tuple[date, ...]:
    return tuple(
        unit.start
        for unit in wide.window.units
        if unit.end > ground.since and datetime.combine(unit.start, time()) < ground.complete
    )


def _later(ground: Ground, found: _Table) -> Counts:
    """People active so many units after their first, or later still."""
    rows = fetch(ground.tables, cohorts.last_seen(ground.tables, found.part, ground.since))
    kept: dict[tuple[date, Members, int], int] = defaultdict(int)
    for first, *names, span, people in rows:
        for n in range(min(span, found.most) + 1):
            kept[first, tuple(names), n] += people
    return kept


def ends(measure: Measure, part: Slice, unit: Period, members: Members) -> Period:
    """The unit a cell waits for: so many after the cohort's own.

    What is counted "or later" moves on for ever; it waits for one whole unit more.
    """
    grain, n = part.window.grain, _split(part, members)[1]
    if grain is None:
        return unit
    if _tells(measure) is Followed.ROLLING:
        n += 1
    return Period(start=grain.shift(unit.start, n), end=grain.shift(unit.end, n))


# --- what stays hidden ------------------------------------------------------------------------


def hides_cohort(measure: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """Where few of a cohort are active or few are not, and what sums would give away.

    A cohort is hidden with the new people of its unit. The cells of one active unit add up to
    its active people less the new ones, so one alone is never hidden. What is counted "or
    later" falls in steps: a step of few people is not shown, nor what few came back after.
    """
    if not _is_followed(ground, part):
        return lambda unit, members, number: False
    found = _table(ground, part)
    known = found.part.over(_known(found))
    new = hides_growth(Growth(person=Person.NEW), known, patterns, ground)
    pattern = patterns(known)
    rows = {
        (first, members)
        for first in found.units
        for members in found.members
        if new(first, members, None) or 0 < found.size(first, members) < ground.smallest_cell
    }
    out = _hidden(found, ground.smallest_cell)
    steps = frozenset[tuple[date, Members, int]]()
    if _tells(measure) is Followed.ROLLING:
        steps = _steps(found, _later(ground, found), out, ground.smallest_cell)

    def hides(unit: date, members: Members, number: Number) -> bool:
        plain, n = _split(part, members)
        cell = unit, plain, n
        if n not in found.offsets(unit):
            return False  # it has not begun: missing, and nothing to hide
        is_row = (unit, plain) in rows or pattern.hides(found.grain.shift(unit, n), plain)
        return is_row or (n > 0 and (cell in out or cell in steps))

    return hides


def _known(found: _Table) -> Window:
    """The window of the units that have begun."""
    if not found.units:
        return found.part.window
    period = Period(start=found.units[0], end=found.grain.shift(found.units[-1], 1))
    return replace(found.part.window, period=period)


def _hidden(found: _Table, k: int) -> frozenset[tuple[date, Members, int]]:
    """Cells of classic retention that stay hidden, told by the unit in which people are active.

    Those of a hidden cohort need no cover of their own: without its size, what is left of a sum
    tells of as many people as it counts.
    """
    kinds: dict[str, dict[Cell, int]] = {str(n): {} for n in range(1, found.most + 1)}
    seeds: dict[str, set[Cell]] = {name: set() for name in kinds}
    for first in found.units:
        for n in (n for n in found.offsets(first) if n):
            for members in found.members:
                cell = found.grain.shift(first, n), members
                kept = found.active.get((first, members, n), 0)
                kinds[str(n)][cell] = kept
                if 0 < found.size(first, members) - kept < k:
                    seeds[str(n)].add(cell)
    kinds[_OLDER] = dict(found.older)
    hidden = hidden_accounts(kinds, (tuple(kinds),), k, seeds)
    return frozenset(
        (found.grain.shift(unit, -int(name)), members, int(name))
        for name, cells in hidden.items()
        if name != _OLDER
        for unit, members in cells
    )


def _steps(
    found: _Table, later: Counts, out: frozenset[tuple[date, Members, int]], k: int
) -> frozenset[tuple[date, Members, int]]:
    """Cells of rolling retention that would tell of few people, from the last offset back."""
    hidden = set()
    for first in found.units:
        for members in found.members:
            size, below = found.size(first, members), None
            for n in reversed(found.offsets(first)):
                cell = first, members, n
                kept, now = later.get(cell, 0), found.active.get(cell, 0)
                told = [kept, size - kept, kept - now, *([] if below is None else [kept - below])]
                if n and (cell in out or any(0 < people < k for people in told)):
                    hidden.add(cell)
                else:
                    below = kept
    return frozenset(hidden)
