"""The folder of declarations while it is in use."""

from pathlib import Path

import pytest

from etl.folder import Folder, Reading
from etl.sources import read_sources, source_env
from tests.unit.etl.declared import declare, settings_in
from warehouse.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = settings_in(tmp_path)
    declare(settings.sources)
    return settings


@pytest.fixture
def folder(home: Settings) -> Folder:
    env = source_env(home, {})
    folder = Folder(home.sources, env, read_sources(home.sources, env))
    assert settled(folder).problems == {}
    return folder


def settled(folder: Folder) -> Reading:
    """What the second look says; at the first a file might still be being written."""
    assert folder.look() is None
    reading = folder.look()
    assert reading is not None
    return reading


def names(reading: Reading) -> list[str]:
    return [source.name for source in reading.declared.sources]


def test_declarations_when_nothing_changes_then_nothing_is_said(folder: Folder) -> None:
    assert [folder.look() for _ in range(3)] == [None] * 3


def test_declarations_when_new_changed_and_removed_then_all_count(
    home: Settings, folder: Folder
) -> None:
    declare(home.sources, name="court")
    declare(home.sources, ('promise = "15m"', 'promise = "2h"'))
    reading = settled(folder)
    assert names(reading) == ["court", "hall"]
    assert reading.declared.sources[1].promise_seconds == 7200
    assert set(reading.declared.labels["source"]) == {"court", "hall"}

    (home.sources / "court.toml").unlink()
    assert names(settled(folder)) == ["hall"]


def test_declaration_when_broken_then_the_old_one_stays_and_file_and_line_are_told(
    home: Settings, folder: Folder
) -> None:
    file = declare(home.sources, ('every = "10s"', 'every = "soon"'))
    line = file.read_text("utf-8").splitlines().index('every = "soon"') + 1
    reading = settled(folder)
    assert reading.declared.sources[0].every_seconds == 10
    assert reading.problems["hall"].startswith(f"{file}:{line}: schedule.every: ")

    file.write_text("name = ", "utf-8")
    assert f"{file}:1" in settled(folder).problems["hall"]
    declare(home.sources)
    assert settled(folder).problems == {}


def test_declarations_when_the_city_is_broken_or_all_are_gone_then_the_old_ones_stay(
    home: Settings, folder: Folder
) -> None:
    city = home.sources / "city.toml"
    city.write_text('label = { zh = "甲市", en = "A" }\n', "utf-8")
    assert settled(folder).declared.city.label.en == "A"
    city.write_text("label = 1\n", "utf-8")
    reading = settled(folder)
    assert reading.declared.city.label.en == "A" and "city.toml:1" in reading.problems["city"]

    (home.sources / "hall.toml").unlink()
    reading = settled(folder)
    assert names(reading) == ["hall"] and "declares no source" in reading.problems[""]


def test_declaration_when_still_being_written_then_left_alone(
    home: Settings, folder: Folder
) -> None:
    for promise in ("16m", "17m", "180m"):
        declare(home.sources, ('promise = "15m"', f'promise = "{promise}"'))
        assert folder.look() is None
