"""What was delivered before changes nothing, under its own name or another."""

import os
from pathlib import Path

import polars as pl
import pytest

from tests.realdata.home import FILES, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(folder=tmp_path, zone="America/New_York")
    home.deliver("usa_gov_visits.csv.gz")
    home.run("usa_gov_visits")
    return home


def test_delivery_when_it_comes_under_another_name_then_all_rows_are_duplicates(
    home: Home,
) -> None:
    before = home.answer("usage.volume", "--by", "scene")
    home.deliver("usa_gov_visits.csv.gz", under="usa_gov_visits-again.csv.gz")
    home.run("usa_gov_visits")
    assert home.answer("usage.volume", "--by", "scene") == before
    assert home.rows() == (4_884, 2_442, 2_442, 0)


def test_delivery_when_only_touched_then_nothing_is_loaded_again(home: Home) -> None:
    before = home.answer("usage.volume", "--by", "scene")
    file = home.inbox / "usa_gov_visits.csv.gz"
    later = file.stat().st_mtime + 3600
    os.utime(file, (later, later))
    home.run("usa_gov_visits")
    assert home.answer("usage.volume", "--by", "scene") == before
    assert home.rows() == (2_442, 2_442, 0, 0)


def test_rows_without_an_id_when_delivered_again_then_each_counts_once(tmp_path: Path) -> None:
    home = Home(folder=tmp_path, zone="Europe/London")
    lines = pl.read_parquet(FILES / "online_retail_2009_2010.parquet").head(20_000)
    repeats = len(lines) - lines.n_unique()
    home.inbox.mkdir()
    lines.write_parquet(home.inbox / "online_retail-first.parquet")
    home.run("online_retail")
    lines.write_parquet(home.inbox / "online_retail-second.parquet", compression="lz4")
    home.run("online_retail")
    assert repeats > 100
    assert home.value("usage.events") == 20_000
    assert home.rows() == (40_000, 20_000, 20_000, 0)
