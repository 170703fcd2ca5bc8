"""What each cell is compared with: the unit before it, or the same one a year before."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from warehouse.block import Block
from warehouse.compile import Window
from warehouse.model import Cell, CellState, Compare, Period
from warehouse.policy import Members
from warehouse.windows import Edge, base_unit, base_window

Ask = Callable[[Window], Mapping[str, Block]]
"""The blocks of a question, by metric, in another window."""
Base = Callable[[str, Period, Members], Cell]


def bases(window: Window, compare: Compare, edge: Edge, ask: Ask) -> Base:
    """The base cell of (metric, unit, members).

    A unit that is not over stands against the same elapsed part of its base, cut at the instant
    up to which its own data reach; one that has not begun stands against nothing.
    """
    partial = [unit for unit in window.units if edge.is_partial(unit)]
    over = [unit for unit in window.units if not edge.is_partial(unit)]
    blocks: dict[Period, Mapping[str, Block]] = {}
    if over:
        whole = ask(base_window(_spanning(window, over), compare))
        blocks |= dict.fromkeys(over, whole)
    for unit in partial:
        cut = edge.cut(unit, base_unit(unit, window.grain, compare), window.grain)
        if cut is not None:
            blocks[unit] = ask(cut)

    def base(metric: str, unit: Period, members: Members) -> Cell:
        if unit not in blocks:
            return Cell(state=CellState.MISSING)
        start = base_unit(unit, window.grain, compare)
        return blocks[unit][metric].cell(metric, start, members)

    return base


def _spanning(window: Window, units: list[Period]) -> Window:
    return replace(window, period=Period(start=units[0].start, end=units[-1].end))


def against(cell: Cell, base: Cell) -> Cell:
    """The cell with its base value. A hidden cell has none: it would tell what is hidden."""
    if cell.state is CellState.SUPPRESSED or base.state is not CellState.VALUE:
        return cell
    return replace(cell, base=base.value)
