"""Loan applications, counted by what they reached."""

from dataclasses import replace

from warehouse.compile import Slice, applications, fetch
from warehouse.compile.applications import REACHED, STEP
from warehouse.measures.ground import Ground, Values, column
from warehouse.metrics.model import Measure
from warehouse.policy import Members


def reached(ground: Ground, part: Slice, _: Measure) -> Values:
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
            for (unit, members), count in column(rows, plain, i).items():
                found[unit, _with_step(part, members, step)] = count
    return found


def _with_step(part: Slice, members: Members, step: str) -> Members:
    if STEP not in part.by:
        return members
    place = part.by.index(STEP)
    return (*members[:place], step, *members[place:])
