"""Data-quality checks: what is odd in a partition is counted, told, and does not stop it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import build_home
from warehouse.answer import Warehouse
from warehouse.model import Role, Scope, Viewer
from warehouse.operations import Severity
from warehouse.quality import CHECKS
from warehouse.schema import SQL

OPERATOR = Viewer(name="Li", role=Role.OPERATOR, scope=Scope(everything=True))
FIRST = datetime(2026, 3, 1, 4, tzinfo=UTC)
Row = dict[str, Any]


def _event(number: int, days: float = 0, **more: Any) -> Row:
    known = {"scene": "tax", "district": "d1", "channel": "web", "person": f"p{number % 90}"}
    at = FIRST + timedelta(days=days, seconds=number)
    return {"identity": f"{number}", "occurred_at": at, **known, **more}


def _loan(application: str, step: str, hours: float, **more: Any) -> Row:
    return {
        "identity": f"{application}{step}",
        "occurred_at": FIRST + timedelta(hours=hours),
        "application": application,
        "person": application,
        "step": step,
        **more,
    }


def _broken(folder: Path, **rows: list[Row]) -> dict[str, int]:
    """Check -> rows that break it, over all partitions; only what is broken."""
    warehouse = Warehouse.open(build_home(folder, **rows))
    found = warehouse.checks(OPERATOR)
    warehouse.close()
    assert {each.check for each in found} <= CHECKS.keys()
    return {each.check: each.rows for each in found if each.rows}


def test_checks_when_all_is_well_then_all_hold(tmp_path: Path) -> None:
    events = [_event(n, n % 28) for n in range(28 * 30)]
    loans = [_loan("a", step, n) for n, step in enumerate(("applied", "approved", "disbursed"))]
    assert _broken(tmp_path, service_events=events, loan_events=loans) == {}


EVENTS: dict[str, tuple[list[Row], int]] = {
    "unknown_district": ([_event(n, district="d1" if n % 2 else "") for n in range(200)], 100),
    "unknown_channel": ([_event(n, channel="web" if n % 3 else "") for n in range(300)], 100),
    "unknown_person": ([_event(n, person=None if n % 3 else "p") for n in range(150)], 100),
    "busy_person": ([_event(n, person="bot") for n in range(301)], 301),
    "thin_day": ([_event(n, n % 28) for n in range(28 * 30) if n % 28 != 8 or n < 140], 1),
    "missing_day": ([_event(n, n % 28) for n in range(280) if n % 28 not in (5, 9)], 2),
}


@pytest.mark.parametrize("check", EVENTS)
def test_check_when_events_break_it_then_they_are_counted(check: str, tmp_path: Path) -> None:
    events, expected = EVENTS[check]
    assert _broken(tmp_path, service_events=events) == {check: expected}


LOANS: dict[str, list[Row]] = {
    "steps_backwards": [_loan("a", "applied", 5), _loan("a", "approved", 2)],
    "approved_unasked": [_loan("a", "approved", 2)],
    "paid_too_much": [
        _loan("a", "applied", 1, amount=900),
        _loan("a", "approved", 2, amount=500),
        _loan("a", "disbursed", 3, amount=501),
    ],
}


@pytest.mark.parametrize("check", LOANS)
def test_check_when_a_loan_breaks_it_then_it_is_counted(check: str, tmp_path: Path) -> None:
    assert _broken(tmp_path, loan_events=LOANS[check]) == {check: 1}


def test_check_when_applied_for_in_the_month_before_then_holds(tmp_path: Path) -> None:
    loans = [_loan("a", "applied", -24 * 9), _loan("a", "approved", 2)]
    assert _broken(tmp_path, loan_events=loans) == {}


def test_checks_when_listed_then_each_warning_has_its_statement() -> None:
    files = {file.stem for file in (SQL / "checks" / "quality").glob("*.sql")}
    assert files == {key for key, one in CHECKS.items() if one.severity is Severity.WARNING}
