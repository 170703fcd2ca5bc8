"""`make run` from outside: what it says, what it leaves behind, what it survives."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from tests.e2e import city
from tests.e2e.live import command, end, environment, is_healthy, start, wait_for
from warehouse.keys import Keyring
from warehouse.model import Role
from warehouse.settings import ROOT, Settings

Launch = Callable[[dict[str, str]], subprocess.Popen[bytes]]
STOP_SECONDS = 10.0


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Starts run.py; whatever is left of it ends with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def launching(env: dict[str, str]) -> subprocess.Popen[bytes]:
        log = Path(env["COCKPIT_HOME"]).parent / "launcher.log"
        started.append(start(env, log, "run.py"))
        return started[-1]

    yield launching
    for process in started:
        end(process)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that a first start has filled, to be copied."""
    home = tmp_path_factory.mktemp("filled") / "home"
    env = environment(home)
    settings = Settings.from_env(env)
    city.write_sources(settings.sources)
    city.write_history(settings.inbox, datetime.now(UTC))
    Keyring.open(settings, create=True)
    command(env, "-m", "etl", "run", "--all")
    (home / "LOADED").touch()
    return home


@pytest.fixture
def loaded(filled: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of a home of this test alone."""
    shutil.copytree(filled, tmp_path / "home")
    return environment(tmp_path / "home")


def test_launcher_when_asked_to_stop_then_leaves_no_process(
    launch: Launch, loaded: dict[str, str]
) -> None:
    launcher = launch(loaded)
    wait_for(lambda: is_healthy(int(loaded["PORT"])), "the cockpit")
    family = psutil.Process(launcher.pid).children(recursive=True)
    assert len(family) >= 3  # the ETL, gunicorn and its worker

    before = time.monotonic()
    launcher.send_signal(signal.SIGTERM)

    assert launcher.wait(STOP_SECONDS) == 0
    assert time.monotonic() - before < STOP_SECONDS
    assert not [process for process in family if process.is_running()]


def test_launcher_when_a_child_dies_then_starts_it_again(
    launch: Launch, loaded: dict[str, str]
) -> None:
    launcher = launch(loaded)
    wait_for(lambda: is_healthy(int(loaded["PORT"])), "the cockpit")
    web = next(p for p in _family(launcher) if "gunicorn" in " ".join(p.cmdline()))
    os.killpg(web.pid, signal.SIGKILL)

    wait_for(lambda: not is_healthy(int(loaded["PORT"])), "the web server to die")
    wait_for(lambda: is_healthy(int(loaded["PORT"])), "the web server to come back")


def test_launcher_when_killed_then_takes_its_children_with_it(
    launch: Launch, loaded: dict[str, str]
) -> None:
    launcher = launch(loaded)
    wait_for(lambda: is_healthy(int(loaded["PORT"])), "the cockpit")
    family = psutil.Process(launcher.pid).children(recursive=True)
    launcher.kill()
    launcher.wait()

    _, alive = psutil.wait_procs(family, timeout=STOP_SECONDS)
    assert not alive


def test_launcher_when_the_home_is_in_use_then_says_so_in_one_line(
    launch: Launch, loaded: dict[str, str]
) -> None:
    launch(loaded)
    wait_for(lambda: is_healthy(int(loaded["PORT"])), "the cockpit")

    refused = _refused(loaded)

    assert "already runs on" in refused
    assert f":{loaded['PORT']}" in refused


def test_launcher_when_the_port_is_taken_then_says_so_in_one_line(loaded: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(loaded["PORT"]))):
        assert f"Cannot listen on 127.0.0.1:{loaded['PORT']}" in _refused(loaded)


def test_launcher_when_the_home_cannot_be_made_then_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "Cannot write to" in _refused(environment(tmp_path / "file" / "home"))


def test_launcher_when_a_setting_is_wrong_then_says_which_in_one_line(tmp_path: Path) -> None:
    env = environment(tmp_path / "home") | {"COCKPIT_SMALL_CELL": "1"}
    assert "COCKPIT_SMALL_CELL" in _refused(env)


def test_launcher_when_in_production_without_a_key_file_then_refuses(tmp_path: Path) -> None:
    env = environment(tmp_path / "home") | {"COCKPIT_PROFILE": "production"}
    assert "COCKPIT_MASTER_KEY_FILE" in _refused(env)
    assert not (tmp_path / "home" / "inbox").exists()


def test_first_start_when_the_home_is_empty_then_the_example_city_is_ready(
    launch: Launch, tmp_path: Path
) -> None:
    """The promise of the README, whole: this is the one slow test."""
    env = environment(tmp_path / "home")
    shutil.rmtree(tmp_path / "home", ignore_errors=True)
    env.pop("COCKPIT_SOURCES")
    launcher = launch(env)

    wait_for(lambda: is_healthy(int(env["PORT"])), "the first start", 300)
    log = tmp_path / "launcher.log"
    wait_for(lambda: "http://" in log.read_text("utf-8"), "the address", 10)
    roles = re.findall(r"\((\w+)\)$", log.read_text("utf-8"), re.M)
    assert set(roles) == {role.value for role in Role}
    people = command(
        env, "-m", "warehouse", "answer", "growth.cumulative_people", "--format", "csv"
    )
    assert max(map(int, re.findall(r"\b\d{5,7}\b", people.stdout))) > 120_000

    launcher.send_signal(signal.SIGINT)
    assert launcher.wait(STOP_SECONDS) == 0


def test_etl_when_killed_during_load_then_the_next_start_gives_the_same_totals(
    tmp_path: Path,
) -> None:
    until = datetime.now(UTC)
    whole, broken = environment(tmp_path / "whole"), environment(tmp_path / "broken")
    for env in (whole, broken):
        settings = Settings.from_env(env)
        city.write_sources(settings.sources)
        city.write_history(settings.inbox, until)
        Keyring.open(settings, create=True)
    command(whole, "-m", "etl", "run", "--all")

    for place in _PLACES:
        _killed_at(place, broken, tmp_path / "etl.log")
    _killed_after(1.5, broken, tmp_path / "etl.log")
    command(broken, "-m", "etl", "run", "--all")

    assert _totals(broken) == _totals(whole)


_PLACES = (
    "write.after",
    "commit.after:3",
    "next_partition.after:5",
    "position.before:2",
    "manifest.after",
    "current.after",
)


def _killed_at(place: str, env: dict[str, str], log: Path) -> None:
    """Load until the process kills itself at `place`, as a power cut would."""
    loading = start(env | {"COCKPIT_FAILPOINT": place}, log, "-m", "etl", "run", "--all")
    assert loading.wait(120) == -signal.SIGKILL, place


def _killed_after(seconds: float, env: dict[str, str], log: Path) -> None:
    loading = start(env, log, "-m", "etl", "run", "--all")
    time.sleep(seconds)
    loading.kill()
    loading.wait()


def _totals(env: dict[str, str]) -> list[str]:
    """Counts, people, money and loan steps by month, as the shell gives them."""
    questions = (
        ("usage.events", "usage.people", "--by", "district"),
        ("usage.volume",),
        ("loans.reached", "--by", "step"),
        ("loans.amount",),
    )
    return [
        command(
            env, "-m", "warehouse", "answer", *question, "--grain", "month", "--format", "csv"
        ).stdout
        for question in questions
    ]


def _family(launcher: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(launcher.pid).children()


def _refused(env: dict[str, str]) -> str:
    """The single line run.py says before it refuses to start."""
    done = subprocess.run(
        [sys.executable, "run.py"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr
