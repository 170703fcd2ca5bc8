"""Which table of its dataset's partitions a metric is read from. From the declarations alone."""

from collections.abc import Iterable

from warehouse.datasets import COMPUTED_DIMENSIONS
from warehouse.metrics.model import Count, Distinct, Metric, Percentile, SceneFlow, Share, Sum
from warehouse.rollups import DIMENSIONS, FACT, PERSON_DAY, USAGE_DAY, route

APPLICATION = "application"
"""Whole loan applications by the day of their cohort; every measure of loans reads them."""

TABLES = (USAGE_DAY, PERSON_DAY, APPLICATION, FACT)


def table_of(metric: Metric, dims: Iterable[str] = ()) -> str:
    """The table that answers `metric` over `dims` for whole days: one of `TABLES`."""
    names = frozenset(dims) - frozenset(COMPUTED_DIMENSIONS)
    if metric.dataset == "loan_event":
        return APPLICATION
    if isinstance(metric.measure, Count | Sum | Distinct | Share | Percentile):
        return route(metric.dataset, metric.measure, names).table
    if isinstance(metric.measure, SceneFlow):
        return FACT  # days do not tell which scene came first
    return PERSON_DAY if names <= DIMENSIONS[PERSON_DAY] else FACT
