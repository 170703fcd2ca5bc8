"""People of a cell told apart by what they turn out to be: days, scenes, first and next scene.

Such a dimension is no column. Every person of a cell is in exactly one member of it, so the
members add up to the people of the cell; other dimensions do not add up.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any

from warehouse.compile import Slice, fetch, scenes
from warehouse.datasets import (
    ACTIVE_DAYS,
    COMPUTED_DIMENSIONS,
    FIRST_SCENE,
    NEXT_SCENE,
    SCENES_USED,
)
from warehouse.measures.ground import Ground, Hides, Number, Patterns, Values
from warehouse.measures.people import hides_growth
from warehouse.metrics.model import ActiveDays, Growth, Measure, Person, SceneFlow, ScenesUsed
from warehouse.policy import Cell, Members, hidden_cells

Count = Callable[[Slice], Values]
"""How many people each cell of a slice has."""


def active_days(ground: Ground, part: Slice, _: Measure) -> Values:
    rows = fetch(ground.tables, scenes.active_days(ground.tables, without_computed(part)))
    return folded(part, rows, (ACTIVE_DAYS,))


def scenes_used(ground: Ground, part: Slice, _: Measure) -> Values:
    rows = fetch(ground.tables, scenes.scenes_used(ground.tables, without_computed(part)))
    return folded(part, rows, (SCENES_USED,))


def flow(ground: Ground, part: Slice, _: Measure) -> Values:
    if ground.since >= part.window.period.end:
        return {}
    plain = without_computed(part)
    rows = fetch(ground.tables, scenes.flow(ground.tables, plain, ground.since))
    return folded(part, rows, (FIRST_SCENE, NEXT_SCENE))


def without_computed(part: Slice) -> Slice:
    """What of a slice can be cut by columns."""
    return replace(
        part,
        by=tuple(name for name in part.by if name not in COMPUTED_DIMENSIONS),
        where=tuple((name, m) for name, m in part.where if name not in COMPUTED_DIMENSIONS),
    )


def folded(part: Slice, rows: Sequence[tuple[Any, ...]], computed: tuple[str, ...]) -> Values:
    """Rows (unit, plain members..., computed members..., people) as cells of `part.by`."""
    names = (*without_computed(part).by, *computed)
    wanted = [(names.index(n), frozenset(m)) for n, m in part.where if n in computed]
    places = [names.index(name) for name in part.by]
    found: dict[Cell, int] = defaultdict(int)
    for unit, *members, people in rows:
        if all(members[place] in chosen for place, chosen in wanted):
            found[unit, tuple(members[place] for place in places)] += people
    return dict(found)


# --- what stays hidden ------------------------------------------------------------------------


def hides_parts(measure: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """With the cell whose people are told apart, and where a part of it is small."""
    plain = without_computed(part)
    return _with(part, patterns(plain).hides, small_parts(part, _count(measure, ground), ground))


def hides_flow(measure: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """The flow tells the new people of its unit apart: hidden where they are."""
    new = hides_growth(Growth(person=Person.NEW), without_computed(part), patterns, ground)
    small = small_parts(part, _count(measure, ground), ground)
    return _with(part, lambda unit, members: new(unit, members, None), small)


_COUNTS: Mapping[type[Measure], Callable[[Ground, Slice, Measure], Values]] = {
    ActiveDays: active_days,
    ScenesUsed: scenes_used,
    SceneFlow: flow,
}


def _count(measure: Measure, ground: Ground) -> Count:
    return lambda part: _COUNTS[type(measure)](ground, part, measure)


def _with(part: Slice, plain: Callable[[date, Members], bool], small: Hides) -> Hides:
    places = [i for i, name in enumerate(part.by) if name not in COMPUTED_DIMENSIONS]

    def hides(unit: date, members: Members, number: Number) -> bool:
        whole = tuple(members[place] for place in places)
        return plain(unit, whole) or small(unit, members, number)

    return hides


def small_parts(part: Slice, count: Count, ground: Ground) -> Hides:
    """Cells with few people, and what would give them away by subtraction from any total.

    Decided on the table of all members of what the question cuts by, and of what it filters
    that is computed. A cell that adds up several of those is hidden with any of them.
    """
    k = ground.smallest_cell
    chosen = {name: m for name, m in part.where if name in COMPUTED_DIMENSIONS}
    dims = tuple(sorted({*part.by, *chosen}))
    whole = replace(part, where=without_computed(part).where)
    sizes = range(1, len(dims) + 1) if dims else range(1)
    choices = [choice for size in sizes for choice in combinations(dims, size)]
    lattice = {c: _whole_numbers(count(replace(whole, by=c))) for c in choices}
    places = [dims.index(name) for name in part.by]
    hidden = {
        (unit, tuple(members[place] for place in places))
        for unit, members in hidden_cells(dims, lattice, k)
        if all(members[dims.index(name)] in wanted for name, wanted in chosen.items())
    }
    return lambda unit, members, number: (unit, members) in hidden or 0 < (number or 0) < k


def _whole_numbers(values: Values) -> dict[Cell, int]:
    return {cell: int(number or 0) for cell, number in values.items()}
