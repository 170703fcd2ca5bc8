"""A destroyed month is gone everywhere, all else stays, and a kill leaves no third state."""

import contextlib
import hashlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.load import Loader
from etl.model import RunState
from etl.publish import publish
from tests.tiny import load_rows, tiny_batch, tiny_settings, tiny_source
from warehouse import clock, connection
from warehouse import destroy as destroying
from warehouse.anchor import read_anchor
from warehouse.backup import back_up
from warehouse.backup_target import Target
from warehouse.certificates import certificate_file, read_certificate
from warehouse.connection import Reader, attach_file, connect, speak
from warehouse.destroy import Wish, destroy
from warehouse.errors import QueryError, StorageError, WrongKey
from warehouse.failpoints import NAMES
from warehouse.home import key_context, live_file
from warehouse.keys import Keyring
from warehouse.manifest import key_id, read_manifest
from warehouse.model import City, Label
from warehouse.partitions import verify
from warehouse.restore import restore
from warehouse.settings import ROOT, Settings
from warehouse.writer import Writer

CITY = City(label=Label(zh="示例市", en="Example City"))
MARCH = datetime(2026, 3, 1, 4, tzinfo=UTC)
SOURCE = tiny_source("service_event")
WISH = Wish(dataset="service_event", month="2026-03", reason="a court's order", by="ann")
DAYS = 92  # March, April, May


def _rows(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {"identity": f"E{n}", "occurred_at": MARCH + timedelta(days=n), "scene": "tax"}
        for n in range(first, first + count)
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three months and a backup of it, whose keys lie apart."""
    folder = tmp_path_factory.mktemp("built")
    settings = tiny_settings(folder)
    keyring = Keyring.open(settings, create=True)
    with Loader(settings, keyring) as loader:
        load_rows(loader, SOURCE, _rows(0, 60))
        publish(loader, (), {}, CITY)
        load_rows(loader, SOURCE, _rows(60, DAYS - 60))
        broken = [
            {"line": 7, "reason": "no such scene", "original": '{"when": "2026-03-09 10:00"}'},
            {"line": 8, "reason": "no such scene", "original": '{"when": "2026-04-09 10:00"}'},
        ]
        loader.state.start_run("broken", SOURCE.name, SOURCE.contract.name, clock.now())
        batch = tiny_batch(SOURCE, [], keyring, batch_id="broken", run_id="broken", broken=broken)
        loader.load(batch)
        loader.state.end_run("broken", RunState.DONE)
        publish(loader, (), {}, CITY)
    return folder


@pytest.fixture
def settings(built: Path, tmp_path: Path) -> Settings:
    shutil.copytree(built / "home", tmp_path / "home")
    settings = tiny_settings(tmp_path)
    back_up(settings, Keyring.open(settings), _target(settings))
    return settings


def _target(settings: Settings) -> Target:
    folder = settings.home.parent
    return Target.at(folder / "backup", folder / "keys")


def _days(settings: Settings) -> set[int]:
    reader = Reader(settings, Keyring.open(settings))
    snapshot = reader.snapshot()
    table = snapshot.table("service_event", "fact", period=None)
    rows = snapshot.select(f"SELECT occurred_at FROM {table}")
    reader.close()
    return {(at.replace(tzinfo=UTC) - MARCH).days for (at,) in rows}


ALL, LEFT = set(range(DAYS)), set(range(31, DAYS))


def _hashes(settings: Settings) -> dict[str, str]:
    """Every live partition of the other months, and the content of the backup."""
    files = [f for f in (settings.live / "service_event").glob("*.duckdb") if "03" not in f.name]
    files += (_target(settings).place / "files").iterdir()
    return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def _sealed_copies(settings: Settings) -> list[Path]:
    """Copies of every file that holds March, kept by somebody who meant no good."""
    manifest = read_manifest(settings, Keyring.open(settings))
    march = next(f for f in manifest.files if f.month == "2026-03")
    stolen = settings.home.parent / "stolen"
    stolen.mkdir()
    live = shutil.copy(live_file(settings, "service_event", "2026-03"), stolen / "live.duckdb")
    blob = shutil.copy(_target(settings).blob(march.sha256), stolen / "backup.duckdb")
    return [Path(live), Path(blob)]


def _every_key(settings: Settings) -> set[bytes]:
    """Every key that can still be unwrapped from anything in the home and the backup."""
    keyring, found = Keyring.open(settings), set[bytes]()
    months = [("service_event", f"2026-{month:02}") for month in (3, 4, 5)]
    whole = [(book, "") for book in HOLDS_TEXT]
    contexts = [key_context(*place) for place in (*months, *whole)]
    wrapped = set[str]()
    for file in settings.home.parent.rglob("*"):
        if file.is_file() and file.suffix not in (".duckdb", ".sqlite"):
            wrapped |= set(
                re.findall(r"[A-Za-z0-9+/]{60,}={0,2}", file.read_bytes().decode("latin-1"))
            )
    for text, context in itertools.product(wrapped, contexts):
        with contextlib.suppress(WrongKey):
            found.add(keyring.unwrap(text, context))
    return found


HOLDS_TEXT = {"quarantine": "original", "state": "sample", "operations": "sample"}
"""Files in which rows of sources can be read, and their tables."""


def _texts(settings: Settings) -> dict[str, list[str]]:
    """Every original that the home can still read, by file."""
    writer, found = Writer(settings, Keyring.open(settings)), {}
    for book, table in HOLDS_TEXT.items():
        rows = writer.execute(f"SELECT original FROM {writer.attach(book, '')}.{table} ORDER BY 1")
        found[book] = [text for (text,) in rows]
    writer.close()
    return found


def _opens(file: Path, key: bytes, spill: Path, table: str = "fact") -> bool:
    connection = connect(spill, file.parent)
    try:
        attach_file(connection, file, "x", key, ", READ_ONLY")
        with speak(file):
            connection.execute(f"SELECT count(*) FROM x.{table}")
    except StorageError:
        return False
    finally:
        connection.close()
    return True


def test_destroy_when_done_then_the_month_is_unreadable_and_the_rest_untouched(
    settings: Settings, tmp_path: Path
) -> None:
    stolen, before = _sealed_copies(settings), _hashes(settings)
    books = {
        book: Path(shutil.copy(live_file(settings, book, ""), tmp_path / f"{book}.copy"))
        for book in HOLDS_TEXT
    }
    march, april = '{"when": "2026-03-09 10:00"}', '{"when": "2026-04-09 10:00"}'
    assert _texts(settings) == {book: [march, april] for book in HOLDS_TEXT}
    keyring = Keyring.open(settings)
    assert all(any(_opens(f, k, tmp_path) for k in _every_key(settings)) for f in stolen)
    keys = _every_key(settings)
    opened = [
        b for b, f in books.items() if any(_opens(f, k, tmp_path, HOLDS_TEXT[b]) for k in keys)
    ]
    assert opened == list(HOLDS_TEXT)
    certificate = destroy(settings, keyring, WISH)
    keys = _every_key(settings)
    assert len(keys) >= 4  # of two months and the books: the search finds what is there
    assert not any(_opens(f, k, tmp_path, HOLDS_TEXT[b]) for b, f in books.items() for k in keys)
    assert _texts(settings) == {book: [april, "{}"] for book in HOLDS_TEXT}
    assert not any(_opens(f, k, tmp_path) for f in stolen for k in keys)
    assert _hashes(settings) == before
    assert _days(settings) == LEFT
    assert verify(settings, keyring).is_sound
    assert not list(settings.home.rglob("*2026-03*duckdb*"))
    said = read_certificate(keyring, certificate)
    assert said is not None
    assert (said["dataset"], said["reason"], said["by"]) == ("service_event", WISH.reason, "ann")
    assert said["rows"] == 31
    assert [b["reached"] for b in said["backups"]] == [True]
    assert said["key_ids"] == sorted(read_anchor(settings, keyring).destroyed)
    assert (_target(settings).certificates / certificate.name).read_bytes()


def test_destroy_when_the_rows_come_again_then_they_stay_away(settings: Settings) -> None:
    keyring = Keyring.open(settings)
    destroy(settings, keyring, WISH)
    with Loader(settings, keyring) as loader:
        batch = tiny_batch(SOURCE, _rows(20, 20), keyring, batch_id="again", run_id="again")
        count = loader.load(batch)
        assert (count.loaded, count.duplicate, count.quarantined) == (0, 9, 11)
        publish(loader, (), {}, CITY)
        books = loader.writer.attach("quarantine", "")
        kept = loader.writer.execute(
            f"SELECT DISTINCT reason, original FROM {books}.original WHERE batch_id = 'again'"
        )
        others = loader.writer.execute(
            f"SELECT line, original FROM {books}.original WHERE batch_id = 'broken' ORDER BY line"
        )
    assert kept == [("belongs to a month that was destroyed for good", "{}")]
    assert others == [(7, "{}"), (8, '{"when": "2026-04-09 10:00"}')]
    assert _days(settings) == LEFT


def test_destroy_when_an_older_backup_is_restored_then_the_month_stays_away(
    settings: Settings,
) -> None:
    destroy(settings, Keyring.open(settings), WISH)
    there = tiny_settings(settings.home.parent / "there")
    there.master_key_file.parent.mkdir(parents=True)
    shutil.copyfile(settings.master_key_file, there.master_key_file)
    done = restore(there, _target(settings))
    assert done.destroyed == ("service_event 2026-03",)
    assert _days(there) == LEFT
    with Loader(there, Keyring.open(there)) as loader:
        count = loader.load(tiny_batch(SOURCE, _rows(0, 5), loader.keyring, batch_id="again"))
    assert (count.loaded, count.quarantined) == (0, 5)


def test_reader_when_a_month_is_destroyed_then_serves_it_no_longer(settings: Settings) -> None:
    keyring = Keyring.open(settings)
    reader = Reader(settings, keyring)
    assert reader.snapshot().months("service_event") == ("2026-03", "2026-04", "2026-05")
    destroy(settings, keyring, WISH)
    assert reader.snapshot().months("service_event") == ("2026-04", "2026-05")
    assert reader.problem == ""
    reader.close()


def _opened(settings: Settings) -> set[str]:
    """Names of the published files of this home that are open; a removed one ends in
    ` (deleted)`. Other tests may hold files of other homes."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            target = descriptor.readlink()
            if target.is_relative_to(settings.published):
                found.add(target.name)
    return found


def test_reader_when_nobody_asks_then_lets_go_of_a_destroyed_month(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "WATCH_EVERY_SECONDS", 0.2)
    others = set(threading.enumerate())  # another test's reader may be watching still
    keyring = Keyring.open(settings)
    reader = Reader(settings, keyring)
    reader.snapshot()
    assert any("2026-03" in name for name in _opened(settings))
    destroy(settings, keyring, WISH)
    until = time.monotonic() + 20
    while any("2026-03" in name for name in _opened(settings)):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert any("2026-04" in name for name in _opened(settings))
    reader.close()
    assert "watch" not in {thread.name for thread in set(threading.enumerate()) - others}


def test_destroy_when_a_backup_is_out_of_reach_then_refuses_before_anything(
    settings: Settings,
) -> None:
    keyring, target = Keyring.open(settings), _target(settings)
    target.keys.rename(target.keys.with_name("unplugged"))
    with pytest.raises(StorageError, match="Nothing was destroyed"):
        destroy(settings, keyring, WISH)
    assert _days(settings) == ALL
    left = Wish(dataset="service_event", month="2026-03", reason="x", may_leave_unreachable=True)
    said = read_certificate(keyring, destroy(settings, keyring, left))
    assert said is not None and [b["reached"] for b in said["backups"]] == [False]
    assert _days(settings) == LEFT


@pytest.mark.parametrize(
    ("dataset", "month", "words"),
    [
        ("service_events", "2026-03", "Did you mean 'service_event'"),
        ("service_event", "2026-3", "is no month"),
        ("service_event", "2026-07", "There are no data"),
    ],
)
def test_destroy_when_there_is_no_such_month_then_says_so(
    dataset: str, month: str, words: str, settings: Settings
) -> None:
    with pytest.raises(QueryError, match=words):
        destroy(settings, Keyring.open(settings), Wish(dataset=dataset, month=month, reason="x"))


def test_destroy_when_the_etl_runs_then_it_does_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destroying, "WAIT_SECONDS", 30.0)
    keyring = Keyring.open(settings)
    said = list[str]()
    stop, holds = threading.Event(), threading.Event()

    def serve() -> None:
        with Loader(settings, keyring) as loader:
            holds.set()
            for number in itertools.count(DAYS):
                if stop.is_set():
                    return
                load_rows(loader, SOURCE, _rows(number, 1))
                publish(loader, (), {}, CITY)

    worker = threading.Thread(target=serve)
    worker.start()
    try:
        assert holds.wait(30)
        certificate = destroy(settings, keyring, WISH, said.append)
    finally:
        stop.set()
        worker.join()
    assert said == ["The ETL runs: it was asked to destroy service_event 2026-03."]
    assert json.loads(certificate.read_text())["content"]["by"] == "ann"
    assert _days(settings) >= LEFT
    assert 30 not in _days(settings)
    assert verify(settings, keyring).is_sound


PLACES = [name for name in NAMES if name.startswith("destroy_")]


@pytest.mark.parametrize("place", [*PLACES, "destroy_older:2", "destroy_fresh:4", "anchor.after"])
def test_destroy_when_killed_anywhere_then_done_or_undone_at_the_next_start(
    place: str, settings: Settings, tmp_path: Path
) -> None:
    before, manifest = _hashes(settings), read_manifest(settings, Keyring.open(settings))
    march = next(f for f in manifest.files if f.month == "2026-03")
    command = [sys.executable, "-m", "warehouse", "destroy", "service_event", "2026-03"]
    env = {
        **os.environ,
        "COCKPIT_HOME": str(settings.home),
        "COCKPIT_TIMEZONE": settings.zone.key,
        "COCKPIT_FAILPOINT": place,
    }
    child = subprocess.run([*command, "--reason", "x"], cwd=ROOT, env=env, check=False)
    assert child.returncode == -signal.SIGKILL
    keyring = Keyring.open(settings)
    with Loader(settings, keyring) as loader:
        after = _hashes(settings)
        publish(loader, (), {}, CITY)  # sums of later months that stood on it are made again
    is_done = certificate_file(settings, "service_event", "2026-03").exists()
    assert is_done == (place != "destroy_intent")
    assert _days(settings) == (LEFT if is_done else ALL)
    assert _target(settings).key(key_id(march.wrapped_key)).exists() != is_done
    assert not [f for f in (settings.home / "certificates").iterdir() if f.suffix != ".json"]
    assert {f: h for f, h in after.items() if f in before} == before
    assert verify(settings, keyring).is_sound
    if is_done:
        assert not list(settings.home.rglob("*2026-03*duckdb*"))
        ids = {march.wrapped_key.encode()}
        texts = [f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()]
        assert not any(key in text for key in ids for text in texts)
