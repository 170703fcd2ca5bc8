"""What operators see of the pipeline, through the one door, and what nobody else sees."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.alarms.incidents import IncidentBook
from etl.load import Loader
from etl.model import Batch, RunState
from etl.publish import publish
from tests.tiny import tiny_batch, tiny_settings, tiny_source
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.connection import Reader
from warehouse.errors import Forbidden
from warehouse.keys import Keyring
from warehouse.model import City, Label, Period, Role, Scope, Viewer
from warehouse.operations import (
    Drift,
    Incident,
    Request,
    Restatement,
    Run,
    RunKind,
)
from warehouse.settings import Settings

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
CITY = City(label=Label(zh="示例市", en="Example City"))
SOURCE = replace(tiny_source("service_event"), personal=("ID card", "phone"))
OPERATOR = Viewer(name="Li", role=Role.OPERATOR, scope=Scope(everything=True))


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return tiny_settings(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with clock.frozen_at(NOON), Loader(home, Keyring.open(home, create=True)) as opened:
        yield opened


def _original(line: int, **more: Any) -> dict[str, Any]:
    content = {"ID card": -77, " PHONE": 12, "scene": f"tax{line}", **more}
    return {"line": line, "original": json.dumps(content)}


def _batch(loader: Loader, run: str, broken: list[dict[str, Any]], name: str = "") -> Batch:
    batch = tiny_batch(
        SOURCE, [], loader.keyring, broken=broken, run_id=run, batch_id=name or f"of {run}"
    )
    return replace(batch, source=SOURCE)


def _run(loader: Loader, run: str, *batches: Batch, minute: int = 0) -> None:
    begun = NOON + timedelta(minutes=minute)
    loader.state.start_run(run, SOURCE.name, "service_event", begun, RunKind.LOAD, "Li")
    with clock.frozen_at(begun):
        for batch in batches:
            loader.load(batch)
        loader.state.end_run(run, RunState.DONE, "fine")


def _published(loader: Loader) -> Warehouse:
    publish(loader, (), {}, CITY)
    return Warehouse(loader.settings, Reader(loader.settings, loader.keyring))


def test_runs_when_published_then_the_newest_come_first_with_their_counts(loader: Loader) -> None:
    _run(loader, "r1", _batch(loader, "r1", [_original(1), _original(2)]))
    _run(loader, "r2", minute=5)
    loader.state.start_run("r3", "other", "service_event", NOON + timedelta(hours=1))
    warehouse = _published(loader)
    runs = warehouse.runs(OPERATOR)
    assert [(run.run_id, run.state) for run in runs] == [
        ("r3", "running"),
        ("r2", "done"),
        ("r1", "done"),
    ]
    assert runs[2] == Run(
        run_id="r1",
        source=SOURCE.name,
        dataset="service_event",
        kind=RunKind.LOAD,
        asked_by="Li",
        started_at=NOON,
        ended_at=NOON,
        state="done",
        read=2,
        loaded=0,
        duplicate=0,
        quarantined=2,
        message="fine",
    )
    assert [run.run_id for run in warehouse.runs(OPERATOR, "other")] == ["r3"]
    assert [run.run_id for run in warehouse.runs(OPERATOR, limit=1)] == ["r3"]


def test_samples_when_rows_are_many_then_five_of_a_reason_without_personal_columns(
    loader: Loader,
) -> None:
    _run(loader, "r1", _batch(loader, "r1", [_original(n, note="x" * 900) for n in range(9)]))
    _run(loader, "r2", _batch(loader, "r2", [_original(50)]), minute=1)
    samples = _published(loader).samples(OPERATOR)
    assert [sample.line for sample in samples] == [50, 0, 1, 2, 3]
    assert json.loads(samples[0].original) == {"scene": "tax50"}
    assert json.loads(samples[1].original) == {"scene": "tax0", "note": "x" * 200}
    assert samples[0].seen_at == NOON + timedelta(minutes=1)


def test_samples_when_a_column_becomes_personal_later_then_new_ones_leave_it_out(
    loader: Loader,
) -> None:
    later = replace(SOURCE, personal=("scene",))
    loader.state.start_run("r1", SOURCE.name, "service_event", NOON)
    loader.load(replace(_batch(loader, "r1", [_original(1)]), source=later))
    loader.state.end_run("r1", RunState.DONE)
    _run(loader, "r2", _batch(loader, "r2", [_original(2)]))
    assert [s.original for s in _published(loader).samples(OPERATOR)][-1] == "{}"


def test_samples_when_the_same_file_comes_again_then_each_row_is_shown_once(
    loader: Loader,
) -> None:
    for number in range(3):
        batch = _batch(loader, f"r{number}", [_original(1)], "same")
        _run(loader, f"r{number}", batch, minute=number)
        warehouse = _published(loader)
    assert len(warehouse.samples(OPERATOR)) == 1
    assert [reason.rows for reason in warehouse.quarantine(OPERATOR)] == [3]


def _restatement(metric: str, member: str, day: date) -> Restatement:
    return Restatement(
        metric=metric,
        dimension="district" if member else "",
        member=member,
        start=day,
        end=day + timedelta(days=1),
        old=1.0,
        new=2.0,
        cause="late",
        sources=("s",),
        rows=1,
        seen_at=NOON,
        generation=2,
    )


def test_restatements_when_asked_then_each_viewer_sees_those_of_the_own_scope(
    loader: Loader,
) -> None:
    day = date(2026, 3, 1)
    given = [
        _restatement("usage.events", "", day),
        _restatement("usage.events", "d1", day),
        _restatement("usage.events", "d2", day + timedelta(days=9)),
        _restatement("pipeline.read", "", day),
        _restatement("gone.metric", "", day),
    ]
    loader.state.restated(given)
    warehouse = _published(loader)
    official = Viewer(name="", role=Role.OFFICIAL, scope=Scope(districts=frozenset({"d1"})))
    assert warehouse.restatements(official) == (given[1],)
    assert set(warehouse.restatements(OPERATOR)) == set(given[:4])
    assert warehouse.restatements(OPERATOR, ("pipeline.read",)) == (given[3],)
    late = Period(start=day + timedelta(days=9), end=day + timedelta(days=20))
    assert warehouse.restatements(OPERATOR, (), late) == (given[2],)


def test_books_when_things_went_wrong_then_operators_read_them(loader: Loader) -> None:
    state = loader.state
    for _ in range(3):
        state.tried("s", "bad.csv", "v", "crash")
    state.tried("s", "once.csv", "v", "crash")
    drift = Drift(
        source="s", item="a", column_name="c", kind="new", was="", now="text", seen_at=NOON
    )
    state.keep_columns("s", {"c": "text"}, [drift])
    opened = Incident(
        incident_id="b",
        source="s",
        kind="failed",
        message="no server",
        opened_at=NOON,
        told_at=None,
        closed_at=None,
    )
    closed = replace(opened, incident_id="a", kind="stale", message="old", closed_at=NOON)
    IncidentBook(loader).save((closed, opened), ())
    asked = Request(request_id="q", kind=RunKind.REPLAY, source="s", asked_by="Li", asked_at=NOON)
    state.take_request(asked)
    warehouse = _published(loader)
    assert [(p.item, p.tries, p.since) for p in warehouse.parked(OPERATOR)] == [
        ("bad.csv", 3, NOON)
    ]
    assert warehouse.drifts(OPERATOR) == (drift,)
    assert warehouse.incidents(OPERATOR) == (opened, closed)
    assert warehouse.requests(OPERATOR) == (asked,)


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.ANALYST, Role.WALL])
@pytest.mark.parametrize(
    "ask",
    ["runs", "samples", "incidents", "drifts", "parked", "checks", "requests", "quarantine"],
)
def test_operations_when_asked_by_another_role_then_forbidden(
    loader: Loader, role: Role, ask: str
) -> None:
    viewer = Viewer(name="", role=role, scope=Scope(everything=True))
    warehouse = Warehouse(loader.settings, Reader(loader.settings, loader.keyring))
    with pytest.raises(Forbidden, match="operator"):
        getattr(warehouse, ask)(viewer)
