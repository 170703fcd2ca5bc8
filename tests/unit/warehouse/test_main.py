"""The shell's way to the door: formats, exit codes, one line for every error."""

import csv
import io
import json

import pytest

from warehouse.__main__ import main
from warehouse.metrics import CATALOGUE
from warehouse.settings import Settings


@pytest.fixture(autouse=True)
def _home(small_home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_HOME", str(small_home.home))


def test_answer_when_json_then_rows_as_of_version_and_suppressed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["answer", "usage.events", "--by", "scene", "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer == {
        "rows": [
            {"scene": "fund", "usage.events": 12, "partial": True},
            {
                "scene": "rare",
                "usage.events": None,
                "states": {"usage.events": "suppressed"},
                "partial": True,
            },
            {
                "scene": "tax",
                "usage.events": None,
                "states": {"usage.events": "suppressed"},
                "partial": True,
            },
        ],
        "as_of": "2024-02-10T04:00:00+00:00",
        "data_version": "service_event:1",
        "suppressed": 2,
        "editions": ["usage.events v1 2024-01-01"],
    }


def test_answer_when_grain_and_days_then_units_with_their_first_day(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["answer", "usage.people", "--grain", "month", "--from", "2024-01-01"]
    assert main([*arguments, "--to", "2024-03-01", "--format", "csv"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [["period", "usage.people"], ["2024-01-01", "12"], ["2024-02-01", "11"]]


def test_answer_when_end_is_left_out_then_end_of_the_data(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["answer", "usage.events", "--from", "2024-02-01", "--format", "csv"]) == 0
    assert capsys.readouterr().out == "usage.events\n13\n"


def test_answer_when_table_then_aligned_with_its_as_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["answer", "usage.events", "usage.people", "--where", "scene=fund"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["usage.events", "usage.people"]
    assert lines[1].split() == ["12", "12"]
    assert lines[3].startswith("as of 2024-02-10T04:00:00+00:00")


def test_answer_when_compared_then_bases_stand_beside(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["answer", "growth.mau", "--grain", "month", "--compare", "previous"]
    assert main([*arguments, "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "period,growth.mau,growth.mau base", "2024-01-01,12,", "2024-02-01,11,12",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["usage.event"], "usage.events"),
        (["usage.events", "--by", "scen"], "'scene'"),
        (["usage.events", "--from", "2024-03-01", "--to", "2024-01-01"], "ends"),
        (["usage.events", "--from", "yesterday"], "YYYY-MM-DD"),
        (["usage.events", "--where", "scene"], "DIMENSION=VALUE"),
        (["loans.reached"], "--by step"),
    ],
    ids=["metric", "dimension", "reversed", "day", "filter", "step"],
)
def test_answer_when_wrong_then_one_line_and_code_two(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["answer", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err and captured.err.count("\n") == 1


def test_answer_when_home_is_empty_then_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COCKPIT_HOME", f"{tmp_path}/none")
    assert main(["answer", "usage.events"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_catalogue_when_json_then_every_metric_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [metric["name"] for metric in found] == list(CATALOGUE)
    assert found[0]["label"] == {"zh": "服务次数", "en": "Service events"}
    assert main(["catalogue"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(CATALOGUE) + 1


def test_verify_when_sound_then_zero_and_when_damaged_then_one(
    small_home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify"]) == 0
    assert "as they were sealed" in capsys.readouterr().out
    file = next((small_home.published / "files").glob("service_event*"))
    content = file.read_bytes()
    try:
        file.chmod(0o600)
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert main(["verify"]) == 1
        assert file.name in capsys.readouterr().err
    finally:
        file.write_bytes(content)
