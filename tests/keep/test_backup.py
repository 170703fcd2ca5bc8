"""Backups while the ETL runs, and homes made of them elsewhere that load on as if nothing was."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.delivery import Position
from etl.load import Loader
from etl.model import RunState
from etl.publish import publish
from tests.tiny import tiny_batch, tiny_settings, tiny_source
from warehouse import clock
from warehouse.account_store import Accounts
from warehouse.backup import back_up
from warehouse.backup_target import Target, registered
from warehouse.connection import Reader
from warehouse.errors import StorageError, Tampered, WrongKey
from warehouse.keys import Keyring
from warehouse.manifest import read_manifest
from warehouse.model import City, Label, Role, Scope
from warehouse.partitions import verify
from warehouse.restore import restore
from warehouse.settings import ROOT, Settings

CITY = City(label=Label(zh="示例市", en="Example City"))
MARCH = datetime(2026, 3, 1, 4, tzinfo=UTC)
SOURCE = tiny_source("service_event")
PASSWORD = "correct-horse-battery"


def _rows(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {"identity": f"E{n}", "occurred_at": MARCH + timedelta(hours=7 * n), "scene": "tax"}
        for n in range(first, first + count)
    ]


def _deliver(loader: Loader, first: int, count: int, broken: int = 0) -> None:
    """One file of rows, as its source would deliver it, whoever loads it."""
    name, run_id = f"file-{first}", f"run-{first}-{clock.now().timestamp()}"
    loader.state.start_run(run_id, SOURCE.name, SOURCE.contract.name, clock.now())
    wrong = [{"line": 900 + n, "reason": "no such scene"} for n in range(broken)]
    rows = _rows(first, count)
    batch = tiny_batch(SOURCE, rows, loader.keyring, batch_id=name, run_id=run_id, broken=wrong)
    loader.load(batch, Position(item=name, version="1", sha256=name))
    loader.state.end_run(run_id, RunState.DONE)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = tiny_settings(tmp_path / "here")
    with Loader(settings, Keyring.open(settings, create=True)) as loader:
        _deliver(loader, 0, 100, broken=2)
        publish(loader, (), {}, CITY)
    Accounts(settings).add("ann", PASSWORD, Role.ADMIN, Scope(everything=True))
    return settings


def _elsewhere(settings: Settings, folder: Path) -> Settings:
    """An empty machine that has been given the master key."""
    there = tiny_settings(folder)
    there.master_key_file.parent.mkdir(parents=True)
    shutil.copyfile(settings.master_key_file, there.master_key_file)
    there.master_key_file.chmod(0o400)
    return there


def _events(settings: Settings) -> Counter[str]:
    reader = Reader(settings, Keyring.open(settings))
    snapshot = reader.snapshot()
    table = snapshot.table("service_event", "fact", period=None)
    rows = snapshot.select(f"SELECT occurred_at FROM {table}")
    reader.close()
    return Counter(str(at) for (at,) in rows)


def _expected(count: int) -> Counter[str]:
    return Counter(str(row["occurred_at"].replace(tzinfo=None)) for row in _rows(0, count))


def test_backup_when_made_while_loading_then_elsewhere_loading_goes_on_exactly(
    settings: Settings, tmp_path: Path
) -> None:
    keyring, target = Keyring.open(settings), Target.at(tmp_path / "backup")
    stop = threading.Event()
    delivered: list[int] = []

    def load() -> None:
        with Loader(settings, keyring) as loader:
            while not stop.is_set():
                first = 100 + 20 * len(delivered)
                _deliver(loader, first, 20, broken=1)
                delivered.append(first)
                publish(loader, (), {}, CITY)

    worker = threading.Thread(target=load)
    worker.start()
    try:
        while len(delivered) < 2:
            assert worker.is_alive()
        made = back_up(settings, keyring, target)
        seen = len(delivered)
        while len(delivered) < seen + 2:
            assert worker.is_alive()
    finally:
        stop.set()
        worker.join()
    there = _elsewhere(settings, tmp_path / "there")
    assert restore(there, target).generation > made.generation
    before = sum(_events(there).values())
    assert _events(there) == _expected(before)
    total = 100 + 20 * len(delivered)
    assert before < total
    _go_on(there, delivered)
    assert _events(there) == _expected(total) == _events(settings)


def _go_on(there: Settings, delivered: list[int]) -> None:
    """Deliver all that the books do not know, as a source would; each event counts once."""
    ring = Keyring.open(there)
    assert verify(there, ring).is_sound
    with Loader(there, ring) as loader:
        for first in (0, *delivered):
            if f"file-{first}" not in loader.state.positions(SOURCE.name):
                _deliver(loader, first, 100 if first == 0 else 20, broken=2 if first == 0 else 1)
        publish(loader, (), {}, CITY)
        count = loader.state.totals(SOURCE.name)
        originals = loader.writer.execute(
            f"SELECT count(*), count(DISTINCT (batch_id, line)) FROM"
            f" {loader.writer.attach('quarantine', '')}.original"
        )
    assert (count.loaded, count.quarantined) == (100 + 20 * len(delivered), 2 + len(delivered))
    assert originals == [(2 + len(delivered),) * 2]
    assert verify(there, ring).is_sound


def test_backup_when_made_again_then_copies_only_what_is_new(
    settings: Settings, tmp_path: Path
) -> None:
    keyring, target = Keyring.open(settings), Target.at(tmp_path / "backup")
    first = back_up(settings, keyring, target)
    again = back_up(settings, keyring, target)
    assert (again.copied_files, again.kept_files) == (0, first.copied_files)
    with Loader(settings, keyring) as loader:
        _deliver(loader, 100, 2)  # one month of two
        publish(loader, (), {}, CITY)
    third = back_up(settings, keyring, target, keep=1)
    assert 0 < third.copied_files < first.copied_files
    assert len(target.records()) == 1
    there = _elsewhere(settings, tmp_path / "there")
    restore(there, target)
    assert _events(there) == _expected(102)


def test_backup_when_looked_through_then_holds_neither_master_key_nor_sessions(
    settings: Settings, tmp_path: Path
) -> None:
    keyring = Keyring.open(settings)
    token = Accounts(settings).start_session("ann")
    target = Target.at(tmp_path / "backup", tmp_path / "keys")
    back_up(settings, keyring, target)
    master = settings.master_key_file.read_text().strip()
    everything = [f for place in (target.place, target.keys) for f in place.rglob("*")]
    contents = [f.read_bytes() for f in everything if f.is_file()]
    wrapped = [part.wrapped_key for part in read_manifest(settings, keyring).files]
    assert not any(master.encode() in c or bytes.fromhex(master) in c for c in contents)
    outside = [f.read_bytes() for f in target.place.rglob("*") if f.is_file()]
    assert not any(key.encode() in c for c in outside for key in wrapped)
    there = _elsewhere(settings, tmp_path / "there")
    with pytest.raises(StorageError, match="--keys"):
        restore(there, Target.at(target.place))
    restore(there, target)
    assert Accounts(there).check("ann", PASSWORD) is not None
    assert Accounts(there).session_viewer(token) is None
    assert registered(there, Keyring.open(there)) == (target,)


def test_restore_when_the_home_is_in_use_then_refuses(settings: Settings, tmp_path: Path) -> None:
    target = Target.at(tmp_path / "backup")
    back_up(settings, Keyring.open(settings), target)
    with pytest.raises(StorageError, match="holds a warehouse"):
        restore(settings, target)
    assert _events(settings) == _expected(100)


def test_restore_when_the_master_key_is_another_then_refuses(
    settings: Settings, tmp_path: Path
) -> None:
    target = Target.at(tmp_path / "backup")
    back_up(settings, Keyring.open(settings), target)
    there = _elsewhere(settings, tmp_path / "there")
    there.master_key_file.chmod(0o600)
    there.master_key_file.write_text("0123456789abcdef" * 4)
    with pytest.raises(WrongKey):
        restore(there, target)


def test_restore_when_the_backup_is_damaged_then_refuses(
    settings: Settings, tmp_path: Path
) -> None:
    target = Target.at(tmp_path / "backup")
    back_up(settings, Keyring.open(settings), target)
    blob = max((target.place / "files").iterdir(), key=lambda f: f.stat().st_size)
    whole = blob.read_bytes()
    blob.write_bytes(whole[:-9] + bytes(9))
    there = _elsewhere(settings, tmp_path / "there")
    with pytest.raises(Tampered, match="is damaged"):
        restore(there, target)
    with pytest.raises(StorageError, match="was interrupted"):
        Reader(there, Keyring.open(there))
    back_up(settings, Keyring.open(settings), target)  # mends what is in the place
    restore(there, target)
    assert _events(there) == _expected(100)


def _run(command: tuple[str, ...], settings: Settings, place: str = "") -> int:
    env = {
        **os.environ,
        "COCKPIT_HOME": str(settings.home),
        "COCKPIT_TIMEZONE": settings.zone.key,
        "COCKPIT_FAILPOINT": place,
    }
    command = (sys.executable, "-m", "warehouse", *command)
    return subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True).returncode


@pytest.mark.parametrize("place", ["backup_registered", "backup_file", "backup_keys"])
def test_backup_when_killed_then_the_next_one_is_whole(
    place: str, settings: Settings, tmp_path: Path
) -> None:
    folder = str(tmp_path / "backup")
    assert _run(("backup", folder), settings, place) == -signal.SIGKILL
    target = Target.at(tmp_path / "backup")
    assert target.records() == ()
    assert target in registered(settings, Keyring.open(settings))
    assert _run(("backup", folder), settings) == 0
    there = _elsewhere(settings, tmp_path / "there")
    assert _run(("restore", folder), there) == 0
    assert _events(there) == _expected(100)


@pytest.mark.parametrize("place", ["restore_begun", "restore_files", "restore_manifest"])
def test_restore_when_killed_then_the_next_one_is_whole(
    place: str, settings: Settings, tmp_path: Path
) -> None:
    folder = str(tmp_path / "backup")
    assert _run(("backup", folder), settings) == 0
    there = _elsewhere(settings, tmp_path / "there")
    assert _run(("restore", folder), there, place) == -signal.SIGKILL
    with pytest.raises(StorageError, match="was interrupted"):
        Loader(there, Keyring.open(there))
    assert _run(("restore", folder), there) == 0
    assert _events(there) == _expected(100)
