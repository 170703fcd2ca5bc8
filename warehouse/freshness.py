"""How fresh an answer is: as of when, up to where complete, and which sources are late. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from warehouse.model import SourceStatus
from warehouse.windows import Edge, local


def standing_on(
    sources: Iterable[SourceStatus], datasets: Sequence[str]
) -> tuple[SourceStatus, ...]:
    """The sources that deliver to these datasets; the pipeline's own numbers stand on all."""
    if "pipeline_run" in datasets:
        return tuple(sources)
    return tuple(source for source in sources if source.dataset in datasets)


def as_of(sources: Iterable[SourceStatus]) -> datetime | None:
    """The smallest watermark; sources that never delivered anything have none."""
    return min((s.watermark for s in sources if s.watermark is not None), default=None)


def edge(sources: Iterable[SourceStatus], now: datetime, zone: ZoneInfo) -> Edge:
    """Up to where the data are complete, never later than now.

    That is the smallest watermark of the sources that keep their promise: one that stands still
    is shown as stale and does not make every later unit incomplete. Where all stand still (a
    closed collection), their data end at the largest watermark.
    """
    known = [source for source in sources if source.watermark is not None]
    fresh = [s.watermark for s in known if s.watermark is not None and not s.is_stale(now)]
    last = [s.watermark for s in known if s.watermark is not None]
    at = min(fresh) if fresh else max(last, default=now)
    return Edge(at=local(min(at, now), zone), zone=zone)
