"""Two years of deliveries, as they would lie in the inboxes by now."""

from collections.abc import Callable
from datetime import date, datetime

import polars as pl

from etl.demo.bureaus import BUREAUS, Bureau
from etl.demo.calendar import HISTORY_MONTHS, ZONE, first_month, month_start
from etl.demo.delivery import deliver, deliver_nothing
from etl.demo.live import live_stem
from etl.demo.plan import DELIVERED, planned
from etl.demo.state import DemoState, write_state
from etl.demo.usage import events
from warehouse.settings import Settings

Progress = Callable[[int, int], None]

_LONG_FILES = (range(12), range(12, 15), range(15, 18))
"""The quiet first year comes in one file a bureau, then quarters, then single months."""

_DELIVERED_TWICE = ("housing_fund", HISTORY_MONTHS - 3)


def write_history(
    settings: Settings,
    until: datetime,
    progress: Progress | None = None,
    *,
    bureaus: tuple[Bureau, ...] = BUREAUS,
) -> None:
    """Deliver everything that happened from 24 months before this one up to `until` (aware).

    Files are grouped by the month they arrive in, so late rows lie in a later file than their
    neighbours. At last each bureau that reports events says, in a file without rows, that nothing
    more has happened. Afterwards `deliver_live` goes on from `until`.
    """
    first = first_month(until)
    now = until.astimezone(ZONE).replace(tzinfo=None)
    spans = _spans()
    carried: dict[str, list[pl.DataFrame]] = {bureau.name: [] for bureau in bureaus}
    done, total = 0, len(spans) * len(bureaus)
    for months in spans:
        end = min(now, _midnight(month_start(first, months[-1] + 1)))
        for bureau in bureaus:
            fresh = [planned(bureau, first, month) for month in months]
            rows = pl.concat(carried[bureau.name] + fresh)
            carried[bureau.name] = [rows.filter(pl.col(DELIVERED) > end)]
            arrived = rows.filter(pl.col(DELIVERED) <= end).drop(DELIVERED)
            _deliver_span(arrived, settings, bureau, first, months)
            done += 1
            if progress is not None:
                progress(done, total)
    for bureau in bureaus:
        if bureau.kind != "volume":
            deliver_nothing(settings.inbox / bureau.name, live_stem(bureau, now), bureau)
    events.cache_clear()
    write_state(settings, DemoState(first=first, last=until))


def _spans() -> list[range]:
    start = _LONG_FILES[-1].stop
    return [*_LONG_FILES, *(range(m, m + 1) for m in range(start, HISTORY_MONTHS + 1))]


def _deliver_span(
    rows: pl.DataFrame, settings: Settings, bureau: Bureau, first: date, months: range
) -> None:
    if rows.is_empty():
        return
    stem = f"{bureau.name}-{month_start(first, months[0]):%Y%m}"
    if len(months) > 1:
        stem += f"-{month_start(first, months[-1]):%Y%m}"
    folder = settings.inbox / bureau.name
    deliver(rows, folder, stem, bureau)
    if (bureau.name, months[-1]) == _DELIVERED_TWICE:
        deliver(rows, folder, f"{stem}-resent", bureau)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
