"""The only two decisions on visibility: which rows a viewer may see, which cells stay hidden.

Pure. `visible_where` is called where the WHERE is made; `hidden_cells` decides on the way out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from warehouse.datasets import DATASETS
from warehouse.errors import Forbidden
from warehouse.model import Role, Viewer

PROTECTED = frozenset({"service_event", "loan_event", "rating_event"})
"""Datasets about people; the others deliver counts only and have no small cells."""

PIPELINE_ROLES = frozenset({Role.OPERATOR, Role.ADMIN, Role.ANALYST})

Members = tuple[str, ...]
Cell = tuple[date, Members]
"""A unit's first day, and one member for each dimension of the lattice."""
Contributors = Mapping[Cell, int]


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
    hidden: dict[tuple[str, ...], set[Cell]] = {}
    for choice in sorted(lattice, key=lambda names: (len(names), names)):
        cells = lattice[choice]
        out = {cell for cell, people in cells.items() if 0 < people < k}
        for above in (c for c in hidden if len(c) == len(choice) - 1 and set(c) < set(choice)):
            out |= _below(cells, choice, above, hidden[above])
        _protect(cells, out, k)
        hidden[choice] = out
    return frozenset(hidden[tuple(dims)])


def _below(
    cells: Contributors, choice: tuple[str, ...], above: tuple[str, ...], hidden: set[Cell]
) -> set[Cell]:
    """The cells whose total over the one dimension missing in `above` is hidden."""
    if not hidden:
        return set()
    places = [choice.index(name) for name in above]
    return {
        (unit, members)
        for (unit, members), people in cells.items()
        if people and (unit, tuple(members[place] for place in places)) in hidden
    }


def _protect(cells: Contributors, hidden: set[Cell], k: int) -> None:
    """Add to `hidden` until every family of siblings with a hidden cell is safe."""
    families = _families(cells)
    waiting = [family for cell in hidden for family in _families_of(cell)]
    while waiting:
        family = waiting.pop()
        for cell in _needed(cells, families[family], hidden, k):
            hidden.add(cell)
            waiting.extend(_families_of(cell))


def _families_of(cell: Cell) -> Iterable[tuple[date, int, Members]]:
    unit, members = cell
    return ((unit, i, members[:i] + members[i + 1 :]) for i in range(len(members)))


def _families(cells: Contributors) -> Mapping[tuple[date, int, Members], list[Cell]]:
    families: dict[tuple[date, int, Members], list[Cell]] = defaultdict(list)
    for cell in cells:
        for family in _families_of(cell):
            families[family].append(cell)
    return families


def _needed(cells: Contributors, family: list[Cell], hidden: set[Cell], k: int) -> list[Cell]:
    """The next smallest siblings to hide until the hidden ones are two and hold k or more."""
    out = [cells[cell] for cell in family if cell in hidden]
    if not out or is_safe(out, k):
        return []
    added = []
    shown = (cell for cell in family if cell not in hidden and cells[cell])
    for cell in sorted(shown, key=lambda cell: (cells[cell], cell)):
        added.append(cell)
        out.append(cells[cell])
        if is_safe(out, k):
            break
    return added


def is_safe(hidden: Sequence[int], k: int) -> bool:
    """Whether the sum of these hidden contributors may be derived without telling on anyone."""
    return not hidden or (len(hidden) > 1 and sum(hidden) >= k)
