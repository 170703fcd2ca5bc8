"""How each declared source stands, as the pages, chips and banners show it."""

from collections.abc import Mapping
from datetime import datetime

from etl.load import Loader
from etl.model import RunReport, RunState, Source
from warehouse import clock
from warehouse.model import SourceStatus


def source_statuses(
    sources: tuple[Source, ...],
    loader: Loader,
    *,
    checked: Mapping[str, datetime] | None = None,
    following: Mapping[str, datetime] | None = None,
) -> tuple[SourceStatus, ...]:
    """One status a source. The counts are of all its runs.

    checked    when a source was last looked at; a look that finds nothing new is no run.
    following  when it is looked at next.

    The watermark is the newest committed event, and never later than now.
    """
    seen, following = checked or {}, following or {}
    return tuple(
        _status(source, loader, seen.get(source.name), following.get(source.name))
        for source in sources
    )


def undelivered(source: Source) -> SourceStatus:
    """The status of a source nothing is known of yet."""
    return SourceStatus(
        name=source.name,
        label=source.label,
        dataset=source.contract.name,
        promise_seconds=source.promise_seconds,
        watermark=None,
    )


def _status(
    source: Source, loader: Loader, seen: datetime | None, following: datetime | None
) -> SourceStatus:
    with loader.lock:
        last = loader.state.last_run(source.name)
        total = loader.state.totals(source.name)
        newest = loader.state.watermark(source.name)
    return SourceStatus(
        name=source.name,
        label=source.label,
        dataset=source.contract.name,
        promise_seconds=source.promise_seconds,
        watermark=None if newest is None else min(newest, clock.now()),
        last_run_at=_later(last, seen),
        last_run_state="" if last is None else last.state.value,
        last_error=last.message if last is not None and last.state is RunState.FAILED else "",
        next_run_at=following,
        rows_read=total.read,
        rows_loaded=total.loaded,
        rows_duplicate=total.duplicate,
        rows_quarantined=total.quarantined,
    )


def _later(last: RunReport | None, seen: datetime | None) -> datetime | None:
    started = None if last is None else last.started_at
    return max((time for time in (started, seen) if time is not None), default=None)
