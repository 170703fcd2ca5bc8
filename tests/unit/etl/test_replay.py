"""Broken rows that are good by now, and ranges that are read again: everything counts once."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from etl.load import Loader
from etl.model import RunReport, RunState, Source
from etl.run import Runner
from etl.shell import days
from etl.sources import read_source, source_env
from tests.unit.etl.declared import HEADER, declare, rows_text, settings_in, settled
from warehouse.errors import StorageError
from warehouse.keys import Keyring
from warehouse.operations import RunKind
from warehouse.settings import Settings

MENDED = ('"失败" = "failed"', '"失败" = "failed"\n"退回" = "abandoned"')
ODD = "N{n},2026-03-02 10:00:0{n},110{n},app,退回,1,李\n"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


def declared(home: Settings, *changes: tuple[str, str]) -> Source:
    (home.inbox / "hall").mkdir(parents=True, exist_ok=True)
    return read_source(declare(home.sources, *changes), source_env(home, {}))


def deliver(home: Settings, name: str, rows: str) -> Path:
    return settled(home.inbox / "hall" / name, f"{HEADER}\n{rows}")


def counts(report: RunReport) -> tuple[int, int, int, int]:
    assert report.read == report.loaded + report.duplicate + report.quarantined
    return report.read, report.loaded, report.duplicate, report.quarantined


def kept(loader: Loader) -> list[tuple[object, ...]]:
    alias = loader.writer.attach("quarantine", "")
    return loader.writer.execute(f"SELECT line, reason FROM {alias}.original ORDER BY ALL")


def people(loader: Loader) -> set[int]:
    alias = loader.writer.attach("service_event", "2026-03")
    return {row[0] for row in loader.writer.execute(f"SELECT person FROM {alias}.fact")}


def broken_rows(*numbers: int) -> str:
    return "".join(ODD.format(n=n) for n in numbers)


def test_replay_when_the_contract_was_mended_then_quarantine_is_empty(
    home: Settings, loader: Loader
) -> None:
    deliver(home, "a.csv", rows_text(10, 5) + broken_rows(1, 2, 3))
    before = Runner(loader).run(declared(home))
    assert counts(before) == (8, 5, 0, 3)

    report = Runner(loader).replay(declared(home, MENDED), asked_by="operator")

    assert (report.kind, report.asked_by, report.state) == (
        RunKind.REPLAY,
        "operator",
        RunState.DONE,
    )
    assert counts(report) == (0, 3, 0, -3)
    assert kept(loader) == []
    total = loader.state.totals("hall")
    assert (total.read, total.loaded, total.duplicate, total.quarantined) == (8, 8, 0, 0)
    assert {loader.keyring.pseudonym(f"110{n}") for n in (1, 2, 3)} <= people(loader)


def test_replay_when_the_file_comes_again_then_its_rows_are_duplicates(
    home: Settings, loader: Loader
) -> None:
    deliver(home, "a.csv", broken_rows(1, 2))
    Runner(loader).run(declared(home))
    mended = declared(home, MENDED)
    Runner(loader).replay(mended)

    assert counts(Runner(loader).run(mended)) == (2, 0, 2, 0), "the declaration has changed"


def test_replay_when_the_batch_was_delivered_twice_then_both_leave_quarantine(
    home: Settings, loader: Loader
) -> None:
    source = declared(home)
    file = deliver(home, "a.csv", broken_rows(1, 2))
    Runner(loader).run(source)
    settled(file.with_name("copy.csv"), file.read_bytes())
    Runner(loader).run(source)
    assert loader.state.totals("hall").quarantined == 4

    report = Runner(loader).replay(declared(home, MENDED))

    assert counts(report) == (0, 2, 2, -4)
    assert loader.state.totals("hall").quarantined == 0


def test_replay_when_a_reason_is_asked_for_then_others_stay(home: Settings, loader: Loader) -> None:
    deliver(home, "a.csv", broken_rows(1, 2) + "N9,never,1109,app,成功,1,李\nhalf a row\n")
    Runner(loader).run(declared(home))
    mended = declared(home, MENDED)

    none = Runner(loader).replay(mended, "time_unreadable")
    assert (counts(none), len(kept(loader))) == ((0, 0, 0, 0), 4)
    assert none.message == "1 rows stay in quarantine."

    some = Runner(loader).replay(mended)
    assert (counts(some), len(kept(loader))) == ((0, 2, 0, -2), 2)
    assert some.message == "2 rows stay in quarantine."


def test_replay_when_a_column_was_declared_since_then_rows_wait_for_their_file(
    home: Settings, loader: Loader
) -> None:
    text = f"{HEADER},where\n" + broken_rows(1).replace("\n", ",d1\n")
    settled(home.inbox / "hall" / "a.csv", text)
    Runner(loader).run(declared(home))

    report = Runner(loader).replay(
        declared(home, MENDED, ('channel = "channel"', 'channel = "channel"\ndistrict = "where"'))
    )

    assert (counts(report), len(kept(loader))) == ((0, 0, 0, 0), 1)


@pytest.mark.parametrize("place", ["take_out", "record_replay"])
def test_replay_when_it_fails_in_between_then_the_next_one_counts_once(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    deliver(home, "a.csv", broken_rows(1, 2))
    Runner(loader).run(declared(home))
    mended, owner = declared(home, MENDED), loader.quarantine
    if place == "record_replay":
        owner = loader.state  # type: ignore[assignment]

    def fail(*_: object) -> None:
        raise StorageError("the disk went away")

    with monkeypatch.context() as patch:
        patch.setattr(type(owner), place, fail)
        with suppress(StorageError):
            Runner(loader).replay(mended)

    Runner(loader).replay(mended)

    assert kept(loader) == []
    total = loader.state.totals("hall")
    assert (total.read, total.loaded, total.duplicate, total.quarantined) == (2, 2, 0, 0)


# --- backfill -------------------------------------------------------------------------------


def test_backfill_when_everything_is_there_then_its_rows_are_duplicates(
    home: Settings, loader: Loader
) -> None:
    source = declared(home)
    deliver(home, "a.csv", rows_text(0, 5) + rows_text(5, 4, day="2026-03-03"))
    Runner(loader).run(source)
    window = days(date(2026, 3, 3), date(2026, 3, 4), home.zone)

    for _ in range(2):
        report = Runner(loader).backfill(source, window)
        assert (report.kind, counts(report)) == (RunKind.BACKFILL, (4, 0, 4, 0))


def test_backfill_when_rows_are_gone_then_they_come_back(home: Settings, loader: Loader) -> None:
    source = declared(home)
    deliver(home, "a.csv", rows_text(0, 5))
    Runner(loader).run(source)
    alias = loader.writer.attach("service_event", "2026-03")
    loader.writer.execute(f"DELETE FROM {alias}.fact WHERE latency_ms < 2")

    report = Runner(loader).backfill(source, days(date(2026, 3, 2), date(2026, 3, 3), home.zone))

    assert counts(report) == (5, 2, 3, 0)
