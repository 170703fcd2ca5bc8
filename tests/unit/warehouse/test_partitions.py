"""The manifest: sealed, and any change to it or to a file it lists is found."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl import copies
from etl import publish as publishing
from etl.load import Loader
from tests.tiny import build_home, tiny_settings
from warehouse.errors import NewerFormat, NotPublished, StorageError, Tampered
from warehouse.home import published_files
from warehouse.keys import Keyring
from warehouse.manifest import (
    Manifest,
    PartitionFile,
    from_json,
    make_current,
    manifest_file,
    read_manifest,
    to_json,
    write_manifest,
)
from warehouse.model import City, District, Label, SourceStatus
from warehouse.partitions import verify
from warehouse.settings import Settings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LABEL = Label(zh="示例", en="Example")
MANIFEST = Manifest(
    generation=7,
    created_at=NOON,
    time_zone="Asia/Shanghai",
    versions={"service_event": 3},
    files=(
        PartitionFile(
            dataset="service_event",
            month="2026-03",
            file="service_event-2026-03-abc.duckdb",
            sha256="abc",
            size=12,
            wrapped_key="sealed",
        ),
    ),
    sources=(
        SourceStatus(
            name="tax", label=LABEL, dataset="service_event", promise_seconds=60, watermark=None
        ),
        SourceStatus(
            name="fund", label=LABEL, dataset="service_event", promise_seconds=60, watermark=NOON
        ),
    ),
    labels={"scene": {"tax": LABEL}},
    city=City(
        label=LABEL,
        districts=(
            District(code="d1", label=LABEL, population=9, outline=((0.0, 1.5), (2.0, 3.0))),
        ),
    ),
)


def _events(count: int = 20) -> list[dict[str, Any]]:
    return [
        {
            "occurred_at": NOON + timedelta(days=3 * n),
            "person": f"p{n % 3}",
            "scene": "tax",
            "outcome": "completed",
        }
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return build_home(
        tmp_path_factory.mktemp("built"),
        service_events=_events(),
        loan_events=[
            {"occurred_at": NOON, "application": "a", "step": "applied"},
            {"occurred_at": NOON, "application": "b", "step": "applied"},
        ],
    )


@pytest.fixture
def settings(built: Settings, tmp_path: Path) -> Settings:
    """A copy that a test may damage."""
    shutil.copytree(built.home, tmp_path / "home")
    return tiny_settings(tmp_path)


def test_manifest_when_written_then_reads_the_same(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    ring = Keyring.open(settings, create=True)
    write_manifest(settings, ring, MANIFEST)
    make_current(settings, 7)
    assert read_manifest(settings, ring) == MANIFEST


@pytest.mark.parametrize("value", [MANIFEST, MANIFEST.city, MANIFEST.sources[1]])
def test_values_when_made_json_then_come_back(value: object) -> None:
    assert from_json(type(value), json.loads(json.dumps(to_json(value)))) == value


def test_manifest_when_not_made_current_then_not_published(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    ring = Keyring.open(settings, create=True)
    write_manifest(settings, ring, MANIFEST)
    with pytest.raises(NotPublished, match="python -m etl run"):
        read_manifest(settings, ring)


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "a hash": lambda m: m["files"][0].update(sha256="0" * 64),
    "a file left out": lambda m: m["files"].pop(),
    "a watermark": lambda m: m["sources"][0].update(watermark=NOON.isoformat()),
    "a label": lambda m: m["labels"].update(scene={"tax": {"zh": "x", "en": "x"}}),
    "the generation": lambda m: m.update(generation=8),
    "the seal": lambda m: m.update(mac="0" * 64),
    "no seal": lambda m: m.pop("mac"),
    "another entry": lambda m: m.update(more=1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_manifest_when_changed_then_tampered(change: str, settings: Settings) -> None:
    file = manifest_file(settings, 1)
    content = json.loads(file.read_text())
    CHANGES[change](content)
    file.write_text(json.dumps(content))
    with pytest.raises(Tampered, match="publish again"):
        read_manifest(settings, Keyring.open(settings))


def test_manifest_when_exchanged_for_an_older_one_then_tampered(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    ring = Keyring.open(settings, create=True)
    for generation in (7, 8):
        write_manifest(settings, ring, replace(MANIFEST, generation=generation))
    make_current(settings, 8)
    manifest_file(settings, 8).write_bytes(manifest_file(settings, 7).read_bytes())
    with pytest.raises(Tampered, match="holds generation 7"):
        read_manifest(settings, ring)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe"])
def test_manifest_when_damaged_then_tampered(content: bytes, settings: Settings) -> None:
    manifest_file(settings, 1).write_bytes(content)
    with pytest.raises(Tampered):
        read_manifest(settings, Keyring.open(settings))


def test_manifest_when_of_a_newer_format_then_newer_format(settings: Settings) -> None:
    file = manifest_file(settings, 1)
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 2}))
    with pytest.raises(NewerFormat):
        read_manifest(settings, Keyring.open(settings))


def test_verify_when_nothing_is_wrong_then_counts_files_and_rows(settings: Settings) -> None:
    report = verify(settings, Keyring.open(settings))
    assert report.is_sound
    assert (report.generation, report.files, report.rows) == (1, 5, 24)


@pytest.mark.parametrize("place", [0, 5000, -1])
def test_verify_when_one_byte_of_a_file_flips_then_names_the_file(
    place: int, settings: Settings
) -> None:
    file = sorted(published_files(settings).iterdir())[0]
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)
    report = verify(settings, Keyring.open(settings))
    assert len(report.problems) == 1
    assert file.name in report.problems[0]


def test_verify_when_a_file_is_missing_then_names_it(settings: Settings) -> None:
    file = sorted(published_files(settings).iterdir())[-1]
    file.unlink()
    report = verify(settings, Keyring.open(settings))
    assert [file.name in problem for problem in report.problems] == [True]


PLANTED = {
    "rows differ": "INSERT INTO {db}.fact SELECT * REPLACE (event_id + 1 AS event_id)"
    " FROM {db}.fact LIMIT 1",
    "there twice": "INSERT INTO {db}.fact SELECT * FROM {db}.fact LIMIT 1",
    "not those the ledger": "UPDATE {db}.fact SET event_id = event_id + 1",
    "another month": "UPDATE {db}.fact SET day = day + 300",
    "sums of days": "UPDATE {db}.usage_day SET people = people + 1",
    "active days of people": "DELETE FROM {db}.person_day"
    " WHERE person = (SELECT min(person) FROM {db}.person_day)",
    "events of nobody known": "INSERT INTO {db}.unknown_day"
    " VALUES (DATE '2026-03-01', 'a', 'b', 'c', 'd', 1)",
    "people of days": "UPDATE {db}.gap_day SET people = people + 1",
    "the days people were there before": "UPDATE {db}.gap_day SET before = day - 9",
    "people of the month": "UPDATE {db}.people_month SET people = people + 1",
    "counts of first days": "UPDATE {db}.first_day SET served = served + 1",
    "first days differ from all days by scene": "DELETE FROM {db}.person_first WHERE cut = 'scene'",
    "not summed": "INSERT INTO {db}.dirty_day VALUES (DATE '2026-03-01')",
}


@pytest.mark.parametrize("expected", PLANTED)
def test_verify_when_a_fault_is_sealed_in_then_says_which(
    expected: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults a wrong program would seal itself: planted behind the checks before publishing."""

    ring = Keyring.open(settings)
    with Loader(settings, ring) as loader:
        loader.roll_up()
        alias = loader.writer.attach("service_event", "2026-03")
        loader.writer.execute(PLANTED[expected].replace("{db}", alias))
        monkeypatch.setattr(publishing, "check_partition", lambda *_: None)
        monkeypatch.setattr(copies, "_problems", lambda *_: [])
        publishing.publish(loader, (), {}, City(label=LABEL))
    problems = verify(settings, ring).problems
    assert any(expected in problem for problem in problems)
    assert all(problem.startswith("service_event") for problem in problems)


APPLICATIONS = {
    "steps of applications": "applied_at = NULL",
    "attributes of applications": "dealer = 'other'",
    "attributes of applications differ": "amount_applied = 7",
    "what was verified of applications": "judicial = true",
}


@pytest.mark.parametrize("expected", APPLICATIONS)
def test_verify_when_application_is_wrong_then_says_so(
    expected: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_problems", lambda *_: [])
    ring = Keyring.open(settings)
    with Loader(settings, ring) as loader:
        loader.roll_up()
        alias = loader.writer.attach("loan_event", "2026-03")
        loader.writer.execute(f"UPDATE {alias}.application SET {APPLICATIONS[expected]}")
        publishing.publish(loader, (), {}, City(label=LABEL))
    problems = verify(settings, ring).problems
    assert len(problems) == 1
    assert expected in problems[0]


def test_publish_when_a_partition_disagrees_with_its_ledger_then_refuses(
    settings: Settings,
) -> None:

    ring = Keyring.open(settings)
    with Loader(settings, ring) as loader:
        alias = loader.writer.attach("service_event", "2026-03")
        loader.writer.execute(f"DELETE FROM {alias}.fact")
        with pytest.raises(StorageError, match="its ledger counts"):
            publishing.publish(loader, (), {}, City(label=LABEL))
    assert read_manifest(settings, ring).generation == 1
