"""Going down a hierarchy: where a filter fixes one member of a level, charts show the next one.

Which levels there are is meaning (`warehouse.datasets.HIERARCHIES`); which of them the data hold
is in `Filters.levels`, found once a request.
"""

from collections.abc import Collection, Iterator
from itertools import pairwise

from pages._ui.filters import Filters
from warehouse.datasets import HIERARCHIES


def level(filters: Filters, dimension: str, known: Collection[str]) -> str:
    """The dimension a chart is cut by: `dimension`, or the level below what is fixed.

    known  what all metrics of the chart can be cut by.
    """
    for here, below in _steps(filters):
        if here == dimension and below in filters.levels and below in known:
            dimension = below
    return dimension


def wanted(filters: Filters) -> tuple[str, ...]:
    """The levels below the members that the filters fix: what the data must hold to go there."""
    return tuple(below for _here, below in _steps(filters))


def _steps(filters: Filters) -> Iterator[tuple[str, str]]:
    for ladder in HIERARCHIES:
        for here, below in pairwise(ladder):
            if len(filters.members(here)) == 1:
                yield here, below
