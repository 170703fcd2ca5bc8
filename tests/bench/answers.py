"""The overview's questions through the one door: new, cached, and with a new filter."""

import time
from collections.abc import Iterable

from pages._ui.book import page_of
from pages._ui.filters import Filters
from tests.e2e.live import Live
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.model import MetricQuery, Role, Scope, Viewer

VIEWER = Viewer(name="bench", role=Role.OFFICIAL, scope=Scope(everything=True))
ROUNDS = 20


def measure(running: Live) -> tuple[str, ...]:
    warehouse = Warehouse.open(running.settings)
    first = _cpu_milliseconds(warehouse, _overview(warehouse, ""))
    again = [_cpu_milliseconds(warehouse, _overview(warehouse, "")) for _ in range(ROUNDS)]
    cached = sorted(again)[ROUNDS // 2]
    members = [m.code for m in warehouse.members("district", VIEWER)][:ROUNDS]
    filtered = sorted(
        _cpu_milliseconds(warehouse, _overview(warehouse, f"?district={code}")) for code in members
    )
    return (
        f"overview: {first:.0f} ms of CPU new, {cached:.2f} ms cached ({first / cached:,.0f} x)",
        f"overview, new filter: {filtered[len(filtered) // 2]:.0f} ms of CPU at the median",
    )


def _overview(warehouse: Warehouse, search: str) -> tuple[MetricQuery, ...]:
    today = clock.today(warehouse.zone)
    filters = Filters.from_search(search, warehouse.horizon(VIEWER), today)
    return tuple(
        question(filters)
        for panel in page_of("overview").panels
        for question in (panel.query, *panel.extra)
    )


def _cpu_milliseconds(warehouse: Warehouse, questions: Iterable[MetricQuery]) -> float:
    before = time.process_time()
    for question in questions:
        warehouse.answer(question, VIEWER)
    return 1000 * (time.process_time() - before)
