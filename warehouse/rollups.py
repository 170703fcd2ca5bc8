"""Which table can answer, and a named reason for each table that cannot.

- `usage_day` holds sums a day and (scene, district, channel, outcome): it answers measures that
  add up, or shares of such, over those dimensions.
- `person_day` holds who was active on a day and in which (scene, district, channel): it answers
  different people over those dimensions.
- Both are cut by whole days, so neither answers a question that is cut within a day.
- Everything else is counted from the facts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from warehouse.metrics.model import Count, Distinct, Measure, Share

FACT = "fact"
USAGE_DAY = "usage_day"
PERSON_DAY = "person_day"

DIMENSIONS = {
    USAGE_DAY: frozenset({"scene", "district", "channel", "outcome", "weekday"}),
    PERSON_DAY: frozenset({"scene", "district", "channel", "weekday"}),
}


class Refusal(StrEnum):
    """Why a rollup cannot answer."""

    NO_ROLLUP = "the dataset has no such rollup"
    DIMENSION = "the rollup lacks a dimension of the question"
    NOT_ADDITIVE = "the measure does not add up"
    NOT_PEOPLE = "the rollup holds people only"
    WITHIN_DAY = "the question is cut within a day"


@dataclass(frozen=True, kw_only=True)
class Route:
    table: str
    refusals: tuple[tuple[str, Refusal], ...] = ()
    """(table, reason) for each rollup that was considered and refused."""


def route(dataset: str, measure: Measure, dims: Iterable[str], *, is_cut: bool = False) -> Route:
    """The cheapest table that answers `measure` over `dims` (of `by` and of `where`)."""
    names = frozenset(dims)
    refusals: list[tuple[str, Refusal]] = []
    for table in (USAGE_DAY, PERSON_DAY):
        refusal = _refusal(table, dataset, measure, names, is_cut=is_cut)
        if refusal is None:
            return Route(table=table, refusals=tuple(refusals))
        refusals.append((table, refusal))
    return Route(table=FACT, refusals=tuple(refusals))


def _refusal(
    table: str, dataset: str, measure: Measure, names: frozenset[str], *, is_cut: bool
) -> Refusal | None:
    if dataset != "service_event":
        return Refusal.NO_ROLLUP
    if is_cut:
        return Refusal.WITHIN_DAY
    if not names <= DIMENSIONS[table]:
        return Refusal.DIMENSION
    if table == USAGE_DAY and not isinstance(measure, Count | Share):
        return Refusal.NOT_ADDITIVE
    if table == PERSON_DAY and measure != Distinct(column="person"):
        return Refusal.NOT_PEOPLE
    return None
