"""How long after its arrival an event is in an answer, at 1,000 events a second.

`python -m tests.bench.latency [SECONDS]`. A deliverer renames a file a second into the inbox, the
ETL serves, a reader asks for the number of events of today. A file counts as visible when the
answer holds all of its events.
"""

import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench import events
from tests.bench.load import new_home
from tests.e2e.live import end, start, wait_for
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.errors import CockpitError
from warehouse.model import MetricQuery, Period, Role, Scope, Viewer
from warehouse.settings import Settings

EVENTS_A_SECOND = 1_000
SECONDS = 60
LOOK_SECONDS = 0.1
LAST_SECONDS = 60.0
VIEWER = Viewer(name="bench", role=Role.ANALYST, scope=Scope(everything=True))


def measure(seconds: int = SECONDS) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        env = new_home(Path(folder))
        settings = Settings.from_env(env)
        _deliver(settings, 0)
        etl = start(env, Path(folder) / "etl.log", "-m", "etl", "serve")
        try:
            wait_for(lambda: _visible(settings) is not None, "the first generation")
            delays = _delays(settings, seconds)
        finally:
            end(etl)
    tail = statistics.quantiles(delays, n=20)[-1]
    yield (
        f"latency: visible after {statistics.median(delays):.1f} s at the median, {tail:.1f} s at"
        f" the 95th percentile, {EVENTS_A_SECOND:,} events a second for {seconds} s"
    )


def _delays(settings: Settings, seconds: int) -> list[float]:
    """Seconds from arrival to answer, of each file."""
    arrived: list[float] = []
    deliverer = threading.Thread(target=_deliver_all, args=(settings, seconds, arrived))
    deliverer.start()
    delays: list[float] = []
    warehouse = Warehouse.open(settings)
    until = time.monotonic() + seconds + LAST_SECONDS
    while len(delays) < seconds and time.monotonic() < until:
        there = _count(warehouse) // EVENTS_A_SECOND - 1
        now = time.monotonic()
        delays += [now - at for at in arrived[len(delays) : there]]
        time.sleep(LOOK_SECONDS)
    deliverer.join()
    warehouse.close()
    assert len(delays) == seconds, f"only {len(delays)} of {seconds} files became visible"
    return delays


def _deliver_all(settings: Settings, seconds: int, arrived: list[float]) -> None:
    begun = time.monotonic()
    for number in range(1, seconds + 1):
        _deliver(settings, number)
        arrived.append(time.monotonic())
        time.sleep(max(0.0, begun + number - time.monotonic()))


def _deliver(settings: Settings, number: int) -> None:
    """A second of events of the last minute, in a file that appears whole."""
    until = datetime.now(UTC).astimezone(settings.zone).replace(tzinfo=None)
    file = settings.inbox / "usage" / f"{number:06d}.csv"
    events.write(
        file, EVENTS_A_SECOND, until - timedelta(minutes=1), until, number * EVENTS_A_SECOND
    )


def _visible(settings: Settings) -> int | None:
    try:
        warehouse = Warehouse.open(settings)
        count = _count(warehouse)
        warehouse.close()
    except CockpitError:
        return None
    return count or None


def _count(warehouse: Warehouse) -> int:
    today = clock.today(warehouse.zone)
    period = Period(start=today - timedelta(days=1), end=today + timedelta(days=1))
    rows = warehouse.answer(MetricQuery(metrics=("usage.events",), period=period), VIEWER).rows
    return int(rows[0].cells[0].value or 0) if rows else 0


if __name__ == "__main__":
    for line in measure(*(int(argument) for argument in sys.argv[1:])):
        sys.stdout.write(line + "\n")
