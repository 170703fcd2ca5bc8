"""Which table can answer, and a named reason for each table that cannot.

- `usage_day` holds sums a day and (scene, district, channel, outcome): it answers measures that
  add up, or shares of such, over those dimensions.
- `person_day` holds who was active on a day and in which (scene, district, channel, age_band): it
  answers different people over those dimensions. Where the exact counts are stored, they are read
  instead: `compile/stored.py` says for which questions, from `gap_day`, `first_day` and
  `people_month`.
- Each is of whole days: the day within which a window is cut comes from the facts.
- Everything else is counted from the facts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from warehouse.metrics.model import Count, Distinct, Measure, Share

FACT = "fact"
USAGE_DAY = "usage_day"
PERSON_DAY = "person_day"
UNKNOWN_DAY = "unknown_day"
GAP_DAY = "gap_day"
FIRST_DAY = "first_day"
PERSON_FIRST = "person_first"
PEOPLE_MONTH = "people_month"

DIMENSIONS = {
    USAGE_DAY: frozenset({"scene", "district", "channel", "outcome", "weekday"}),
    PERSON_DAY: frozenset({"scene", "district", "channel", "age_band", "weekday"}),
}
CUTS = ("", "scene", "district", "channel", "age_band")
"""What `gap_day` and `first_day` are counted for: all together, and the members of a dimension."""
CHOICES = (
    ("scene", "district"),
    ("scene", "channel"),
    ("scene", "age_band"),
    ("district", "channel"),
    ("district", "age_band"),
    ("channel", "age_band"),
    ("scene", "district", "channel"),
    ("scene", "district", "age_band"),
)
"""What `people_month` is counted for besides, by whole months."""
REACH_DAYS = 61
"""So far back `gap_day` knows the day people were there before: any month and the one before."""


class Refusal(StrEnum):
    """Why a rollup cannot answer."""

    NO_ROLLUP = "the dataset has no such rollup"
    DIMENSION = "the rollup lacks a dimension of the question"
    NOT_ADDITIVE = "the measure does not add up"
    NOT_PEOPLE = "the rollup holds people only"


@dataclass(frozen=True, kw_only=True)
class Route:
    table: str
    refusals: tuple[tuple[str, Refusal], ...] = ()
    """(table, reason) for each rollup that was considered and refused."""


def route(dataset: str, measure: Measure, dims: Iterable[str]) -> Route:
    """The cheapest table that answers `measure` over `dims` (of `by` and of `where`)."""
    names = frozenset(dims)
    refusals: list[tuple[str, Refusal]] = []
    for table in (USAGE_DAY, PERSON_DAY):
        refusal = _refusal(table, dataset, measure, names)
        if refusal is None:
            return Route(table=table, refusals=tuple(refusals))
        refusals.append((table, refusal))
    return Route(table=FACT, refusals=tuple(refusals))


def _refusal(table: str, dataset: str, measure: Measure, names: frozenset[str]) -> Refusal | None:
    if dataset != "service_event":
        return Refusal.NO_ROLLUP
    if not names <= DIMENSIONS[table]:
        return Refusal.DIMENSION
    if table == USAGE_DAY and not isinstance(measure, Count | Share):
        return Refusal.NOT_ADDITIVE
    if table == PERSON_DAY and measure != Distinct(column="person"):
        return Refusal.NOT_PEOPLE
    return None
