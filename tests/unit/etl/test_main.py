"""The commands: what they print, how they end, and that a kill in between costs nothing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from etl import __main__ as command
from etl import shell
from etl.load import Loader
from tests.unit.etl.declared import HEADER, TOML, declare, rows_text, settings_in, settled
from warehouse.keys import Keyring
from warehouse.settings import ROOT, Settings

BROKEN = "A,never,110101199001011234,app,成功,1,李\nB,2026-03-02 10:00:00,1,app,成工,1,李\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = settings_in(tmp_path)
    monkeypatch.setenv("COCKPIT_HOME", str(settings.home))
    monkeypatch.setenv("COCKPIT_SOURCES", str(settings.sources))
    monkeypatch.setattr(shell, "_stop_on_signals", Event)
    declare(settings.sources)
    settled(settings.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 30)}")
    return settings


def table(text: str) -> dict[str, list[str]]:
    """A printed table: first word of a line -> the other words."""
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}


def test_run_prints_what_became_of_every_row(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["run", "--all"]) == 0

    printed = table(capsys.readouterr().out)
    assert printed["source"] == ["state", "read", "loaded", "duplicate", "quarantined"]
    assert printed["hall"] == ["done", "30", "30", "0", "0"]
    assert printed["total"] == ["30", "30", "0", "0"]
    assert printed["Published"] == ["generation", "1."]


def test_run_of_a_refused_file_fails_and_says_why(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settled(home.inbox / "hall" / "b.csv", b"")

    assert command.main(["run", "hall"]) == 1

    captured = capsys.readouterr()
    assert table(captured.out)["hall"] == ["failed", "30", "30", "0", "0"]
    assert captured.err.strip().endswith(
        "hall: b.csv: is empty (0 bytes). Have it delivered again."
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "hal"], "There is no source 'hal'. Did you mean 'hall'?"),
        (["run"], "Name the sources to run, or give --all."),
        (["run", "hall", "--all"], "Name the sources to run, or give --all."),
    ],
)
def test_wrong_request_is_one_line_and_fails(
    home: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert command.main(arguments) == 1
    assert capsys.readouterr().err.strip() == told


def test_check_of_good_source_shows_rows_as_they_would_load(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["check", str(home.sources / "hall.toml")]) == 0

    printed = capsys.readouterr().out
    assert "2026-03-02 01:00:00Z" in printed and "completed" in printed
    assert len([line for line in printed.splitlines() if " completed " in line]) == 5
    assert not (home.home / "live").exists(), "checking writes nothing"


def test_check_shows_broken_rows_at_the_key_that_decides(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 3)}{BROKEN}")
    file = home.sources / "hall.toml"

    assert command.main(["check", str(file)]) == 1

    told = capsys.readouterr().err.splitlines()
    assert told == [
        "2 broken rows:",
        f"{file}:16: columns.occurred_at: line 5 of a.csv: is no time in the declared format",
        f"{file}:25: values.outcome: line 6 of a.csv: '成工' is not mapped. Did you mean '成功'?",
    ]


def test_check_never_shows_a_personal_value(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 3)}{BROKEN}")

    command.main(["check", str(home.sources / "hall.toml")])

    captured = capsys.readouterr()
    assert "110101199001011234" not in captured.out + captured.err
    assert "李" not in captured.out + captured.err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('channel = "ch', 'chanel = "ch'), ":18: columns.chanel: is no known key. Did you mean"),
        (('= "completed"', '= "complete"'), ":26: values.outcome.成功: 'complete' is not in"),
    ],
    ids=["unknown_key", "unknown_member"],
)
def test_check_of_wrong_declaration_names_line_key_and_remedy(
    home: Settings, capsys: pytest.CaptureFixture[str], change: tuple[str, str], told: str
) -> None:
    file = declare(home.sources, change)

    assert command.main(["check", str(file)]) == 1
    assert capsys.readouterr().err.startswith(f"{file}{told}")


def test_check_without_delivery_says_where_it_looked(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.inbox / "hall" / "a.csv").unlink()

    assert command.main(["check", str(home.sources / "hall.toml")]) == 1
    assert "nothing that its [connector] would take" in capsys.readouterr().err


def test_status_before_the_first_run_says_never_run(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    command.main(["run", "--all"])
    declare(home.sources, name="later", toml=TOML)
    capsys.readouterr()

    assert command.main(["status"]) == 0

    printed = table(capsys.readouterr().out)
    assert printed["later"][:3] == ["—", "never", "run"]
    assert printed["hall"][2:7] == ["done", "30", "30", "0", "0"]
    assert printed["hall"][-1] == "stale"


def test_status_as_json_gives_every_field(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    command.main(["run", "--all"])
    capsys.readouterr()

    assert command.main(["status", "--format", "json"]) == 0

    (status,) = json.loads(capsys.readouterr().out)["sources"]
    assert (status["name"], status["dataset"]) == ("hall", "service_event")
    assert (status["rows_read"], status["rows_loaded"], status["is_stale"]) == (30, 30, True)
    assert status["watermark"].startswith("2026-03-02") and status["lag_seconds"] > 0


def test_status_without_keys_is_one_clear_line(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["status"]) == 1
    assert "There is no master key" in capsys.readouterr().err


def run_process(home: Settings, **env: str) -> "subprocess.CompletedProcess[str]":
    own = {"COCKPIT_HOME": str(home.home), "COCKPIT_SOURCES": str(home.sources), **env}
    return subprocess.run(
        [sys.executable, "-m", "etl", "run", "--all"],
        cwd=ROOT,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "place", ["ledger.after:2", "commit.after:2", "position.before", "publish_copy.after"]
)
def test_run_killed_and_started_again_has_the_same_totals(
    home: Settings, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = rows_text(0, 300) + rows_text(300, 300, day="2026-02-27") + BROKEN
    settled(home.inbox / "hall" / "a.csv", f"{HEADER}\n{rows}")

    killed = run_process(home, COCKPIT_FAILPOINT=place)
    assert killed.returncode == -signal.SIGKILL
    assert command.main(["run", "--all"]) == 0
    capsys.readouterr()

    assert command.main(["run", "--all"]) == 0
    assert table(capsys.readouterr().out)["hall"] == ["done", "0", "0", "0", "0"]
    assert stored(home) == (600, 2)


def stored(home: Settings) -> tuple[int, int]:
    """Rows in the warehouse, and originals in quarantine."""
    with Loader(home, Keyring.open(home)) as loader:
        facts = 0
        for file in sorted((home.live / "service_event").glob("*.duckdb")):
            alias = loader.writer.attach("service_event", file.stem)
            facts += loader.writer.execute(f"SELECT count(*) FROM {alias}.fact")[0][0]
        alias = loader.writer.attach("quarantine", "")
        return facts, loader.writer.execute(f"SELECT count(*) FROM {alias}.original")[0][0]
