"""The cells of a question in one window: each with its value and its state."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from warehouse import policy
from warehouse.compile import Slice, Window
from warehouse.measures import IDENTITIES, Ground, Number, Values, accounts, evaluate, goal_window
from warehouse.metrics.model import (
    Active,
    Count,
    Cumulative,
    Distinct,
    Goal,
    Growth,
    Measure,
    Metric,
    Reached,
    Sum,
)
from warehouse.model import Cell, CellState, Period
from warehouse.pattern import Pattern
from warehouse.policy import Members, hidden_accounts
from warehouse.windows import previous

SUPPRESSED = Cell(state=CellState.SUPPRESSED)
MISSING = Cell(state=CellState.MISSING)
_COUNTING = (Count, Sum, Distinct, Reached, Active, Growth, Cumulative)
"""Kinds for which "no record" means zero; for the others it means that there is no value."""

Patterns = Callable[[Slice], Pattern]


@dataclass(frozen=True, kw_only=True)
class Block:
    """Values and patterns of the metrics on one dataset, in one window."""

    metrics: Mapping[str, Metric]
    values: Mapping[str, Values]
    hides: Mapping[str, Callable[[date, Members, Number], bool]]
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
        is_zero = isinstance(self.metrics[metric].measure, _COUNTING)
        if is_zero and members in self.members and self._covers(unit):
            return Cell(value=0)
        return MISSING

    def _is_known(self, metric: str, unit: Period) -> bool:
        """A running total stands still after the data end; that is no number of then."""
        return not isinstance(self.metrics[metric].measure, Cumulative) or self._covers(unit)

    def _covers(self, unit: Period) -> bool:
        covered = self.covered
        return covered is not None and covered.start < unit.end and unit.start < covered.end


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
        metrics={metric.name: metric for metric in metrics},
        values=values,
        hides={m.name: _hides(m.measure, part, patterns, ground) for m in metrics},
        members=frozenset(seen | ({()} if not part.by else set())),
        covered=covered,
    )


def _hides(
    measure: Measure, part: Slice, patterns: Patterns, ground: Ground
) -> Callable[[date, Members, Number], bool]:
    """When a cell stays hidden. Most kinds follow the dataset's pattern alone."""
    now = patterns(part)
    match measure:
        case Growth():
            return _hides_growth(now, part, patterns, _accounts(measure, part, ground))
        case Cumulative():
            return lambda unit, members, number: (
                now.hides(unit, members) or 0 < (number or 0) < ground.smallest_cell
            )
        case Goal():
            base = patterns(part.over(goal_window(ground.goal_from)))
            return lambda _, members, number: base.hides(ground.goal_from, members)
    return lambda unit, members, number: now.hides(unit, members)


def _accounts(measure: Growth, part: Slice, ground: Ground) -> frozenset[policy.Cell]:
    """The cells of a kind that its own few people, or those of another kind, keep hidden."""
    found = accounts(ground, part)
    return hidden_accounts(found, IDENTITIES, ground.smallest_cell)[measure.person]


def _hides_growth(
    now: Pattern, part: Slice, patterns: Patterns, own: frozenset[policy.Cell]
) -> Callable[[date, Members, Number], bool]:
    """Growth tells of two units at once (|A(t-1)| = retained + churned): hide with either."""
    window = replace(part.window, until=None)
    before = patterns(part.over(previous(window)))
    earlier = {u.start: _previous_start(u, window) for u in window.units}
    return lambda unit, members, number: (
        (unit, members) in own or now.hides(unit, members) or before.hides(earlier[unit], members)
    )


def _previous_start(unit: Period, window: Window) -> date:
    return previous(Window(period=unit, grain=window.grain)).period.start
