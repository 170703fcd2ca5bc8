"""Runs of a declared web service: every row counts once, whatever happens between its pages."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.check import check_source
from etl.delivery import Window
from etl.load import Loader
from etl.model import RunReport, RunState, Source
from etl.run import Runner
from etl.sources import read_source, source_env
from etl.status import source_statuses
from tests.connectors.web_service import Answer, Asked, Service, json_answer, serving
from tests.unit.etl.declared import TOML, declare, settings_in
from warehouse.keys import Keyring
from warehouse.settings import ROOT, Settings

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
COUNT = 45
TOKEN = "t0p-s3cret"
CONNECTOR = """kind = "http"
url = "{url}"
format = "json"
records = "items"
paging = "cursor"
cursor_field = "next"
cursor_parameter = "after"
since_parameter = "since"
since_field = "at"

[connector.auth]
kind = "bearer"
token_file = "token"
"""


def _row(number: int) -> dict[str, Any]:
    at = FIRST + timedelta(hours=number)
    return {
        "no": f"N{number}",
        "at": at.isoformat(),
        "citizen": 110 + number % 7,
        "channel": "app",
    } | {
        "result": "成功",
        "ms": number,
        "name": "李",
    }


def by_cursor(asked: Asked) -> Answer:
    """Pages of ten rows from `since` on."""
    if asked.headers["authorization"] != f"Bearer {TOKEN}":
        return Answer(status=401)
    since = datetime.fromisoformat(asked.query.get("since", FIRST.isoformat()))
    rows = [_row(n) for n in range(COUNT) if FIRST + timedelta(hours=n) >= since]
    start = int(asked.query.get("after", "0"))
    ahead = str(start + 10) if start + 10 < len(rows) else None
    return json_answer({"items": rows[start : start + 10], "next": ahead})


@pytest.fixture
def service() -> Iterator[Service]:
    with serving(by_cursor) as found:
        yield found


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


def _declared(home: Settings, service: Service, connector: str = CONNECTOR) -> Source:
    (home.sources / "token").write_text(TOKEN)
    files = re.search(r'kind = "files"\n.*\n', TOML)
    assert files is not None
    change = (files.group(), connector.format(url=service.url))
    return read_source(declare(home.sources, change), source_env(home, {}))


def _counts(report: RunReport) -> tuple[int, int, int, int]:
    assert report.read == report.loaded + report.duplicate + report.quarantined
    return report.read, report.loaded, report.duplicate, report.quarantined


def _stored(loader: Loader) -> list[int]:
    alias = loader.writer.attach("service_event", "2026-11")
    return sorted(ms for (ms,) in loader.writer.execute(f"SELECT latency_ms FROM {alias}.fact"))


def test_service_when_run_twice_then_every_row_is_loaded_once(
    home: Settings, loader: Loader, service: Service
) -> None:
    source = _declared(home, service)
    report = Runner(loader).run(source)
    assert (report.state, report.message) == (RunState.DONE, "")
    assert _counts(report) == (COUNT, COUNT, 0, 0)
    assert _stored(loader) == list(range(COUNT))
    assert _counts(Runner(loader).run(source)) == (1, 0, 1, 0), "the newest row, to look back"
    assert Runner(loader).run_if_new(source) is None, "the same answer again is no run"
    assert [a.query.get("after") for a in service.asked[:5]] == [None, "10", "20", "30", "40"]


def test_service_when_read_to_its_end_then_nothing_else_happened_till_then(
    home: Settings, loader: Loader, service: Service
) -> None:
    source = _declared(home, service)
    before = datetime.now(UTC) - timedelta(minutes=10)
    Runner(loader).run(source)
    (status,) = source_statuses((source,), loader)
    assert status.watermark is not None
    assert timedelta(0) <= status.watermark - before < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (Answer(status=500), "page 3: answers 500"),
        (
            Answer(body=b"<html>", headers={"Content-Type": "text/html"}),
            "page 3: answers 'text/html'",
        ),
        (json_answer({"items": [_row(1), 1], "next": "\x00" * 9000}), "is no cursor"),
    ],
)
def test_page_when_it_fails_then_not_jumped_over(
    trouble: Answer, words: str, home: Settings, loader: Loader, service: Service
) -> None:
    source = _declared(home, service)
    service.answer = lambda a: trouble if a.query.get("after") == "20" else by_cursor(a)
    report = Runner(loader).run(source)
    assert (report.state, _counts(report)) == (RunState.FAILED, (20, 20, 0, 0))
    assert words in report.message
    assert TOKEN not in report.message
    assert Runner(loader).run_if_new(source) is None, "told once"
    (status,) = source_statuses((source,), loader)
    assert status.watermark == FIRST + timedelta(hours=19), "what follows may be missing"
    service.answer = by_cursor
    service.asked.clear()
    assert _counts(Runner(loader).run(source)) == (25, 25, 0, 0)
    assert service.asked[0].query["after"] == "20"
    assert _stored(loader) == list(range(COUNT))


def test_range_when_read_again_then_counts_as_duplicate_and_position_stays(
    home: Settings, loader: Loader, service: Service
) -> None:
    source = _declared(home, service)
    Runner(loader).run(source)
    service.asked.clear()
    window = Window(start=FIRST + timedelta(hours=10), end=FIRST + timedelta(hours=20))
    assert _counts(Runner(loader).backfill(source, window)) == (10, 0, 10, 0)
    assert service.asked[0].query["since"] == "2026-11-01T09:50:00Z"
    assert _counts(Runner(loader).run(source)) == (1, 0, 1, 0)


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_service_when_it_says_that_there_is_nothing_then_no_run(
    form: str, home: Settings, loader: Loader, service: Service
) -> None:
    change = f'url = "{service.url}"\nformat = "{form}"\n'
    source = _declared(home, service, f'kind = "http"\n{change}')
    service.answer = lambda _: Answer(status=204)
    assert Runner(loader).run_if_new(source) is None
    assert len(service.asked) == 1


def test_service_when_killed_between_pages_then_the_next_start_loses_and_doubles_nothing(
    home: Settings, service: Service
) -> None:
    _declared(home, service)
    for place in ("land.after:3", "position.before:2"):
        assert _run(home, COCKPIT_FAILPOINT=place).returncode == -signal.SIGKILL
        left = [file.read_bytes() for file in home.landing.rglob("*") if file.is_file()]
        assert not any(b"N1" in content for content in left)
    again = _run(home)
    assert again.returncode == 0, again.stderr
    assert TOKEN not in again.stdout + again.stderr
    with Loader(home, Keyring.open(home)) as loader:
        assert _stored(loader) == list(range(COUNT))


def _run(home: Settings, *command: str, **env: str) -> "subprocess.CompletedProcess[str]":
    places = {"COCKPIT_HOME": str(home.home), "COCKPIT_SOURCES": str(home.sources)}
    return subprocess.run(
        [sys.executable, *(command or ("-m", "etl", "run", "hall"))],
        env={**os.environ, **places, **env},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )


def test_declaration_when_checked_then_first_rows_are_shown(
    home: Settings, service: Service
) -> None:
    source = _declared(home, service)
    _, sample = check_source(source.file, source_env(home, {}), home.zone)
    assert sample.rows["occurred_at"][0] == FIRST.replace(tzinfo=None)
    assert len(sample.rows) == 10
    assert len(service.asked) == 1


def test_page_when_tried_again_then_the_log_says_why_without_secrets(
    home: Settings, service: Service
) -> None:
    _declared(home, service)
    troubles = [503]
    service.answer = lambda a: Answer(status=troubles.pop()) if troubles else by_cursor(a)
    script = (
        "import os, sys; from etl.logs import configure_logs; from etl.__main__ import main;"
        "configure_logs(); sys.exit(main(['run', 'hall']))"
    )
    told = _run(home, "-c", script).stderr
    lines = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    retried = [line["why"] for line in lines if line["event"] == "source.retried"]
    assert retried == [f"{service.url}: page 1: answers 503."]
    assert TOKEN not in told
    assert "since=" not in told
