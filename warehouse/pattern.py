"""Which cells of a question stay hidden: one pattern for every metric of the dataset.

The pattern is decided on the lattice of all dimensions the question cuts by or filters on, so
that a filter shows and hides exactly what the table of all members does.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from typing import Any

from warehouse.compile import Slice, Sql, Tables, applications, facts, fetch, stored
from warehouse.compile.applications import REACHED, STEP
from warehouse.compile.slice import Choice, mask
from warehouse.errors import TooLarge
from warehouse.model import Period
from warehouse.policy import PROTECTED, Cell, Contributors, Members, hidden_cells, is_safe, protect
from warehouse.rollups import DIMENSIONS, PERSON_DAY, USAGE_DAY

_FINE = 3
"""From this many dimensions on, people are counted by a sketch."""
MOST_CELLS = 200_000
"""A question with more cells is too fine to be read, and too dear to protect."""


Lattice = Mapping[Choice, Contributors]


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """The hidden cells of a question, by its own `by` and window."""

    hidden: frozenset[Cell] = frozenset()

    def hides(self, unit: date, members: Members) -> bool:
        return (unit, members) in self.hidden


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What is hidden of all cells over `dims`, and how many contribute to each (or at least k)."""

    dims: Choice
    cells: Contributors
    hidden: frozenset[Cell]


Decide = Callable[[Slice], Decided]
"""The decision on an unfiltered slice; questions that differ in their filters share it."""


def pattern(tables: Tables, part: Slice, k: int, decide: Decide) -> Pattern:
    """Decide what `part` hides from its viewer when cells below `k` contributors are small."""
    if part.dataset not in PROTECTED:
        return Pattern()
    decided = decide(replace(part, by=tuple(sorted(part.dims)), where=()))
    if not part.where:
        places = [decided.dims.index(name) for name in part.by]
        hidden = ((u, tuple(m[i] for i in places)) for u, m in decided.hidden)
        return Pattern(hidden=frozenset(hidden))
    return Pattern(hidden=_sliced(tables, part, decided, k))


def decide(tables: Tables, whole: Slice, k: int) -> Decided:
    """Count the contributors of every choice of the dimensions, and decide what is hidden."""
    lattice = contributors(tables, whole, _of(whole.by), k)
    hidden = hidden_cells(whole.by, lattice, k)
    return Decided(dims=whole.by, cells=lattice[whole.by], hidden=hidden)


def _of(dims: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every choice of the dimensions but none of them (unless there are none)."""
    sizes = range(1, len(dims) + 1) if dims else range(1)
    return [choice for size in sizes for choice in combinations(dims, size)]


def _sliced(tables: Tables, part: Slice, decided: Decided, k: int) -> frozenset[Cell]:
    """The pattern of a filtered question: each of its cells is a sum of lattice cells.

    Such a sum is hidden when it is small itself, or when it, or what it leaves out, would give
    away a hidden lattice cell, or a small sum of another member.
    """
    chosen = {name: frozenset(members) for name, members in part.where}
    inside, outside = _split(part, decided, chosen)
    # With one member a filter, a cell of the question is one cell of the lattice.
    is_single = all(len(members) == 1 for members in chosen.values())
    own = {} if is_single else contributors(tables, part, [part.by], k)[part.by]
    out = {cell for cell, people in own.items() if 0 < people < k}
    for cell in {*inside, *outside}:
        if is_single:
            is_open = not inside[cell]
        else:
            is_open = is_safe(inside[cell], k) and is_safe(outside[cell], k)
        if not is_open:
            out.add(cell)
    # A hidden sum must not be what its siblings leave of the filtered total either.
    known = out.intersection(own)
    protect(own, known, k)
    return frozenset(out | known)


def _split(
    part: Slice, decided: Decided, chosen: Mapping[str, frozenset[str]]
) -> tuple[dict[Cell, list[int]], dict[Cell, list[int]]]:
    """Contributors of the hidden lattice cells inside and outside each cell of the question."""
    inside: dict[Cell, list[int]] = defaultdict(list)
    outside: dict[Cell, list[int]] = defaultdict(list)
    cells, dims = decided.cells, decided.dims
    places = [dims.index(name) for name in part.by]
    for unit, members in decided.hidden:
        cell = unit, tuple(members[i] for i in places)
        passes = {name: members[dims.index(name)] in wanted for name, wanted in chosen.items()}
        if all(passes.values()):
            inside[cell].append(cells[unit, members])
        elif all(passes[name] for name in chosen if name in part.by):
            outside[cell].append(cells[unit, members])
    return inside, outside


def contributors(tables: Tables, part: Slice, choices: Sequence[Choice], k: int) -> Lattice:
    """How many contribute to each cell of each choice of `part.by`; at least `k` where it is
    enough to know that.

    Larger cells may be given by their lower bound, which makes sums of them err on the safe
    side. Up to two dimensions a cell is below `k` here exactly when it is; over more, where
    nearly all cells are small and exact counts would cost seconds, one of just `k` people may be.
    """
    if part.dataset == "loan_event":
        return _applications(tables, part, choices)
    known = {
        choice: _counted(_fetch(tables, facts.counted(tables, alone)), choice)
        for choice in choices
        if stored.counts(alone := replace(part, by=choice))
    }
    rest = [choice for choice in choices if choice not in known]
    return {**known, **_estimated(tables, part, rest, k)} if rest else known


def _estimated(tables: Tables, part: Slice, choices: Sequence[Choice], k: int) -> Lattice:
    """Lower bounds, and exact counts for the units in which one is below `k`."""
    is_event = part.dataset == "service_event"
    is_people = is_event and set(part.dims) <= DIMENSIONS[PERSON_DAY]
    has_sketch = k <= facts.SKETCH_BITS // 4
    if is_event and set(part.dims) <= DIMENSIONS[USAGE_DAY] and len(part.by) < _FINE:
        low = facts.bound(tables, part, choices)
    elif has_sketch:
        low = facts.sketch(tables, part, choices, from_rollups=is_people)
    else:
        low = facts.contributors(tables, part, choices, from_rollups=is_people)
    known = _by_choice(_fetch(tables, low), part.by, choices)
    small = {c: {unit for (unit, _), n in known[c].items() if n < k} for c in choices}
    doubtful = [choice for choice in choices if small[choice]]
    if not doubtful or (has_sketch and len(part.by) >= _FINE):
        return known
    narrow = _spanning(part, set().union(*small.values()))
    rows = _fetch(tables, facts.contributors(tables, narrow, doubtful, from_rollups=is_people))
    for choice, cells in _by_choice(rows, part.by, doubtful).items():
        known[choice] |= {cell: n for cell, n in cells.items() if cell[0] in small[choice]}
    return known


def _spanning(part: Slice, starts: set[date]) -> Slice:
    """The slice from the first to the last of these units."""
    window, units = part.window, [u for u in part.window.units if u.start in starts]
    if window.grain is None or window.until is not None:
        return part
    return part.over(replace(window, period=Period(start=units[0].start, end=units[-1].end)))


def _counted(rows: Sequence[tuple[Any, ...]], choice: Choice) -> dict[Cell, int]:
    """The counts of rows (unit, members..., count)."""
    width = 1 + len(choice)
    return {(row[0], tuple(row[1:width])): row[width] for row in rows}


def _applications(tables: Tables, part: Slice, choices: Sequence[Choice]) -> Lattice:
    """Applications count as people; by step, those that ever had it."""
    plain = replace(
        part,
        by=tuple(name for name in part.by if name != STEP),
        where=tuple((n, m) for n, m in part.where if n != STEP),
    )
    without = {choice: tuple(n for n in choice if n != STEP) for choice in choices}
    plainly = list(dict.fromkeys(without.values()))
    wanted = dict(part.where).get(STEP, REACHED if STEP in part.by else ())
    sql = applications.lattice(tables, plain, plainly, with_steps=bool(wanted))
    rows = _fetch(tables, sql)
    steps = [(REACHED.index(step), step) for step in wanted]
    if not steps:
        return _by_choice(rows, plain.by, choices)
    found: dict[Choice, dict[Cell, int]] = {}
    for choice in choices:
        place = choice.index(STEP) if STEP in choice else None
        if place is None and STEP not in dict(part.where):
            found[choice] = _by_choice(rows, plain.by, [choice])[choice]
            continue
        found[choice] = {}
        for i, step in steps:
            counts = _by_choice(rows, plain.by, [without[choice]], 1 + i)[without[choice]]
            for (unit, members), count in counts.items():
                if place is not None:
                    members = (*members[:place], step, *members[place:])
                found[choice][unit, members] = count
    return found


def _by_choice(
    rows: Sequence[tuple[Any, ...]], by: Choice, choices: Sequence[Choice], index: int = 0
) -> dict[Choice, dict[Cell, int]]:
    """The counts of each choice from rows (unit, members..., mask, counts...)."""
    width = 1 + len(by)
    found: dict[Choice, dict[Cell, int]] = {choice: {} for choice in choices}
    wanted = {
        mask(by, choice): (found[choice], [1 + by.index(name) for name in choice])
        for choice in choices
    }
    for row in rows:
        if row[width] in wanted:
            cells, places = wanted[row[width]]
            cells[row[0], tuple([row[i] for i in places])] = row[width + 1 + index]
    return found


def _fetch(tables: Tables, sql: Sql) -> list[tuple[Any, ...]]:
    rows = fetch(tables, sql)
    if len(rows) > MOST_CELLS:
        raise TooLarge(
            f"The question has {len(rows):,} cells, more than {MOST_CELLS:,}."
            " Choose a coarser grain, a shorter period or fewer dimensions."
        )
    return rows
