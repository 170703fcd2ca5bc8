"""The ETL as a process: it loads by itself, alone on its home, and ends when asked to."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from etl import schedule
from etl.load import Loader
from etl.publication import publish_all
from etl.schedule import Service
from etl.sources import read_sources, source_env
from tests.unit.etl.declared import HEADER, TOML, declare, rows_text, settings_in, settled
from warehouse import clock
from warehouse.errors import StorageError
from warehouse.keys import Keyring
from warehouse.manifest import read_manifest
from warehouse.settings import ROOT, Settings

PATIENCE = 40.0


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = settings_in(tmp_path)
    declare(settings.sources, ('every = "10s"', 'every = "1s"'))
    (settings.inbox / "hall").mkdir(parents=True)
    return settings


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


def wait_until(is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def published_rows(home: Settings, ring: Keyring) -> int:
    try:
        return read_manifest(home, ring).sources[0].rows_loaded
    except StorageError:
        return -1


def is_loaded(home: Settings, rows: int) -> bool:
    """By another process, which may only just be making the keys."""
    with suppress(StorageError):
        return published_rows(home, Keyring.open(home)) == rows
    return False


def service_of(home: Settings, loader: Loader, tick: schedule.Tick | None = None) -> Service:
    return Service(home, read_sources(home.sources, source_env(home, {})), loader, tick)


def test_delivered_files_are_loaded_and_published_by_themselves(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "SEAL_SECONDS", PATIENCE)
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 5)}")
    service = service_of(home, loader)
    service.start()
    try:
        assert wait_until(lambda: published_rows(home, loader.keyring) == 5)
        settled(home.inbox / "hall" / "b.csv", f"{HEADER}\n{rows_text(5, 5)}")
        assert wait_until(lambda: published_rows(home, loader.keyring) == 10)
    finally:
        service.stop()

    (status,) = read_manifest(home, loader.keyring).sources
    assert status.next_run_at is not None and status.last_run_at is not None

    service.seal()  # a backup finds the books of the last moment, although nobody serves
    sealed = read_manifest(home, loader.keyring)
    assert sealed.books_at == sealed.created_at


def test_tick_is_called_with_the_present_instant(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "TICK_EVERY_SECONDS", 1)
    began, instants = clock.now(), list[datetime]()
    service = service_of(home, loader, lambda settings, now: instants.append(now))
    service.start()
    try:
        assert wait_until(lambda: len(instants) >= 2)
    finally:
        service.stop()

    assert began < instants[0] < instants[1] < clock.now()


def test_job_that_breaks_is_logged_with_an_incident_and_others_go_on(
    home: Settings,
    loader: Loader,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broke = Event()

    def tick(settings: Settings, now: datetime) -> None:
        broke.set()
        raise ZeroDivisionError

    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 5)}")
    service = service_of(home, loader, tick)
    service.start()
    try:
        assert broke.wait(PATIENCE)
        assert wait_until(lambda: published_rows(home, loader.keyring) == 5)
    finally:
        service.stop()

    told = [r.__dict__["fields"] for r in caplog.records if r.getMessage() == "job.broken"]
    assert told and told[0]["job"] == "tick" and len(told[0]["incident"]) == 8


def test_sources_without_schedule_are_left_to_the_run_command(
    home: Settings, loader: Loader
) -> None:
    declare(home.sources, ('[schedule]\nevery = "1s"\n', ""), toml=TOML.replace("10s", "1s"))
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 5)}")
    service = service_of(home, loader)
    service.start()
    try:
        assert wait_until(lambda: published_rows(home, loader.keyring) == 0)
    finally:
        service.stop()

    assert loader.state.last_run("hall") is None


def test_cron_counts_in_utc(home: Settings, loader: Loader) -> None:
    declare(home.sources, ('every = "10s"', 'cron = "5 16 * * *"'))
    service = service_of(home, loader)
    service.start()
    try:
        assert wait_until(lambda: published_rows(home, loader.keyring) == 0)
        assert wait_until(
            lambda: (
                publish_all(service._declared, loader, {}, service._following()) > 0
                and (read_manifest(home, loader.keyring).sources[0].next_run_at or _now()).hour
                == 16
            )
        )
    finally:
        service.stop()


def _now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def serving(home: Settings) -> "subprocess.Popen[str]":
    env = {**os.environ, "COCKPIT_HOME": str(home.home), "COCKPIT_SOURCES": str(home.sources)}
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "etl", "serve"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_process_asked_to_end_ends_cleanly_within_ten_seconds(
    home: Settings, number: signal.Signals
) -> None:
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 5)}")
    process = serving(home)
    try:
        assert wait_until(lambda: is_loaded(home, 5))
        process.send_signal(number)
        asked = time.monotonic()
        _, told = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()

    assert (process.returncode, time.monotonic() - asked < 10) == (0, True)
    events = [json.loads(line)["event"] for line in told.splitlines()]
    assert events[0] == "etl.started" and events[-1] == "etl.stopped"
    assert "run.finished" in events


def test_second_process_on_one_home_is_refused_in_one_line(home: Settings, loader: Loader) -> None:
    process = serving(home)
    _, told = process.communicate(timeout=PATIENCE)

    assert process.returncode == 1
    assert "is written by another process" in told
    assert len(told.strip().splitlines()) == 1
