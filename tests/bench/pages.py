"""What each page costs through the one door, against bare counts of the same facts.

`python -m tests.bench.pages` measures the warehouse of COCKPIT_HOME; `make bench` a small one.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from pages._ui.book import PAGES, Page
from pages._ui.filters import Filters
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.connection import Reader
from warehouse.errors import QueryError
from warehouse.keys import Keyring
from warehouse.model import MetricQuery, Role, Scope, Viewer
from warehouse.settings import Settings

VIEWER = Viewer(name="bench", role=Role.ANALYST, scope=Scope(everything=True))
ROUNDS = 3
BARE = "SELECT count(*), count(DISTINCT person) FROM "


def measure(settings: Settings) -> Iterator[str]:
    """A line a page and filter: new (nothing kept, nothing prepared) and again."""
    bare = _bare(settings)
    yield f"bare: {bare:.0f} ms of CPU to count all events and their people"
    for page in (page for page in PAGES if page.panels):
        for search in _searches(settings):
            new, again = _page(settings, page, search)
            yield (
                f"{page.name}{search}: {new:.0f} ms of CPU new ({new / bare:.1f} x bare),"
                f" {again:.2f} ms again"
            )


def _bare(settings: Settings) -> float:
    reader = Reader(settings, Keyring.open(settings))
    facts = reader.snapshot().table("service_event", "fact", period=None, columns=("person",))
    times = sorted(_milliseconds(lambda: reader.snapshot().select(BARE + facts)) for _ in range(5))
    reader.close()
    return times[2]


def _searches(settings: Settings) -> tuple[str, ...]:
    warehouse = Warehouse.open(settings)
    chosen = {
        name: next((m.code for m in warehouse.members(name, VIEWER)), "unknown")
        for name in ("district", "scene", "channel")
    }
    warehouse.close()
    three = "&".join(f"{name}={code}" for name, code in chosen.items())
    return (
        "",
        *(f"?{name}={code}" for name, code in chosen.items()),
        f"?period=last_12_months&grain=month&{three}",
        f"?period=last_12_months&grain=day&{three}",
    )


def _page(settings: Settings, page: Page, search: str) -> tuple[float, float]:
    """The medians of new and again."""
    new, again = [], []
    for _ in range(ROUNDS):
        warehouse = Warehouse.open(settings)
        questions = tuple(_questions(warehouse, page, search))
        new.append(_milliseconds(lambda w=warehouse, q=questions: _ask(w, q)))  # type: ignore[misc]
        again.append(_milliseconds(lambda w=warehouse, q=questions: _ask(w, q)))  # type: ignore[misc]
        warehouse.close()
    return sorted(new)[ROUNDS // 2], sorted(again)[ROUNDS // 2]


def _questions(warehouse: Warehouse, page: Page, search: str) -> Iterator[MetricQuery]:
    filters = Filters.from_search(search, warehouse.horizon(VIEWER), clock.today(warehouse.zone))
    for panel in page.panels:
        if panel.is_open_to(VIEWER.role):
            yield from panel.questions(filters)


def _ask(warehouse: Warehouse, questions: tuple[MetricQuery, ...]) -> None:
    for question in questions:
        with contextlib.suppress(QueryError):  # too fine: a page shows the refusal
            warehouse.answer(question, VIEWER)


def _milliseconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return 1000 * (time.process_time() - before)


if __name__ == "__main__":
    for line in measure(Settings.from_env()):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
