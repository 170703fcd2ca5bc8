"""Values that single records give: counts, sums, shares, percentiles, different people."""

from collections import defaultdict
from collections.abc import Sequence

from warehouse import rollups
from warehouse.compile import Slice, applications, facts, fetch
from warehouse.measures.ground import Ground, Values, column, scaled
from warehouse.metrics.model import (
    Count,
    Distinct,
    Mean,
    Measure,
    Metric,
    Percentile,
    Share,
    Sum,
)

KINDS = (Count, Sum, Distinct, Share, Percentile, Mean)


def plain(ground: Ground, part: Slice, metrics: Sequence[Metric]) -> dict[str, Values]:
    """The values of each metric, with one statement a table that answers."""
    tables: dict[str, list[Metric]] = defaultdict(list)
    for metric in metrics:
        tables[table_of(part, metric.measure)].append(metric)
    found: dict[str, Values] = {}
    for table, group in tables.items():
        found |= _from(ground, part, group, table)
    return found


def table_of(part: Slice, measure: Measure) -> str:
    return rollups.route(part.dataset, measure, part.dims).table


def _from(ground: Ground, part: Slice, metrics: Sequence[Metric], table: str) -> dict[str, Values]:
    measures = [metric.measure for metric in metrics]
    if part.dataset == "loan_event":
        sql = applications.statement(ground.tables, part, measures)
    else:
        sql = facts.statement(ground.tables, part, measures, table)
    rows = fetch(ground.tables, sql)
    return {metric.name: column(rows, part, i, scaled(metric)) for i, metric in enumerate(metrics)}
