"""Loading: each row once, every count accounted for, and a home guarded against misuse."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl import load as loading
from etl.delivery import Position
from etl.load import Loader
from etl.model import BatchCount, Source
from tests.tiny import tiny_batch, tiny_settings, tiny_source
from warehouse.errors import Busy, NewerFormat, NoSpace, StorageError, WrongKey
from warehouse.keys import Keyring
from warehouse.settings import ROOT, Settings

MIDNIGHT = datetime(2026, 3, 31, 16, tzinfo=UTC)  # 1 April in Shanghai
SERVICE = tiny_source("service_event")


def row(identity: str, hours: float = 0, **more: Any) -> dict[str, Any]:
    at = MIDNIGHT + timedelta(hours=hours)
    return {"identity": identity, "occurred_at": at, "scene": "tax", **more}


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return tiny_settings(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as opened:
        yield opened


def facts(loader: Loader, month: str, columns: str = "count(*)") -> list[tuple[Any, ...]]:
    alias = loader.writer.attach("service_event", month)
    return loader.writer.execute(f"SELECT {columns} FROM {alias}.fact ORDER BY ALL")


def deliver(loader: Loader, name: str, rows: list[dict[str, Any]], **more: Any) -> BatchCount:
    source: Source = more.pop("source", SERVICE)
    return loader.load(tiny_batch(source, rows, loader.keyring, batch_id=name, **more))


def test_load_when_rows_are_new_then_split_by_local_month(loader: Loader) -> None:
    count = deliver(loader, "a", [row("1", -1), row("2", 0), row("3", 1)])
    assert count == BatchCount(read=3, loaded=3)
    assert facts(loader, "2026-03", "day::VARCHAR, hour") == [("2026-03-31", 23)]
    assert facts(loader, "2026-04", "day::VARCHAR, hour") == [("2026-04-01", 0), ("2026-04-01", 1)]


def test_load_when_identity_repeats_inside_a_batch_then_the_first_counts(loader: Loader) -> None:
    count = deliver(loader, "a", [row("1", street="first"), row("1", street="second")])
    assert count == BatchCount(read=2, loaded=1, duplicate=1)
    assert facts(loader, "2026-04", "street") == [("first",)]


def test_load_when_another_batch_repeats_rows_then_they_are_duplicates(loader: Loader) -> None:
    deliver(loader, "a", [row("1"), row("2")])
    count = deliver(loader, "b", [row("2"), row("3")])
    assert count == BatchCount(read=2, loaded=1, duplicate=1)
    assert facts(loader, "2026-04") == [(3,)]


def test_load_when_time_was_corrected_within_the_month_then_still_a_duplicate(
    loader: Loader,
) -> None:
    deliver(loader, "a", [row("1", 1)])
    assert deliver(loader, "b", [row("1", 200)]).duplicate == 1


def test_load_when_other_source_has_the_same_identity_then_it_is_another_row(
    loader: Loader,
) -> None:
    deliver(loader, "a", [row("1")])
    count = deliver(loader, "b", [row("1")], source=tiny_source("service_event", "other"))
    assert count.loaded == 1
    assert facts(loader, "2026-04", "source") == [("other",), ("service_event",)]


def test_load_when_whole_rows_are_the_identity_then_equal_rows_are_duplicates(
    loader: Loader,
) -> None:
    source = tiny_source("service_event", identity=())
    assert source.is_by_occurrence
    deliver(loader, "a", [row(f"r{n}", 24 * n) for n in range(20)], source=source)
    again = [row(f"r{n}", 24 * n) for n in range(15, 25)]
    count = deliver(loader, "b", again, source=source)
    assert count == BatchCount(read=10, loaded=5, duplicate=5)


def test_load_when_the_same_batch_of_the_same_run_comes_again_then_its_counts_return(
    loader: Loader,
) -> None:
    first = deliver(loader, "a", [row("1"), row("1")])
    assert deliver(loader, "a", [row("1"), row("1")]) == first
    assert facts(loader, "2026-04") == [(1,)]
    assert loader.state.totals("service_event") == first


def test_load_when_a_later_run_brings_the_batch_again_then_all_are_duplicates(
    loader: Loader,
) -> None:
    broken = [{"reason": "empty"}]
    deliver(loader, "a", [row("1"), row("2")], broken=broken)
    count = deliver(loader, "a", [row("1"), row("2")], broken=broken, run_id="next")
    assert count == BatchCount(read=3, duplicate=2, quarantined=1)
    alias = loader.writer.attach("quarantine", "")
    assert loader.writer.execute(f"SELECT count(*) FROM {alias}.original") == [(1,)]


def test_load_when_everything_is_a_duplicate_then_the_partition_is_untouched(
    home: Settings,
) -> None:
    ring = Keyring.open(home, create=True)
    file = home.live / "service_event" / "2026-04.duckdb"
    with Loader(home, ring) as loader:
        deliver(loader, "a", [row("1")])
    before = file.read_bytes()
    with Loader(home, ring) as loader:
        assert deliver(loader, "b", [row("1")]).duplicate == 1
    assert file.read_bytes() == before


def test_load_when_rows_are_broken_then_originals_are_kept_apart(loader: Loader) -> None:
    broken = [{"line": 7, "column_name": "scene", "reason": "empty", "original": '{"a":1}'}]
    count = deliver(loader, "a", [row("1")], broken=broken)
    assert count == BatchCount(read=2, loaded=1, quarantined=1)
    alias = loader.writer.attach("quarantine", "")
    sql = f"SELECT source, item, line, column_name, reason, original FROM {alias}.original"
    expected = ("service_event", "service_event.csv", 7, "scene", "empty", '{"a":1}')
    assert loader.writer.execute(sql) == [expected]


def test_load_when_batch_is_empty_then_is_recorded(loader: Loader) -> None:
    assert deliver(loader, "a", []) == BatchCount()
    assert loader.state.known_broken("a") == 0


def test_load_when_position_is_given_then_it_moves_with_the_batch(loader: Loader) -> None:
    position = Position(item="f.csv", version="9:8", sha256="7")
    loader.load(tiny_batch(SERVICE, [row("1")], loader.keyring), position)
    assert loader.state.positions("service_event") == {"f.csv": position}


def test_load_when_a_count_does_not_add_up_then_nothing_is_recorded(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Loader, "_store_month", lambda *_: (5, 0))
    with pytest.raises(StorageError, match="1 rows were read but 5 loaded"):
        deliver(loader, "a", [row("1")])
    assert loader.state.known_broken("a") is None


def test_load_when_disk_is_short_then_no_space_before_anything_is_written(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "RESERVE_BYTES", 1 << 60)
    with pytest.raises(NoSpace, match="free some space"):
        deliver(loader, "a", [row("1")])
    assert not list(loader.settings.live.glob("service_event/*"))
    monkeypatch.undo()
    assert deliver(loader, "a", [row("1")]).loaded == 1


def test_load_when_many_months_come_then_few_stay_attached(loader: Loader) -> None:
    rows = [row(str(n), 24 * 31 * n) for n in range(30)]
    assert deliver(loader, "a", rows).loaded == 30
    months = [key for key in loader.writer.attached if key[0] == "service_event"]
    assert len(months) <= loading.MOST_ATTACHED


def test_event_id_when_computed_then_is_half_the_md5(loader: Loader) -> None:
    """The number is part of the file format: another one would load everything twice."""
    deliver(loader, "a", [row("E1")])

    digest = hashlib.md5(b"service_event\x1fE1").digest()
    assert facts(loader, "2026-04", "event_id") == [(int.from_bytes(digest, "little") >> 1,)]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.integers(0, 12), st.integers(-3, 3)), max_size=12),
        min_size=1,
        max_size=4,
    )
)
def test_load_when_rows_come_in_any_order_then_counts_match_a_set(
    batches: list[list[tuple[int, int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Model: the set of (month, identity). The time is fixed by the identity, as in life."""
    home = tiny_settings(tmp_path_factory.mktemp("home"))
    seen: set[int] = set()
    with Loader(home, Keyring.open(home, create=True)) as loader:
        for number, batch in enumerate(batches):
            rows = [row(str(n), 24 * (n - 6)) for n, _ in batch]
            new = {n for n, _ in batch} - seen
            seen |= new
            assert deliver(loader, f"b{number}", rows) == BatchCount(
                read=len(batch), loaded=len(new), duplicate=len(batch) - len(new)
            )
        stored = sum(facts(loader, month)[0][0] for month in ("2026-03", "2026-04"))
    assert stored == len(seen)


# --- the home -------------------------------------------------------------------------------


def test_loader_when_another_process_writes_then_busy_names_it(home: Settings) -> None:
    ring = Keyring.open(home, create=True)
    code = (
        "import sys; from pathlib import Path; from warehouse.lock import hold;"
        "from tests.tiny import tiny_settings; hold(tiny_settings(Path(sys.argv[1])));"
        "print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(home.home.parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert other.stdout is not None and other.stdin is not None
    try:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(Busy, match=f"pid {other.pid}"):
            Loader(home, ring)
    finally:
        other.communicate()
    Loader(home, ring).close()


def test_loader_when_zone_changes_then_refused(home: Settings, tmp_path: Path) -> None:
    ring = Keyring.open(home, create=True)
    Loader(home, ring).close()
    with pytest.raises(StorageError, match="COCKPIT_TIMEZONE=Asia/Shanghai"):
        Loader(tiny_settings(tmp_path, "UTC"), ring)
    Loader(home, ring).close()


def test_loader_when_home_is_newer_then_newer_format(home: Settings) -> None:
    ring = Keyring.open(home, create=True)
    Loader(home, ring).close()
    note = home.home / "home.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "format": 2}))
    with pytest.raises(NewerFormat, match="format 2"):
        Loader(home, ring)


def test_loader_when_key_file_of_a_partition_is_gone_then_wrong_key(home: Settings) -> None:
    ring = Keyring.open(home, create=True)
    with Loader(home, ring) as loader:
        deliver(loader, "a", [row("1")])
    (home.live / "service_event" / "2026-04.key").unlink()
    with Loader(home, ring) as loader, pytest.raises(WrongKey, match=r"2026-04\.key"):
        deliver(loader, "b", [row("2")])


def test_loader_when_partition_was_exchanged_then_wrong_key(home: Settings) -> None:
    ring = Keyring.open(home, create=True)
    with Loader(home, ring) as loader:
        deliver(loader, "a", [row("1", -1), row("2", 1)])
    folder = home.live / "service_event"
    (folder / "2026-04.duckdb").write_bytes((folder / "2026-03.duckdb").read_bytes())
    with Loader(home, ring) as loader, pytest.raises(WrongKey, match="does not open"):
        deliver(loader, "b", [row("3", 1)])


def test_loader_when_started_then_left_over_spill_is_wiped(home: Settings) -> None:
    left_over = home.spill / "0011223344556677"
    left_over.mkdir(parents=True)
    (left_over / "duckdb_temp_storage_DEFAULT-0.tmp").write_text("rows")
    left_over.with_name(left_over.name + ".lock").touch()
    with Loader(home, Keyring.open(home, create=True)):
        assert not left_over.exists()


def test_files_when_loaded_then_show_neither_person_nor_identity(home: Settings) -> None:
    """Nothing a person could be found by is in any file of the home, the WAL included."""
    marks = (b"110101199003070011", b"TAX-E-4711")
    rows = [row("TAX-E-4711", person="110101199003070011")]
    with Loader(home, Keyring.open(home, create=True)) as loader:
        deliver(loader, "a", rows)
        _assert_absent(home, marks)
    _assert_absent(home, marks)


def _assert_absent(home: Settings, marks: tuple[bytes, ...]) -> None:
    contents = [file.read_bytes() for file in home.home.rglob("*") if file.is_file()]
    assert len(contents) > 5
    assert not any(mark in content for mark in marks for content in contents)


def test_batch_when_frame_is_large_then_needs_more_space(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = tiny_batch(SERVICE, [row("1")], loader.keyring)
    free = os.statvfs(loader.settings.live)
    monkeypatch.setattr(pl.DataFrame, "estimated_size", lambda _: free.f_bavail * free.f_frsize)
    with pytest.raises(NoSpace):
        loader.load(replace(batch, batch_id="big"))
