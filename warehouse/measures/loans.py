"""Loan applications, counted by what they reached, and what is made of such counts."""

from collections.abc import Sequence
from dataclasses import replace

from warehouse.compile import Slice, applications, fetch
from warehouse.compile.applications import REACHED, STEP
from warehouse.measures.ground import Ground, Number, Values, column
from warehouse.metrics.model import Count, Measure, Portion, Trait
from warehouse.model import UNKNOWN
from warehouse.policy import Members

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
