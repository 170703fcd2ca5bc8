"""What a pivot table hides beyond its questions, so that its totals give no hidden cell away.

The pattern of a question protects its members against their total. A table also puts the rest
beside its members, and units of time beside the whole period: sums that no single question knows
of. So the table is protected once more as it stands, with the people who contribute to it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import date

from warehouse.asker import Asker, smallest_cell
from warehouse.crosstab import Cells
from warehouse.measures import hides_alone
from warehouse.model import REST, Cell, CellState
from warehouse.pattern import contributors
from warehouse.policy import Cell as PolicyCell
from warehouse.policy import Members, hidden_lattice
from warehouse.question import Question

Key = str
"""A member, `REST`, the first day of a unit of time, or `TOTAL`."""
TOTAL = "(total)"
Place = tuple[Key, Key]
Table = dict[Place, Cells]

_SUPPRESSED = Cell(state=CellState.SUPPRESSED)
_SIDES = (("row",), ("column",), ("row", "column"))
_ANY = date.min
"""All cells of a table belong together: time is one of its sides."""


def protect(
    asker: Asker,
    question: Question,
    rows_beyond: Iterable[Members],
    columns_beyond: Iterable[Members],
    table: Table,
) -> Table:
    """`table` with more cells hidden where its sums would tell on anyone."""
    rest = frozenset(rows_beyond), frozenset(columns_beyond)
    for dataset, indexes, is_alone in _together(question):
        k = smallest_cell(asker.settings, dataset)
        # Members and their totals, without time and rest, are safe by the questions' own pattern.
        if is_alone or question.has_units or any(rest):
            hidden = {p for p, own in table.items() if any(_is_hidden(own[i]) for i in indexes)}
            people = _people(asker, question, dataset, rest, k) if hidden else {}
            table = _protect_values(table, indexes, hidden, people, k)
            table = _protect_bases(table, indexes, k)
    return table


def _protect_values(
    table: Table, indexes: Sequence[int], hidden: set[Place], people: Mapping[Place, int], k: int
) -> Table:
    shown = {p for p, own in table.items() if any(own[i].value for i in indexes)}
    out = _hidden({place: people.get(place, 1) for place in hidden}, shown, k)
    return _changed(table, indexes, out, lambda _: _SUPPRESSED)


def _protect_bases(table: Table, indexes: Sequence[int], k: int) -> Table:
    """Nobody counted who contributes to the bases: two hidden ones are taken to be safe."""
    if not any(own[i].has_hidden_base for own in table.values() for i in indexes):
        return table
    hidden = {p for p, own in table.items() if any(_has_untold_base(own[i]) for i in indexes)}
    shown = {p for p, own in table.items() if any(own[i].base for i in indexes)}
    out = _hidden(dict.fromkeys(hidden, k // 2 + 1), shown, k)
    return _changed(table, indexes, out, lambda cell: replace(cell, base=None))


def _changed(
    table: Table, indexes: Sequence[int], places: Iterable[Place], change: Callable[[Cell], Cell]
) -> Table:
    changed = {
        place: tuple(change(c) if i in indexes else c for i, c in enumerate(table[place]))
        for place in places
    }
    return {**table, **changed}


def _together(question: Question) -> Sequence[tuple[str, list[int], bool]]:
    """Metrics with one pattern: those of a dataset, but each that hides by rules of its own."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, metric in enumerate(question.metrics):
        alone = metric.name if hides_alone(metric.measure) else ""
        groups[metric.dataset, alone].append(i)
    return [(dataset, indexes, bool(alone)) for (dataset, alone), indexes in groups.items()]


def _is_hidden(cell: Cell) -> bool:
    return cell.state is CellState.SUPPRESSED


def _has_untold_base(cell: Cell) -> bool:
    return cell.has_hidden_base or _is_hidden(cell)


def _hidden(hidden: Mapping[Place, int], shown: AbstractSet[Place], k: int) -> Iterable[Place]:
    """All places to hide: those of `hidden` (and who contributes), and what would tell them."""
    if not hidden:
        return ()
    counts = {**dict.fromkeys(shown, k), **{p: min(k - 1, n) for p, n in hidden.items()}}
    lattice: dict[Members, dict[PolicyCell, int]] = {side: {} for side in _SIDES}
    already: dict[Members, set[PolicyCell]] = {side: set() for side in _SIDES}
    for place, people in counts.items():
        side, cell = _side(place), (_ANY, _members(place))
        if side:
            lattice[side][cell] = people
            already[side] |= {cell} if place in hidden else set()
    found = hidden_lattice(lattice, k, already)
    return [_place(side, members) for side, cells in found.items() for _, members in cells]


def _side(place: Place) -> tuple[str, ...]:
    return tuple(n for n, key in zip(_SIDES[-1], place, strict=True) if key != TOTAL)


def _members(place: Place) -> Members:
    return tuple(key for key in place if key != TOTAL)


def _place(side: tuple[str, ...], members: Members) -> Place:
    keys = dict(zip(side, members, strict=True))
    return keys.get("row", TOTAL), keys.get("column", TOTAL)


def _people(
    asker: Asker,
    question: Question,
    dataset: str,
    rest: tuple[frozenset[Members], frozenset[Members]],
    k: int,
) -> Mapping[Place, int]:
    """At least so many contribute to each place of the table; of the rest its largest member."""
    part = asker.part(question, dataset, question.window)
    by, counts = part.by, defaultdict[Place, int](int)
    choices = [by, by[:1], by[1:]] if len(by) > 1 else [by, ()]
    for choice, cells in contributors(asker.snapshot, part, choices, k).items():
        for (unit, members), people in cells.items():
            keys = dict(zip(choice, members, strict=True))
            row = _in_rest(keys.get(by[0], TOTAL), rest[0])
            column = _in_rest(keys.get(by[-1], TOTAL), rest[1]) if len(by) > 1 else TOTAL
            if question.has_units:
                column = unit.isoformat()
            counts[row, column] = max(counts[row, column], people)
    return counts


def _in_rest(key: Key, beyond: frozenset[Members]) -> Key:
    return REST if (key,) in beyond else key
