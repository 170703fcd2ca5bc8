"""Addresses that ask for too much or for nothing there is: a sentence, never a trace or a hang."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from callbacks.panels import Counter
from pages._ui.book import PAGES, Page
from tests.access.conftest import House
from warehouse.answer import Warehouse
from warehouse.errors import QueryError, TooLarge
from warehouse.model import MetricQuery, Role, Scope, Viewer

ADMIN = Viewer(name="admin", role=Role.ADMIN, scope=Scope(everything=True))
SOON = 10.0
"""Seconds of CPU that no such request may take, by far."""
WRONG = {
    "dimension": "moon=full",
    "period": "from=2026-02-31&to=2026-13-01",
    "backwards": "from=2026-03-01&to=2026-01-01",
    "ages": "from=1960-01-01&to=2025-12-31",
    "beyond": "from=0001-01-01&to=9999-12-31",
    "members": "district=" + ",".join(f"d{i}" for i in range(10_000)),
    "many": "scene=" + ",".join(str(i) for i in range(300)),
    "stranger": "scene=nobody",
    "twice": "district=east&district=west",
    "preset": "period=tomorrow",
    "grain": "grain=second",
    "markup": "compare=<script>alert(1)</script>",
}
LARGE = {
    "days": "from=1990-01-01&to=2026-01-01&grain=day",
    "table": "from=1990-01-01&columns=day&top=all",
    "million": "rows=street&columns=service&top=999&across=999",
}
"""What may be asked, and is much: an answer or a sentence, soon."""
PANELS = [page for page in PAGES if page.panels]


def _serve(house: House, page: Page, search: str) -> dict[str, Any]:
    """What the callback of a page sends for an address."""
    services = replace(house.app.server.extensions["cockpit_services"], viewer=lambda: ADMIN)
    ids = [panel.id for panel in page.panels]
    wanted = {
        kind: [""] if kind in ("notice", "insight", "chosen", "files") else ids
        for kind in (
            *("tile", "head", "image", "graph", "sheet", "state", "foot", "table", "stamp"),
            *("notice", "insight", "chosen", "files"),
        )
    }
    with house.app.server.test_request_context("/"):
        counter = Counter(services=services, theme="light")
        return counter.serve(page, search, wanted, {})


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("page", PANELS, ids=lambda page: page.name)
def test_page_when_its_address_is_wrong_then_says_so_in_one_place(
    house: House, page: Page, wrong: str
) -> None:
    began = time.process_time()
    sent = _serve(house, page, "?" + WRONG[wrong])
    (notice,) = sent["notice"]
    assert "筛选条件无效" in str(notice)
    assert "Traceback" not in str(notice)
    assert time.process_time() - began < SOON


@pytest.mark.parametrize("large", LARGE)
@pytest.mark.parametrize("page", PANELS, ids=lambda page: page.name)
def test_page_when_asked_for_much_then_answers_soon(house: House, page: Page, large: str) -> None:
    began = time.process_time()
    sent = _serve(house, page, "?" + LARGE[large])
    assert "Traceback" not in str(sent)
    assert "数据暂时无法读取" not in str(sent["state"]), "too much is no failure"
    assert time.process_time() - began < SOON


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("place", ["usage.xlsx", "usage/people_served.csv", "explore/table.csv"])
def test_export_when_its_address_is_wrong_then_is_400(
    clients: Callable[[str], FlaskClient], place: str, wrong: str
) -> None:
    answer = clients("admin").get(f"/export/{place}?{WRONG[wrong]}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text and "/work/" not in answer.text


def test_export_of_a_table_when_too_large_then_is_400_and_says_what_to_do(
    clients: Callable[[str], FlaskClient],
) -> None:
    answer = clients("admin").get(f"/export/explore/table.csv?{LARGE['table']}")
    assert answer.status_code == 400
    assert "20,000" in answer.text


def test_question_when_over_its_budget_then_is_stopped_and_others_are_answered(
    house: House,
) -> None:
    warehouse = Warehouse.open(replace(house.settings, question_seconds=1))
    snapshot, others, stopped = warehouse._reader.snapshot(), [], threading.Event()
    slow = "SELECT count(*) FROM range(10000000000) a, range(1000) b WHERE a.range % 7 = b.range"

    def ask() -> None:
        while not stopped.is_set() or not others:
            query = MetricQuery(metrics=("usage.events",), where=(("scene", ("medical",)),))
            others.append(warehouse.answer(query, ADMIN).rows[0].cells[0].value)

    beside = threading.Thread(target=ask)
    beside.start()
    try:
        with pytest.raises(TooLarge, match="longer than 1 s"):
            snapshot.select(slow)
    finally:
        stopped.set()
        beside.join()
    assert set(others) == {others[0]}
    assert snapshot.select("SELECT 1") == [(1,)]
    warehouse.close()


def test_question_when_it_filters_by_ten_thousand_then_says_so() -> None:
    with pytest.raises(QueryError, match="1,000"):
        MetricQuery(metrics=("usage.events",), where=(("scene", tuple(map(str, range(10_000)))),))
