"""Asking the ETL from a page: what is offered, what is refused, what is taken and logged."""

import logging
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from callbacks.services import Services, records_of
from callbacks.wishes import Desk
from tests.pages.operations import REASONS, Reason
from tests.unit.callbacks.conftest import ServicesFor
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.errors import Forbidden, QueryError
from warehouse.model import Role
from warehouse.operations import Request, RunKind

DAYS = {"start": "2026-03-01", "end": "2026-03-07"}


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> tuple[Reason, ...]:
    monkeypatch.setattr(Warehouse, "quarantine", lambda _self, _viewer: REASONS)
    return REASONS


class Office:
    """Takes requests and remembers them."""

    def __init__(self, services: Services) -> None:
        self.taken: list[Request] = []
        self.desk = Desk(services=replace(services, ask=self._ask))

    def _ask(self, **wanted: Any) -> Request:
        number = len(self.taken) + 1
        self.taken.append(Request(request_id=f"q{number}", asked_at=clock.now(), **wanted))
        return self.taken[-1]


@pytest.fixture
def office(services_for: ServicesFor, broken: object) -> Office:
    return Office(services_for(Role.OPERATOR))


def test_replay_when_offered_then_names_the_sources_with_their_rows(office: Office) -> None:
    shown = office.desk.offer("replay:empty")
    assert shown["is_open"] is True
    assert "service_event · 100,000 行" in str(shown["body"])
    assert "确认重放" in str(shown["body"])
    assert office.taken == []


def test_replay_when_confirmed_then_is_asked_under_the_name_of_the_viewer_and_logged(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        shown = office.desk.ask("replay:empty", {"sources": ["service_event"]})
    (one,) = office.taken
    assert (one.kind, one.source, one.reason) == (RunKind.REPLAY, "service_event", "empty")
    assert (one.asked_by, one.start, shown["asked"]) == ("somebody", None, "q1")
    assert "请求已提交" in str(shown["body"])
    (line,) = (r.getMessage() for r in caplog.records if r.name == "callbacks.wishes")
    assert line == (
        "request by 'somebody': replay of service_event, reason 'empty',"
        " days None to None, request q1"
    )


def test_backfill_when_confirmed_then_the_last_day_is_included(office: Office) -> None:
    office.desk.ask("backfill:loan_event", {"sources": "loan_event", **DAYS})
    (one,) = office.taken
    assert (one.kind, one.source, one.reason) == (RunKind.BACKFILL, "loan_event", "")
    assert (one.start, one.end) == (date(2026, 3, 1), date(2026, 3, 8))


@pytest.mark.parametrize(
    ("key", "typed", "says"),
    [
        ("replay:empty", {"sources": []}, "请选择数据源"),
        ("replay:empty", {"sources": ["tax"]}, "请选择数据源"),
        ("replay:nothing", {"sources": ["service_event"]}, "请选择数据源"),
        ("backfill:", {"sources": "any", **DAYS}, "请选择数据源"),
        ("backfill:", {"sources": "loan_event", **DAYS, "end": "soon"}, "2026-01-31"),
        ("backfill:", {"sources": "loan_event", **DAYS, "end": "2026-02-01"}, "止日早于起日"),
        ("backfill:", {"sources": "loan_event", **DAYS, "end": "2026-03-21"}, "止日在将来"),
        ("backfill:", {"sources": "loan_event", **DAYS, "start": "2024-03-01"}, "一次最多"),
        ("backfill:", {"sources": "loan_event", "start": None, "end": None}, "2026-01-31"),
    ],
)
def test_request_when_something_is_wrong_then_the_dialog_says_so_and_nothing_is_asked(
    office: Office, key: str, typed: dict[str, Any], says: str
) -> None:
    shown = office.desk.ask(key, typed)
    assert shown["is_open"] is True
    assert says in str(shown["body"])
    assert office.taken == []


@pytest.mark.parametrize("key", ["", "destroy:all", "backfill:moon", "load:service_event"])
def test_key_when_no_button_has_it_then_is_refused(office: Office, key: str) -> None:
    with pytest.raises(QueryError):
        office.desk.offer(key)


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.ANALYST, Role.WALL])
def test_request_when_made_by_another_role_then_is_forbidden(
    services_for: ServicesFor, broken: object, role: Role
) -> None:
    office = Office(services_for(role))
    with pytest.raises(Forbidden):
        office.desk.offer("replay:empty")
    with pytest.raises(Forbidden):
        office.desk.ask("replay:empty", {"sources": ["service_event"]})
    assert office.taken == []


def test_requests_when_the_etl_has_not_taken_one_yet_then_it_is_listed_once_all_the_same(
    services_for: ServicesFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, taken = (
        Request(
            request_id=name,
            kind=RunKind.REPLAY,
            source="loan_event",
            asked_by="li",
            asked_at=clock.now(),
        )
        for name in ("new", "taken")
    )
    monkeypatch.setattr(Warehouse, "requests", lambda _self, _viewer: (taken,))
    services = replace(services_for(Role.OPERATOR), waiting=lambda: (new, taken))
    records = records_of(services, services.viewer())
    assert records.requests() == (new, taken)
