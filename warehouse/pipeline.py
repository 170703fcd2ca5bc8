"""What operators see of the pipeline, read from the published file `operations`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from warehouse.compile import Tables
from warehouse.errors import Forbidden
from warehouse.metrics import CATALOGUE
from warehouse.model import Period, Viewer
from warehouse.operations import (
    OPERATIONS,
    CheckResult,
    Drift,
    Incident,
    Parked,
    Request,
    Restatement,
    Run,
    Sample,
)
from warehouse.policy import has_district, visible_where
from warehouse.relations import name

Value = TypeVar("Value")

_STORED = {
    "read": "rows_read",
    "loaded": "rows_loaded",
    "duplicate": "rows_duplicate",
    "quarantined": "rows_quarantined",
    "start": "start_day",
    "end": "end_day",
    "check": "check_key",
}
"""Fields whose column is called otherwise."""


def read_runs(tables: Tables, source: str, limit: int) -> tuple[Run, ...]:
    """The newest first; of one source where `source` is not empty."""
    tail = "WHERE $1 = '' OR source = $1 ORDER BY started_at DESC, run_id LIMIT $2"
    return _read(tables, Run, "run", tail, (source, limit))


def read_samples(tables: Tables) -> tuple[Sample, ...]:
    """The newest first."""
    return _read(tables, Sample, "sample", "ORDER BY seen_at DESC, source, item, line")


def read_incidents(tables: Tables) -> tuple[Incident, ...]:
    """Those still open first, then the newest."""
    tail = "ORDER BY closed_at IS NOT NULL, opened_at DESC, incident_id"
    return _read(tables, Incident, "incident", tail)


def read_drifts(tables: Tables) -> tuple[Drift, ...]:
    """The newest first."""
    return _read(tables, Drift, "drift", "ORDER BY seen_at DESC, source, column_name")


def read_parked(tables: Tables) -> tuple[Parked, ...]:
    """The newest first."""
    return _read(tables, Parked, "parked", "ORDER BY since DESC, source, item")


def read_checks(tables: Tables) -> tuple[CheckResult, ...]:
    """Broken ones first, blocking before warnings, the newest month first."""
    tail = "ORDER BY rows = 0, severity, month DESC, dataset, check_key"
    return _read(tables, CheckResult, "check_result", tail)


def read_requests(tables: Tables) -> tuple[Request, ...]:
    """The newest first."""
    return _read(tables, Request, "request", "ORDER BY asked_at DESC, request_id")


def read_restatements(
    tables: Tables, viewer: Viewer, metrics: Sequence[str], period: Period | None
) -> tuple[Restatement, ...]:
    """What `viewer` may see of it, the newest first: whoever has districts sees theirs alone."""
    found = _read(tables, Restatement, "restatement", "ORDER BY seen_at DESC, metric, start_day")
    return tuple(
        each
        for each in found
        if (not metrics or each.metric in metrics)
        and (period is None or (each.start < period.end and period.start < each.end))
        and _is_visible(each, viewer)
    )


def _is_visible(restatement: Restatement, viewer: Viewer) -> bool:
    metric = CATALOGUE.get(restatement.metric)
    if metric is None:
        return False
    try:
        visible_where(viewer, metric.dataset)
    except Forbidden:
        return False
    if viewer.scope.everything or not has_district(metric.dataset):
        return True
    return restatement.dimension == "district" and restatement.member in viewer.scope.districts


# --- rows as values -------------------------------------------------------------------------


def _read(
    tables: Tables, kind: type[Value], table: str, tail: str, parameters: Sequence[object] = ()
) -> tuple[Value, ...]:
    hints = get_type_hints(kind)  # in the order of declaration
    names = tuple(hints)
    columns = tuple(_STORED.get(field, field) for field in names)
    source = tables.table(OPERATIONS, table, period=None, columns=columns)
    wanted = ", ".join(map(name, columns))
    rows = tables.select(f"SELECT {wanted} FROM {source} {tail}", parameters)
    return tuple(
        kind(**{n: _value(hints[n], v) for n, v in zip(names, row, strict=True)}) for row in rows
    )


def _value(hint: Any, stored: Any) -> Any:
    """As the value's field wants it: aware times, tuples, and the enumeration's members."""
    if isinstance(stored, datetime):
        return stored.replace(tzinfo=UTC)
    if isinstance(stored, list):
        return tuple(stored)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(stored)
    return stored
