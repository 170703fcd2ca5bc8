"""A kill at every named point: after the next start nothing is lost, doubled or half-written."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from etl.failpoints import NAMES
from etl.load import Loader
from tests.faults import story
from tests.tiny import tiny_settings
from warehouse.connection import Reader, Snapshot
from warehouse.errors import NotPublished
from warehouse.home import published_files
from warehouse.keys import Keyring
from warehouse.partitions import verify
from warehouse.settings import ROOT, Settings

SECOND = ("commit", "rollup", "publish_copy", "manifest", "current", "prune", "next_partition")
PLACES = (*NAMES, *(f"{name}:2" for name in SECOND))


@pytest.mark.parametrize("place", PLACES)
def test_load_when_killed_and_started_again_then_everything_counts_once(
    place: str, tmp_path: Path
) -> None:
    settings = tiny_settings(tmp_path)
    assert _killed_at(place, tmp_path) == -signal.SIGKILL
    _check_serves(settings)
    story.play(settings, "second")
    keyring = Keyring.open(settings)
    assert verify(settings, keyring).problems == ()
    reader = Reader(settings, keyring)
    snapshot = reader.snapshot()
    assert _facts(snapshot, "service_event", "scene") == _expected("service_event", "scene")
    assert _facts(snapshot, "loan_event", "step") == _expected("loan_event", "step")
    assert _usage(snapshot) == _expected_usage()
    _check_books(settings, keyring)
    used = {file.file for file in snapshot.manifest.files}
    assert used <= {file.name for file in published_files(settings).iterdir()}
    reader.close()


def test_home_when_never_killed_then_is_the_expected_one(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    story.play(settings, "first")
    keyring = Keyring.open(settings)
    reader = Reader(settings, keyring)
    assert _facts(reader.snapshot(), "loan_event", "step") == _expected("loan_event", "step")
    reader.close()
    _check_books(settings, keyring)


def _killed_at(place: str, folder: Path) -> int:
    return subprocess.run(
        [sys.executable, "-m", "tests.faults.story", str(folder), "first"],
        env={**os.environ, "COCKPIT_FAILPOINT": place},
        cwd=ROOT,
        check=False,
    ).returncode


def _check_serves(settings: Settings) -> None:
    """Between kill and restart readers see a whole generation, or none yet."""
    keyring = Keyring.open(settings)
    reader = Reader(settings, keyring)
    try:
        reader.snapshot()
    except NotPublished:
        assert not (settings.published / "CURRENT").exists()
    else:
        assert verify(settings, keyring).problems == ()
    finally:
        reader.close()


def _unique(dataset: str) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for _, name, delivered, _ in story.DELIVERIES:
        for row in delivered:
            if name == dataset:
                rows.setdefault(row["identity"], row)
    return rows


def _expected(dataset: str, column: str) -> Counter[tuple[Any, ...]]:
    rows = _unique(dataset).values()
    return Counter((row["occurred_at"].replace(tzinfo=None), row[column]) for row in rows)


def _facts(snapshot: Snapshot, dataset: str, column: str) -> Counter[tuple[Any, ...]]:
    table = snapshot.table(dataset, "fact", period=None)
    return Counter(snapshot.select(f"SELECT occurred_at, {column} FROM {table}"))


def _usage(snapshot: Snapshot) -> Counter[Any]:
    table = snapshot.table("service_event", "usage_day", period=None)
    rows = snapshot.select(f"SELECT scene, district, events, anonymous FROM {table}")
    total: Counter[Any] = Counter()
    for scene, district, events, anonymous in rows:
        total[scene, district, "events"] += events
        total[scene, district, "anonymous"] += anonymous
    return +total


def _expected_usage() -> Counter[Any]:
    total: Counter[Any] = Counter()
    for row in _unique("service_event").values():
        total[row["scene"], row["district"], "events"] += 1
        total[row["scene"], row["district"], "anonymous"] += row["person"] is None
    return +total


def _check_books(settings: Settings, keyring: Keyring) -> None:
    """Over all runs: each new row loaded once, each broken row kept once, every sum fits."""
    with Loader(settings, keyring) as loader:
        for dataset in ("service_event", "loan_event"):
            count = loader.state.totals(dataset)
            assert count.loaded == len(_unique(dataset))
            assert count.read == count.loaded + count.duplicate + count.quarantined
            assert len(loader.state.positions(dataset)) == 2
        alias = loader.writer.attach("quarantine", "")
        kept = loader.writer.execute(f"SELECT batch_id, line FROM {alias}.original ORDER BY ALL")
        assert kept == [("s1", 90), ("s2", 90), ("s2", 91)]
        states = loader.writer.execute(f"SELECT DISTINCT state FROM {loader.state.alias}.run")
        assert {row[0] for row in states} <= {"done", "interrupted"}
