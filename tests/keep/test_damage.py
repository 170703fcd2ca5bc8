"""Damaged, exchanged and older files: recognised before the first answer, and mended."""

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.load import Loader
from etl.publish import publish
from tests.keep.damage import WAYS
from tests.tiny import load_rows, tiny_settings, tiny_source
from warehouse import connection
from warehouse.anchor import anchor_file
from warehouse.answer import Warehouse
from warehouse.attached import Attached
from warehouse.connection import Reader
from warehouse.errors import StorageError, Tampered
from warehouse.home import live_file, published_files
from warehouse.keys import Keyring
from warehouse.manifest import Manifest, current_file, manifest_file, open_manifest, read_manifest
from warehouse.model import City, Label
from warehouse.newest import newest_good
from warehouse.partitions import verify
from warehouse.settings import Settings

CITY = City(label=Label(zh="示例市", en="Example City"))
MARCH = datetime(2026, 3, 1, 4, tzinfo=UTC)
DAMAGES = 200


def _events(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {"identity": f"E{n}", "occurred_at": MARCH + timedelta(days=n), "scene": "tax"}
        for n in range(first, first + count)
    ]


def _load(loader: Loader, first: int, count: int) -> Manifest:
    load_rows(loader, tiny_source("service_event"), _events(first, count))
    return publish(loader, (), {}, CITY)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two generations: 40 days, then five more in the second month."""
    settings = tiny_settings(tmp_path_factory.mktemp("built"))
    with Loader(settings, Keyring.open(settings, create=True)) as loader:
        _load(loader, 0, 40)
        _load(loader, 40, 5)
    return settings


@pytest.fixture
def settings(built: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(built.home, tmp_path / "home")
    return tiny_settings(tmp_path)


def _count(reader: Reader) -> int:
    snapshot = reader.snapshot()
    table = snapshot.table("service_event", "fact", period=None, columns=("day",))
    return int(snapshot.select(f"SELECT count(*) FROM {table}")[0][0])


def _served(settings: Settings) -> tuple[int, str]:
    """What a reader that starts now counts, and what it says is wrong."""
    reader = Reader(settings, Keyring.open(settings))
    try:
        return _count(reader), reader.problem
    finally:
        reader.close()


def _chosen(settings: Settings, keyring: Keyring) -> tuple[int, StorageError | None]:
    """The generation a reader would serve, without the cost of a DuckDB a damage."""
    opened: list[str] = []
    files = Attached(settings, keyring, lambda _, alias, key: opened.append(alias), opened.append)

    def take(manifest: Manifest) -> int:
        assert sorted(files.use(manifest)) == sorted(opened)
        return manifest.generation

    return newest_good(settings, keyring, None, take)


def _newest_only(settings: Settings) -> list[Path]:
    """Everything on the disk that only the newest generation needs."""
    keyring = Keyring.open(settings)
    newest = read_manifest(settings, keyring)
    older = {f.file for f in read_manifest_of(settings, newest.generation - 1).files}
    own = [published_files(settings) / f.file for f in newest.files if f.file not in older]
    return [*own, manifest_file(settings, newest.generation), current_file(settings)]


def read_manifest_of(settings: Settings, generation: int) -> Manifest:
    return open_manifest(settings, Keyring.open(settings), generation)


def test_reader_when_a_file_is_damaged_at_random_then_the_last_good_one_serves(
    settings: Settings,
) -> None:
    """Two hundred damages of every kind to every file of the newest generation."""
    draw, keyring = random.Random(20260301), Keyring.open(settings)
    files = _newest_only(settings)
    assert len(files) == 5
    missed = []
    for number in range(DAMAGES):
        file = files[number % len(files)]
        content = file.read_bytes()
        way = WAYS[number // len(files) % len(WAYS)]
        hurt = way(content, draw)
        file.write_bytes(hurt)
        served, problem = _chosen(settings, keyring)
        good = 2 if file == current_file(settings) else 1  # the manifests themselves are whole
        if (served, bool(problem)) != (good, True) and hurt.strip() != content.strip():
            missed.append((file.name, way.__name__, served, problem))
        file.write_bytes(content)
    assert missed == []
    assert _served(settings) == (45, "")


def test_reader_when_an_older_copy_takes_a_files_place_then_the_last_good_one_serves(
    settings: Settings,
) -> None:
    old = {f.month: f for f in read_manifest_of(settings, 1).files if f.dataset == "service_event"}
    new = {f.month: f for f in read_manifest_of(settings, 2).files if f.dataset == "service_event"}
    folder = published_files(settings)
    shutil.copyfile(folder / old["2026-04"].file, folder / new["2026-04"].file)
    count, problem = _served(settings)
    assert count == 40
    assert new["2026-04"].file in problem


def test_reader_when_a_file_is_damaged_while_it_is_open_then_the_last_good_one_serves(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOOK_EVERY_SECONDS", 0.0)
    keyring = Keyring.open(settings)
    reader = Reader(settings, keyring)
    assert _count(reader) == 45
    file = _newest_only(settings)[0]
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert _count(reader) == 40
    assert reader.problem
    with Loader(settings, keyring) as loader:
        mended = publish(loader, (), {}, CITY)
    assert mended.generation == 3
    assert (_count(reader), reader.problem) == (45, "")
    assert verify(settings, keyring).is_sound
    reader.close()


def test_publish_when_current_was_put_back_then_no_version_means_two_contents(
    settings: Settings,
) -> None:
    keyring = Keyring.open(settings)
    current_file(settings).write_bytes(b"1\n")
    assert not verify(settings, keyring).is_sound
    warehouse = Warehouse.open(settings)
    health = warehouse.health()
    assert (health.generation, health.is_sound) == (2, False)
    with Loader(settings, keyring) as loader:
        after = publish(loader, (), {}, CITY)
    assert after.generation == 3
    assert after.versions["service_event"] == 3
    assert warehouse.health().is_sound
    warehouse.close()


@pytest.mark.parametrize("target", range(5))
def test_publish_when_what_is_published_is_damaged_then_it_is_made_again(
    target: int, settings: Settings
) -> None:
    _newest_only(settings)[target].write_bytes(b"gone")
    keyring = Keyring.open(settings)
    with Loader(settings, keyring) as loader:
        versions = publish(loader, (), {}, CITY).versions
        assert publish(loader, (), {}, CITY).versions == versions
    assert _served(settings) == (45, "")
    assert verify(settings, keyring).is_sound
    assert versions["service_event"] > 2 or target in (1, 2)  # runs, operations


def test_publish_when_an_older_live_file_was_put_back_then_refuses(
    built: Settings, settings: Settings
) -> None:
    live = live_file(settings, "service_event", "2026-04")
    older = live.with_suffix(".older")
    shutil.copyfile(live, older)
    keyring = Keyring.open(settings)
    with Loader(settings, keyring) as loader:
        _load(loader, 45, 2)
    older.replace(live)
    with Loader(settings, keyring) as loader, pytest.raises(Tampered, match="an older copy"):
        publish(loader, (), {}, CITY)
    assert _served(settings) == (47, "")


def test_publish_when_an_older_live_file_was_put_back_while_open_then_refuses(
    settings: Settings,
) -> None:
    live = live_file(settings, "service_event", "2026-04")
    older = live.with_suffix(".older")
    shutil.copyfile(live, older)
    with Loader(settings, Keyring.open(settings)) as loader:
        load_rows(loader, tiny_source("service_event"), _events(45, 2))
        older.replace(live)
        with pytest.raises(StorageError):
            publish(loader, (), {}, CITY)
    assert _served(settings) == (45, "")


def test_home_when_put_back_as_a_whole_then_recognised(settings: Settings, tmp_path: Path) -> None:
    keyring = Keyring.open(settings)
    old = tmp_path / "old"
    shutil.copytree(settings.home, old)
    with Loader(settings, keyring) as loader:
        _load(loader, 45, 2)
    anchor = anchor_file(settings, keyring)
    newest = anchor.read_bytes()
    shutil.rmtree(settings.home)
    old.rename(settings.home)
    anchor.write_bytes(newest)  # it lies outside the home in earnest
    count, problem = _served(settings)
    assert count == 45
    assert "put back to generation 2" in problem
    with pytest.raises(Tampered, match="is an older copy"):
        Loader(settings, keyring)
    anchor.write_bytes(newest.replace(b'"generation": 3', b'"generation": 2'))
    with pytest.raises(Tampered, match="has a seal that does not fit"):
        Loader(settings, keyring)
