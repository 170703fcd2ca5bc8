"""What a metric is: its words, and the one kind of measure that computes it.

The measure kinds are a closed set. Two rules need to know more than an SQL text would tell:
which people contribute to a cell, and whether a value may be added up or must be counted anew.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise

from warehouse.datasets import CLOCK_DIMENSIONS, DATASETS
from warehouse.errors import DefinitionError
from warehouse.metrics._loan_kinds import Binned as Binned
from warehouse.metrics._loan_kinds import Conversion as Conversion
from warehouse.metrics._loan_kinds import Converted as Converted
from warehouse.metrics._loan_kinds import EndToEnd as EndToEnd
from warehouse.metrics._loan_kinds import EndToEndWithin as EndToEndWithin
from warehouse.metrics._loan_kinds import ErrorBudget as ErrorBudget
from warehouse.metrics._loan_kinds import Maturing as Maturing
from warehouse.metrics._loan_kinds import Reached as Reached
from warehouse.metrics._loan_kinds import StepTime as StepTime
from warehouse.model import Grain, Label, Polarity, Unit

ALL_GRAINS = tuple(Grain)
UNSAID = Label(zh="", en="")


class Trait(StrEnum):
    """A named yes/no question about one record. `compile` knows each one's SQL."""

    # about a service event
    COMPLETED = "completed"
    FINISHED = "finished"  # completed, failed or abandoned
    COMPLETED_ONLINE = "completed_online"  # completed on a known channel that is no counter
    COMPLETED_SOMEWHERE = "completed_somewhere"  # completed on a known channel
    # about a rating
    SATISFIED = "satisfied"  # one of the first three levels
    # about an application
    APPROVED = "approved"  # the decision was to approve
    DECIDED = "decided"  # approved or declined
    TIMED = "timed"  # decided, and both instants are known in the right order
    WITHIN_60S = "within_60s"  # timed, and decided within 60.000 s
    ENDED = "ended"  # disbursed or one of the ends
    ZERO_TOUCH = "zero_touch"  # disbursed, and nobody had a hand in it
    VERIFIED = "verified"  # all three verification sources were present
    CREDIT_BUREAU = "credit_bureau"  # these data were present
    PUBLIC_TRUST = "public_trust"
    JUDICIAL = "judicial"
    LATE = "late"  # timed, and decided after more than 60.000 s
    DECLINED = "declined"  # the decision was to decline
    TOUCHED = "touched"  # came to an end, and a person had a hand in it
    # about any record
    ANY = "any"
    RATED = "rated"  # one of the five levels


class Person(StrEnum):
    """How a person active in a unit stands to the unit before."""

    NEW = "new"
    RETAINED = "retained"
    RESURRECTED = "resurrected"
    CHURNED = "churned"


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many records. Adds up."""

    test: Trait = Trait.ANY


@dataclass(frozen=True, kw_only=True)
class Sum:
    """The sum of a column. Adds up. Empty where no record has a value: zero."""

    column: str


@dataclass(frozen=True, kw_only=True)
class Distinct:
    """How many different values of a pseudonym column; unknown ones do not count."""

    column: str


@dataclass(frozen=True, kw_only=True)
class Share:
    """Records that pass `test` among those that pass `base`; missing when there are none."""

    test: Trait
    base: Trait


@dataclass(frozen=True, kw_only=True)
class Percentile:
    """The continuous percentile of a column, exact; missing when no record has a value."""

    column: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Mean:
    """The mean of a column; missing when no record has a value."""

    column: str


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Records that pass `test` among those that do whatever their member of `over`."""

    test: Trait
    over: str


@dataclass(frozen=True, kw_only=True)
class Active:
    """People active in each `grain`; in a coarser unit the mean of the grains inside it."""

    grain: Grain


@dataclass(frozen=True, kw_only=True)
class Rolling:
    """People active in the `days` days that end with each day; of a coarser unit its last one."""

    days: int


@dataclass(frozen=True, kw_only=True)
class Growth:
    """People by how they stand to the unit before."""

    person: Person


@dataclass(frozen=True, kw_only=True)
class QuickRatio:
    """New and resurrected people over churned ones; missing where nobody churned."""


@dataclass(frozen=True, kw_only=True)
class ActiveDays:
    """The people of a month by on how many of its days they were active."""


@dataclass(frozen=True, kw_only=True)
class ScenesUsed:
    """The people of a unit by how many different scenes they used in it."""


@dataclass(frozen=True, kw_only=True)
class SceneFlow:
    """The people first active in a unit, by their first scene and the next other one since."""


class Followed(StrEnum):
    """What is told of the people of a cohort, so many units after their first."""

    PEOPLE = "people"  # how many are active in just that unit
    CLASSIC = "classic"  # which share is active in just that unit
    ROLLING = "rolling"  # which share is active in that unit or later


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The people first active in a unit, followed by `offset`."""

    tells: Followed


@dataclass(frozen=True, kw_only=True)
class Cumulative:
    """People with at least one completed service since the data begin."""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """The target path from the base month's active people, compounding monthly."""


@dataclass(frozen=True, kw_only=True)
class GoalGap:
    """The active people of a month less the goal for it."""


@dataclass(frozen=True, kw_only=True)
class Stickiness:
    """Mean daily active people over the people active in the unit."""


@dataclass(frozen=True, kw_only=True)
class Penetration:
    """People active over the registered population of the districts asked for."""


Measure = (
    Count
    | Sum
    | Distinct
    | Share
    | Percentile
    | Mean
    | Reached
    | Binned
    | Portion
    | Converted
    | Conversion
    | Maturing
    | StepTime
    | EndToEnd
    | EndToEndWithin
    | ErrorBudget
    | Active
    | Rolling
    | Growth
    | QuickRatio
    | ActiveDays
    | ScenesUsed
    | SceneFlow
    | Cohort
    | Cumulative
    | Goal
    | GoalGap
    | Stickiness
    | Penetration
)
BY_STEP = (Reached, Converted, Conversion, StepTime)
"""Kinds that have a row a step: they are asked by step, or with one step as a filter."""
IN_FUNNEL = (Converted, Conversion, Maturing, StepTime, EndToEnd, EndToEndWithin)
"""Kinds that count as `MetricQuery.funnel` says."""
ADDITIVE = (Count, Sum)
"""Kinds whose cells add up over members and time."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """How a metric was defined from a day on, until the next edition came into force.

    change  what it does otherwise than the edition before; nothing for the first.
    """

    since: date
    sentence: Label
    formula: str
    measure: Measure
    owner: Label
    number: int = 1
    change: Label = UNSAID


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One number of the cockpit, in words and as a measure: its newest edition.

    decimals       of the number as shown (of the per cent for shares).
    grains         the grains it may be asked by; finer ones have no meaning.
    default_grain  the grain taken where the question names none; None: the whole period.
    apart          dimensions it must be cut by, or filtered to one member of.
    smallest_cell  overrides the setting where a metric needs more protection.
    since          first day this definition is in force; the first one's holds before, too.
    earlier        the editions before it, the oldest first. What was counted by them stays so.
    change         what it does otherwise than the edition before.
    """

    name: str
    label: Label
    sentence: Label
    formula: str
    unit: Unit
    dataset: str
    dimensions: tuple[str, ...]
    measure: Measure
    owner: Label
    polarity: Polarity = Polarity.NEUTRAL
    decimals: int = 0
    grains: tuple[Grain, ...] = ALL_GRAINS
    default_grain: Grain | None = None
    apart: tuple[str, ...] = ()
    smallest_cell: int | None = None
    since: date = date(2024, 1, 1)
    earlier: tuple[Edition, ...] = ()
    change: Label = UNSAID

    def __post_init__(self) -> None:
        if self.dataset not in DATASETS:
            raise DefinitionError(f"Metric {self.name!r} stands on no known dataset.")
        if not (self.sentence.zh and self.sentence.en and self.formula):
            raise DefinitionError(f"Metric {self.name!r} lacks its sentence or formula.")
        if self.default_grain is not None and self.default_grain not in self.grains:
            raise DefinitionError(f"Metric {self.name!r}: its default grain is not allowed.")
        _check_editions(self.name, self.editions)

    @property
    def editions(self) -> tuple[Edition, ...]:
        """All of them, the oldest first."""
        newest = Edition(
            since=self.since,
            sentence=self.sentence,
            formula=self.formula,
            measure=self.measure,
            owner=self.owner,
            number=len(self.earlier) + 1,
            change=self.change,
        )
        return (*self.earlier, newest)

    def edition_on(self, day: date) -> Edition:
        """The edition in force on a day."""
        begun = [edition for edition in self.editions if edition.since <= day]
        return begun[-1] if begun else self.editions[0]

    def by(self, edition: Edition) -> "Metric":
        """The metric as that edition defines it, and by no other."""
        return replace(
            self,
            since=edition.since,
            sentence=edition.sentence,
            formula=edition.formula,
            measure=edition.measure,
            owner=edition.owner,
            earlier=(),
        )


def _check_editions(name: str, editions: tuple[Edition, ...]) -> None:
    for before, after in pairwise(editions):
        if after.since <= before.since or after.number != before.number + 1:
            raise DefinitionError(f"Metric {name!r}: its editions do not follow one another.")
        if not (after.change.zh and after.change.en):
            raise DefinitionError(f"Metric {name!r}: edition {after.number} says no change.")
        if isinstance(after.measure, ADDITIVE) is not isinstance(before.measure, ADDITIVE):
            raise DefinitionError(f"Metric {name!r}: only some of its editions add up.")


def dimensions_of(dataset: str, *, without: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What metrics on `dataset` can be cut by: its own dimensions, hour and weekday."""
    names = (*DATASETS[dataset].dimensions, *CLOCK_DIMENSIONS)
    return tuple(name for name in names if name not in without)
