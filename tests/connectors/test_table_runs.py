"""Tables through whole runs: every row of theirs is stored once, whatever happens in between."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from etl.delivery import Window
from etl.load import Loader
from etl.model import RunReport, RunState, Source
from etl.run import Runner
from etl.sources import read_source, source_env
from etl.status import source_statuses
from tests.connectors.servers import PASSWORD, Server
from tests.connectors.tables import LOCAL, ZONE, at, create, now
from tests.unit.etl.declared import TOML, declare, settings_in
from warehouse import clock
from warehouse.keys import Keyring
from warehouse.settings import ROOT, Settings

FILES = 'kind = "files"\npath = "${COCKPIT_INBOX}/hall"\n'


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


def _declare(server: Server, home: Settings, *options: str, host: str = "") -> Path:
    told = [
        f'kind = "{server.kind}"',
        f'host = "{host or server.host}"',
        f"port = {server.port}",
        'database = "cards"\nuser = "cockpit"\npassword_file = "${CREDENTIALS}/password"',
        'table = "card_events"\ncursor = "changed_at"\nkey = ["id"]',
        *options,
    ]
    columns = ('columns = ["no"]', 'columns = ["id"]')
    return declare(home.sources, (FILES, "\n".join(told) + "\n"), columns, toml=TOML)


def _source(server: Server, home: Settings, *options: str, host: str = "") -> Source:
    env = {"CREDENTIALS": str(server.folder)}
    return read_source(_declare(server, home, *options, host=host), source_env(home, env))


def _create(server: Server) -> None:
    create(
        server,
        f"at {LOCAL[server.kind]}, citizen varchar(30), channel varchar(9), result varchar(9),"
        " ms numeric(9,2), name varchar(20)",
    )


def _insert(
    server: Server, first: int, count: int, *, minutes: float, result: str = "成功"
) -> None:
    """Rows changed so many minutes ago and each a second later, which happened an hour before."""
    rows: list[tuple[object, ...]] = []
    for n in range(first, first + count):
        changed = minutes - (n - first) / 60
        happened = (now() - timedelta(minutes=changed + 60)).astimezone(ZONE)
        text = f"{happened:%Y-%m-%d %H:%M:%S}"
        rows.append((n, at(changed), text, f"1101{n % 7}", "app", result, n, "李"))
    server.insert("card_events", rows)


def _counts(report: RunReport | None) -> tuple[int, int, int, int]:
    assert report is not None
    assert report.read == report.loaded + report.duplicate + report.quarantined
    return report.read, report.loaded, report.duplicate, report.quarantined


def test_run_when_the_table_has_many_pages_then_all_are_stored_and_nothing_new_is_no_run(
    server: Server, home: Settings, loader: Loader
) -> None:
    _create(server)
    _insert(server, 0, 250, minutes=600)
    source, runner = _source(server, home, "page_rows = 100", "totals = true"), Runner(loader)
    assert _counts(runner.run(source)) == (250, 250, 0, 0)
    assert runner.run_if_new(source) is None
    _insert(server, 250, 30, minutes=597)
    assert _counts(runner.run_if_new(source)) == (30, 30, 0, 0)
    assert runner.run_if_new(source) is None


def test_run_when_the_table_is_quiet_then_its_source_is_not_stale(
    server: Server, home: Settings, loader: Loader
) -> None:
    _create(server)
    _insert(server, 0, 10, minutes=600)
    source = _source(server, home)
    Runner(loader).run(source)
    (status,) = source_statuses((source,), loader)
    assert status.watermark is not None
    behind = clock.now() - status.watermark
    assert timedelta(minutes=10) <= behind < timedelta(minutes=11)


def test_run_when_the_server_is_away_then_the_next_one_goes_on(
    server: Server, home: Settings, loader: Loader
) -> None:
    _create(server)
    _insert(server, 0, 150, minutes=600)
    tcp = ("page_rows = 100", 'tls = "off"')
    source, runner = _source(server, home, *tcp, host="127.0.0.1"), Runner(loader)
    server.stop()
    try:
        report = runner.run(source)
        assert report.state is RunState.FAILED
        assert PASSWORD not in report.message
        assert runner.run_if_new(source) is None, "the same is not said twice"
    finally:
        server.start()
    assert _counts(runner.run_if_new(source)) == (150, 150, 0, 0)


def test_rows_when_broken_then_quarantined_and_a_page_that_fails_holds_the_others(
    server: Server, home: Settings, loader: Loader
) -> None:
    _create(server)
    _insert(server, 0, 100, minutes=600)
    _insert(server, 100, 5, minutes=580, result="成工")
    _insert(server, 105, 95, minutes=579)
    source, runner = _source(server, home, "page_rows = 100"), Runner(loader)
    assert _counts(runner.run(source)) == (200, 195, 0, 5)
    server.execute("DELETE FROM card_events")
    stops = _declare(server, home, "page_rows = 50")
    stops.write_text(stops.read_text() + '\n[broken]\nrow = "stop"\n')
    strict = read_source(stops, source_env(home, {"CREDENTIALS": str(server.folder)}))
    _insert(server, 1000, 50, minutes=300)
    _insert(server, 1050, 1, minutes=200, result="成工")
    _insert(server, 1051, 100, minutes=199)
    report = runner.run(strict)
    assert report.state is RunState.FAILED
    assert report.loaded == 50
    server.execute("UPDATE card_events SET result = '成功' WHERE id = 1050")
    report = runner.run(strict)
    assert (report.state, report.loaded) == (RunState.DONE, 101)


def test_backfill_when_asked_for_then_only_its_events_count_and_none_twice(
    server: Server, home: Settings, loader: Loader
) -> None:
    _create(server)
    _insert(server, 0, 120, minutes=600)
    source, runner = _source(server, home, "page_rows = 50"), Runner(loader)
    runner.run(source)
    _insert(server, 500, 10, minutes=599.5)
    first = now() - timedelta(minutes=660)
    window = Window(start=first, end=first + timedelta(minutes=1))
    report = runner.backfill(source, window)
    assert (report.state, report.loaded, report.duplicate) == (RunState.DONE, 10, 60)
    server.execute("DELETE FROM card_events WHERE id >= 500")
    assert _counts(runner.backfill(source, window)) == (60, 0, 60, 0)


def test_command_when_it_runs_a_table_then_the_password_is_nowhere(
    server: Server, home: Settings
) -> None:
    _create(server)
    _insert(server, 0, 20, minutes=600)
    _declare(server, home)
    env = {
        **os.environ,
        "COCKPIT_HOME": str(home.home),
        "COCKPIT_SOURCES": str(home.sources),
        "CREDENTIALS": str(server.folder),
    }
    shown = ""
    for words in (["check", str(home.sources / "hall.toml")], ["run", "--all"]):
        done = subprocess.run(
            [sys.executable, "-m", "etl", *words], cwd=ROOT, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        shown += done.stdout + done.stderr
    assert "hall" in shown
    assert PASSWORD not in shown
    secret = PASSWORD.encode()
    assert not [f for f in home.home.rglob("*") if f.is_file() and secret in f.read_bytes()]
