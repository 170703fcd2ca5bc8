"""Values of metrics in a slice: each measure kind has its one way to be computed.

A kind is one entry of `KINDS`: how it is computed, when a cell of it stays hidden beyond the
dataset's pattern, and whether "no record" means zero.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from warehouse.compile import Slice
from warehouse.measures import cohorts, funnel, goal, loans, parts, people, plain, rolling
from warehouse.measures.ground import Ground, Hides, Number, Patterns, Values
from warehouse.metrics.model import (
    Active,
    ActiveDays,
    Binned,
    Cohort,
    Conversion,
    Converted,
    Count,
    Cumulative,
    Distinct,
    EndToEnd,
    EndToEndWithin,
    ErrorBudget,
    Goal,
    GoalGap,
    Growth,
    Maturing,
    Mean,
    Measure,
    Metric,
    Penetration,
    Percentile,
    Portion,
    QuickRatio,
    Reached,
    Rolling,
    SceneFlow,
    ScenesUsed,
    Share,
    StepTime,
    Stickiness,
    Sum,
    Trait,
)
from warehouse.model import Period
from warehouse.policy import Members

__all__ = [
    "KINDS",
    "Ground",
    "Hides",
    "Number",
    "Patterns",
    "Values",
    "ends",
    "evaluate",
    "hides",
    "hides_alone",
]


def hides_by_pattern(_: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """Most kinds follow the dataset's pattern alone."""
    now = patterns(part)
    return lambda unit, members, number: now.hides(unit, members)


def own_unit(_: Measure, part: Slice, unit: Period, members: Members) -> Period:
    """Most cells wait for the end of their own unit."""
    return unit


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one measure kind is answered.

    values   None for the kinds that are computed together with others: see `evaluate`.
    hides    when a cell stays hidden.
    counts   "no record" means zero; for the others it means that there is no value.
    ends     the unit that must be over for a cell to stand: mostly its own.
    """

    values: Callable[[Ground, Slice, Measure], Values] | None = None
    hides: Callable[[Measure, Slice, Patterns, Ground], Hides] = hides_by_pattern
    counts: bool = False
    ends: Callable[[Measure, Slice, Period, Members], Period] = own_unit


KINDS: Mapping[type[Measure], Kind] = {
    Count: Kind(hides=loans.hides_counts, counts=True),
    Sum: Kind(counts=True),
    Distinct: Kind(counts=True),
    Share: Kind(),
    Percentile: Kind(),
    Mean: Kind(),
    Reached: Kind(values=loans.reached, counts=True),
    Binned: Kind(values=loans.binned, counts=True),
    Portion: Kind(values=loans.portion),
    ErrorBudget: Kind(values=loans.error_budget),
    Converted: Kind(values=funnel.converted, counts=True),
    Conversion: Kind(values=funnel.conversion),
    Maturing: Kind(values=funnel.maturing, hides=funnel.hides_maturing, counts=True),
    StepTime: Kind(values=funnel.step_time),
    EndToEnd: Kind(values=funnel.end_to_end),
    EndToEndWithin: Kind(values=funnel.within),
    Active: Kind(values=people.active, counts=True),
    Growth: Kind(hides=people.hides_growth, counts=True),
    Rolling: Kind(values=rolling.active, hides=rolling.hides_rolling, counts=True),
    QuickRatio: Kind(values=people.quick_ratio, hides=people.hides_quick_ratio),
    ActiveDays: Kind(values=parts.active_days, hides=parts.hides_parts, counts=True),
    ScenesUsed: Kind(values=parts.scenes_used, hides=parts.hides_parts, counts=True),
    SceneFlow: Kind(values=parts.flow, hides=parts.hides_flow, counts=True),
    Cohort: Kind(values=cohorts.followed, hides=cohorts.hides_cohort, ends=cohorts.ends),
    Cumulative: Kind(values=people.cumulative, hides=people.hides_cumulative, counts=True),
    Goal: Kind(values=goal.goal, hides=goal.hides_goal),
    GoalGap: Kind(values=goal.gap, hides=goal.hides_gap),
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


def ends(measure: Measure, part: Slice, unit: Period, members: Members) -> Period:
    """The unit that must be over before a cell of `measure` is whole."""
    return KINDS[type(measure)].ends(measure, part, unit, members)


def hides(measure: Measure, part: Slice, patterns: Patterns, ground: Ground) -> Hides:
    """When a cell of `measure` stays hidden."""
    return KINDS[type(measure)].hides(measure, part, patterns, ground)


def hides_alone(measure: Measure) -> bool:
    """Some cells of it stay hidden by a rule of its own, beyond the dataset's pattern."""
    if isinstance(measure, Count):
        return measure.test is not Trait.ANY
    return KINDS[type(measure)].hides is not hides_by_pattern
