"""Runs against a real home: every row accounted for, every delivery counted once."""

import gzip
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from etl.load import Loader
from etl.marks import declaration_mark
from etl.model import RunReport, RunState, Source
from etl.reading.content import ROWS
from etl.run import Runner, run_source
from etl.sources import read_source, source_env
from etl.status import source_statuses
from tests.unit.etl.declared import HEADER, declare, rows_text, settings_in, settled
from warehouse.errors import Busy
from warehouse.keys import Keyring
from warehouse.settings import Settings


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


def test_new_file_run_loads_every_row(home: Settings, loader: Loader) -> None:
    source = declared(home)
    deliver(home, "a.csv", rows_text(0, 100))

    report = run_source(source, loader)

    assert (report.state, counts(report), report.message) == (RunState.DONE, (100, 100, 0, 0), "")


def test_unchanged_file_run_again_is_not_read(home: Settings, loader: Loader) -> None:
    source = declared(home)
    file = deliver(home, "a.csv", rows_text(0, 100))
    run_source(source, loader)

    assert counts(run_source(source, loader)) == (0, 0, 0, 0)
    os.utime(file, (1_700_000_500, 1_700_000_500))
    assert counts(run_source(source, loader)) == (0, 0, 0, 0), "touched, not changed"
    assert Runner(loader).pending_bytes(source) == 0, "and the touch is remembered"


def test_renamed_copy_run_counts_as_duplicates(home: Settings, loader: Loader) -> None:
    source = declared(home)
    file = deliver(home, "a.csv", rows_text(0, 100) + "X,never,1,app,成功,1,李\n")
    run_source(source, loader)
    settled(file.with_name("b.csv"), file.read_bytes())

    assert counts(run_source(source, loader)) == (101, 0, 100, 1)


def test_overlapping_file_run_loads_only_what_is_new(home: Settings, loader: Loader) -> None:
    source = declared(home)
    deliver(home, "a.csv", rows_text(0, 100))
    run_source(source, loader)
    deliver(home, "b.csv", rows_text(60, 100))

    assert counts(run_source(source, loader)) == (100, 60, 40, 0)


def test_grown_file_run_is_read_in_full_and_counts_once(home: Settings, loader: Loader) -> None:
    source = declared(home)
    deliver(home, "a.csv", rows_text(0, 100))
    run_source(source, loader)
    deliver(home, "a.csv", rows_text(0, 130))

    assert counts(run_source(source, loader)) == (130, 30, 100, 0)


def test_rows_without_id_delivered_twice_count_once(home: Settings, loader: Loader) -> None:
    source = declared(home, ('columns = ["no"]', 'by = "occurrence"'))
    rows = rows_text(0, 10) * 2
    deliver(home, "a.csv", rows)
    first = run_source(source, loader)
    deliver(home, "b.csv", rows + rows_text(0, 1))

    assert counts(first) == (20, 20, 0, 0), "repeats inside one delivery are real"
    assert counts(run_source(source, loader)) == (21, 1, 20, 0)


def test_broken_rows_run_are_kept_apart_and_others_load(home: Settings, loader: Loader) -> None:
    source = declared(home)
    bad = "A,never,1,app,成功,1,李\nB,2026-03-02 10:00:00,1,app,成工,1,李\nC\n"
    deliver(home, "a.csv", rows_text(0, 50) + bad)

    report = run_source(source, loader)

    assert (report.state, counts(report)) == (RunState.DONE, (53, 50, 0, 3))


def test_source_that_warns_says_how_many_rows_were_broken(home: Settings, loader: Loader) -> None:
    source = declared(home, ("[schedule]", '[broken]\nrow = "warn"\n[schedule]'))
    deliver(home, "a.csv", rows_text(0, 5) + "A,never,1,app,成功,1,李\n")

    report = run_source(source, loader)

    assert counts(report) == (6, 5, 0, 1)
    assert report.message == "a.csv: 1 rows were broken."


def test_source_that_stops_loads_nothing_of_the_file(home: Settings, loader: Loader) -> None:
    source = declared(home, ("[schedule]", '[broken]\nrow = "stop"\n[schedule]'))
    deliver(home, "a.csv", rows_text(0, 60_000) + "A,never,1,app,成功,1,李\n")
    deliver(home, "b.csv", rows_text(0, 5))

    report = run_source(source, loader)

    assert (report.state, counts(report)) == (RunState.FAILED, (5, 5, 0, 0))
    assert report.message.startswith("a.csv: line 60002: occurred_at is no time")
    assert "nothing of the file was loaded" in report.message


def test_file_repaired_after_a_stop_loads(home: Settings, loader: Loader) -> None:
    source = declared(home, ("[schedule]", '[broken]\nrow = "stop"\n[schedule]'))
    runner = Runner(loader)
    deliver(home, "a.csv", rows_text(0, 5) + "A,never,1,app,成功,1,李\n")
    assert runner.run(source).state is RunState.FAILED
    deliver(home, "a.csv", rows_text(0, 6))

    report = runner.run(source)

    assert (report.state, counts(report)) == (RunState.DONE, (6, 6, 0, 0))


def damaged(kind: str, home: Settings) -> str:
    folder, good = home.inbox / "hall", f"{HEADER}\n{rows_text(0, 2_000)}".encode()
    match kind:
        case "truncated gzip":
            settled(folder / "a.csv.gz", gzip.compress(good)[:-40])
            return "truncated or damaged"
        case "empty":
            settled(folder / "a.csv", b"")
            return "is empty (0 bytes)"
        case "missing column":
            settled(folder / "a.csv", good.replace(b"channel", b"chanel", 1))
            return "no column 'channel'. Did you mean 'chanel'?"
        case "encoding":
            settled(folder / "a.csv", f"号,{HEADER}\n".encode("gb18030"))
            return "set connector.encoding"
    settled(folder / "a.xyz", good)
    return "its name does not tell the format"


@pytest.mark.parametrize(
    "kind", ["truncated gzip", "empty", "missing column", "encoding", "unknown format"]
)
def test_damaged_file_is_refused_whole_and_others_load(
    home: Settings, loader: Loader, kind: str
) -> None:
    source = declared(home)
    told = damaged(kind, home)
    deliver(home, "b.csv", rows_text(0, 7))

    report = run_source(source, loader)

    assert (report.state, counts(report)) == (RunState.FAILED, (7, 7, 0, 0))
    assert report.message.startswith("a.") and told in report.message


def test_place_that_is_gone_fails_the_run_with_its_reason(home: Settings, loader: Loader) -> None:
    source = declared(home)
    (home.inbox / "hall").rmdir()

    report = run_source(source, loader)

    assert report.state is RunState.FAILED
    assert "no such file or folder" in report.message


def test_undeclared_column_is_noted_and_rows_load(home: Settings, loader: Loader) -> None:
    source = declared(home)
    row = rows_text(0, 1).strip() + ",x\n"
    settled(home.inbox / "hall" / "a.csv", f"{HEADER},memo\n{row}")

    report = run_source(source, loader)

    assert (report.state, counts(report)) == (RunState.DONE, (1, 1, 0, 0))
    assert report.message == "a.csv: the column 'memo' is new; it is not declared and not stored."


def test_corrected_declaration_loads_what_was_quarantined(home: Settings, loader: Loader) -> None:
    deliver(home, "a.csv", rows_text(0, 5) + "A,2026-03-02 10:00:00,1,app,放弃,1,李\n")
    before = run_source(declared(home), loader)
    corrected = declared(home, ('"失败" = "failed"', '"失败" = "failed"\n"放弃" = "abandoned"'))

    assert counts(before) == (6, 5, 0, 1)
    assert counts(run_source(corrected, loader)) == (6, 1, 5, 0)


def test_mark_of_a_declaration_follows_what_it_means(home: Settings) -> None:
    plain = declaration_mark(declared(home))

    assert declaration_mark(declared(home, ('"15m"', '"20m"'))) == plain
    assert declaration_mark(declared(home, ('"Asia/Shanghai"', '"UTC"'))) != plain
    assert declaration_mark(declared(home, ('"failed"', '"abandoned"'))) != plain


def test_file_without_rows_is_read_once(home: Settings, loader: Loader) -> None:
    source = declared(home)
    deliver(home, "a.csv", "")

    assert counts(run_source(source, loader)) == (0, 0, 0, 0)
    assert Runner(loader).run_if_new(source) is None


def test_nothing_new_leaves_nothing_in_the_books(home: Settings, loader: Loader) -> None:
    source, runner = declared(home), Runner(loader)
    assert runner.run_if_new(source) is None
    deliver(home, "a.csv", rows_text(0, 5))

    report = runner.run_if_new(source)

    assert report is not None and report.loaded == 5
    assert runner.run_if_new(source) is None
    last = loader.state.last_run(source.name)
    assert last is not None and last.run_id == report.run_id


def test_files_that_went_away_are_forgotten_and_count_once_when_back(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.positions._REMEMBERED_FILES", 0)
    source, runner = declared(home), Runner(loader)
    for name in ("a.csv", "b.csv", "c.csv"):
        deliver(home, name, rows_text(ord(name[0]), 1))
    runner.run(source)
    content = (home.inbox / "hall" / "a.csv").read_bytes()
    for name in ("a.csv", "b.csv"):
        (home.inbox / "hall" / name).unlink()

    assert runner.run_if_new(source) is None
    settled(home.inbox / "hall" / "a.csv", content)
    back = runner.run_if_new(source)
    assert back is not None and counts(back) == (1, 0, 1, 0)


def test_refused_file_is_told_once_until_it_changes(home: Settings, loader: Loader) -> None:
    source, runner = declared(home), Runner(loader)
    settled(home.inbox / "hall" / "a.csv", b"")
    first = runner.run_if_new(source)
    assert first is not None and first.state is RunState.FAILED
    assert runner.run_if_new(source) is None

    deliver(home, "b.csv", rows_text(0, 3))
    second = runner.run_if_new(source)
    assert second is not None and second.state is RunState.DONE
    assert (second.loaded, second.message) == (3, "Parked deliveries: 1.")
    asked = runner.run(source)
    assert asked.state is RunState.FAILED and "a.csv: is empty" in asked.message

    deliver(home, "a.csv", rows_text(3, 3))
    third = runner.run_if_new(source)
    assert third is not None and (third.state, third.loaded) == (RunState.DONE, 3)


def test_place_that_stays_gone_is_told_once(home: Settings, loader: Loader) -> None:
    source, runner = declared(home), Runner(loader)
    (home.inbox / "hall").rmdir()

    first = runner.run_if_new(source)

    assert first is not None and first.state is RunState.FAILED
    assert runner.run_if_new(source) is None


def test_file_still_being_written_is_left_alone(home: Settings, loader: Loader) -> None:
    source = declared(home)
    file = deliver(home, "a.csv", rows_text(0, 5))
    os.utime(file)

    assert Runner(loader).run_if_new(source) is None


def test_stop_asked_for_interrupts_and_the_next_run_completes(
    home: Settings, loader: Loader
) -> None:
    source, stop = declared(home), Event()
    deliver(home, "a.csv", rows_text(0, 2 * ROWS + 1))
    runner = Runner(loader, stop=stop)
    original = loader.load
    loaded: list[int] = []

    def load_then_stop(batch: object, position: object = None) -> object:
        count = original(batch, position)  # type: ignore[arg-type]
        loaded.append(count.loaded)
        stop.set()
        return count

    loader.load = load_then_stop  # type: ignore[method-assign,assignment]
    first = runner.run(source)
    loader.load = original  # type: ignore[method-assign]
    second = run_source(source, loader)

    assert (first.state, first.loaded, loaded) == (RunState.INTERRUPTED, ROWS, [ROWS])
    assert (second.state, loader.state.totals(source.name).loaded) == (RunState.DONE, 2 * ROWS + 1)
    assert counts(second) == (ROWS + 1, ROWS + 1, 0, 0), "what was counted is not counted again"


def test_job_that_broke_leaves_no_run_that_still_runs(home: Settings, loader: Loader) -> None:
    source, runner = declared(home), Runner(loader)
    loader.state.start_run("r1", source.name, source.contract.name, _now())

    runner.abandon(source.name, "Internal error")

    last = loader.state.last_run(source.name)
    assert last is not None and (last.state, last.message) == (RunState.FAILED, "Internal error")


def test_second_loader_on_one_home_is_refused(home: Settings, loader: Loader) -> None:
    with pytest.raises(Busy, match="another process"):
        Loader(home, loader.keyring)


def test_finished_run_is_logged_with_its_counts(
    home: Settings, loader: Loader, caplog: pytest.LogCaptureFixture
) -> None:
    source = declared(home)
    deliver(home, "a.csv", rows_text(0, 4))

    with caplog.at_level(logging.INFO, "etl.run"):
        run_source(source, loader)

    (record,) = [r for r in caplog.records if r.getMessage() == "run.finished"]
    assert record.__dict__["fields"] == {
        "source": "hall",
        "state": "done",
        "read": 4,
        "loaded": 4,
        "duplicate": 0,
        "quarantined": 0,
        "why": "",
    }


def test_status_of_a_source_tells_totals_error_and_newest_event(
    home: Settings, loader: Loader
) -> None:
    source = declared(home)
    deliver(home, "a.csv", rows_text(0, 61))
    run_source(source, loader)
    settled(home.inbox / "hall" / "b.csv", b"")
    run_source(source, loader)

    (status,) = source_statuses((source,), loader, following={"hall": _now()})

    assert (status.rows_read, status.rows_loaded) == (61, 61)
    assert status.last_run_state == "failed" and status.last_error.startswith("b.csv: is empty")
    assert status.watermark is not None
    assert status.watermark.isoformat() == "2026-03-02T01:01:00+00:00"
    assert status.next_run_at == _now()


def _now() -> datetime:
    return datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_identity_when_it_changes_after_rows_are_stored_then_nothing_is_counted_twice(
    home: Settings, loader: Loader
) -> None:
    deliver(home, "a.csv", rows_text(0, 5))
    run_source(declared(home), loader)
    other = declared(home, ('columns = ["no"]', 'columns = ["at"]'))

    report = run_source(other, loader)

    assert (report.state, report.read) == (RunState.FAILED, 0)
    assert report.message.startswith("hall.toml: [identity], or what is personal in it, is not")
    assert Runner(loader).run_if_new(other) is None, "told once"
    assert run_source(declared(home), loader).state is RunState.DONE


def test_identity_when_it_changes_before_anything_is_stored_then_it_counts(
    home: Settings, loader: Loader
) -> None:
    run_source(declared(home), loader)
    deliver(home, "a.csv", rows_text(0, 5))

    report = run_source(declared(home, ('columns = ["no"]', 'columns = ["at"]')), loader)

    assert (report.state, report.loaded) == (RunState.DONE, 5)
