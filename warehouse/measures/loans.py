"""Loan applications, counted by what they reached, and what is made of such counts."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

from warehouse.compile import Slice, applications, fetch
from warehouse.compile.applications import REACHED, STEP
from warehouse.compile.slice import Choice
from warehouse.measures.ground import Ground, Hides, Number, Patterns, Values, column
from warehouse.metrics.model import Count, Measure, Portion, Trait
from warehouse.model import UNKNOWN
from warehouse.pattern import Pattern
from warehouse.policy import Cell, Members, hidden_cells

BIN = "seconds_bin"


def reached(ground: Ground, part: Slice, _: Measure) -> Values:
    plain = without(part, STEP)
    rows = fetch(ground.tables, applications.reached(ground.tables, plain))
    return by_step(part, REACHED, [column(rows, plain, i) for i in range(len(REACHED))])


def without(part: Slice, dimension: str) -> Slice:
    """The slice neither cut by nor filtered on a dimension."""
    return replace(
        part,
        by=tuple(name for name in part.by if name != dimension),
        where=tuple((name, members) for name, members in part.where if name != dimension),
    )


def by_step(part: Slice, steps: Sequence[str], values: Sequence[Values]) -> Values:
    """The values of each of `steps` (cut without it) in the cells of `part`, as it filters."""
    wanted = dict(part.where).get(STEP, steps)
    found: Values = {}
    for step, own in zip(steps, values, strict=True):
        if step in wanted:
            for (unit, members), number in own.items():
                found[unit, _with_step(part, members, step)] = number
    return found


def _with_step(part: Slice, members: Members, step: str) -> Members:
    if STEP not in part.by:
        return members
    place = part.by.index(STEP)
    return (*members[:place], step, *members[place:])


def binned(ground: Ground, part: Slice, _: Measure) -> Values:
    """Without the applications that have no decision time: their bin is unknown."""
    counted = _count(ground, part, Trait.TIMED)
    if BIN not in part.by:
        return counted
    place = part.by.index(BIN)
    return {cell: number for cell, number in counted.items() if cell[1][place] != UNKNOWN}


def portion(ground: Ground, part: Slice, measure: Measure) -> Values:
    assert isinstance(measure, Portion)
    whole = _count(ground, without(part, measure.over), measure.test)
    place = part.by.index(measure.over) if measure.over in part.by else None
    found: Values = {}
    for (unit, members), number in _count(ground, part, measure.test).items():
        above = members if place is None else (*members[:place], *members[place + 1 :])
        found[unit, members] = share(number, whole.get((unit, above)))
    return found


def _count(ground: Ground, part: Slice, test: Trait) -> Values:
    sql = applications.statement(ground.tables, part, [Count(test=test)])
    return column(fetch(ground.tables, sql), part, 0)


def share(part: Number, whole: Number) -> Number:
    """A share to six decimals, as SQL rounds the others; None without a base."""
    return round((part or 0) / whole, 6) if whole else None


def error_budget(ground: Ground, part: Slice, _: Measure) -> Values:
    """1 - late / ((1 - objective) * timed). Error budget of a service level objective: Google,
    Site Reliability Engineering, chapter 3."""
    late, timed = _count(ground, part, Trait.LATE), _count(ground, part, Trait.TIMED)
    allowed = 1 - ground.loan_objective
    return {
        cell: round(1 - (late[cell] or 0) / (allowed * count), 6) if count else None
        for cell, count in timed.items()
    }


# --- what stays hidden ------------------------------------------------------------------------


def hides_counts(measure: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """As the dataset's pattern does, and where few of a cell's applications pass the test."""
    now = patterns(part)
    if part.dataset != "loan_event" or not isinstance(measure, Count) or measure.test is Trait.ANY:
        return lambda unit, members, number: now.hides(unit, members)
    test = measure.test
    return with_pattern(now, small_counts(part, lambda whole: _count(ground, whole, test), ground))


def with_pattern(now: Pattern, small: Hides) -> Hides:
    """Hidden by either."""
    return lambda unit, members, number: now.hides(unit, members) or small(unit, members, number)


def small_counts(part: Slice, count: Callable[[Slice], Values], ground: Ground) -> Hides:
    """Cells with few applications, and what would give them away by subtraction from a total.

    Decided on the table of all members of what the question cuts by and filters on. An
    application is in one of its cells, so every total is a sum of them. A cell that adds up
    several of those is hidden with any of them.
    """
    chosen, k = dict(part.where), ground.smallest_cell
    dims = tuple(sorted(part.dims))
    finest = count(replace(part, by=dims, where=()))
    hidden = {
        (unit, tuple(members[dims.index(name)] for name in part.by))
        for unit, members in hidden_cells(dims, _lattice(dims, finest), k)
        if all(members[dims.index(name)] in wanted for name, wanted in chosen.items())
    }
    return lambda unit, members, number: (unit, members) in hidden or 0 < (number or 0) < k


def _lattice(dims: Choice, finest: Values) -> dict[Choice, Counter[Cell]]:
    """The counts over every choice of the dimensions but none of them (unless there are none)."""
    sizes = range(1, len(dims) + 1) if dims else range(1)
    lattice: dict[Choice, Counter[Cell]] = {}
    for choice in (choice for size in sizes for choice in combinations(dims, size)):
        places = [dims.index(name) for name in choice]
        sums = lattice[choice] = Counter()
        for (unit, members), number in finest.items():
            sums[unit, tuple(members[place] for place in places)] += int(number or 0)
    return lattice
