"""Sums equal what plain Python counts, whatever the order and the batches rows come in."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.load import Loader
from etl.rollup import DIRTY
from tests.tiny import load_rows, tiny_settings, tiny_source
from warehouse.keys import Keyring
from warehouse.schema import create_statements

START = datetime(2026, 4, 1, 3, tzinfo=UTC)
STEPS = ("applied", "approved", "signed", "disbursed", "declined", "withdrawn", "other")


def _service(seed: int, count: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        {
            "identity": str(n),
            "occurred_at": START + timedelta(days=chance.randrange(4), minutes=n),
            "person": chance.choice([None, "a", "b", "c"]),
            "scene": chance.choice(["tax", "fund"]),
            "district": chance.choice(["d1", "d2", None]),
            "channel": "web",
            "outcome": chance.choice(["completed", "failed"]),
        }
        for n in range(count)
    ]


def _loans(seed: int, count: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [
        {
            "identity": str(n),
            # few distinct instants, so that ties happen
            "occurred_at": START + timedelta(hours=chance.randrange(20)),
            "application": f"loan {chance.randrange(12)}",
            "person": chance.choice([None, "a", "b"]),
            "step": chance.choice(STEPS),
            "product": chance.choice([None, "car", "home"]),
            "reason": chance.choice([None, "score", "age"]),
            "amount": chance.choice([None, 100, 200]),
            "manual": chance.choice([None, False, True]),
        }
        for n in range(count)
    ]


def _load(folder: Path, dataset: str, rows: list[dict[str, Any]], batches: int) -> Loader:
    """Load in `batches` interleaved pieces, summing after each."""
    home = tiny_settings(folder)
    loader = Loader(home, Keyring.open(home, create=True))
    for number in range(batches):
        load_rows(loader, tiny_source(dataset), rows[number::batches])
        loader.roll_up()
    return loader


@pytest.mark.parametrize("batches", [1, 3])
def test_usage_day_when_summed_then_equals_a_plain_count(batches: int, tmp_path: Path) -> None:
    rows = _service(1, 150)
    with _load(tmp_path, "service_event", rows, batches) as loader:
        alias = loader.writer.attach("service_event", "2026-04")
        found = loader.writer.execute(f"SELECT * FROM {alias}.usage_day ORDER BY ALL")
    cells: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        day = (row["occurred_at"] + timedelta(hours=8)).date()
        key = (day, row["scene"], row["district"] or "unknown", "web", row["outcome"])
        cells[key].append(row)
    expected = []
    for key, members in cells.items():
        people = [row["person"] for row in members]
        anonymous = people.count(None)
        expected.append((*key, len(people), anonymous, len(set(people) - {None})))
    assert found == sorted(expected)


def test_person_day_when_summed_then_one_row_a_person_and_cell(tmp_path: Path) -> None:
    rows = _service(2, 120)
    with _load(tmp_path, "service_event", rows, 2) as loader:
        alias = loader.writer.attach("service_event", "2026-04")
        found = loader.writer.execute(
            f"SELECT person, day, scene, district, completed FROM {alias}.person_day"
        )
        pseudonym = loader.keyring.pseudonym
        expected: dict[tuple[Any, ...], bool] = defaultdict(bool)
        for row in rows:
            if row["person"] is not None:
                day = (row["occurred_at"] + timedelta(hours=8)).date()
                key = (pseudonym(row["person"]), day, row["scene"], row["district"] or "unknown")
                expected[key] |= row["outcome"] == "completed"
    assert sorted(found) == sorted((*key, done) for key, done in expected.items())


@pytest.mark.parametrize("batches", [1, 4])
def test_application_when_merged_then_is_first_touch(batches: int, tmp_path: Path) -> None:
    rows = _loans(3, 90)
    with _load(tmp_path, "loan_event", rows, batches) as loader:
        alias = loader.writer.attach("loan_event", "2026-04")
        found = loader.writer.execute(
            "SELECT application, first_at, person, product, applied_at, declined_at,"
            f" amount_applied, reason, manual FROM {alias}.application ORDER BY application"
        )
        events = loader.writer.execute(
            "SELECT application, occurred_at, event_id, person, product, step, amount, reason,"
            f" manual FROM {alias}.fact"
        )
    assert len(events) == 90
    assert found == sorted(_applications(events))


def _applications(events: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    by_application = defaultdict(list)
    for event in sorted(events, key=lambda e: (e[1], e[2])):
        by_application[event[0]].append(event)
    return [
        (
            application,
            own[0][1],
            _first(e[3] for e in own),
            _first(e[4] if e[4] != "unknown" else None for e in own) or "unknown",
            _first(e[1] for e in own if e[5] == "applied"),
            _first(e[1] for e in own if e[5] == "declined"),
            _first(e[6] for e in own if e[5] == "applied"),
            _reason(own),
            None if all(e[8] is None for e in own) else any(e[8] for e in own),
        )
        for application, own in by_application.items()
    ]


def _reason(own: list[tuple[Any, ...]]) -> str:
    """Why it was declined, else why it was touched by hand; of each the first that is known."""
    known = [e for e in own if e[7] != "unknown"]
    declined = [e[7] for e in known if e[5] == "declined"]
    return str(_first([*declined, *(e[7] for e in known if e[8])]) or "unknown")


def _first(values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def test_roll_up_when_nothing_was_touched_then_writes_nothing(tmp_path: Path) -> None:
    with _load(tmp_path, "service_event", _service(4, 20), 1) as loader:
        file = loader.settings.live / "service_event" / "2026-04.duckdb"
        loader.writer.detach_all()
        before = file.read_bytes()
        loader.roll_up()
        loader.writer.detach_all()
        assert file.read_bytes() == before


def test_roll_up_when_process_ended_before_then_the_next_one_sums(tmp_path: Path) -> None:
    home = tiny_settings(tmp_path)
    ring = Keyring.open(home, create=True)
    with Loader(home, ring) as loader:
        load_rows(loader, tiny_source("service_event"), _service(5, 20))
    with Loader(home, ring) as loader:
        loader.roll_up()
        alias = loader.writer.attach("service_event", "2026-04")
        sums = loader.writer.execute(f"SELECT sum(events)::BIGINT FROM {alias}.usage_day")
        assert sums == [(20,)]
        assert loader.writer.execute(f"SELECT * FROM {alias}.dirty_day") == []


@pytest.mark.parametrize("dataset", DIRTY)
def test_sums_when_declared_then_their_keys_are_in_the_schema(dataset: str) -> None:
    text = " ".join(create_statements(dataset, "x"))
    table, column = DIRTY[dataset]
    assert f" x.{table} (" in text
    assert column in text
    assert "HUGEINT" not in text.replace("event_id HUGEINT", "").replace("checksum HUGEINT", "")
