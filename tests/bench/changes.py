"""What a new filter value costs on each page, and the overview when the data have changed.

Both through the one door, with the unfiltered page asked before, as it is in the cockpit.
"""

import contextlib
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from pages._ui.book import PAGES, Page, page_of
from pages._ui.filters import Filters
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.connection import Reader
from warehouse.errors import QueryError
from warehouse.keys import Keyring
from warehouse.model import Role, Scope, Viewer
from warehouse.settings import Settings

VIEWER = Viewer(name="bench", role=Role.OFFICIAL, scope=Scope(everything=True))
DIMENSIONS = ("district", "scene", "channel")
VALUES = 3
ROUNDS = 5


def measure(settings: Settings) -> Iterator[str]:
    reader = Reader(settings, Keyring.open(settings))
    last = Warehouse(settings, reader).horizon(VIEWER)
    assert last is not None
    midnight = datetime.combine(last.end, datetime.min.time(), settings.zone)
    with clock.frozen_at(min(clock.now(), midnight.astimezone(UTC))):
        yield from _filters(settings, reader)
        overview = page_of("overview")
        _ask(Warehouse(settings, reader), overview, "")
        new = [_ask(Warehouse(settings, reader), overview, "") for _ in range(ROUNDS)]
        yield f"overview, nothing kept: {statistics.median(new):.0f} ms of CPU (goal 80)"
    reader.close()


def _filters(settings: Settings, reader: Reader) -> Iterator[str]:
    costs: list[float] = []
    for page in PAGES:
        if not page.panels or Role.OFFICIAL not in page.roles:
            continue
        warehouse = Warehouse(settings, reader)
        _ask(warehouse, page, "")
        own = [_ask(warehouse, page, search) for search in _searches(warehouse)]
        if max(own) < 1:
            continue  # a page of records asks nothing
        costs += own
        yield (
            f"{page.name}, new filter: {statistics.median(own):.0f} ms of CPU at the median,"
            f" {max(own):.0f} at most"
        )
    yield (
        f"new filter over all pages: {statistics.median(costs):.0f} ms of CPU at the median"
        f" (goal 60), {max(costs):.0f} at most (goal 300)"
    )


def _searches(warehouse: Warehouse) -> Iterator[str]:
    for name in DIMENSIONS:
        for member in warehouse.members(name, VIEWER)[:VALUES]:
            yield f"?{name}={member.code}"


def _ask(warehouse: Warehouse, page: Page, search: str) -> float:
    """CPU milliseconds of every question of the page."""
    today = clock.today(warehouse.zone)
    filters = Filters.from_search(search, warehouse.horizon(VIEWER), today)
    panels = [panel for panel in page.panels if panel.is_open_to(VIEWER.role)]
    questions = [question for panel in panels for question in panel.questions(filters)]
    before = time.process_time()
    for question in questions:
        with contextlib.suppress(QueryError):  # too fine: a page shows the refusal
            warehouse.answer(question, VIEWER)
    return 1000 * (time.process_time() - before)


if __name__ == "__main__":
    for line in measure(Settings.from_env()):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
