"""The ETL as a process: another one, a killed one, a clock that jumps, an end in mid-batch."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etl.load import Loader
from tests.unit.etl.declared import HEADER, declare, rows_text, settings_in, settled
from warehouse.errors import CockpitError
from warehouse.keys import Keyring
from warehouse.manifest import read_manifest
from warehouse.partitions import verify
from warehouse.settings import ROOT, Settings

PATIENCE = 40.0
FAKETIME = "faketime/libfaketimeMT.so.1"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = settings_in(tmp_path)
    declare(settings.sources, ('every = "10s"', 'every = "1s"'))
    (settings.inbox / "hall").mkdir(parents=True)
    return settings


@contextmanager
def serving(
    home: Settings, *options: str, **env: str
) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """The process and its log; killed at the end whatever happens."""
    own = {"COCKPIT_HOME": str(home.home), "COCKPIT_SOURCES": str(home.sources)}
    log = home.sources.parent / f"serve-{time.monotonic_ns()}.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "etl", "serve", *options],
            cwd=ROOT,
            env={**os.environ, **own, **env},
            stderr=out,
            text=True,
        )
        try:
            yield process, log
        finally:
            process.kill()
            process.wait()


def wait_until(is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if is_so():
            return True
        time.sleep(0.05)
    return False


def loaded(home: Settings) -> int:
    try:
        return read_manifest(home, Keyring.open(home)).sources[0].rows_loaded
    except CockpitError:
        return -1


def test_standby_when_the_first_is_killed_then_takes_over_within_thirty_seconds(
    home: Settings,
) -> None:
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 5)}")
    with serving(home) as (first, _):
        assert wait_until(lambda: loaded(home) == 5)
        with serving(home, "--wait") as (_, log):
            assert wait_until(lambda: "etl.standby" in log.read_text())
            settled(home.inbox / "hall" / "b.csv", f"{HEADER}\n{rows_text(5, 5)}")
            assert wait_until(lambda: loaded(home) == 10)  # by the first
            assert log.read_text().count("\n") == 1
            first.kill()
            killed = time.monotonic()
            settled(home.inbox / "hall" / "c.csv", f"{HEADER}\n{rows_text(10, 5)}")
            assert wait_until(lambda: loaded(home) == 15)
            assert time.monotonic() - killed < 30
    assert verify(home, Keyring.open(home)).problems == ()


def test_standby_when_asked_to_end_then_ends_at_once(home: Settings) -> None:
    with Loader(home, Keyring.open(home, create=True)), serving(home, "--wait") as (second, log):
        assert wait_until(lambda: "etl.standby" in log.read_text())
        second.send_signal(signal.SIGTERM)
        assert second.wait(10) == 0


@pytest.mark.parametrize("jump", ["-1h", "+1d"])
def test_clock_when_it_jumps_then_loading_goes_on_within_seconds(home: Settings, jump: str) -> None:
    clock = home.sources.parent / "clock"
    clock.write_text("+0")
    (library,) = Path("/usr/lib").glob(f"*/{FAKETIME}")
    fake = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 5)}")
    with serving(home, **fake) as (process, log):
        assert wait_until(lambda: loaded(home) == 5)
        clock.write_text(jump)
        assert wait_until(lambda: "clock.jumped" in log.read_text())
        settled(home.inbox / "hall" / "b.csv", f"{HEADER}\n{rows_text(5, 5)}")
        began = time.monotonic()
        assert wait_until(lambda: loaded(home) == 10)
        assert time.monotonic() - began < 15
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert '"level": "error"' not in log.read_text()


def test_process_when_asked_to_end_in_mid_batch_then_ends_in_time_and_nothing_is_lost(
    home: Settings,
) -> None:
    rows = 120_000
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, rows)}")
    with serving(home) as (process, log):
        wal = home.live / "service_event" / "2026-03.duckdb"
        assert wait_until(wal.exists)
        process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        assert process.wait(PATIENCE) == 0
        assert time.monotonic() - asked < 10
        assert "etl.stopped" in log.read_text()
    with Loader(home, Keyring.open(home)) as loader:
        before = loader.state.totals("hall")
    assert before.read == before.loaded + before.duplicate + before.quarantined
    assert before.read < rows
    with serving(home):
        assert wait_until(lambda: loaded(home) == rows)
    assert verify(home, Keyring.open(home)).problems == ()


def test_replay_when_the_etl_runs_then_it_does_it_and_says_what_came_of_it(home: Settings) -> None:
    odd = rows_text(0, 2).replace("成功", "退回")
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{odd}{rows_text(2, 3)}")
    with serving(home) as (_, log):
        assert wait_until(lambda: "run.finished" in log.read_text())
        mended = ('"失败" = "failed"', '"失败" = "failed"\n"退回" = "abandoned"')
        (home.inbox / "hall" / "a.csv").unlink()
        declare(home.sources, ('every = "10s"', 'every = "1s"'), mended)

        done = subprocess.run(
            [sys.executable, "-m", "etl", "replay", "hall"],
            cwd=ROOT,
            env={
                **os.environ,
                "COCKPIT_HOME": str(home.home),
                "COCKPIT_SOURCES": str(home.sources),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    assert done.returncode == 0, done.stderr
    assert "it was asked to replay hall" in done.stdout
    assert done.stdout.splitlines()[-1].split() == ["hall", "done", "0", "2", "0", "-2"]
