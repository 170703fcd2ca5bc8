"""The cells of a question in one window: each with its value and its state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warehouse.compile import Slice
from warehouse.measures import KINDS, Ground, Hides, Patterns, Values, ends, evaluate, hides
from warehouse.metrics.model import Cumulative, Metric, Rolling
from warehouse.model import Cell, CellState, Period
from warehouse.policy import Members

SUPPRESSED = Cell(state=CellState.SUPPRESSED)
MISSING = Cell(state=CellState.MISSING)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Values and patterns of the metrics on one dataset, in one window."""

    part: Slice
    metrics: Mapping[str, Metric]
    values: Mapping[str, Values]
    hides: Mapping[str, Hides]
    members: frozenset[Members]
    """The combinations of members that occur in any unit."""
    covered: Period | None
    """The days for which the dataset has data: no record there means zero, elsewhere missing."""

    def cell(self, metric: str, unit: Period, members: Members) -> Cell:
        key = (unit.start, members)
        number = self.values[metric].get(key)
        if self.hides[metric](unit.start, members, number):
            return SUPPRESSED
        if number is not None and self._is_known(metric, unit):
            return Cell(value=number)
        is_zero = KINDS[type(self.metrics[metric].measure)].counts
        if is_zero and members in self.members and self._covers(unit):
            return Cell(value=0)
        return MISSING

    def _is_known(self, metric: str, unit: Period) -> bool:
        """A running total stands still after the data end; that is no number of then."""
        runs_on = isinstance(self.metrics[metric].measure, Cumulative | Rolling)
        return not runs_on or self._covers(unit)

    def ends(self, metric: str, unit: Period, members: Members) -> Period:
        """The unit that must be over before the cell is whole."""
        return ends(self.metrics[metric].measure, self.part, unit, members)

    def _covers(self, unit: Period) -> bool:
        covered = self.covered
        return covered is not None and covered.start < unit.end and unit.start < covered.end


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The cells of one unit and those it is compared with, for every member of either.

    One cell a metric, in their order; both maps have the same members.
    """

    now: Mapping[Members, tuple[Cell, ...]]
    base: Mapping[Members, tuple[Cell, ...]]
    is_partial: bool


def block(
    ground: Ground,
    part: Slice,
    metrics: Sequence[Metric],
    patterns: Patterns,
    covered: Period | None,
) -> Block:
    """Compute the cells of `metrics` in the window of `part`."""
    values = evaluate(ground, part, metrics)
    seen = {members for column in values.values() for _, members in column}
    return Block(
        part=part,
        metrics={metric.name: metric for metric in metrics},
        values=values,
        hides={m.name: hides(m.measure, part, patterns, ground) for m in metrics},
        members=frozenset(seen | ({()} if not part.by else set())),
        covered=covered,
    )
