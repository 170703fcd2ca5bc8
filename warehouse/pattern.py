"""Which cells of a question stay hidden: one pattern for every metric of the dataset.

The pattern is decided on the lattice of all dimensions the question cuts by or filters on, so
that a filter shows and hides exactly what the table of all members does.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations, product

from warehouse.compile import Slice, Sql, Tables, applications, facts, fetch
from warehouse.compile.applications import REACHED, STEP
from warehouse.errors import QueryError
from warehouse.metrics import model as metrics
from warehouse.policy import PROTECTED, Cell, Contributors, Members, hidden_cells, is_safe
from warehouse.rollups import DIMENSIONS, PERSON_DAY, USAGE_DAY

_FEW = 1000
"""Cells in doubt that are worth counting apart."""
MOST_CELLS = 200_000
"""A question with more cells is too fine to be read, and too dear to protect."""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """The hidden cells of a question, by its own `by` and window."""

    hidden: frozenset[Cell] = frozenset()

    def hides(self, unit: date, members: Members) -> bool:
        return (unit, members) in self.hidden


Count = Callable[[Slice], Contributors]
"""How many contribute to each cell of a slice; filtered questions ask for the same ones often."""


def pattern(part: Slice, k: int, count: Count) -> Pattern:
    """Decide what `part` hides from its viewer when cells below `k` contributors are small."""
    if part.dataset not in PROTECTED:
        return Pattern()
    dims = tuple(sorted(part.dims))
    whole = replace(part, by=dims, where=())
    lattice = {choice: count(replace(whole, by=choice)) for choice in _of(dims)}
    hidden = hidden_cells(dims, lattice, k)
    if not part.where:
        places = [dims.index(name) for name in part.by]
        return Pattern(hidden=frozenset((u, tuple(m[i] for i in places)) for u, m in hidden))
    return Pattern(hidden=_sliced(part, dims, (lattice[dims], hidden), k, count))


def _of(dims: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every choice of the dimensions but none of them (unless there are none)."""
    sizes = range(1, len(dims) + 1) if dims else range(1)
    return [choice for size in sizes for choice in combinations(dims, size)]


def _sliced(
    part: Slice,
    dims: tuple[str, ...],
    decided: tuple[Contributors, frozenset[Cell]],
    k: int,
    count: Count,
) -> frozenset[Cell]:
    """The pattern of a filtered question: each of its cells is a sum of lattice cells.

    Such a sum is hidden when it is small itself, or when it, or what it leaves out, would give
    away a hidden lattice cell.
    """
    cells, hidden = decided
    chosen = {name: frozenset(members) for name, members in part.where}
    inside, outside = _split(part, dims, cells, hidden, chosen)
    # With one member a filter, a cell of the question is one cell of the lattice.
    is_single = all(len(members) == 1 for members in chosen.values())
    own = {} if is_single else count(part)
    out = {cell for cell, people in own.items() if 0 < people < k}
    for cell in {*inside, *outside}:
        if is_single:
            is_open = not inside[cell]
        else:
            is_open = is_safe(inside[cell], k) and is_safe(outside[cell], k)
        if not is_open:
            out.add(cell)
    return frozenset(out)


def _split(
    part: Slice,
    dims: tuple[str, ...],
    cells: Contributors,
    hidden: frozenset[Cell],
    chosen: Mapping[str, frozenset[str]],
) -> tuple[dict[Cell, list[int]], dict[Cell, list[int]]]:
    """Contributors of the hidden lattice cells inside and outside each cell of the question."""
    inside: dict[Cell, list[int]] = defaultdict(list)
    outside: dict[Cell, list[int]] = defaultdict(list)
    places = [dims.index(name) for name in part.by]
    for unit, members in hidden:
        cell = unit, tuple(members[i] for i in places)
        passes = {name: members[dims.index(name)] in wanted for name, wanted in chosen.items()}
        if all(passes.values()):
            inside[cell].append(cells[unit, members])
        elif all(passes[name] for name in chosen if name in part.by):
            outside[cell].append(cells[unit, members])
    return inside, outside


def contributors(tables: Tables, part: Slice, k: int) -> Contributors:
    """How many contribute to each cell; at least `k` where a cheap bound already says so."""
    if part.dataset == "loan_event":
        return _applications(tables, part)
    from_rollups = part.dataset == "service_event" and part.window.until is None
    if from_rollups and set(part.dims) <= DIMENSIONS[USAGE_DAY]:
        return _bounded(tables, part, k)
    return _cells(tables, part, facts.contributors(tables, part, from_rollups=False))


def _bounded(tables: Tables, part: Slice, k: int) -> Contributors:
    """Exact counts only where the bound leaves a cell in doubt, and of all if one is small.

    (With a small cell, its siblings' true sizes decide which of them is hidden with it.)
    """
    known = _cells(tables, part, facts.bound(tables, part))
    doubtful = [cell for cell, people in known.items() if people < k]
    if not doubtful:
        return known
    is_people = set(part.dims) <= DIMENSIONS[PERSON_DAY]
    if len(doubtful) <= _FEW:
        few = facts.contributors(tables, part, from_rollups=is_people, only=doubtful)
        exact = _cells(tables, part, few)
        if all(people >= k for people in exact.values()):
            return {**known, **exact}
    return _cells(tables, part, facts.contributors(tables, part, from_rollups=is_people))


def _applications(tables: Tables, part: Slice) -> Contributors:
    """Applications count as people; by step, those that ever had it."""
    if STEP not in part.dims:
        return _cells(tables, part, applications.statement(tables, part, (metrics.Count(),)))
    wanted = dict(part.where).get(STEP, REACHED)
    plain = replace(
        part,
        by=tuple(name for name in part.by if name != STEP),
        where=tuple((n, m) for n, m in part.where if n != STEP),
    )
    rows = fetch(tables, applications.reached(tables, plain))
    place = part.by.index(STEP) if STEP in part.by else None
    width, found = len(plain.by), {}
    for row, (i, step) in product(rows, enumerate(REACHED)):
        if step in wanted:
            members = row[1 : 1 + width]
            if place is not None:
                members = (*members[:place], step, *members[place:])
            found[row[0], members] = row[1 + width + i]
    return found


def _cells(tables: Tables, part: Slice, sql: Sql) -> Contributors:
    rows = fetch(tables, sql)
    if len(rows) > MOST_CELLS:
        raise QueryError(
            f"The question has {len(rows):,} cells, more than {MOST_CELLS:,}."
            " Choose a coarser grain, a shorter period or fewer dimensions."
        )
    width = len(part.by)
    return {(row[0], tuple(row[1 : 1 + width])): row[1 + width] for row in rows}
