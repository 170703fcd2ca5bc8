"""The loan funnel, its times, bins and exceptions, worked out by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import build_home
from warehouse.answer import Warehouse
from warehouse.errors import QueryError
from warehouse.funnel import Funnel, Order
from warehouse.model import MetricQuery, Role, Scope, Viewer

EVERYTHING = Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True))
START = datetime(2024, 1, 10, 2, tzinfo=UTC)
DAY = 86_400.0


def _many(count: int, *steps: tuple[str, float], first: int = 0, **more: Any) -> list[Any]:
    """Alike applications; their events as (step, seconds after `START`)."""
    return [
        {
            "occurred_at": START + timedelta(seconds=seconds),
            "application": f"a{first + i}",
            "person": f"p{first + i}",
            "step": step,
            "district": "north",
            **more,
        }
        for i in range(count)
        for step, seconds in steps
    ]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Any]:
    opened: list[Warehouse] = []

    def load(rows: Any) -> Any:
        settings = build_home(tmp_path, loan_events=rows)
        warehouse = Warehouse.open(replace(settings, small_cell=3))
        opened.append(warehouse)

        def answer(metric: str, by: str = "", **more: Any) -> Any:
            query = MetricQuery(metrics=(metric,), by=(by,) if by else (), **more)
            rows = warehouse.answer(query, EVERYTHING).rows
            values = {row.members: row.cells[0].value for row in rows}
            return {members[0]: v for members, v in values.items()} if by else values[()]

        return answer

    yield load
    for warehouse in opened:
        warehouse.close()


def test_funnel_when_approved_before_a_second_applied_then_the_later_chain_counts(
    ask: Any,
) -> None:
    # The earliest times alone say: approved at 10 before applied at 20, so nothing follows.
    question = ask(_many(4, ("approved", 10), ("applied", 20), ("approved", 33), ("signed", 40)))
    assert question("loans.converted", "step") == {
        "applied": 4, "approved": 4, "signed": 4, "disbursed": 0,
    }  # fmt: skip
    assert question("loans.step_seconds_p50", "step") == {
        "approved": 13.0, "signed": 7.0, "disbursed": None,
    }  # fmt: skip


def test_funnel_when_a_later_start_comes_farther_then_that_start_counts(ask: Any) -> None:
    # From 0 the window of a week ends before signing; from day 6 it does not.
    days = (("applied", 0), ("approved", DAY), ("applied", 6 * DAY), ("approved", 7 * DAY))
    question = ask(_many(4, *days, ("signed", 8 * DAY), ("disbursed", 12 * DAY)))
    assert question("loans.converted", "step")["disbursed"] == 4
    assert question("loans.end_to_end_seconds_mean") == 6 * DAY
    assert question("loans.step_seconds_mean", "step") == {
        "approved": DAY, "signed": DAY, "disbursed": 4 * DAY,
    }  # fmt: skip


def test_funnel_when_exactly_at_the_end_of_the_window_then_inside(ask: Any) -> None:
    rows = _many(3, ("applied", 0), ("approved", 7 * DAY))
    rows += _many(4, ("applied", 0), ("approved", 7 * DAY + 0.000001), first=10)
    question = ask([*rows, *_many(3, ("applied", 30 * DAY), first=20)])
    assert question("loans.converted", "step")["approved"] == 3
    longer = Funnel(window_seconds=8 * 86_400)
    assert question("loans.converted", "step", funnel=longer)["approved"] == 7
    short = Funnel(step_seconds=(5 * 86_400, 60, 60))
    assert question("loans.converted", "step", funnel=short)["approved"] == 0


def test_funnel_when_strict_then_nothing_may_lie_between(ask: Any) -> None:
    rows = _many(3, ("applied", 0), ("other", 5), ("approved", 9), ("signed", 12))
    rows += _many(4, ("applied", 0), ("approved", 0), ("other", 0), ("signed", 3), first=10)
    rows += _many(5, ("signed", 0), ("approved", 1), ("applied", 2), first=20)
    question = ask(rows)
    strict = question("loans.converted", "step", funnel=Funnel(order=Order.STRICT))
    # Equal times stand in the order of the steps: applied, approved, then other.
    assert strict == {"applied": 12, "approved": 4, "signed": 0, "disbursed": 0}
    anyhow = question("loans.converted", "step", funnel=Funnel(order=Order.ANY))
    assert anyhow == {"applied": 12, "approved": 12, "signed": 12, "disbursed": 0}
    ordered = question("loans.converted", "step")
    assert ordered == {"applied": 12, "approved": 7, "signed": 7, "disbursed": 0}


def test_maturing_when_young_without_an_end_then_in_no_share(ask: Any) -> None:
    paid = (("applied", 0), ("approved", 60), ("signed", DAY), ("disbursed", 2 * DAY))
    rows = _many(6, *paid) + _many(4, ("applied", 0), ("approved", 60), first=10)
    rows += _many(5, ("applied", 5 * DAY), ("approved", 5 * DAY + 1), first=20)  # young
    rows += _many(3, ("applied", 5 * DAY), ("declined", 5 * DAY + 1), first=30)  # young, ended
    rows += _many(1, ("other", 7 * DAY), first=40)  # data end: those of the first day are not young
    question = ask(rows)
    assert question("loans.maturing") == 5
    assert question("loans.converted", "step")["approved"] == 15
    shares = question("loans.conversion_share", "step")
    assert shares["approved"] == round(10 / 13, 6)
    assert shares["disbursed"] == round(6 / 13, 6)
    assert question("loans.step_conversion_share", "step")["signed"] == 0.6


def test_bins_when_at_an_edge_then_in_the_lower_bin(ask: Any) -> None:
    rows = []
    for number, seconds in enumerate((0, 10, 10.001, 60, 60.001, 90_000)):
        rows += _many(3, ("applied", 0), ("approved", seconds), first=10 * number)
    rows += _many(5, ("applied", 0), first=90)  # no decision: in no bin
    question = ask(rows)
    assert question("loans.time_distribution", "seconds_bin") == {
        "0-10": 6, "10-20": 3, "50-60": 3, "60-120": 3, "86400-604800": 3,
    }  # fmt: skip
    assert question("loans.time_distribution") == 18
    assert question("loans.late_decisions") == 6
    # 6 late of 18, of which 1 % may be: 1 - 6 / 0.18
    assert question("loans.error_budget_left_share") == round(1 - 6 / 0.18, 6)
    assert question("loans.approval_seconds_mean") == round(90_140.002 / 6, 3)


def test_exceptions_when_touched_or_declined_then_by_reason(ask: Any) -> None:
    rows = _many(3, ("applied", 0), ("disbursed", 9), amount=1_000_00)
    rows += _many(4, ("applied", 0), ("disbursed", 9), first=10, manual=True, reason="papers")
    rows += _many(6, ("applied", 0), ("declined", 9), first=20, reason="score", amount=50_00)
    rows += _many(3, ("applied", 0), ("declined", 9), first=30, reason="age")
    question = ask(rows)
    assert question("loans.touched") == 4
    assert question("loans.touched", "reason") == {"papers": 4, "score": 0, "age": 0, "unknown": 0}
    shares = question("loans.decline_reason_share", "reason")
    assert (shares["score"], shares["age"]) == (round(6 / 9, 6), round(3 / 9, 6))
    assert question("loans.amount_average") == 1_000.0
    assert question("loans.amount_applied") == 3 * 1_000 + 6 * 50.0


def test_exceptions_when_few_of_a_reason_then_hidden_with_the_next_smallest(ask: Any) -> None:
    rows = _many(40, ("applied", 0), ("disbursed", 9), reason="score", amount=1_00)
    for first, count, reason in ((50, 4, "papers"), (60, 2, "score"), (70, 5, "age")):
        more = {"manual": True, "reason": reason}
        rows += _many(count, ("applied", 0), ("disbursed", 9), first=first, **more)
    question = ask(rows)
    shown = question("loans.touched", "reason")
    # 2 is small; the total of 11 less 4 and 5 would tell it, so 4 is hidden with it.
    assert (shown["score"], shown["papers"], shown["age"]) == (None, None, 5)
    assert question("loans.touched") == 11
    score = question("loans.touched", where=(("reason", ("score",)),))
    both = question("loans.touched", where=(("reason", ("age", "papers")),))
    assert (score, both) == (None, None)


def test_times_when_the_steps_have_no_order_then_error(ask: Any) -> None:
    question = ask(_many(3, ("applied", 0), ("approved", 5)))
    with pytest.raises(QueryError, match="in their order"):
        question("loans.end_to_end_seconds_p50", funnel=Funnel(order=Order.ANY))
    with pytest.raises(QueryError, match="need an order"):
        Funnel(order=Order.ANY, step_seconds=(1, 1, 1))
