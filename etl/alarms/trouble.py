"""What is wrong with which source at one moment. Nothing is remembered here."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from etl.model import RunState
from warehouse.model import SourceStatus
from warehouse.operations import Drift
from warehouse.sentences import NOTES, code_of, say
from warehouse.troubles import Kind

Key = tuple[str, str]
"""A source, empty for the cockpit as a whole, and a `Kind`."""
DRIFT_DAYS = 7


def troubles_of(
    statuses: Iterable[SourceStatus], now: datetime, looked: Collection[str], up_seconds: float
) -> tuple[dict[Key, str], set[Key]]:
    """(what is wrong, what cannot be said now), from how the sources stand.

    looked      sources that were looked at since the start; the others may have got late only
                because nobody loaded.
    up_seconds  since the start; a source that never delivered has that long to keep its promise.
    """
    troubles: dict[Key, str] = {}
    unsure: set[Key] = set()
    for status in statuses:
        failed, stale = (status.name, Kind.FAILED.value), (status.name, Kind.STALE.value)
        is_running = status.last_run_state == RunState.RUNNING
        if is_running:
            unsure.add(failed)
        elif status.last_run_state == RunState.FAILED:
            troubles[failed] = status.last_error
        if not status.is_stale(now):
            continue
        has_had_time = status.watermark is not None or up_seconds > status.promise_seconds
        if is_running or status.name not in looked or not has_had_time:
            unsure.add(stale)
        else:
            troubles[stale] = _late(status)
    return troubles, unsure


def parked_trouble(items: Collection[str]) -> str:
    """Deliveries that are left alone until somebody changes something."""
    named = ", ".join(sorted(items)[:3])
    if len(items) == 1:
        return say("parked_one", items=named) + "."
    return say("parked_many", n=len(items), items=named) + "."


def is_all_of(message: str, reasons: Iterable[str]) -> bool:
    """Does a run's message say nothing but these reasons, and what does not fail a run?"""
    for reason in reasons:
        message = message.replace(reason, "")
    left = (line for line in message.splitlines() if line.strip())
    return all(code_of(line) in NOTES for line in left)


def drift_trouble(drifts: Iterable[Drift], declared_at: datetime, now: datetime) -> str:
    """Columns that changed after the declaration was written; empty when there are none.

    Whoever mends the declaration has seen it; without that it counts for `DRIFT_DAYS`.
    """
    since = max(declared_at, now - timedelta(days=DRIFT_DAYS))
    fresh = sorted({f"{d.column_name} ({d.kind})" for d in drifts if d.seen_at > since})
    return say("columns_changed", changes=", ".join(fresh[:5])) + "." if fresh else ""


def _late(status: SourceStatus) -> str:
    """The same words for as long as nothing comes, so that the incident does not change."""
    name, span = status.name, status.promise_seconds
    if status.watermark is None:
        return say("late_never", source=name, span=span) + "."
    when = f"{status.watermark.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return say("late", source=name, when=when, span=span) + "."
