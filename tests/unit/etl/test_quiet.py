"""A delivery without rows says that nothing happened until it was written; silence says nothing."""

import gzip
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from etl.demo import delivery
from etl.demo.bureaus import BUREAUS, Bureau
from etl.load import Loader
from etl.model import Declared, RunState, Source
from etl.publication import publish_all
from etl.run import run_source
from etl.sources import read_source, source_env
from etl.status import source_statuses
from tests.unit.etl.declared import HEADER, declare, rows_text, settings_in, settled
from warehouse.answer import Warehouse
from warehouse.keys import Keyring
from warehouse.model import (
    CellState,
    City,
    Grain,
    Label,
    MetricQuery,
    Period,
    Role,
    Scope,
    Viewer,
)
from warehouse.settings import ROOT, Settings

NEWEST = datetime(2026, 3, 2, 1, 0, 2, tzinfo=UTC)
WRITTEN = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


def _declared(home: Settings) -> Source:
    (home.inbox / "hall").mkdir(parents=True, exist_ok=True)
    return read_source(declare(home.sources), source_env(home, {}))


def _deliver(home: Settings, name: str, content: str | bytes, at: datetime) -> None:
    file = settled(home.inbox / "hall" / name, content)
    os.utime(file, (at.timestamp(), at.timestamp()))


def _watermark(source: Source, loader: Loader) -> datetime | None:
    return source_statuses((source,), loader)[0].watermark


def _no_rows(folder: Path) -> bytes:
    file = folder / "empty.parquet"
    pl.DataFrame(schema=dict.fromkeys(HEADER.split(","), pl.String())).write_parquet(file)
    return file.read_bytes()


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "jsonl"])
def test_watermark_when_a_file_holds_no_rows_then_its_time_counts(
    home: Settings, loader: Loader, tmp_path: Path, kind: str
) -> None:
    contents: dict[str, str | bytes] = {
        "csv": f"{HEADER}\n",
        "csv.gz": gzip.compress(f"{HEADER}\n".encode()),
        "parquet": _no_rows(tmp_path),
        "jsonl": "\n",
    }
    source = _declared(home)
    _deliver(home, "a.csv", f"{HEADER}\n{rows_text(0, 3)}", NEWEST)
    run_source(source, loader)
    assert _watermark(source, loader) == NEWEST, "a file with rows speaks by its rows"
    _deliver(home, f"b.{kind}", contents[kind], WRITTEN)
    assert run_source(source, loader).state is RunState.DONE
    assert _watermark(source, loader) == WRITTEN


def test_watermark_when_only_the_day_is_known_then_the_whole_day_counts(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = _declared(home)
    day = "K1,2026-03-02,1,app,成功,1,李\n"
    _deliver(home, "a.csv", f"{HEADER}\n{rows_text(0, 3)}{day}", NEWEST)
    run_source(source, loader)
    day_end = datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert _watermark(source, loader) == day_end, "midnight in Shanghai"

    evening = datetime(2026, 3, 2, 11, 5, tzinfo=UTC)
    monkeypatch.setattr("etl.status.clock.now", lambda: evening)
    assert _watermark(source, loader) == evening, "never later than now"
    monkeypatch.setattr("etl.status.clock.now", lambda: day_end + timedelta(hours=10))
    assert _watermark(source, loader) == day_end, "the next day it stands still"


def test_answer_when_only_the_day_is_known_then_it_is_over_and_the_next_has_none(
    home: Settings, loader: Loader
) -> None:
    source = _declared(home)
    rows = "".join(f"K{n},2026-03-02,{n},app,成功,1,李\n" for n in range(30))
    _deliver(home, "a.csv", f"{HEADER}\n{rows}", NEWEST)
    run_source(source, loader)
    city = City(label=Label(zh="城", en="City"))
    publish_all(Declared(sources=(source,), city=city, labels={}), loader)
    days = Period(start=date(2026, 3, 2), end=date(2026, 3, 4))
    query = MetricQuery(metrics=("usage.events",), period=days, grain=Grain.DAY)
    viewer = Viewer(name="all", role=Role.ADMIN, scope=Scope(everything=True))
    warehouse = Warehouse.open(home)
    known, after = warehouse.answer(query, viewer).rows
    warehouse.close()
    assert (known.is_partial, known.cells[0].state) == (False, CellState.VALUE)
    assert (after.is_partial, after.cells[0].state) == (True, CellState.MISSING)


def test_watermark_when_a_timed_row_is_newer_than_the_whole_day_then_it_counts(
    home: Settings, loader: Loader
) -> None:
    source = _declared(home)
    _deliver(home, "a.csv", f"{HEADER}\n{rows_text(0, 3)}K1,2026-03-01,1,app,成功,1,李\n", NEWEST)
    run_source(source, loader)
    assert _watermark(source, loader) == NEWEST


def test_watermark_when_an_empty_file_is_written_again_then_the_newer_time_counts(
    home: Settings, loader: Loader
) -> None:
    source = _declared(home)
    for at in (NEWEST, WRITTEN):
        _deliver(home, "a.csv", f"{HEADER}\n", at)
        run_source(source, loader)
        assert _watermark(source, loader) == at


def test_watermark_when_an_earlier_file_is_refused_then_an_empty_one_does_not_count(
    home: Settings, loader: Loader
) -> None:
    source = _declared(home)
    _deliver(home, "z.csv", "no,at\n1,2\n", NEWEST)
    _deliver(home, "a.csv", f"{HEADER}\n", WRITTEN)
    assert run_source(source, loader).state is RunState.FAILED
    assert _watermark(source, loader) is None


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.jsonl.gz"])
def test_watermark_when_a_file_holds_nothing_at_all_then_it_is_refused(
    home: Settings, loader: Loader, name: str
) -> None:
    source = _declared(home)
    _deliver(home, name, gzip.compress(b"") if name.endswith(".gz") else b"", WRITTEN)
    report = run_source(source, loader)
    assert report.state is RunState.FAILED
    assert report.message == f"{name}: is empty (0 bytes). Have it delivered again."
    assert _watermark(source, loader) is None


@pytest.mark.parametrize("bureau", BUREAUS, ids=lambda bureau: bureau.name)
def test_example_bureau_when_it_has_nothing_then_its_file_is_read_as_no_rows(
    home: Settings, loader: Loader, bureau: Bureau
) -> None:
    file = ROOT / "sources" / f"{bureau.name}.toml"
    source = read_source(file, {"COCKPIT_INBOX": str(home.inbox)})
    written = delivery.deliver_nothing(home.inbox / bureau.name, "empty", bureau)
    os.utime(written, (WRITTEN.timestamp(), WRITTEN.timestamp()))
    report = run_source(source, loader)
    assert (report.state, report.read, report.message) == (RunState.DONE, 0, "")
    assert _watermark(source, loader) == WRITTEN
