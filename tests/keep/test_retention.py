"""A dataset is kept as long as its city says: older months go, older rows do not come in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.city import read_city
from etl.load import Loader
from etl.publish import publish
from tests.tiny import load_rows, tiny_batch, tiny_settings, tiny_source
from warehouse import __main__ as shell
from warehouse import clock
from warehouse.datasets import CONTRACTS
from warehouse.errors import SourceError
from warehouse.keys import Keyring
from warehouse.manifest import read_manifest
from warehouse.model import City, Label
from warehouse.retention import ask_to_retain, months_of, oldest_kept, retain
from warehouse.settings import Settings

CITY = City(label=Label(zh="示例市", en="Example City"))
NOW = datetime(2026, 5, 20, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    settings = tiny_settings(tmp_path)
    with Loader(settings, Keyring.open(settings, create=True)) as loader:
        load_rows(loader, tiny_source("service_event"), _rows(0, 90, 200))
        load_rows(loader, tiny_source("rating_event"), _rows(90))
        publish(loader, (), {}, CITY)
    return settings


def _rows(*days_ago: int) -> list[dict[str, Any]]:
    return [
        {
            "identity": str(days),
            "occurred_at": NOW - timedelta(days=days),
            "scene": "tax",
            "level": "satisfied",
        }
        for days in days_ago
    ]


def _months(settings: Settings) -> set[tuple[str, str]]:
    manifest = read_manifest(settings, Keyring.open(settings))
    return {(f.dataset, f.month) for f in manifest.files if f.dataset in CONTRACTS}


@pytest.mark.parametrize(
    ("today", "months", "oldest"),
    [
        (date(2026, 5, 20), 1, "2026-04"),
        (date(2026, 5, 1), 5, "2025-12"),
        (date(2026, 1, 31), 36, "2023-01"),
    ],
)
def test_oldest_kept_when_counted_back_then_is_a_whole_month(
    today: date, months: int, oldest: str
) -> None:
    assert oldest_kept(today, months) == oldest


def test_months_when_written_then_understood_or_refused() -> None:
    assert [months_of(text) for text in ("36 months", "1 month", "3 years")] == [36, 1, 36]
    for wrong in ("0 months", "3", "a year", 3, "36 months "):
        with pytest.raises(ValueError, match="must be written as"):
            months_of(wrong)


def test_retain_when_months_are_older_then_only_they_are_destroyed(settings: Settings) -> None:
    keyring = Keyring.open(settings)
    done = list(retain(settings, keyring, {"service_event": 2}))
    assert [file.stem for file in done] == ["service_event-2025-11", "service_event-2026-02"]
    assert _months(settings) == {("service_event", "2026-05"), ("rating_event", "2026-02")}
    assert list(retain(settings, keyring, {"service_event": 2})) == []


def test_etl_when_months_are_older_then_they_go_with_its_next_publication(
    settings: Settings,
) -> None:
    with Loader(settings, Keyring.open(settings)) as loader:
        ask_to_retain(settings, loader.keyring, {"rating_event": 2})
        assert _months(settings) >= {("rating_event", "2026-02")}
        publish(loader, (), {}, CITY)
        ask_to_retain(settings, loader.keyring, {"rating_event": 2})
        publish(loader, (), {}, CITY)
    assert {dataset for dataset, _ in _months(settings)} == {"service_event"}


def test_row_when_older_than_its_dataset_is_kept_then_counted_and_not_stored(
    settings: Settings,
) -> None:
    source = replace(tiny_source("rating_event"), keep_months=2)
    with Loader(settings, Keyring.open(settings)) as loader:
        batch = tiny_batch(source, _rows(1, 300), loader.keyring, batch_id="late")
        count = loader.load(batch)
        books = loader.writer.attach("quarantine", "")
        kept = loader.writer.execute(f"SELECT column_name, reason, original FROM {books}.original")
    assert (count.loaded, count.quarantined) == (1, 1)
    assert kept == [("occurred_at", "is older than its dataset is kept", "{}")]


def test_city_when_retention_is_wrong_then_says_where(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    file.write_text('label = { zh = "市", en = "City" }\n[retention]\nservice_event = "long"\n')
    with pytest.raises(SourceError, match=r"city.toml:3: retention.service_event: must be written"):
        read_city(file)


def test_command_when_the_city_declares_retention_then_says_what_went(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = settings.home.parent / "sources"
    sources.mkdir()
    for name, value in (("HOME", settings.home), ("SOURCES", sources)):
        monkeypatch.setenv(f"COCKPIT_{name}", str(value))
    assert shell.main(["retain"]) == 0
    assert "declares no [retention]" in capsys.readouterr().out
    (sources / "city.toml").write_text('[retention]\nservice_event = "1 year"\n')
    assert shell.main(["retain"]) == 0
    assert capsys.readouterr().out == "Nothing is too old.\n"
