"""The books of what went wrong: tries, columns, requests, late rows, restatements."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from etl.books.attempts import MOST_DRIFTS, MOST_TRIES
from etl.load import Loader
from etl.state import State
from tests.tiny import tiny_settings
from warehouse import clock
from warehouse.keys import Keyring
from warehouse.operations import Drift, Request, RequestState, Restatement, RunKind
from warehouse.settings import Settings

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
DAY = date(2026, 3, 1)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return tiny_settings(tmp_path)


@pytest.fixture
def state(home: Settings) -> Iterator[State]:
    with clock.frozen_at(NOON), Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader.state


def test_tried_when_the_same_version_fails_on_then_is_parked_at_the_third(state: State) -> None:
    tries = [state.tried("s", "a", "v1", f"crash {n}") for n in range(MOST_TRIES)]
    assert tries == [1, 2, 3]
    parked = state.parked("s")["a"]
    assert (parked.version, parked.reason, parked.since) == ("v1", "crash 2", NOON)
    assert state.parked("other") == {}


def test_tried_when_the_version_changed_then_counts_from_one(state: State) -> None:
    for version, expected in (("v1", 1), ("v1", 2), ("v2", 1)):
        assert state.tried("s", "a", version, "crash") == expected
    assert state.parked("s") == {}
    assert state.attempts("s")["a"].version == "v2"


def test_clear_when_parked_then_it_may_be_tried_again(state: State) -> None:
    for _ in range(3):
        state.tried("s", "a", "v1", "crash")
    state.clear("s", "a")
    assert state.attempts("s") == {}


def _drift(number: int) -> Drift:
    return Drift(
        source="s",
        item="a",
        column_name=f"c{number}",
        kind="new",
        was="",
        now="text",
        seen_at=NOON + timedelta(seconds=number),
    )


def test_columns_when_delivered_again_then_only_the_last_ones_stay(state: State) -> None:
    state.keep_columns("s", {"a": "text", "b": "whole"})
    state.keep_columns("s", {"a": "time", "c": "empty"}, [_drift(1), _drift(2)])
    assert state.columns("s") == {"a": "time", "c": "empty"}
    assert state.drifts("s") == (_drift(2), _drift(1))


def test_drifts_when_they_are_many_then_the_newest_stay(state: State) -> None:
    state.keep_columns("s", {}, [_drift(n) for n in range(MOST_DRIFTS + 9)])
    kept = state.drifts("s")
    assert (len(kept), kept[0], kept[-1]) == (MOST_DRIFTS, _drift(MOST_DRIFTS + 8), _drift(9))


REQUEST = Request(
    request_id="q1",
    kind=RunKind.BACKFILL,
    source="s",
    start=DAY,
    end=date(2026, 3, 9),
    asked_by="Li",
    asked_at=NOON,
)


def test_request_when_taken_twice_then_is_entered_once(state: State) -> None:
    assert state.take_request(REQUEST)
    assert not state.take_request(REQUEST)
    assert state.requests(RequestState.WAITING) == (REQUEST,)
    state.mark_request("q1", RequestState.DONE, "r1", "3 rows")
    assert state.requests(RequestState.WAITING) == ()
    (done,) = state.requests()
    assert (done.state, done.run_id, done.message) == (RequestState.DONE, "r1", "3 rows")


def test_request_when_the_process_was_killed_then_waits_again(home: Settings) -> None:
    ring = Keyring.open(home, create=True)
    with Loader(home, ring) as loader:
        loader.state.take_request(REQUEST)
        loader.state.mark_request("q1", RequestState.RUNNING, "r1")
    with Loader(home, ring) as loader:
        assert [r.request_id for r in loader.state.requests(RequestState.WAITING)] == ["q1"]


def _mark(loader: Loader, rows: int) -> None:
    loader.state.mark_late("service_event", "hall", {DAY: rows}, "late", 3)


def test_late_when_a_number_is_restated_then_only_rows_since_then_stay(home: Settings) -> None:
    with Loader(home, Keyring.open(home, create=True)) as loader, clock.frozen_at(NOON):
        _mark(loader, 3)
        _mark(loader, 4)
        (late,) = loader.state.lates()
        assert (late.dataset, late.day, late.rows) == ("service_event", DAY, 7)
        _mark(loader, 2)
        restated = Restatement(
            metric="usage.events",
            dimension="district",
            member="d1",
            start=DAY,
            end=date(2026, 3, 2),
            old=None,
            new=12.0,
            cause="late",
            sources=("service_event",),
            rows=7,
            seen_at=NOON,
            generation=4,
        )
        loader.state.restated([restated], [late])
        assert loader.state.restatements() == (restated,)
        assert [each.rows for each in loader.state.lates()] == [2]
        loader.state.restated([], loader.state.lates())
        assert loader.state.lates() == ()
