"""What was delivered before changes nothing, under its own name or another."""

import os
from pathlib import Path

import pytest

from tests.realdata.home import Home, Row


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(folder=tmp_path, zone="America/New_York")
    home.deliver("usa_gov_visits.csv.gz")
    home.run("usa_gov_visits")
    return home


def _counts(home: Home) -> Row:
    [row] = home.answer(
        "pipeline.read", "pipeline.loaded", "pipeline.duplicate", "pipeline.quarantined"
    )
    return {name.removeprefix("pipeline."): value for name, value in row.items()}


def test_delivery_when_it_comes_under_another_name_then_all_rows_are_duplicates(
    home: Home,
) -> None:
    before = home.answer("usage.volume", "--by", "scene")
    home.deliver("usa_gov_visits.csv.gz", under="usa_gov_visits-again.csv.gz")
    home.run("usa_gov_visits")
    assert home.answer("usage.volume", "--by", "scene") == before
    counts = {"read": 4_884, "loaded": 2_442, "duplicate": 2_442, "quarantined": 0}
    assert _counts(home) == counts


def test_delivery_when_only_touched_then_nothing_is_loaded_again(home: Home) -> None:
    before = home.answer("usage.volume", "--by", "scene")
    file = home.inbox / "usa_gov_visits.csv.gz"
    later = file.stat().st_mtime + 3600
    os.utime(file, (later, later))
    home.run("usa_gov_visits")
    assert home.answer("usage.volume", "--by", "scene") == before
    assert _counts(home)["loaded"] == 2_442


def test_rows_without_an_id_when_delivered_again_then_each_counts_once(tmp_path: Path) -> None:
    home = Home(folder=tmp_path, zone="Europe/Rome")
    home.deliver("traffic_fines.csv.gz")
    home.run("traffic_fines")
    home.deliver("traffic_fines.csv.gz", under="traffic_fines-copy.csv.gz")
    home.run("traffic_fines")
    [row] = home.answer("usage.events", "usage.cases")
    assert row == {"usage.events": 34_724, "usage.cases": 10_000}
    assert _counts(home)["duplicate"] == 34_724
