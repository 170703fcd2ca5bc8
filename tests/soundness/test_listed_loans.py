"""The applications behind a number are as many as it says, for every step, bin and reason."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.tiny import build_home
from warehouse.answer import Warehouse
from warehouse.datasets import ENDS, SECONDS_BINS, STEPS
from warehouse.errors import Forbidden, QueryError, Suppressed
from warehouse.model import CellState, MetricQuery, Role, Scope, Viewer

ANALYST = Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True))
NORTH = replace(ANALYST, scope=Scope(districts=frozenset({"north"})))
START = datetime(2024, 1, 20, tzinfo=UTC)


def _events(dice: Random) -> Iterator[dict[str, Any]]:
    for number in range(220):
        at = START + timedelta(hours=dice.randrange(900))
        steps = [*STEPS][: dice.randrange(1, 5)]
        for step in ("applied", "declined") if dice.random() < 0.2 else steps:
            yield {
                "occurred_at": at,
                "application": f"a{number}",
                "person": f"p{number}",
                "step": step,
                "district": dice.choice(("north", "south")) if number > 1 else "east",
                "product": dice.choice(("car", "house")),
                "reason": dice.choice(("score", "age", None)),
                "amount": 100 * dice.randrange(1, 900_000),
                "manual": dice.random() < 0.4,
            }
            at += timedelta(seconds=dice.choice((5, 10, 45, 60, 61, 500, 90_000, 700_000)))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    rows = list(_events(Random(5)))
    settings = build_home(tmp_path_factory.mktemp("listed"), loan_events=rows)
    warehouse = Warehouse.open(replace(settings, small_cell=3))
    yield warehouse
    warehouse.close()


BINNED = [("loans.time_distribution", "seconds_bin", code) for code in SECONDS_BINS]
STEPPED = [
    *(("loans.reached", "step", step) for step in (*STEPS, *ENDS)),
    *(("loans.converted", "step", step) for step in STEPS),
]
REASONED = [
    (metric, "reason", reason)
    for metric in ("loans.touched", "loans.declined", "loans.applications")
    for reason in ("score", "age", "unknown")
]
PLAIN = [
    (metric, "product", "car")
    for metric in ("loans.applications", "loans.maturing", "loans.late_decisions")
]


@pytest.mark.parametrize(("metric", "dimension", "member"), [*BINNED, *STEPPED, *REASONED, *PLAIN])
def test_list_when_asked_for_a_cell_then_has_as_many_as_its_number(
    metric: str, dimension: str, member: str, warehouse: Warehouse
) -> None:
    query = MetricQuery(metrics=(metric,), where=((dimension, (member,)),))
    for viewer in (ANALYST, NORTH):
        cell = warehouse.answer(query, viewer).rows[0].cells[0]
        if cell.state is CellState.SUPPRESSED:
            with pytest.raises(Suppressed, match="hidden"):
                warehouse.applications(query, viewer)
            continue
        rows, after = [], 0
        while True:
            page = warehouse.applications(query, viewer, limit=40, after=after)
            rows += page.rows
            assert page.total == cell.value
            if page.after is None:
                break
            after = page.after
        assert len(rows) == len({row.reference for row in rows}) == cell.value


def test_list_when_read_then_tells_the_application_and_no_person(warehouse: Warehouse) -> None:
    query = MetricQuery(metrics=("loans.reached",), where=(("step", ("disbursed",)),))
    page = warehouse.applications(query, ANALYST, limit=5)
    again = warehouse.applications(query, ANALYST, limit=5)
    assert page == again
    assert [row.cohort_at for row in page.rows] == sorted(row.cohort_at for row in page.rows)
    for row in page.rows:
        assert len(row.reference) == 10
        assert row.step == "disbursed"
        assert row.product in ("car", "house")
        assert row.amount is not None and row.amount[0] % 10_000 == 0


def test_list_when_a_district_is_hidden_then_its_rows_do_not_name_it(
    warehouse: Warehouse,
) -> None:
    query = MetricQuery(metrics=("loans.applications",))
    rows = warehouse.applications(query, ANALYST, limit=500).rows
    shown = {
        row.members[0]
        for row in warehouse.answer(replace(query, by=("district",)), ANALYST).rows
        if row.cells[0].value is not None
    }
    assert {row.district for row in rows} == {None, *shown}
    assert "east" not in shown


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.OPERATOR, Role.WALL])
def test_list_when_the_role_may_not_then_forbidden(role: Role, warehouse: Warehouse) -> None:
    query = MetricQuery(metrics=("loans.applications",))
    with pytest.raises(Forbidden, match="single applications"):
        warehouse.applications(query, replace(ANALYST, role=role))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (MetricQuery(metrics=("loans.approval_share",)), "no number of applications"),
        (MetricQuery(metrics=("usage.events",)), "no number of applications"),
        (MetricQuery(metrics=("loans.applications",), by=("product",)), "one number"),
        (MetricQuery(metrics=("loans.applications", "loans.declined")), "one number"),
    ],
)
def test_list_when_not_of_one_number_then_error_says_so(
    query: MetricQuery, words: str, warehouse: Warehouse
) -> None:
    with pytest.raises(QueryError, match=words):
        warehouse.applications(query, ANALYST)


def test_list_when_the_page_is_too_long_then_error(warehouse: Warehouse) -> None:
    with pytest.raises(QueryError, match="1 to 1000"):
        warehouse.applications(MetricQuery(metrics=("loans.applications",)), ANALYST, limit=5000)
