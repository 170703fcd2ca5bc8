"""People: active, by how they stand to the unit before, served so far, of the population."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time

from warehouse import policy
from warehouse.compile import Slice, Window, facts, fetch, people
from warehouse.errors import DefinitionError
from warehouse.measures.ground import Ground, Hides, Patterns, Values, column
from warehouse.measures.plain import table_of
from warehouse.metrics.model import Active, Distinct, Growth, Measure, Metric, Person
from warehouse.model import Grain, Period
from warehouse.pattern import Pattern
from warehouse.policy import Cell, hidden_accounts
from warehouse.windows import local, previous

PEOPLE = Distinct(column="person")
IDENTITIES = (
    (Person.NEW, Person.RETAINED, Person.RESURRECTED),
    (Person.RETAINED, Person.CHURNED),
)
"""The kinds that add up to |A(t)|, and those that add up to |A(t-1)|."""

_QUICK = (Person.NEW, Person.RESURRECTED, Person.CHURNED)


def active_people(ground: Ground, part: Slice) -> Values:
    """|A(t)| in each unit of the window."""
    sql = facts.statement(ground.tables, part, [PEOPLE], table_of(part, PEOPLE))
    return column(fetch(ground.tables, sql), part, 0)


def growth(ground: Ground, part: Slice, metrics: Sequence[Metric]) -> dict[str, Values]:
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
    return _accounts(part, first, *(column(rows, part, i) for i in range(3)))


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


def quick_ratio(ground: Ground, part: Slice, _: Measure) -> Values:
    """(new + resurrected) / churned; missing where nobody churned."""
    kinds = accounts(ground, part)
    return {
        cell: round((new + kinds[Person.RESURRECTED][cell]) / left, 6) if left else None
        for cell, new in kinds[Person.NEW].items()
        for left in (kinds[Person.CHURNED][cell],)
    }


def cumulative(ground: Ground, part: Slice, _: Measure) -> Values:
    """A running sum over the units, for every member that was ever served."""
    since = min(ground.since, part.window.period.start)
    rows = fetch(ground.tables, people.first_completed(ground.tables, part, since))
    firsts = column(rows, part, 0)
    found: Values = {}
    for members in dict.fromkeys(members for _, members in firsts):
        total = 0
        for unit in part.window.units:
            total += int(firsts.get((unit.start, members)) or 0)
            found[unit.start, members] = total
    return found


def active(ground: Ground, part: Slice, measure: Measure) -> Values:
    if not isinstance(measure, Active) or measure.grain in (part.window.grain, part.window.like):
        return active_people(ground, part)
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
    counts = active_people(ground, part.over(replace(window, period=period, grain=fine)))
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


def stickiness(ground: Ground, part: Slice, _: Measure) -> Values:
    daily, whole = _mean(ground, part, Grain.DAY), active_people(ground, part)
    return {
        cell: round(mean / count, 6) if mean is not None and (count := whole.get(cell)) else None
        for cell, mean in daily.items()
    }


def penetration(ground: Ground, part: Slice, _: Measure) -> Values:
    registered = {d.code: d.population for d in ground.city.districts}
    if not part.viewer.scope.everything:
        registered = {c: n for c, n in registered.items() if c in part.viewer.scope.districts}
    wanted = dict(part.where).get("district")
    if wanted is not None:
        registered = {code: n for code, n in registered.items() if code in wanted}
    place = part.by.index("district") if "district" in part.by else None
    found: Values = {}
    for cell, count in active_people(ground, part).items():
        code = None if place is None else cell[1][place]
        population = sum(registered.values()) if code is None else registered.get(code, 0)
        found[cell] = round((count or 0) / population, 6) if population else None
    return found


# --- what stays hidden ------------------------------------------------------------------------


def _small_accounts(
    persons: Sequence[Person], part: Slice, ground: Ground
) -> frozenset[policy.Cell]:
    """The cells of any of these kinds that few people of this or another kind keep hidden."""
    found = accounts(ground, part)
    hidden = hidden_accounts(found, IDENTITIES, ground.smallest_cell)
    return frozenset().union(*(hidden[person] for person in persons))


def _hides_growth(
    now: Pattern, part: Slice, patterns: Patterns, own: frozenset[policy.Cell]
) -> Hides:
    """Growth tells of two units at once (|A(t-1)| = retained + churned): hide with either."""
    window = replace(part.window, until=None)
    before = patterns(part.over(previous(window)))
    earlier = {u.start: _previous_start(u, window) for u in window.units}
    return lambda unit, members, number: (
        (unit, members) in own or now.hides(unit, members) or before.hides(earlier[unit], members)
    )


def _previous_start(unit: Period, window: Window) -> date:
    return previous(Window(period=unit, grain=window.grain)).period.start


def hides_growth(measure: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """As the dataset's pattern does, now and in the unit before, and where a kind is small."""
    if not isinstance(measure, Growth):
        raise DefinitionError(f"{type(measure).__name__} is no kind of growth.")
    own = _small_accounts((measure.person,), part, ground)
    return _hides_growth(patterns(part), part, patterns, own)


def hides_quick_ratio(_: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """With any of the numbers it is made of."""
    return _hides_growth(patterns(part), part, patterns, _small_accounts(_QUICK, part, ground))


def hides_cumulative(_: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """As the dataset's pattern does, and where few people were served so far."""
    now = patterns(part)
    return lambda unit, members, number: (
        now.hides(unit, members) or 0 < (number or 0) < ground.smallest_cell
    )
