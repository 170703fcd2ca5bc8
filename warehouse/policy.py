"""The only two decisions on visibility: which rows a viewer may see, which cells stay hidden.

Pure. `visible_where` is called where the WHERE is made; `hidden_cells` decides on the way out.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from warehouse.datasets import DATASETS
from warehouse.errors import Forbidden
from warehouse.model import Role, Viewer

PROTECTED = frozenset({"service_event", "loan_event", "rating_event"})
"""Datasets about people; the others deliver counts only and have no small cells."""

PIPELINE_ROLES = frozenset({Role.OPERATOR, Role.ADMIN, Role.ANALYST})

Kind = TypeVar("Kind", bound=str)
Members = tuple[str, ...]
Cell = tuple[date, Members]
"""A unit's first day, and one member for each dimension of the lattice."""
Contributors = Mapping[Cell, int]
Family = tuple[date, int, Members]
"""Cells of one unit that differ in one dimension only; their sum is a total one can ask for."""


def visible_where(viewer: Viewer, dataset: str) -> tuple[str, tuple[str, ...]]:
    """The condition (SQL, parameters) that every statement on `dataset` carries.

    Raises `Forbidden` where the dataset has no districts and the role may not see it at all.
    """
    if not has_district(dataset):
        if viewer.role not in PIPELINE_ROLES:
            raise Forbidden(
                f"The role {viewer.role} may not see {dataset}."
                " Ask an administrator for the role operator or analyst."
            )
        return "TRUE", ()
    if viewer.scope.everything:
        return "TRUE", ()
    if not viewer.scope.districts:
        return "FALSE", ()
    districts = tuple(sorted(viewer.scope.districts))
    return f'"district" IN ({", ".join("?" * len(districts))})', districts


def has_district(dataset: str) -> bool:
    """Whether the rows of a dataset belong to districts, which scopes are made of."""
    return DATASETS[dataset].column("district") is not None


def hidden_cells(
    dims: Sequence[str], lattice: Mapping[tuple[str, ...], Contributors], k: int
) -> frozenset[Cell]:
    """The cells of `dims` that stay hidden so that no cell with 1..k-1 contributors is known.

    `lattice` holds the contributors for `dims` and for every smaller choice of them. A cell is
    hidden when it is small, when a total above it is hidden, or when otherwise a hidden sibling
    could be had by subtraction from a total that can be asked.
    """
    return frozenset(hidden_lattice(lattice, k)[tuple(dims)])


def hidden_lattice(
    lattice: Mapping[tuple[str, ...], Contributors],
    k: int,
    already: Mapping[tuple[str, ...], AbstractSet[Cell]] = MappingProxyType({}),
) -> Mapping[tuple[str, ...], AbstractSet[Cell]]:
    """As `hidden_cells`, for every choice of `lattice`; what is hidden `already` stays so."""
    hidden: dict[tuple[str, ...], set[Cell]] = {}
    for choice in sorted(lattice, key=lambda names: (len(names), names)):
        cells = lattice[choice]
        out = {cell for cell, people in cells.items() if 0 < people < k}
        out |= already.get(choice, frozenset())
        for above in (c for c in hidden if len(c) == len(choice) - 1 and set(c) < set(choice)):
            out |= _below(cells, choice, above, hidden[above])
        protect(cells, out, k)
        hidden[choice] = out
    return hidden


def _below(
    cells: Contributors, choice: tuple[str, ...], above: tuple[str, ...], hidden: set[Cell]
) -> set[Cell]:
    """The cells whose total over the one dimension missing in `above` is hidden."""
    if not hidden:
        return set()
    gone = next(i for i, name in enumerate(choice) if name not in above)
    return {
        (unit, members)
        for (unit, members), people in cells.items()
        if people and (unit, members[:gone] + members[gone + 1 :]) in hidden
    }


def protect(cells: Contributors, hidden: set[Cell], k: int) -> None:
    """Add to `hidden` the next smallest siblings until every family with a hidden cell is safe.

    Families are worked through in a fixed order: the pattern must not depend on the process.
    """
    tally: dict[Family, list[int]] = defaultdict(list)
    for cell in hidden:
        for family in _families_of(cell):
            tally[family].append(cells[cell])
    unsafe = sorted((f for f, out in tally.items() if not is_safe(out, k)), reverse=True)
    siblings = _shown(cells, hidden) if unsafe else {}
    while unsafe:
        family = unsafe.pop()
        for cell in sorted(siblings.get(family, ()), key=lambda cell: (cells[cell], cell)):
            if is_safe(tally[family], k):
                break
            if cell not in hidden:
                hidden.add(cell)
                for other in _families_of(cell):
                    tally[other].append(cells[cell])
                    unsafe.append(other)


def _families_of(cell: Cell) -> list[Family]:
    """One for each dimension: the unit, the dimension's place, and the other members."""
    unit, members = cell
    return [(unit, i, members[:i] + members[i + 1 :]) for i in range(len(members))]


def _shown(cells: Contributors, hidden: set[Cell]) -> Mapping[Family, list[Cell]]:
    """The cells of each family that are neither hidden nor zero."""
    families: dict[Family, list[Cell]] = defaultdict(list)
    for cell, people in cells.items():
        if people and cell not in hidden:
            for family in _families_of(cell):
                families[family].append(cell)
    return families


def is_safe(hidden: Sequence[int], k: int) -> bool:
    """Whether the sum of these hidden contributors may be derived without telling on anyone."""
    return not hidden or (len(hidden) > 1 and sum(hidden) >= k)


def hidden_accounts(
    kinds: Mapping[Kind, Contributors],
    sums: Sequence[Sequence[Kind]],
    k: int,
    known: Mapping[Kind, Collection[Cell]] | None = None,
) -> Mapping[Kind, frozenset[Cell]]:
    """By kind, the cells that stay hidden where the kinds of each of `sums` add up to a total.

    People are told apart by kind, so a kind's own number counts its contributors. Hidden are the
    small cells, those `known` to be hidden, and what would give them away: the others of a sum,
    or those of other members.
    """
    hidden = {name: {c for c, n in cells.items() if 0 < n < k} for name, cells in kinds.items()}
    for name, cells in (known or {}).items():
        hidden[name].update(cells)
    before = -1
    while before != (before := sum(map(len, hidden.values()))):
        for name, cells in kinds.items():
            protect(cells, hidden[name], k)
        for cell in sorted(set().union(*hidden.values())):
            for names in sums:
                counts = {name: kinds[name][cell] for name in names if cell in kinds[name]}
                _protect_sum(counts, cell, hidden, k)
    return {name: frozenset(cells) for name, cells in hidden.items()}


def _protect_sum(
    counts: Mapping[Kind, int], cell: Cell, hidden: Mapping[Kind, set[Cell]], k: int
) -> None:
    out = [people for name, people in counts.items() if cell in hidden[name]]
    # A zero hides nobody, but shown beside one unknown it would tell that one: it comes last.
    for _, people, name in sorted((not people, people, name) for name, people in counts.items()):
        if is_safe(out, k):
            return
        if cell not in hidden[name]:
            hidden[name].add(cell)
            out.append(people)
