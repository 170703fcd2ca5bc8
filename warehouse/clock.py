"""The one place that knows what time it is, so that tests and previews can set it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)


def now() -> datetime:
    """The present instant, aware, UTC."""
    return _frozen.get() or datetime.now(UTC)


def today(zone: ZoneInfo) -> date:
    """The present day in the reporting time zone."""
    return now().astimezone(zone).date()


@contextmanager
def frozen_at(instant: datetime) -> Iterator[None]:
    """Within this block, in this context, `now()` is `instant` (aware)."""
    token = _frozen.set(instant)
    try:
        yield
    finally:
        _frozen.reset(token)
