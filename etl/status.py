"""How each declared source stands, as the pages, chips and banners show it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from etl.load import Loader
from etl.model import RunState, Source, Standing
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

    The watermark is the newest committed event (the end of its day where no time of day is known),
    or the time of an item without rows, and never later than now.
    """
    seen, following = checked or {}, following or {}
    with loader.working():
        standings = loader.state.standings()
    return tuple(
        _status(source, standings[source.name], seen.get(source.name), following.get(source.name))
        if source.name in standings
        else replace(
            undelivered(source),
            last_run_at=seen.get(source.name),
            next_run_at=following.get(source.name),
        )
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
    source: Source, standing: Standing, seen: datetime | None, following: datetime | None
) -> SourceStatus:
    newest, looks = standing.watermark, (standing.run_started_at, seen)
    return replace(
        undelivered(source),
        watermark=None if newest is None else min(newest, clock.now()),
        last_run_at=max((look for look in looks if look is not None), default=None),
        last_run_state=standing.run_state,
        last_error=standing.run_message if standing.run_state == RunState.FAILED else "",
        next_run_at=following,
        rows_read=standing.count.read,
        rows_loaded=standing.count.loaded,
        rows_duplicate=standing.count.duplicate,
        rows_quarantined=standing.count.quarantined,
    )
