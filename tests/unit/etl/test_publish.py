"""Publishing: only what changed is copied, old generations go, a crash leaves the one before."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl import publish as publishing
from etl.load import Loader
from etl.model import Batch, Declared, RunState
from etl.publication import publish_all
from etl.publish import publish
from tests.tiny import load_rows, tiny_batch, tiny_settings, tiny_source
from warehouse import clock
from warehouse.connection import Reader
from warehouse.home import published_files
from warehouse.keys import Keyring
from warehouse.manifest import Manifest, manifest_file, read_manifest
from warehouse.model import City, Label
from warehouse.settings import Settings

NOON = datetime(2026, 4, 1, 4, tzinfo=UTC)
CITY = City(label=Label(zh="示例市", en="Example City"))
SERVICE = tiny_source("service_event")


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return tiny_settings(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as opened:
        yield opened


def _load(loader: Loader, *days: int, dataset: str = "service_event") -> None:
    rows: list[dict[str, Any]] = [
        {
            "identity": str(day),
            "occurred_at": NOON + timedelta(days=day),
            "scene": "tax",
            "level": "satisfied",
        }
        for day in days
    ]
    load_rows(loader, tiny_source(dataset), rows)


def _publish(loader: Loader) -> Manifest:
    return publish(loader, (), {}, CITY)


def _by_month(manifest: Manifest) -> dict[tuple[str, str], str]:
    return {(f.dataset, f.month): f.file for f in manifest.files}


def test_publish_when_one_month_changed_then_the_others_keep_their_file(loader: Loader) -> None:
    _load(loader, 0, 40)
    _load(loader, 0, dataset="rating_event")
    first = _publish(loader)
    inodes = {f.name: f.stat().st_ino for f in published_files(loader.settings).iterdir()}
    _load(loader, 41)
    second = _publish(loader)
    before, after = _by_month(first), _by_month(second)
    changed = {key for key in after if before.get(key) != after[key]}
    month = f"{clock.today(loader.settings.zone):%Y-%m}"
    assert changed == {("service_event", "2026-05"), ("pipeline_run", month), ("operations", "")}
    kept = published_files(loader.settings) / after["service_event", "2026-04"]
    assert kept.stat().st_ino == inodes[kept.name]
    assert second.generation == first.generation + 1
    own = {"pipeline_run", "operations"}
    assert first.versions == {"service_event": 1, "rating_event": 1} | dict.fromkeys(own, 1)
    assert second.versions == {"service_event": 2, "rating_event": 1} | dict.fromkeys(own, 2)


def test_publish_when_nothing_changed_then_no_new_generation(loader: Loader) -> None:
    _load(loader, 0)
    first = _publish(loader)
    listing = sorted(loader.settings.published.rglob("*"))
    assert _publish(loader) == first
    assert sorted(loader.settings.published.rglob("*")) == listing


def test_publish_when_stamps_are_lost_then_equal_content_keeps_its_file(loader: Loader) -> None:
    _load(loader, 0)
    first = _publish(loader)
    (loader.settings.live / "published.json").write_text("not json")
    assert _publish(loader).files == first.files


def test_publish_when_file_changed_without_new_size_then_is_copied(loader: Loader) -> None:
    _load(loader, 0)
    first = _publish(loader)
    alias = loader.writer.attach("service_event", "2026-04")
    loader.writer.execute(f"UPDATE {alias}.fact SET street = 'x'")
    assert _publish(loader).versions["service_event"] == first.versions["service_event"] + 1


def test_publish_when_runs_ended_then_they_are_rows_of_the_pipeline(loader: Loader) -> None:
    _load(loader, 0, 1)
    loader.state.start_run("open", "service_event", "service_event", NOON)
    _publish(loader)
    _load(loader, 1, 2)
    _publish(loader)
    reader = Reader(loader.settings, loader.keyring)
    table = reader.snapshot().table("pipeline_run", "fact", period=None)
    rows = reader.snapshot().select(
        "SELECT source, dataset, state, rows_read, rows_loaded, rows_duplicate FROM"
        f" {table} ORDER BY occurred_at"
    )
    name = "service_event"
    assert rows == [(name, name, "done", 2, 2, 0), (name, name, "done", 2, 1, 1)]
    reader.close()


def test_publish_when_rows_were_quarantined_then_reasons_come_without_originals(
    loader: Loader,
) -> None:
    broken = [
        {"line": line, "column_name": "scene", "reason": "empty", "original": "secret"}
        for line in (9, 4)
    ]
    _run(loader, "run", tiny_batch(SERVICE, [], loader.keyring, broken=broken))
    _publish(loader)
    reader = Reader(loader.settings, loader.keyring)
    snapshot = reader.snapshot()
    table = snapshot.table("operations", "quarantine_reason", period=None)
    columns = "source, reason, column_name, rows, sample_line"
    assert snapshot.select(f"SELECT {columns} FROM {table}") == [
        ("service_event", "empty", "scene", 2, "service_event.csv:4")
    ]
    everything = snapshot.select("SELECT table_name FROM duckdb_tables() WHERE NOT internal")
    assert ("original",) not in everything
    reader.close()


def _run(loader: Loader, run_id: str, *batches: Batch) -> None:
    loader.state.start_run(run_id, SERVICE.name, SERVICE.contract.name, NOON)
    for batch in batches:
        loader.load(batch)
    loader.state.end_run(run_id, RunState.DONE)


def _set_aside(home: Settings) -> tuple[int, int, int]:
    """Broken rows in the generation: by the reasons, by the runs, by the source's status."""
    keyring = Keyring.open(home)
    reader = Reader(home, keyring)
    snapshot = reader.snapshot()
    found = [
        int(snapshot.select(f"SELECT coalesce(sum({column}), 0) FROM {table}")[0][0])
        for column, table in (
            ("rows", snapshot.table("operations", "quarantine_reason", period=None)),
            ("rows_quarantined", snapshot.table("pipeline_run", "fact", period=None)),
        )
    ]
    by_source = sum(source.rows_quarantined for source in snapshot.manifest.sources)
    reader.close()
    return found[0], found[1], by_source


def _publish_all(loader: Loader) -> None:
    publish_all(Declared(sources=(SERVICE,), city=CITY, labels={}), loader)


def test_reasons_when_a_file_comes_again_then_they_agree_with_the_runs(loader: Loader) -> None:
    broken = [{"line": line, "reason": reason} for line, reason in ((4, "a"), (5, "b"), (6, "a"))]
    for run_id in ("first", "again", "third"):
        batch = tiny_batch(SERVICE, [], loader.keyring, broken=broken, run_id=run_id)
        _run(loader, run_id, batch)
    other = tiny_batch(
        SERVICE, [], loader.keyring, broken=broken[:1], batch_id="other", run_id="fourth"
    )
    _run(loader, "fourth", other)
    _publish_all(loader)
    assert _set_aside(loader.settings) == (10, 10, 10)


def test_reasons_when_a_run_still_goes_on_then_they_wait_for_it(loader: Loader) -> None:
    broken = [{"line": 4}]
    _run(loader, "run", tiny_batch(SERVICE, [], loader.keyring, broken=broken))
    loader.state.start_run("open", SERVICE.name, SERVICE.contract.name, NOON)
    loader.load(
        tiny_batch(SERVICE, [], loader.keyring, broken=broken * 5, batch_id="long", run_id="open")
    )
    _publish_all(loader)
    assert _set_aside(loader.settings) == (1, 1, 6)

    loader.state.end_run("open", RunState.INTERRUPTED)
    _publish_all(loader)
    assert _set_aside(loader.settings) == (6, 6, 6)


def test_reasons_when_killed_between_originals_and_books_then_they_agree_with_the_runs(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batch(run_id: str) -> Batch:
        broken = [{"line": 4}, {"line": 5}]
        return tiny_batch(SERVICE, [], loader.keyring, broken=broken, run_id=run_id)

    with monkeypatch.context() as killed:
        killed.setattr(loader.state, "record", _fail)
        loader.state.start_run("killed", SERVICE.name, SERVICE.contract.name, NOON)
        with pytest.raises(OSError, match="planted"):
            loader.load(batch("killed"))
    loader.state.end_run("killed", RunState.INTERRUPTED)
    _publish_all(loader)
    assert _set_aside(loader.settings) == (0, 0, 0)

    _run(loader, "next", batch("next"))
    _publish_all(loader)
    assert _set_aside(loader.settings) == (2, 2, 2)


def test_reasons_when_nothing_is_new_then_the_pipelines_file_stays(loader: Loader) -> None:
    for run_id in ("first", "again"):
        batch = tiny_batch(SERVICE, [], loader.keyring, broken=[{"line": 4}], run_id=run_id)
        _run(loader, run_id, batch)
    assert _by_month(_publish(loader)) == _by_month(_publish(loader))


def test_publish_when_killed_before_current_then_the_next_number_is_higher(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    _load(loader, 0)
    assert _publish(loader).generation == 1
    _load(loader, 1)
    with monkeypatch.context() as broken:
        broken.setattr(publishing, "make_current", _fail)
        with pytest.raises(OSError, match="planted"):
            _publish(loader)
    assert read_manifest(loader.settings, loader.keyring).generation == 1
    assert _publish(loader).generation == 3
    assert not manifest_file(loader.settings, 2).exists() or _is_young(loader.settings, 2)


def _fail(*_: object) -> None:
    raise OSError("planted")


def _is_young(settings: Settings, generation: int) -> bool:
    age = time.time() - manifest_file(settings, generation).stat().st_mtime
    return age < publishing.KEEP_SECONDS


def test_prune_when_generations_are_old_then_three_stay_with_their_files(loader: Loader) -> None:
    for day in range(5):
        _load(loader, day)
        _publish(loader)
        hour_ago = time.time() - 3600
        for file in loader.settings.published.glob("manifest-*.json"):
            os.utime(file, (hour_ago, hour_ago))
    _load(loader, 9)
    last = _publish(loader)
    numbers = {f.stem for f in loader.settings.published.glob("manifest-*.json")}
    assert numbers == {"manifest-6", "manifest-5", "manifest-4"}
    names = {f.name for f in published_files(loader.settings).iterdir()}
    assert {f.file for f in last.files} <= names
    assert len(names) == 9  # three generations, each with its own April, runs and operations


def test_prune_when_generations_are_young_then_all_stay(loader: Loader) -> None:
    for day in range(5):
        _load(loader, day)
        _publish(loader)
    assert len(list(loader.settings.published.glob("manifest-*.json"))) == 5
    (published_files(loader.settings) / "left-over.tmp").touch()
    _load(loader, 9)
    _publish(loader)
    assert not (published_files(loader.settings) / "left-over.tmp").exists()


def test_publish_when_done_then_no_key_lies_in_clear(loader: Loader) -> None:
    _load(loader, 0)
    manifest = _publish(loader)
    text = manifest_file(loader.settings, manifest.generation).read_text()
    for part in manifest.files:
        context = f"partition/{part.dataset}/{part.month or 'all'}"
        key = loader.keyring.unwrap(part.wrapped_key, context)
        assert len(key) == 32
        assert key.hex() not in text
