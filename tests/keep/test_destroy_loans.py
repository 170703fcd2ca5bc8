"""A destroyed month of loans leaves nothing in applications whose rows lie in other months."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from etl.load import Loader
from etl.publish import publish
from tests.older.home import make_loans
from tests.tiny import load_rows, tiny_settings, tiny_source
from warehouse.answer import Warehouse
from warehouse.backup import back_up
from warehouse.backup_target import Target
from warehouse.destroy import Wish, destroy
from warehouse.keys import Keyring
from warehouse.model import City, Grain, Label, MetricQuery, Role, Scope, Viewer
from warehouse.partitions import verify
from warehouse.restore import restore
from warehouse.settings import Settings
from warehouse.writer import Writer

CITY = City(label=Label(zh="示例市", en="Example City"))
EVERYTHING = Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True))
SOURCE = tiny_source("loan_event")
FEBRUARY = datetime(2026, 2, 10, 4, tzinfo=UTC)
WISH = Wish(dataset="loan_event", month="2026-03", reason="a court's order", by="ann")
STEPS = (("applied", 0), ("approved", 30), ("signed", 60))


def _rows() -> list[dict[str, Any]]:
    """Applications that begin in February, March and April and go on in the months after."""
    return [
        {
            "identity": f"{number}-{step}",
            "occurred_at": FEBRUARY + timedelta(days=start + days, minutes=number),
            "application": f"a{number}",
            "person": f"p{number}",
            "step": step,
            "product": "car" if step == "approved" else None,
            "district": "north",
        }
        for number in range(24)
        for start in (30 * (number % 3),)
        for step, days in STEPS
    ]


def _is_march(row: dict[str, Any]) -> bool:
    return bool(row["occurred_at"].month == 3)


def _load(folder: Path, rows: list[dict[str, Any]]) -> Settings:
    settings = tiny_settings(folder)
    with Loader(settings, Keyring.open(settings, create=True)) as loader:
        load_rows(loader, SOURCE, rows)
        publish(loader, (), {}, CITY)
    return settings


def _publish(settings: Settings) -> None:
    with Loader(settings, Keyring.open(settings)) as loader:
        publish(loader, (), {}, CITY)


def _numbers(settings: Settings) -> list[Any]:
    warehouse = Warehouse.open(replace(settings, small_cell=3))
    reached = MetricQuery(metrics=("loans.reached",), grain=Grain.MONTH, by=("step", "product"))
    times = MetricQuery(metrics=("loans.approval_seconds_p50",), grain=Grain.MONTH)
    found = [warehouse.answer(query, EVERYTHING).rows for query in (reached, times)]
    warehouse.close()
    return found


def test_applications_when_a_month_is_destroyed_then_as_if_it_had_never_come(
    tmp_path: Path,
) -> None:
    settings = _load(tmp_path / "whole", _rows())
    without = _load(tmp_path / "without", [row for row in _rows() if not _is_march(row)])
    assert _numbers(settings) != _numbers(without)
    destroy(settings, Keyring.open(settings), WISH)
    _publish(settings)
    assert _numbers(settings) == _numbers(without)
    assert verify(settings, Keyring.open(settings)).is_sound


def test_applications_when_an_older_backup_is_restored_then_the_month_stays_gone(
    tmp_path: Path,
) -> None:
    settings = _load(tmp_path / "whole", _rows())
    without = _load(tmp_path / "without", [row for row in _rows() if not _is_march(row)])
    keyring = Keyring.open(settings)
    target = Target.at(tmp_path / "backup", tmp_path / "keys")
    back_up(settings, keyring, target)
    destroy(settings, keyring, WISH)
    again = replace(tiny_settings(tmp_path / "again"), master_key_file=settings.master_key_file)
    restore(again, target)
    _publish(again)
    assert _numbers(again) == _numbers(without)
    assert verify(again, keyring).is_sound


def test_applications_when_the_home_is_an_earlier_ones_then_brought_up_at_the_start(
    tmp_path: Path,
) -> None:
    settings = _load(tmp_path, _rows())
    expected = _numbers(settings)
    writer = Writer(settings, Keyring.open(settings))
    for file in sorted((settings.live / "loan_event").glob("*.duckdb")):
        make_loans(writer, file.stem)
    writer.close()
    _publish(settings)
    assert _numbers(settings) == expected
    assert verify(settings, Keyring.open(settings)).is_sound
