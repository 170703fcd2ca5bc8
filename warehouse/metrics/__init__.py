"""The metric catalogue: every number the cockpit can be asked for, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from warehouse.datasets import KNOWN_DIMENSIONS
from warehouse.errors import DefinitionError, UnknownMetric, nearest
from warehouse.metrics import growth, loans, pipeline, quality, usage
from warehouse.metrics.model import Metric

__all__ = ["CATALOGUE", "Metric", "collect", "find"]


def collect(*subjects: tuple[Metric, ...]) -> Mapping[str, Metric]:
    """All metrics by name. Raises `DefinitionError` on a double name or unknown dimension."""
    catalogue: dict[str, Metric] = {}
    for metric in (metric for subject in subjects for metric in subject):
        if metric.name in catalogue:
            raise DefinitionError(f"Two metrics are named {metric.name!r}. Rename one.")
        strange = set(metric.dimensions) - set(KNOWN_DIMENSIONS)
        if strange:
            raise DefinitionError(f"Metric {metric.name!r} names no dimensions: {sorted(strange)}.")
        catalogue[metric.name] = metric
    return MappingProxyType(catalogue)


CATALOGUE = collect(usage.METRICS, growth.METRICS, loans.METRICS, quality.METRICS, pipeline.METRICS)


def find(name: str) -> Metric:
    """The metric of that name. Raises `UnknownMetric` with the nearest one."""
    if name not in CATALOGUE:
        raise UnknownMetric(
            f"There is no metric {name!r}.{nearest(name, CATALOGUE)}"
            " `python -m warehouse catalogue` lists all."
        )
    return CATALOGUE[name]
