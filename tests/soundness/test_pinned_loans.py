"""Loan applications worked out by hand: cohorts, steps out of order, parts in several months."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.load import Loader
from etl.publish import publish
from tests.tiny import build_home, load_rows, tiny_source
from warehouse.answer import Warehouse
from warehouse.errors import QueryError
from warehouse.keys import Keyring
from warehouse.model import (
    City,
    Compare,
    Grain,
    Label,
    MetricQuery,
    Period,
    Role,
    Scope,
    Viewer,
)

EVERYTHING = Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True))
START = datetime(2024, 1, 10, 2, tzinfo=UTC)


def _steps(number: int, *steps: tuple[str, float], **more: Any) -> list[dict[str, Any]]:
    """The events of one application: (step, seconds after `START`)."""
    return [
        {
            "occurred_at": START + timedelta(seconds=seconds),
            "application": f"a{number}",
            "person": f"p{number}",
            "step": step,
            "product": "car",
            "district": "north",
            **more,
        }
        for step, seconds in steps
    ]


def _many(count: int, *steps: tuple[str, float], first: int = 0, **more: Any) -> list[Any]:
    return [row for i in range(count) for row in _steps(first + i, *steps, **more)]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Any]:
    opened: list[Warehouse] = []

    def load(rows: Any) -> Any:
        settings = build_home(tmp_path, loan_events=rows)
        warehouse = Warehouse.open(replace(settings, small_cell=3))
        opened.append(warehouse)
        return lambda *metrics, **more: warehouse.answer(
            MetricQuery(metrics=metrics, **more), EVERYTHING
        )

    yield load
    for warehouse in opened:
        warehouse.close()


def _values(result: Any) -> list[Any]:
    return [
        (
            str(row.period.start) if row.period else None,
            *row.members,
            *(cell.state.value if cell.value is None else cell.value for cell in row.cells),
        )
        for row in result.rows
    ]


DAY = 86_400.0


def test_reached_when_steps_are_skipped_then_each_counts_alone(ask: Any) -> None:
    rows = _many(3, ("disbursed", 60), ("applied", 0)) + _many(4, ("signed", 50), first=10)
    found = {step: n for _, step, n in _values(ask(rows)("loans.reached", by=("step",)))}
    assert found == {
        "applied": 3, "approved": 0, "signed": 4, "disbursed": 3,
        "declined": 0, "withdrawn": 0, "cancelled": 0, "expired": 0,
    }  # fmt: skip


def test_reached_when_not_by_step_then_error_names_the_remedy(ask: Any) -> None:
    question = ask(_many(3, ("applied", 0), ("approved", 5)))
    with pytest.raises(QueryError, match="--by step"):
        question("loans.reached")
    one = question("loans.reached", where=(("step", ("approved",)),))
    assert _values(one) == [(None, 3)]


def test_cohort_when_parts_lie_in_two_months_then_counts_in_the_first(ask: Any) -> None:
    rows = _many(3, ("applied", 0), ("approved", 40 * DAY), ("disbursed", 41 * DAY))
    rows += _many(4, ("applied", 30 * DAY), first=10)
    question = ask(rows)
    assert _values(question("loans.applications", grain=Grain.MONTH)) == [
        ("2024-01-01", 3), ("2024-02-01", 4),
    ]  # fmt: skip
    february = Period(start=date(2024, 2, 1), end=date(2024, 3, 1))
    assert _values(question("loans.applications", "loans.approval_share", period=february)) == [
        (None, 4, "missing")
    ]
    january = Period(start=date(2024, 1, 1), end=date(2024, 2, 1))
    assert _values(question("loans.approval_share", period=january)) == [(None, 1.0)]


def test_cohort_when_an_event_comes_before_applying_then_applied_time_counts(ask: Any) -> None:
    rows = _many(3, ("other", 0), ("applied", 30 * DAY))
    assert _values(ask(rows)("loans.applications", grain=Grain.MONTH)) == [("2024-02-01", 3)]


def test_cohort_when_applied_at_midnight_here_then_new_month(ask: Any) -> None:
    late = datetime(2024, 1, 31, 15, 59, 59, 999999, tzinfo=UTC)
    rows = _many(3, ("applied", 0), occurred_at=late)
    rows += _many(4, ("applied", 0), first=10, occurred_at=late + timedelta(microseconds=1))
    assert _values(ask(rows)("loans.applications", grain=Grain.MONTH)) == [
        ("2024-01-01", 3), ("2024-02-01", 4),
    ]  # fmt: skip


def test_within_60s_when_exactly_60_then_inside(ask: Any) -> None:
    rows = (
        _many(3, ("applied", 0), ("approved", 60.0))
        + _many(3, ("applied", 0), ("declined", 60.001), first=10)
        + _many(3, ("applied", 0), first=20)  # undecided: in neither
        + _many(3, ("approved", 5), first=30)  # applied time not known: in neither
    )
    result = ask(rows)("loans.within_60s_share", "loans.approval_share")
    assert _values(result) == [(None, 0.5, round(6 / 9, 6))]


def test_decision_when_declined_then_approved_then_the_earlier_counts(ask: Any) -> None:
    rows = _many(3, ("applied", 0), ("declined", 10), ("approved", 99))
    rows += _many(3, ("applied", 0), ("approved", 20), first=10)
    result = ask(rows)("loans.approval_share", "loans.approval_seconds_p50")
    assert _values(result) == [(None, 0.5, 15.0)]


def test_percentiles_when_between_then_exact_to_the_millisecond(ask: Any) -> None:
    rows = [
        row
        for i, seconds in enumerate((1.001, 2.002, 4.004))
        for row in _steps(i, ("applied", 0), ("approved", seconds))
    ]
    result = ask(rows)("loans.approval_seconds_p50", "loans.approval_seconds_p95")
    assert _values(result) == [(None, 2.002, 3.804)]  # 2.002 + 0.9 * 2.002


def test_amount_when_disbursed_twice_then_the_earliest_in_yuan(ask: Any) -> None:
    rows = _many(3, ("applied", 0), amount=999_00)
    rows += _many(3, ("disbursed", 10), amount=100_50)
    rows += _many(3, ("disbursed", 40 * DAY), amount=777_00)
    assert _values(ask(rows)("loans.amount")) == [(None, 301.5)]


def test_zero_touch_when_a_person_had_a_hand_then_not(ask: Any) -> None:
    rows = (
        _many(3, ("applied", 0), ("disbursed", 9))
        + _many(1, ("applied", 0), ("other", 1), ("disbursed", 9), first=10, manual=True)
        + _many(2, ("applied", 0), ("declined", 9), first=20)
        + _many(5, ("applied", 0), first=30)  # no end yet: in neither
    )
    assert _values(ask(rows)("loans.zero_touch_share")) == [(None, 0.5)]


def test_verified_when_sources_come_in_several_months_then_all_count(ask: Any) -> None:
    rows = _many(3, ("applied", 0), credit_bureau=True, public_trust=True)
    rows += _many(3, ("approved", 40 * DAY), judicial=True)
    rows += _many(3, ("applied", 0), first=10, credit_bureau=True, public_trust=True)
    assert _values(ask(rows)("loans.verified_share")) == [(None, 0.5)]


def test_attribute_when_first_unknown_then_first_known_touch(ask: Any) -> None:
    rows = _many(3, ("applied", 0), product=None)
    rows += _many(3, ("approved", 40 * DAY), product="house")
    rows += _many(3, ("disbursed", 80 * DAY), product="car")
    result = ask(rows)("loans.applications", by=("product",))
    assert _values(result) == [(None, "house", 3)]


def test_running_month_when_compared_then_later_decisions_do_not_count(ask: Any) -> None:
    # Data end on 10 February, 02:00:10; of January only 10 January, 02:00:10 counts.
    rows = _many(4, ("applied", 0), ("approved", 20 * DAY))
    rows += _many(3, ("applied", 5), ("approved", 10), first=10)
    rows += _many(9, ("applied", 60), first=20)
    rows += _many(3, ("applied", 31 * DAY), ("approved", 31 * DAY + 10), first=40)
    result = ask(rows)(
        "loans.applications", "loans.approval_share", grain=Grain.MONTH, compare=Compare.PREVIOUS
    )
    applications, share = result.rows[-1].cells
    assert (applications.value, applications.base) == (3, 7)
    assert (share.value, share.base) == (1.0, 1.0)


def test_late_part_when_delivered_in_reverse_then_same_numbers(tmp_path: Path) -> None:
    rows = _many(4, ("applied", 0), ("approved", 40 * DAY), ("disbursed", 75 * DAY), amount=100)
    answers = []
    for name, order in (("forward", rows), ("backward", list(reversed(rows)))):
        settings = build_home(tmp_path / name)
        keyring = Keyring.open(settings)
        with Loader(settings, keyring) as loader:
            source = replace(tiny_source("loan_event"), identity=("no",))
            own = [{**row, "identity": f"{row['application']}{row['step']}"} for row in order]
            status = None
            for row in own:
                status = load_rows(loader, source, [row])
            assert status is not None
            publish(loader, (status,), {}, City(label=Label(zh="城", en="City")))
        warehouse = Warehouse.open(replace(settings, small_cell=3))
        names = ("loans.applications", "loans.approval_seconds_p50", "loans.amount")
        query = MetricQuery(metrics=names, grain=Grain.MONTH, by=("product",))
        answers.append(_values(warehouse.answer(query, EVERYTHING)))
        warehouse.close()
    assert answers[0] == answers[1] == [("2024-01-01", "car", 4, 40 * DAY, 4.0)]
