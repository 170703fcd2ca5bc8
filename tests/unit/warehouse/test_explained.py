"""Explain a number, keep it by its hash, and compute it once more with the real command."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from etl.load import Loader
from etl.publish import publish
from tests.tiny import build_home, load_rows, tiny_source
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.errors import QueryError, Tampered
from warehouse.explained import MOST_A_MINUTE, Keeper, recall
from warehouse.explanation import Explanation, from_facts, read, written
from warehouse.keys import Keyring
from warehouse.metrics import CATALOGUE
from warehouse.model import (
    CellState,
    City,
    Compare,
    Grain,
    Label,
    MetricQuery,
    Period,
    Role,
    Scope,
    Viewer,
)
from warehouse.rollups import FACT, USAGE_DAY
from warehouse.settings import ROOT, Settings

NOW = datetime(2024, 3, 1, 4, tzinfo=UTC)
JANUARY = Period(start=date(2024, 1, 1), end=date(2024, 2, 1))
ALL = Viewer(name="li", role=Role.ANALYST, scope=Scope(everything=True))
NORTH = Viewer(name="bei", role=Role.OFFICIAL, scope=Scope(districts=frozenset({"north"})))
OPERATOR = replace(ALL, name="op", role=Role.OPERATOR)
CITY = City(label=Label(zh="示例市", en="Example City"))


def _rows(count: int, name: str = "") -> list[dict[str, object]]:
    """Records of January, hour after hour; the last one is of February."""
    start = datetime(2024, 1, 10, 4, tzinfo=UTC)
    return [
        {
            "identity": f"{name}{i}",
            "occurred_at": start + timedelta(hours=i if i < count - 1 else 800),
            "person": f"p{i % 37}",
            "scene": ("fund", "tax")[i % 2],
            "district": ("north", "south")[i % 3 == 0],
            "outcome": ("completed", "failed", "completed")[i % 3],
            "latency_ms": 100 + 7 * i,
        }
        for i in range(count)
    ]


def _built(folder: Path) -> Settings:
    with clock.frozen_at(NOW):
        return build_home(folder, service_events=_rows(101), city=CITY)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return _built(tmp_path_factory.mktemp("explained"))


@pytest.fixture(scope="module")
def house(home: Settings) -> Iterator[Warehouse]:
    opened = Warehouse.open(home)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _now(home: Settings) -> Iterator[None]:
    """Each test has its own folder of records."""
    with clock.frozen_at(NOW):
        yield
    shutil.rmtree(home.home / "explained", ignore_errors=True)


def _query(metric: str = "usage.events", **more: object) -> MetricQuery:
    return replace(MetricQuery(metrics=(metric,), period=JANUARY), **more)  # type: ignore[arg-type]


def _kept(
    home: Settings, house: Warehouse, query: MetricQuery, viewer: Viewer = ALL
) -> Explanation:
    found = house.explain(query, viewer)
    assert Keeper(home, Keyring.open(home)).keep(found, viewer)
    return found


def _command(home: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "COCKPIT_HOME": str(home.home), "COCKPIT_TIMEZONE": home.zone.key}
    return subprocess.run(
        [sys.executable, "-m", "warehouse", "answer", *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


# --- what an explanation says -------------------------------------------------------------------


def test_number_when_explained_then_all_it_stands_on(house: Warehouse) -> None:
    found = house.explain(_query("usage.people", where=(("scene", ("fund",)),)), ALL)
    assert found.cell.value == 37 and found.known.value == 37
    assert (found.records, found.people, found.has_people) == (50, 37, True)
    assert found.definition is CATALOGUE["usage.people"]
    assert [source.name for source in found.sources] == ["service_event"]
    assert found.route.table == "person_day" and found.route.refusals[0][0] == USAGE_DAY
    assert found.generation == 1 and found.known.small_cell == 10
    assert found.period == JANUARY and not found.is_partial
    assert found.runs == ()


def test_number_when_no_rollup_has_it_then_the_facts_and_why(house: Warehouse) -> None:
    route = house.explain(_query("usage.latency_p95"), ALL).route
    assert route.table == FACT
    assert [table for table, _ in route.refusals] == ["usage_day", "person_day"]


def test_number_when_one_of_many_then_that_unit_and_member(house: Warehouse) -> None:
    query = _query(by=("scene", "district"), grain=Grain.WEEK)
    rows = house.answer(query, ALL).rows
    for row in rows:
        found = house.explain(query, ALL, row.period, row.members)
        assert found.cell.value == row.cells[0].value
    last = house.explain(query, ALL)
    assert last.period == rows[-1].period
    whole = house.answer(_query(grain=Grain.WEEK), ALL).rows[-1]
    assert (last.period, last.cell) == (whole.period, whole.cells[0])
    with pytest.raises(QueryError, match="no unit"):
        house.explain(query, ALL, Period(start=date(2023, 1, 2), end=date(2023, 1, 9)))


def test_number_when_it_is_hidden_then_nothing_tells_it(tmp_path: Path) -> None:
    house = Warehouse.open(build_home(tmp_path, service_events=_rows(6)))
    found = house.explain(_query(), ALL)
    house.close()
    assert found.cell.state is CellState.SUPPRESSED and found.known.value is None
    assert found.records is None and found.people is None


def test_number_when_role_may_see_runs_then_the_last_ones(house: Warehouse) -> None:
    runs = house.explain(_query(), OPERATOR).runs
    assert [run.source for run in runs] == ["service_event"]


@pytest.mark.parametrize("name", CATALOGUE)
def test_metric_of_the_catalogue_when_explained_then_the_number_of_its_answer(
    house: Warehouse, name: str
) -> None:
    steps = (("step", ("approved",)),) if "step" in CATALOGUE[name].dimensions else ()
    offsets = (("offset", ("0",)),) if CATALOGUE[name].apart else ()
    query = _query(name, where=(*steps, *offsets), compare=Compare.PREVIOUS)
    rows = house.answer(query, ALL).rows
    found = house.explain(query, ALL)
    if rows:
        assert found.cell == rows[-1].cells[0]
    assert from_facts(found.known.facts()) == found.known


# --- the hash -----------------------------------------------------------------------------------


def test_hash_when_anything_that_decides_differs_then_another(house: Warehouse) -> None:
    one = house.explain(_query(), ALL)
    assert house.explain(_query(), replace(ALL, name="other")).hash == one.hash
    known = one.known
    others = [
        replace(known, query=_query(where=(("scene", ("tax",)),))),
        replace(known, role=Role.ADMIN),
        replace(known, scope=NORTH.scope),
        replace(known, small_cell=5),
        replace(known, definitions=(("usage.events", "2025-01-01"),)),
        replace(known, data_version="service_event:2"),
        replace(known, value=99),
        replace(known, value=100.0),
        replace(known, state=CellState.MISSING),
    ]
    assert len({one.hash, *(other.digest for other in others)}) == 1 + len(others)


@pytest.mark.parametrize("value", [0, -3, 10**18, 0.1, 1 / 3, -2.5e-17, 1e300, 5.0, None], ids=str)
def test_value_when_written_and_read_then_same_bits(value: float | int | None) -> None:
    again = read(written(value))
    assert type(again) is type(value) and repr(again) == repr(value)


# --- keeping --------------------------------------------------------------------------------------


def test_record_when_kept_then_it_names_nobody(home: Settings, house: Warehouse) -> None:
    found = _kept(home, house, _query(), NORTH)
    file = home.home / "explained" / f"{found.hash}.json"
    assert "bei" not in file.read_text("utf-8")
    record = recall(home, Keyring.open(home), found.hash)
    assert record.known == found.known and record.generation == 1


def test_records_when_too_many_then_the_newest_stay(home: Settings, house: Warehouse) -> None:
    keeper = Keeper(home, Keyring.open(home), most=3)
    found = house.explain(_query(), ALL)
    folder = home.home / "explained"
    folder.mkdir()
    for number in range(5):
        old = folder / f"{number:064x}.json"
        old.write_text("{}")
        os.utime(old, (number, number))
    assert keeper.keep(found, ALL)
    assert sorted(f.stem for f in folder.iterdir())[-1] == max(found.hash, f"{4:064x}")
    assert len(list(folder.iterdir())) == 3


def test_viewer_when_explaining_without_end_then_not_kept_for_a_minute(
    home: Settings, house: Warehouse
) -> None:
    keeper, one = Keeper(home, Keyring.open(home)), house.explain(_query(), ALL)
    many = [replace(one, known=replace(one.known, value=n)) for n in range(MOST_A_MINUTE + 1)]
    assert [keeper.keep(each, ALL) for each in many].count(False) == 1
    assert keeper.keep(many[0], ALL) and keeper.keep(many[-1], NORTH)
    with clock.frozen_at(NOW + timedelta(seconds=61)):
        assert keeper.keep(replace(one, known=replace(one.known, value=-1)), ALL)


# --- the command ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metric", "viewer"),
    [("usage.success_share", NORTH), ("usage.latency_p95", ALL)],
    ids=["share-in-a-district", "percentile"],
)
def test_command_when_asked_by_hash_then_same_number_bit_for_bit(
    home: Settings, house: Warehouse, metric: str, viewer: Viewer
) -> None:
    found = _kept(home, house, _query(metric), viewer)
    done = _command(home, "--hash", found.hash)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == f"{metric} {found.cell.value!r}"
    assert "bit for bit" in done.stdout
    told = json.loads(_command(home, "--hash", found.hash, "--format", "json").stdout)
    assert told["same"] and told["now"] == told["then"]
    assert read(told["now"]["bits"]) == found.cell.value


def test_command_when_data_have_changed_then_then_and_now_and_code_three(tmp_path: Path) -> None:
    home = _built(tmp_path)
    house = Warehouse.open(home)
    found, people = _kept(home, house, _query()), _kept(home, house, _query("usage.people"))
    house.close()
    later = NOW + timedelta(hours=1)
    with clock.frozen_at(later), Loader(home, Keyring.open(home)) as loader:
        status = load_rows(loader, tiny_source("service_event"), _rows(4, "new"))
        publish(loader, (status,), {}, CITY)
    done = _command(home, "--hash", found.hash)
    assert done.returncode == 3 and not done.stderr
    assert "the data have changed" in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["then", "100", "generation", "1", "service_event:1"] in lines
    assert ["now", "103", "generation", "2", "service_event:2"] in lines
    same = _command(home, "--hash", people.hash)
    assert same.returncode == 0 and "the data have changed" in same.stdout


@pytest.mark.parametrize("text", ["abc", "x" * 64, "0" * 64], ids=["short", "no-hex", "unknown"])
def test_command_when_hash_is_unknown_then_one_line_and_code_two(home: Settings, text: str) -> None:
    done = _command(home, "--hash", text)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and not done.stdout


def test_hash_when_its_record_is_damaged_then_tampered(home: Settings, house: Warehouse) -> None:
    found, other = _kept(home, house, _query()), _kept(home, house, _query("usage.people"))
    folder, keyring = home.home / "explained", Keyring.open(home)
    file = folder / f"{found.hash}.json"
    good = file.read_text("utf-8")
    for bad in (
        good.replace('"100"', '"101"'),
        good[:-9],
        (folder / f"{other.hash}.json").read_text(),
    ):
        file.write_text(bad)
        with pytest.raises(Tampered):
            recall(home, keyring, found.hash)
    with pytest.raises(QueryError, match="64 characters"):
        recall(home, keyring, "../../etc/passwd")


def test_command_when_hash_and_question_then_refused(home: Settings) -> None:
    done = _command(home, "usage.events", "--hash", "0" * 64)
    assert done.returncode == 2 and "alone" in done.stderr
