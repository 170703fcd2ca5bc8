"""Sums of people that look across months, whatever the order in which rows come."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.load import Loader
from etl.publish import publish
from tests.tiny import load_rows, tiny_settings, tiny_source
from warehouse.destroy import Wish, destroy
from warehouse.keys import Keyring
from warehouse.model import City, Label
from warehouse.partitions import verify
from warehouse.rollups import CUTS, REACH_DAYS

START = datetime(2026, 1, 10, 3, tzinfo=UTC)
CITY = City(label=Label(zh="市", en="City"))


def _rows(seed: int, count: int = 160) -> list[dict[str, Any]]:
    """Visits of 25 people in six months, with long gaps."""
    dice = random.Random(seed)
    return [
        {
            "identity": str(n),
            "occurred_at": START + timedelta(days=int(170 * dice.random() ** 1.3)),
            "person": None if dice.random() < 0.1 else f"p{int(25 * dice.random() ** 2)}",
            "scene": dice.choice(("tax", "fund")),
            "district": dice.choice(("d1", "d2", None)),
            "channel": dice.choice(("web", "counter")),
            "age_band": dice.choice(("18-30", None)),
            "outcome": dice.choice(("completed", "failed")),
        }
        for n in range(count)
    ]


def _day(row: dict[str, Any]) -> Any:
    return (row["occurred_at"] + timedelta(hours=8)).date()


def _expected(rows: list[dict[str, Any]]) -> tuple[Counter[Any], Counter[Any]]:
    """(day, cut, member, before) and (day, cut, member, what), counted person by person."""
    gaps, firsts = Counter[Any](), Counter[Any]()
    for cut in CUTS:
        days: dict[Any, set[Any]] = {}
        served: dict[Any, set[Any]] = {}
        for row in rows:
            if row["person"] is None:
                continue
            key = row["person"], (row[cut] or "unknown") if cut else ""
            days.setdefault(key, set()).add(_day(row))
            if row["outcome"] == "completed":
                served.setdefault(key, set()).add(_day(row))
        for (_, member), seen in days.items():
            ordered = sorted(seen)
            firsts[ordered[0], cut, member, "new"] += 1
            for before, day in zip([None, *ordered], ordered, strict=False):
                is_near = before is not None and (day - before).days <= REACH_DAYS
                gaps[day, cut, member, before if is_near else None] += 1
        for (_, member), seen in served.items():
            firsts[min(seen), cut, member, "served"] += 1
    return gaps, firsts


def _found(loader: Loader) -> tuple[Counter[Any], Counter[Any]]:
    gaps, firsts = Counter[Any](), Counter[Any]()
    for file in sorted((loader.settings.live / "service_event").glob("*.duckdb")):
        alias = loader.writer.attach("service_event", file.stem)
        for *key, people in loader.writer.execute(f"TABLE {alias}.gap_day"):
            assert f"{key[0]:%Y-%m}" == file.stem
            gaps[tuple(key)] += people
        for *key, new, served in loader.writer.execute(f"TABLE {alias}.first_day"):
            firsts[*key, "new"] += new
            firsts[*key, "served"] += served
    return gaps, +firsts


@pytest.mark.parametrize(("seed", "order"), [(1, "time"), (2, "random"), (3, "backwards")])
def test_people_when_rows_come_in_any_order_then_as_counted_person_by_person(
    seed: int, order: str, tmp_path: Path
) -> None:
    rows = sorted(_rows(seed), key=_day, reverse=order == "backwards")
    if order == "random":
        random.Random(seed).shuffle(rows)
    home = tiny_settings(tmp_path)
    with Loader(home, Keyring.open(home, create=True)) as loader:
        for number in range(8):
            load_rows(loader, tiny_source("service_event"), rows[20 * number : 20 * number + 20])
            loader.roll_up()
            assert _found(loader) == _expected(rows[: 20 * number + 20])
        publish(loader, (), {}, CITY)
    assert verify(home, Keyring.open(home)).problems == ()


def test_people_when_a_month_is_destroyed_then_as_if_it_had_never_been(tmp_path: Path) -> None:
    rows, home = _rows(4), tiny_settings(tmp_path)
    ring = Keyring.open(home, create=True)
    with Loader(home, ring) as loader:
        load_rows(loader, tiny_source("service_event"), rows)
        publish(loader, (), {}, CITY)
    for month in ("2026-01", "2026-03"):
        destroy(home, ring, Wish(dataset="service_event", month=month, reason="over"))
        rows = [row for row in rows if f"{_day(row):%Y-%m}" != month]
        with Loader(home, ring) as loader:
            publish(loader, (), {}, CITY)
            assert _found(loader) == _expected(rows)
        assert verify(home, ring).problems == ()
