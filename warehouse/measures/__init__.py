"""Values of metrics in a slice: each measure kind has its one way to be computed.

A kind is one entry of `KINDS`: how it is computed, when a cell of it stays hidden beyond the
dataset's pattern, and whether "no record" means zero.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from warehouse.compile import Slice
from warehouse.measures import goal, loans, people, plain
from warehouse.measures.ground import Ground, Hides, Number, Patterns, Values
from warehouse.metrics.model import (
    Active,
    Count,
    Cumulative,
    Distinct,
    Goal,
    Growth,
    Measure,
    Metric,
    Penetration,
    Percentile,
    Reached,
    Share,
    Stickiness,
    Sum,
)

__all__ = ["KINDS", "Ground", "Hides", "Number", "Patterns", "Values", "evaluate", "hides"]


def hides_by_pattern(_: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """Most kinds follow the dataset's pattern alone."""
    now = patterns(part)
    return lambda unit, members, number: now.hides(unit, members)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one measure kind is answered.

    values   None for the kinds that are computed together with others: see `evaluate`.
    hides    when a cell stays hidden.
    counts   "no record" means zero; for the others it means that there is no value.
    """

    values: Callable[[Ground, Slice, Measure], Values] | None = None
    hides: Callable[[Measure, Slice, Patterns, Ground], Hides] = hides_by_pattern
    counts: bool = False

    @property
    def hides_alone(self) -> bool:
        """Some cells stay hidden by a rule of the kind, beyond the dataset's pattern."""
        return self.hides is not hides_by_pattern


KINDS: Mapping[type[Measure], Kind] = {
    Count: Kind(counts=True),
    Sum: Kind(counts=True),
    Distinct: Kind(counts=True),
    Share: Kind(),
    Percentile: Kind(),
    Reached: Kind(values=loans.reached, counts=True),
    Active: Kind(values=people.active, counts=True),
    Growth: Kind(hides=people.hides_growth, counts=True),
    Cumulative: Kind(values=people.cumulative, hides=people.hides_cumulative, counts=True),
    Goal: Kind(values=goal.goal, hides=goal.hides_goal),
    Stickiness: Kind(values=people.stickiness),
    Penetration: Kind(values=people.penetration),
}


def evaluate(ground: Ground, part: Slice, metrics: Sequence[Metric]) -> dict[str, Values]:
    """The values of each metric, all of them on the dataset of `part`."""
    simple = [metric for metric in metrics if isinstance(metric.measure, plain.KINDS)]
    grown = [metric for metric in metrics if isinstance(metric.measure, Growth)]
    found = {**plain.plain(ground, part, simple), **people.growth(ground, part, grown)}
    for metric in metrics:
        values = KINDS[type(metric.measure)].values
        if values is not None:
            found[metric.name] = values(ground, part, metric.measure)
    return found


def hides(measure: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """When a cell of `measure` stays hidden."""
    return KINDS[type(measure)].hides(measure, part, patterns, ground)
