"""Things that happen one after the other and between each other: nothing is lost or doubled."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from etl.books.folding import without_personal
from etl.load import Loader
from etl.model import Declared, RunReport, RunState, Source
from etl.publication import publish_all
from etl.run import Runner
from etl.shell import days
from etl.sources import read_source, source_env
from tests.unit.etl.declared import HEADER, declare, rows_text, settings_in, settled
from warehouse import clock
from warehouse.errors import StorageError
from warehouse.keys import Keyring
from warehouse.model import City, Label
from warehouse.settings import Settings

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MENDED = ('"失败" = "failed"', '"失败" = "failed"\n"退回" = "abandoned"')
ODD = "N{n},2026-03-02 10:00:00,110{n},app,退回,1,李\n"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def ring(home: Settings) -> Keyring:
    return Keyring.open(home, create=True)


@pytest.fixture
def loader(home: Settings, ring: Keyring) -> Iterator[Loader]:
    with Loader(home, ring) as loader:
        yield loader


def declared(home: Settings, *changes: tuple[str, str]) -> Source:
    (home.inbox / "hall").mkdir(parents=True, exist_ok=True)
    return read_source(declare(home.sources, *changes), source_env(home, {}))


def deliver(home: Settings, name: str, rows: str) -> Path:
    return settled(home.inbox / "hall" / name, f"{HEADER}\n{rows}")


def counts(report: RunReport) -> tuple[int, int, int, int]:
    assert report.read == report.loaded + report.duplicate + report.quarantined
    return report.read, report.loaded, report.duplicate, report.quarantined


def facts(loader: Loader) -> int:
    alias = loader.writer.attach("service_event", "2026-03")
    return int(loader.writer.execute(f"SELECT count(*) FROM {alias}.fact")[0][0])


def kept(loader: Loader) -> int:
    alias = loader.quarantine.alias
    return int(loader.writer.execute(f"SELECT count(*) FROM {alias}.original")[0][0])


def publish(loader: Loader, source: Source) -> None:
    city = City(label=Label(zh="城", en="City"))
    publish_all(Declared(sources=(source,), city=city, labels={}), loader)


def fail(*_: object, **__: object) -> None:
    raise StorageError("the disk went away")


# --- a file that is replaced while it is taken in ---------------------------------------------


@pytest.mark.parametrize("rows", [5, 60_000])
def test_file_when_replaced_before_it_is_read_then_its_first_content_still_counts(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """What is stored under the name of a content would make that content a duplicate for ever."""
    source, runner = declared(home), Runner(loader)
    first = deliver(home, "a.csv", rows_text(0, rows)).read_bytes()
    check = "etl.take.Taking._check_survey"

    def replaced(*_: object) -> None:
        deliver(home, "a.csv", rows_text(100_000, rows + 1))
        os.utime(home.inbox / "hall" / "a.csv")

    with monkeypatch.context() as patch:
        patch.setattr(check, replaced)
        refused = runner.run(source)
    assert (refused.state, refused.read) == (RunState.FAILED, 0)
    assert "changed while it was read" in refused.message

    os.utime(home.inbox / "hall" / "a.csv", (1_700_000_000, 1_700_000_000))
    settled(home.inbox / "hall" / "b.csv", first)
    assert counts(runner.run(source)) == (2 * rows + 1, 2 * rows + 1, 0, 0)


def test_file_when_it_cannot_be_read_for_a_while_then_is_tried_again(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, runner = declared(home), Runner(loader)
    file = deliver(home, "a.csv", rows_text(0, 5))
    away = file.with_name(".away")

    with monkeypatch.context() as patch:
        patch.setattr("etl.take.Taking._check_survey", lambda *_: file.rename(away))
        assert runner.run(source).state is RunState.FAILED
    away.rename(file)
    assert counts(runner.run(source)) == (5, 5, 0, 0)


# --- killed, and other things happen before it comes again ------------------------------------


@pytest.mark.parametrize("place", ["quarantine.Quarantine.keep", "state.State.record"])
def test_batch_when_killed_and_a_row_is_good_by_then_then_comes_in(
    home: Settings, ring: Keyring, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    source = declared(home)
    ahead = "N9,2026-03-04 10:00:00,1109,app,成功,1,李\n"
    deliver(home, "a.csv", rows_text(0, 5) + ahead)
    with Loader(home, ring) as loader, monkeypatch.context() as patch:
        patch.setattr(f"etl.{place}", fail)
        with clock.frozen_at(NOW):
            assert Runner(loader).run(source).state is RunState.FAILED
    with Loader(home, ring) as loader, clock.frozen_at(NOW + timedelta(days=2)):
        assert counts(Runner(loader).run(source)) == (6, 6, 0, 0)
        assert (facts(loader), kept(loader)) == (6, 0)
        publish(loader, source)


def test_batch_when_killed_with_rows_for_a_day_that_was_over_then_comes_in(
    home: Settings, ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = declared(home)
    deliver(home, "a.csv", rows_text(0, 5, day="2026-03-09"))
    with Loader(home, ring) as loader:
        Runner(loader).run(source)
        publish(loader, source)
        deliver(home, "b.csv", rows_text(10, 5))
        with monkeypatch.context() as patch:
            patch.setattr("etl.state.State.record", fail)
            Runner(loader).run(source)
    with Loader(home, ring) as loader:
        assert counts(Runner(loader).run(source)) == (5, 5, 0, 0)
        assert [(late.day, late.rows) for late in loader.state.lates()] == [(date(2026, 3, 2), 5)]


def test_replay_when_the_batch_was_never_counted_then_waits_for_its_delivery(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(home, "a.csv", ODD.format(n=1))
    with monkeypatch.context() as patch:
        patch.setattr("etl.state.State.record", fail)
        Runner(loader).run(declared(home))
    mended = declared(home, MENDED)

    assert counts(Runner(loader).replay(mended)) == (0, 0, 0, 0)
    assert loader.state.totals("hall").quarantined == 0
    assert counts(Runner(loader).run(declared(home))) == (1, 0, 0, 1)
    assert counts(Runner(loader).replay(mended)) == (0, 1, 0, -1)


# --- the same range read again ----------------------------------------------------------------


def test_backfill_when_asked_again_then_broken_rows_are_kept_once(
    home: Settings, loader: Loader
) -> None:
    source = declared(home)
    deliver(home, "a.csv", rows_text(0, 5) + ODD.format(n=9) + "half a row\n")
    Runner(loader).run(source)
    window = days(date(2026, 3, 2), date(2026, 3, 3), home.zone)
    for _ in range(2):
        report = Runner(loader).backfill(source, window)
        assert (counts(report), report.message) == ((7, 0, 7, 0), "")
        assert kept(loader) == 2
    assert counts(Runner(loader).replay(declared(home, MENDED))) == (0, 1, 0, -1)


# --- what is personal changes -----------------------------------------------------------------

OPEN = ('[personal]\ncolumns = ["citizen"]\ndrop = ["name"]\n', "")
WITHOUT = ('person = "citizen"\n', "")
DISTRICT = ('channel = "channel"', 'channel = "channel"\ndistrict = "citizen"')


def test_replay_when_a_column_is_personal_by_now_then_plain_values_are_no_pseudonyms(
    home: Settings, loader: Loader
) -> None:
    deliver(home, "a.csv", ODD.format(n=1))
    Runner(loader).run(declared(home, OPEN, WITHOUT, DISTRICT))

    assert counts(Runner(loader).replay(declared(home, MENDED))) == (0, 0, 0, 0)
    assert counts(Runner(loader).run(declared(home, MENDED))) == (1, 1, 0, 0)
    alias = loader.writer.attach("service_event", "2026-03")
    assert loader.writer.execute(f"SELECT person FROM {alias}.fact") == [
        (loader.keyring.pseudonym("1101"),)
    ]


def test_replay_when_a_column_is_personal_no_more_then_pseudonyms_are_no_values(
    home: Settings, loader: Loader
) -> None:
    deliver(home, "a.csv", ODD.format(n=1))
    Runner(loader).run(declared(home))
    open_now = declared(home, OPEN, WITHOUT, DISTRICT, MENDED)
    assert counts(Runner(loader).replay(open_now)) == (0, 0, 0, 0)


def test_samples_when_a_column_is_personal_by_now_then_are_forgotten(
    home: Settings, loader: Loader
) -> None:
    before = declared(home, OPEN, WITHOUT, DISTRICT)
    file = deliver(home, "a.csv", ODD.format(n=1) + "1101019900101,half a row\n")
    Runner(loader).run(before)
    publish(loader, before)
    samples = f"SELECT original FROM {loader.state.alias}.sample"
    assert any("1101" in row[0] for row in loader.writer.execute(samples))

    file.unlink()
    Runner(loader).run(declared(home))
    assert loader.writer.execute(f"SELECT original FROM {loader.state.alias}.sample") == []


def test_sample_when_a_line_was_kept_before_anything_was_personal_then_is_not_shown() -> None:
    shown = (frozenset({"citizen"}), None)
    assert without_personal('{"text": "1101019900101,half"}', NOW, shown) == "{}"
    assert without_personal('{"text": "half"}', NOW, (frozenset(), None)) == '{"text": "half"}'
