"""The books: runs, deliveries, positions, and what a killed process leaves in them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from etl.delivery import Position
from etl.load import Loader
from etl.model import BatchCount, RunState
from tests.tiny import tiny_batch, tiny_settings, tiny_source
from warehouse import clock
from warehouse.errors import StorageError
from warehouse.keys import Keyring
from warehouse.settings import Settings

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
SOURCE = tiny_source("service_event")


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return tiny_settings(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with clock.frozen_at(NOON), Loader(home, Keyring.open(home, create=True)) as opened:
        yield opened


def _deliver(loader: Loader, run: str, batch: str, hours: int) -> BatchCount:
    rows = [
        {"identity": f"{batch}{n}", "occurred_at": NOON + timedelta(hours=hours), "scene": "tax"}
        for n in range(3)
    ]
    return loader.load(
        tiny_batch(SOURCE, rows, loader.keyring, batch_id=batch, run_id=run, broken=[{}])
    )


def test_run_when_ended_then_reports_the_sum_of_its_deliveries(loader: Loader) -> None:
    loader.state.start_run("r1", "service_event", "service_event", NOON)
    _deliver(loader, "r1", "a", 0)
    _deliver(loader, "r1", "b", 0)
    report = loader.state.end_run("r1", RunState.DONE, "fine")
    assert (report.read, report.loaded, report.duplicate, report.quarantined) == (8, 6, 0, 2)
    assert (report.state, report.message, report.source) == ("done", "fine", "service_event")
    assert (report.started_at, report.ended_at) == (NOON, NOON)


def test_run_when_process_was_killed_then_is_interrupted_with_its_counts(home: Settings) -> None:
    ring = Keyring.open(home, create=True)
    with Loader(home, ring) as loader:
        loader.state.start_run("r1", "service_event", "service_event", NOON)
        _deliver(loader, "r1", "a", 0)
    with Loader(home, ring) as loader:
        report = loader.state.last_run("service_event")
        assert report is not None
        assert (report.state, report.loaded) == (RunState.INTERRUPTED, 3)
        assert report.ended_at is not None


def test_last_run_when_there_is_none_then_none(loader: Loader) -> None:
    assert loader.state.last_run("service_event") is None
    assert loader.state.watermark("service_event") is None
    assert loader.state.totals("service_event") == BatchCount()


def test_last_run_when_several_then_the_one_started_last(loader: Loader) -> None:
    for number in (2, 0, 1):
        begun = NOON + timedelta(minutes=number)
        loader.state.start_run(f"r{number}", "service_event", "service_event", begun)
    found = loader.state.last_run("service_event")
    assert found is not None and found.run_id == "r2"


def test_watermark_when_batches_come_out_of_order_then_never_falls(loader: Loader) -> None:
    _deliver(loader, "r1", "a", 5)
    _deliver(loader, "r1", "b", 2)
    assert loader.state.watermark("service_event") == NOON + timedelta(hours=5)


def test_position_when_moved_again_then_the_last_counts(loader: Loader) -> None:
    for size in (1, 2):
        loader.state.move("service_event", Position(item="f", version=str(size), sha256="s" * size))
    loader.state.move("other", Position(item="g", version="9", sha256="g"))
    assert [p.version for p in loader.state.positions("service_event").values()] == ["2"]


def test_record_when_it_fails_then_neither_counts_nor_position_stay(loader: Loader) -> None:
    _deliver(loader, "r1", "a", 0)
    batch = tiny_batch(SOURCE, [], loader.keyring, batch_id="a", run_id="r1")
    position = Position(item="f", version="1", sha256="s")
    with pytest.raises(StorageError):
        loader.state.record(batch, BatchCount(), position)
    assert loader.state.positions("service_event") == {}
    assert loader.state.totals("service_event").read == 4


def _ended(loader: Loader) -> list[tuple[object, ...]]:
    return loader.writer.execute("SELECT run_id, state, rows_loaded FROM state.ended ORDER BY ALL")


def test_standing_when_batches_were_delivered_then_is_the_sum_without_reading_them(
    loader: Loader,
) -> None:
    loader.state.start_run("r1", "service_event", "service_event", NOON)
    for number in range(3):
        _deliver(loader, "r1", f"b{number}", number)
    loader.state.end_run("r1", RunState.FAILED, "no disk")
    loader.writer.execute("DELETE FROM state.delivery")
    loader.writer.execute("DELETE FROM state.run")
    found = loader.state.standings()["service_event"]
    assert found.count == BatchCount(read=12, loaded=9, quarantined=3)
    assert found.watermark == NOON + timedelta(hours=2)
    assert (found.run_state, found.run_message) == ("failed", "no disk")


def test_standing_when_the_home_is_older_then_is_summed_once(home: Settings) -> None:
    ring = Keyring.open(home, create=True)
    with Loader(home, ring) as loader:
        loader.state.start_run("r1", "service_event", "service_event", NOON)
        _deliver(loader, "r1", "a", 3)
        _deliver(loader, "r1", "b", 1)
        loader.state.end_run("r1", RunState.DONE)
        expected, ended = loader.state.standings(), _ended(loader)
        loader.writer.execute("DROP TABLE state.standing")
        loader.writer.execute("DROP TABLE state.ended")
    for _ in range(2):
        with Loader(home, ring) as loader:
            assert loader.state.standings() == expected
            assert _ended(loader) == ended == [("r1", "done", 6)]


def test_forget_when_items_went_away_then_their_positions_go(loader: Loader) -> None:
    for name in "abc":
        loader.state.move("service_event", Position(item=name, version="1", sha256="s"))
    loader.state.forget("service_event", ["a", "c"])
    assert loader.state.positions("service_event").keys() == {"b"}
