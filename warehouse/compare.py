"""What each cell is compared with: the unit before it, or the same one a year before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta

from warehouse import calendar
from warehouse.block import MISSING, Block
from warehouse.compile import Window
from warehouse.editions import is_break
from warehouse.metrics.model import Metric
from warehouse.model import Cell, CellState, Compare, Days, Period
from warehouse.policy import Members
from warehouse.windows import ONE_DAY, Edge, base_unit, base_window, base_windows, local

Ask = Callable[[Window], Mapping[str, Block]]
"""The blocks of a question, by metric, in another window."""


@dataclass(frozen=True, kw_only=True)
class Bases:
    """The base cells of a question. A unit that has not begun stands against nothing."""

    units: Mapping[Period, Period]
    """Of each unit that has a base, the base unit."""
    windows: Mapping[Period, Window]
    blocks: Mapping[Window, Mapping[str, Block]]
    edge: Edge

    def cell(self, metric: str, unit: Period, members: Members) -> Cell:
        if unit not in self.units:
            return MISSING
        block = self.blocks[self.windows[unit]][metric]
        return block.cell(metric, self.units[unit], members)

    def beside(self, metric: Metric, cell: Cell, unit: Period, members: Members) -> Cell:
        """The cell with its base; marked where another edition of the definition counts that."""
        found = against(cell, self.cell(metric.name, unit, members))
        is_broken = found.base is not None and is_break(metric, unit, self.units[unit])
        return replace(found, is_broken=True) if is_broken else found

    def days(self, unit: Period) -> Period | None:
        """The days of the base unit that count: those up to the cut of a unit that is not over."""
        if unit not in self.units:
            return None
        base, until = self.units[unit], self.windows[unit].until
        if until is None:
            return base
        last = local(until.replace(tzinfo=UTC), self.edge.zone) - timedelta.resolution
        return Period(start=base.start, end=last.date() + ONE_DAY)


def bases(window: Window, compare: Compare, edge: Edge, ask: Ask) -> Bases:
    """The bases of the units of `window`.

    A unit that is not over stands against the same elapsed part of its base, cut at the instant
    up to which its own data reach; one that has not begun stands against nothing.
    """
    grain = window.grain
    over = [unit for unit in window.units if not edge.is_partial(unit)]
    windows = dict(base_windows(over, grain, compare)) if over else {}
    for unit in window.units:
        if edge.is_partial(unit):
            base = base_window(base_unit(unit, grain, compare), grain, compare)
            cut = edge.cut(unit, base)
            if cut is not None:
                windows[unit] = cut
    return Bases(
        units={unit: base_unit(unit, grain, compare) for unit in windows},
        windows=windows,
        blocks={asked: ask(asked) for asked in dict.fromkeys(windows.values())},
        edge=edge,
    )


def against(cell: Cell, base: Cell) -> Cell:
    """The cell with its base value. A hidden cell has none: it would tell what is hidden."""
    if cell.state is CellState.SUPPRESSED or base.state is CellState.MISSING:
        return cell
    if base.state is CellState.SUPPRESSED:
        return replace(cell, has_hidden_base=True)
    return replace(cell, base=base.value)


# --- the days behind a row --------------------------------------------------------------------


def days(unit: Period, edge: Edge, found: Bases | None, *, counts_work: bool) -> Days:
    """The days behind the rows of a unit. Raises `UnknownHolidays` where they must be known."""
    own, base = edge.begun(unit), None if found is None else found.days(unit)
    if not counts_work:
        return Days(own=own, base=base)
    worked = [0 if period is None else calendar.workdays(period) for period in (own, base)]
    return Days(own=own, base=base, own_work=worked[0], base_work=worked[1])


def per_workday(cell: Cell, days: Days) -> Cell:
    """Value and base divided by the working days of each; without any there is no value.

    A working day that has begun counts as one, in the unit and in its base alike.
    """
    if cell.value is None:
        return cell
    base = None if cell.base is None or not days.base_work else cell.base / days.base_work
    base = None if base is None else round(base, 6)
    if not days.own_work:
        return MISSING
    return replace(cell, value=round(cell.value / days.own_work, 6), base=base)
