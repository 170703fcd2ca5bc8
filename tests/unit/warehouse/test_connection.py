"""The reader: typed relations over months, generations swapped under running questions."""

import gc
import shutil
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.load import Loader
from etl.publish import publish
from tests.tiny import build_home, load_rows, tiny_settings, tiny_source
from warehouse import connection
from warehouse.connection import Reader
from warehouse.errors import DefinitionError, NotPublished, QueryError, StorageError, Tampered
from warehouse.home import published_files
from warehouse.keys import Keyring
from warehouse.manifest import make_current, read_manifest
from warehouse.model import City, Label, Period
from warehouse.settings import Settings

CITY = City(label=Label(zh="示例市", en="Example City"))
MARCH = datetime(2026, 3, 1, 4, tzinfo=UTC)


def _events(first: int, count: int) -> list[dict[str, Any]]:
    return [
        {
            "identity": f"E{n}",
            "occurred_at": MARCH + timedelta(days=n),
            "person": f"p{n}",
            "scene": "tax",
        }
        for n in range(first, first + count)
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return build_home(tmp_path_factory.mktemp("built"), service_events=_events(0, 40))


@pytest.fixture
def settings(built: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(built.home, tmp_path / "home")
    return tiny_settings(tmp_path)


def _publish_more(settings: Settings, first: int, count: int) -> None:
    with Loader(settings, Keyring.open(settings)) as loader:
        load_rows(loader, tiny_source("service_event"), _events(first, count))
        publish(loader, (), {}, CITY)


def _count(reader: Reader, period: Period | None = None) -> int:
    snapshot = reader.snapshot()
    table = snapshot.table("service_event", "fact", period=period, columns=("day",))
    return int(snapshot.select(f"SELECT count(*) FROM {table}")[0][0])


def test_table_when_period_touches_a_month_then_reads_that_file_only(settings: Settings) -> None:
    reader = Reader(settings, Keyring.open(settings))
    april = Period(start=date(2026, 4, 30), end=date(2026, 5, 1))
    assert reader.snapshot().months("service_event") == ("2026-03", "2026-04")
    assert _count(reader) == 40
    assert _count(reader, april) == 9
    assert _count(reader, Period(start=date(2026, 3, 31), end=date(2026, 4, 1))) == 31
    assert _count(reader, Period(start=date(2026, 3, 31), end=date(2026, 4, 2))) == 40
    reader.close()


@pytest.mark.parametrize("dataset", ["service_event", "rating_event", "loan_event"])
def test_table_when_no_month_fits_then_is_empty_but_typed(dataset: str, settings: Settings) -> None:
    reader = Reader(settings, Keyring.open(settings))
    past = Period(start=date(1999, 1, 1), end=date(1999, 2, 1))
    snapshot = reader.snapshot()
    table = snapshot.table(dataset, "fact", period=past, columns=("day", "district", "event_id"))
    sql = f"SELECT count(*), max(day), any_value(district), typeof(max(event_id)) FROM {table}"
    assert snapshot.select(sql) == [(0, None, None, "HUGEINT")]
    reader.close()


def test_select_when_values_are_bound_then_they_are_no_sql(settings: Settings) -> None:
    reader = Reader(settings, Keyring.open(settings))
    table = reader.snapshot().table("service_event", "fact", period=None)
    sql = f"SELECT count(*) FROM {table} WHERE scene = ?"
    assert reader.snapshot().select(sql, ["tax"]) == [(40,)]
    assert reader.snapshot().select(sql, ["tax' OR '1'='1"]) == [(0,)]
    reader.close()


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "SELECT 1; SELECT 2",
        "SELECT 1; ATTACH ':memory:' AS x",
        "CREATE TEMP TABLE t AS SELECT 1",
        "SET VARIABLE scope = 'all'",
        "ATTACH ':memory:' AS x",
        "COPY (SELECT 1) TO 'x.csv'",
        "CALL enable_logging()",
        "EXPLAIN SELECT 1",
        "SELEC 1",
        "SELECT nothing FROM nowhere",
    ],
)
def test_select_when_not_one_sound_select_then_definition_error(
    sql: str, settings: Settings
) -> None:
    reader = Reader(settings, Keyring.open(settings))
    with pytest.raises(DefinitionError):
        reader.snapshot().select(sql)
    reader.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_text('{home}/keys/master.key')",
        "SELECT * FROM read_blob('{home}/live/state.duckdb')",
        "SELECT * FROM glob('{home}/keys/*')",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
    ],
)
def test_select_when_reaching_outside_then_refused(sql: str, settings: Settings) -> None:
    (settings.live / "state.duckdb").touch()
    reader = Reader(settings, Keyring.open(settings))
    with pytest.raises((DefinitionError, QueryError)):
        reader.snapshot().select(sql.format(home=settings.home))
    reader.close()


def test_select_when_it_takes_too_long_then_query_error(settings: Settings) -> None:
    reader = Reader(settings, Keyring.open(settings))
    slow = "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b"
    with pytest.raises(QueryError, match="shorter period"):
        reader.snapshot().select(slow, seconds=0.2)
    assert _count(reader) == 40
    reader.close()


def test_snapshot_when_nothing_new_then_the_same_object(settings: Settings) -> None:
    reader = Reader(settings, Keyring.open(settings))
    assert reader.snapshot() is reader.snapshot()
    reader.close()


def test_snapshot_when_a_generation_comes_then_held_ones_keep_their_rows(
    settings: Settings,
) -> None:
    reader = Reader(settings, Keyring.open(settings))
    held = reader.snapshot()
    table = held.table("service_event", "fact", period=None)
    _publish_more(settings, 40, 5)
    assert _count(reader) == 45
    assert held.select(f"SELECT count(*) FROM {table}") == [(40,)]
    reader.close()


def test_snapshot_when_no_longer_held_then_its_own_files_are_detached(
    settings: Settings,
) -> None:
    reader = Reader(settings, Keyring.open(settings))
    held = reader.snapshot()
    _publish_more(settings, 40, 5)
    sql = "SELECT count(*) FROM duckdb_databases() WHERE readonly"
    both = reader.snapshot().select(sql)[0][0]
    assert both == 4 + 3  # March stays; April, runs and operations came again
    del held
    gc.collect()
    _publish_more(settings, 45, 5)
    assert reader.snapshot().select(sql)[0][0] <= 7
    gc.collect()
    (settings.published / "CURRENT").touch()
    assert reader.snapshot().select(sql) == [(4,)]
    reader.close()


def test_snapshot_when_many_threads_ask_during_swaps_then_all_counts_are_whole(
    settings: Settings,
) -> None:
    reader = Reader(settings, Keyring.open(settings))
    counts: set[int] = set()
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            counts.add(_count(reader))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for first in (40, 45, 50):
        _publish_more(settings, first, 5)
    final = _count(reader)
    stop.set()
    for thread in threads:
        thread.join()
    assert final == 55
    assert counts <= {40, 45, 50, 55}
    reader.close()


def test_reader_when_nothing_is_published_then_says_how(tmp_path: Path) -> None:
    settings = tiny_settings(tmp_path)
    reader = Reader(settings, Keyring.open(settings, create=True))
    with pytest.raises(NotPublished):
        reader.snapshot()
    reader.close()


def test_reader_when_a_file_was_changed_then_refuses_before_the_first_answer(
    settings: Settings,
) -> None:
    file = sorted(published_files(settings).iterdir())[-1]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    reader = Reader(settings, Keyring.open(settings))
    with pytest.raises(Tampered, match=file.name):
        reader.snapshot()
    reader.close()


def test_reader_when_rolled_back_then_what_it_holds_goes_on_serving(settings: Settings) -> None:
    _publish_more(settings, 40, 5)
    reader = Reader(settings, Keyring.open(settings))
    assert reader.snapshot().manifest.generation == 2
    make_current(settings, 1)
    assert reader.snapshot().manifest.generation == 2
    assert "went back from generation 2 to 1" in reader.problem
    reader.close()


def test_reader_when_a_swap_fails_once_then_a_later_snapshot_works(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOOK_EVERY_SECONDS", 0.0)
    ring = Keyring.open(settings)
    reader = Reader(settings, ring)
    assert _count(reader) == 40
    _publish_more(settings, 40, 5)
    known = {f.name for f in published_files(settings).iterdir()}
    newest = next(f for f in read_manifest(settings, ring).files if f.month == "2026-04")
    assert newest.file in known
    file = published_files(settings) / newest.file
    aside = file.with_suffix(".aside")
    file.rename(aside)
    assert _count(reader) == 40
    assert file.name in reader.problem
    aside.rename(file)
    assert _count(reader) == 45
    assert reader.problem == ""
    reader.close()


def test_reader_when_zone_differs_then_refuses(settings: Settings, tmp_path: Path) -> None:
    other = tiny_settings(tmp_path, "Europe/Amsterdam")
    with pytest.raises(StorageError, match="COCKPIT_TIMEZONE=Asia/Shanghai"):
        Reader(other, Keyring.open(other))
