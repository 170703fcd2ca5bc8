"""Homes of the first cockpit are brought up when the ETL starts, once and whole."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl.delivery import Position
from etl.load import Loader
from etl.model import BatchCount, RunState
from etl.publish import publish
from tests.older.home import make_books, make_runs
from tests.tiny import tiny_settings
from warehouse.answer import Warehouse
from warehouse.home import live_file
from warehouse.keys import Keyring
from warehouse.model import City, Label, MetricQuery, Role, Scope, Viewer
from warehouse.operations import RunKind
from warehouse.settings import Settings
from warehouse.writer import Writer

NOON = datetime(2026, 4, 1, 12)


@pytest.fixture
def older(tmp_path: Path) -> Settings:
    """Two runs of a source of files, the second one killed; one file read to its end."""
    settings = tiny_settings(tmp_path)
    writer = Writer(settings, Keyring.open(settings, create=True))
    state = make_books(writer)
    for run_id, ended, how in (("r1", NOON, "done"), ("r2", None, "running")):
        writer.execute(
            f"INSERT INTO {state}.run VALUES (?, 'visits', 'service_event', ?, ?, ?, '')",
            [run_id, NOON, ended, how],
        )
        writer.execute(
            f"INSERT INTO {state}.delivery VALUES (?, ?, 'a.csv', 'visits', 9, 5, 3, 1, ?, ?)",
            [f"batch of {run_id}", run_id, NOON, NOON],
        )
    writer.execute(
        f"INSERT INTO {state}.position VALUES ('visits', 'a.csv', 700, 42, 'abc:def', ?)", [NOON]
    )
    writer.execute(
        f"INSERT INTO {writer.attach('quarantine', '')}.original BY NAME SELECT 'visits' AS source,"
        " 'batch of r1' AS batch_id, 'a.csv' AS item, 7 AS line, 'scene' AS column_name,"
        " 'is empty but required' AS reason, '{\"id\": -123}' AS original, ?::TIMESTAMP AS seen_at",
        [NOON],
    )
    make_runs(writer)
    writer.close()
    return settings


@pytest.mark.parametrize("starts", [1, 2])
def test_books_when_the_home_is_the_first_ones_then_all_is_kept(
    older: Settings, starts: int
) -> None:
    for _ in range(starts):
        with Loader(older, Keyring.open(older)) as loader:
            state = loader.state
            done, killed = state.run("r1"), state.run("r2")
            positions, totals = state.positions("visits"), state.totals("visits")
    assert (done.kind, done.asked_by, done.read, done.loaded) == (RunKind.LOAD, "", 9, 5)
    assert (killed.state, killed.duplicate, killed.quarantined) == (RunState.INTERRUPTED, 3, 1)
    assert positions == {"a.csv": Position(item="a.csv", version="700:42", sha256="abc:def")}
    assert totals == BatchCount(read=18, loaded=10, duplicate=6, quarantined=2)


def test_books_when_brought_up_then_new_runs_and_positions_are_entered(older: Settings) -> None:
    with Loader(older, Keyring.open(older)) as loader:
        state = loader.state
        now = NOON.replace(tzinfo=UTC)
        state.start_run("r3", "visits", "service_event", now, RunKind.REPLAY, "Li")
        state.end_run("r3", RunState.DONE)
        moved = Position(item="a.csv", version="v2", sha256="x", cursor="c")
        state.move("visits", moved)
        assert (state.run("r3").kind, state.run("r3").asked_by) == (RunKind.REPLAY, "Li")
        assert state.positions("visits") == {"a.csv": moved}


OPERATOR = Viewer(name="Li", role=Role.OPERATOR, scope=Scope(everything=True))


def test_publish_when_the_home_is_the_first_ones_then_every_run_is_a_fact_of_its_month(
    older: Settings,
) -> None:
    for _ in range(2):
        with Loader(older, Keyring.open(older)) as loader:
            publish(loader, (), {}, City(label=Label(zh="示例市", en="Example City")))
    assert not live_file(older, "pipeline_run", "").exists()
    warehouse = Warehouse.open(older)
    rows = MetricQuery(metrics=("pipeline.read", "pipeline.quarantined"), by=("state",))
    answer = warehouse.answer(rows, OPERATOR)
    found = {row.members: tuple(cell.value for cell in row.cells) for row in answer.rows}
    (reason,) = warehouse.quarantine(OPERATOR)
    warehouse.close()
    assert found == {("done",): (9, 1), ("interrupted",): (9, 1)}
    assert (reason.rows, reason.sample_line) == (1, "a.csv:7")
