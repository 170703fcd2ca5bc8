"""What strangers deliver cannot hurt the ETL: it is read by a process with limits, and parked."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.load import Loader
from etl.model import RunState, Source
from etl.reading import process as reading
from etl.reading.job import Job
from etl.reading.shapes import is_retyped
from etl.run import Runner
from etl.sources import read_source, source_env
from tests.unit.etl.declared import HEADER, declare, rows_text, settings_in, settled
from warehouse import clock
from warehouse.keys import Keyring
from warehouse.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


@pytest.fixture
def fresh_readers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Reading processes that start within the test and see its environment."""
    readers = reading.Readers()
    monkeypatch.setattr("etl.take.READERS", readers)
    yield
    readers.close()


def declared(home: Settings, *changes: tuple[str, str], name: str = "hall") -> Source:
    (home.inbox / "hall").mkdir(parents=True, exist_ok=True)
    return read_source(declare(home.sources, *changes, name=name), source_env(home, {}))


def deliver(home: Settings, name: str, content: str | bytes) -> Path:
    return settled(home.inbox / "hall" / name, content)


def good(home: Settings, name: str, first: int, count: int) -> Path:
    return deliver(home, name, f"{HEADER}\n{rows_text(first, count)}")


def test_delivery_when_it_kills_its_reader_then_it_is_parked_after_three_tries(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch, fresh_readers: None
) -> None:
    source, runner = declared(home), Runner(loader)
    good(home, "a.csv", 0, 5)
    monkeypatch.setenv("COCKPIT_FAILPOINT", "reader/parse.before")

    states = [runner.run(source).state for _ in range(3)]
    assert states == [RunState.FAILED] * 3
    assert loader.state.last_run("hall").message.startswith(  # type: ignore[union-attr]
        "a.csv: the process that read it was ended by signal 9"
    )

    monkeypatch.delenv("COCKPIT_FAILPOINT")
    assert list(loader.state.parked("hall")) == ["a.csv"]
    assert runner.run_if_new(source) is None, "parked: not even tried"
    good(home, "b.csv", 5, 2)
    after = runner.run_if_new(source)
    assert after is not None and (after.state, after.loaded) == (RunState.DONE, 2)

    runner.replay(source)
    again = runner.run_if_new(source)
    assert again is not None and (again.state, again.loaded) == (RunState.DONE, 5)
    assert loader.state.attempts("hall") == {}


def test_delivery_when_it_takes_too_much_memory_then_others_load(
    home: Settings, loader: Loader
) -> None:
    source, runner = declared(home), Runner(loader)
    line = json.dumps({"no": "9" * 900_000}) + "\n"
    deliver(home, "bomb.jsonl.gz", gzip.compress(line.encode(), 1) * 1_500)
    good(home, "a.csv", 0, 5)

    report = runner.run(source)

    assert (report.state, report.loaded, report.read) == (RunState.FAILED, 5, 5)
    assert "bomb.jsonl.gz: the process that read it" in report.message


def test_delivery_when_reading_it_hangs_then_it_is_given_up(
    home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch, fresh_readers: None
) -> None:
    monkeypatch.setattr(reading, "ANSWER_SECONDS", 0.0)
    good(home, "a.csv", 0, 5)

    report = Runner(loader).run(declared(home))

    assert (report.state, report.read) == (RunState.FAILED, 0)
    assert "a.csv: reading it took longer than 0 s" in report.message


def test_personal_values_when_read_then_never_come_back_from_the_reader(
    home: Settings, loader: Loader
) -> None:
    source = declared(home)
    good(home, "a.csv", 0, 5)
    delivery = next(iter(source.connector.deliveries({})))
    content = delivery.fetch(loader.landing).content
    job = Job(
        source=source,
        content=content,
        zone=home.zone,
        now=clock.now(),
        pseudonym_key=loader.keyring.key("pseudonym"),
    )

    (piece,) = reading.READERS.read(job)

    assert "1101" not in str(piece.rows.to_dicts()) and "李" not in str(piece.rows.to_dicts())
    assert piece.rows["person"][0] == loader.keyring.pseudonym("1100")


# --- control totals -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("totals", "told"),
    [
        ({"rows": 5}, ""),
        ({"rows": 5, "sums": {"ms": "10"}}, ""),
        ({"rows": 6}, "6 rows are announced, 5 came"),
        ({"sums": {"ms": "10.5"}}, "ms is announced to sum to 10.5, it sums to 10"),
        ({"sums": {"mss": "1"}}, "sums 'mss', which it does not hold"),
        ({"row": 5}, "'row' is no control total"),
    ],
    ids=["rows", "sum", "fewer", "other_sum", "no_column", "unknown"],
)
def test_control_totals_when_delivered_then_they_must_fit(
    home: Settings, loader: Loader, totals: dict[str, object], told: str
) -> None:
    good(home, "a.csv", 0, 5)
    settled(home.inbox / "hall" / "a.csv.totals", json.dumps(totals))

    report = Runner(loader).run(declared(home))

    assert report.loaded == (0 if told else 5)
    assert report.state is (RunState.FAILED if told else RunState.DONE)
    assert told in report.message


# --- drift ----------------------------------------------------------------------------------


def test_columns_when_they_change_then_each_change_is_named(home: Settings, loader: Loader) -> None:
    source, runner = declared(home), Runner(loader)
    deliver(home, "a.csv", f"{HEADER},memo\n" + rows_text(0, 3).replace("\n", ",x\n"))
    runner.run(source)

    changed = f"{HEADER},memos,flag\n" + rows_text(3, 3).replace("\n", ",y,1\n")
    deliver(home, "b.csv", changed)
    report = runner.run(source)

    assert report.loaded == 3
    assert report.message.splitlines() == [
        "b.csv: the column 'memo' seems to be called 'memos' now.",
        "b.csv: the column 'flag' is new; it is not declared and not stored.",
    ]
    assert runner.run(source).message == ""
    kinds = {(d.kind, d.column_name) for d in loader.state.drifts("hall")}
    assert kinds == {("new", "memo"), ("renamed", "memos"), ("new", "flag")}


def test_column_when_its_values_change_their_kind_then_it_is_named(
    home: Settings, loader: Loader
) -> None:
    source, runner = declared(home), Runner(loader)
    good(home, "a.csv", 0, 3)
    runner.run(source)

    deliver(home, "b.csv", f"{HEADER}\n" + rows_text(3, 2).replace("成功,", "成功,约"))
    report = runner.run(source)

    assert (report.loaded, report.quarantined) == (0, 2)
    assert report.message == "b.csv: the column 'ms' held whole values, now it holds text ones."


@pytest.mark.parametrize(
    ("was", "now", "is_other"),
    [
        ("whole", "number", False),
        ("number", "text", True),
        ("empty", "text", False),
        ("time", "empty", False),
        ("text", "whole", False),
        ("time", "text", True),
    ],
)
def test_shape_when_it_changes_then_only_what_cannot_fit_is_another(
    was: str, now: str, is_other: bool
) -> None:
    assert is_retyped(was, now) is is_other


# --- files that are moved -------------------------------------------------------------------


def test_file_when_loaded_then_is_moved_where_declared(home: Settings, loader: Loader) -> None:
    source = declared(
        home, ('path = "${COCKPIT_INBOX}/hall"', MOVED.format("hall", "${COCKPIT_INBOX}/done"))
    )
    good(home, "a.csv", 0, 5)

    Runner(loader).run(source)

    assert [f.name for f in (home.inbox / "done").iterdir()] == ["a.csv"]
    assert list((home.inbox / "hall").iterdir()) == []


MOVED = 'path = "${{COCKPIT_INBOX}}/{}"\nafter = "move"\ndone_folder = "{}"'
