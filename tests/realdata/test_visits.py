"""usa.gov: counts only, a total that is no sum of its parts, two files that disagree."""

import polars as pl

from tests.realdata.home import FILES, Home

_VISITS = ("--where", "source=usa_gov_visits")
_DEVICES = ("--where", "source=usa_gov_devices")


def test_visits_when_all_sites_together_then_as_published(los_angeles: Home) -> None:
    agencies = los_angeles.numbers("usage.volume", "scene", *_VISITS)
    assert agencies["live"] == 3_544_911_762
    assert len(agencies) == 28


def test_agencies_when_added_up_then_they_are_not_all_sites(los_angeles: Home) -> None:
    agencies = los_angeles.numbers("usage.volume", "scene", *_VISITS)
    named = sum(n for agency, n in agencies.items() if agency != "live")
    assert 0 < named < agencies["live"]


def test_devices_when_added_up_then_the_disagreement_of_the_source_stays(
    los_angeles: Home,
) -> None:
    published = pl.read_csv(FILES / "usa_gov_devices.csv.gz")
    agencies = los_angeles.numbers("usage.volume", "scene", *_DEVICES)
    expected = dict(published.group_by("agency").agg(pl.col("visits").sum()).iter_rows())
    assert agencies == expected
    assert agencies["live"] != 3_544_911_762


def test_devices_when_asked_then_every_kind_of_the_source_is_there(los_angeles: Home) -> None:
    devices = los_angeles.numbers("usage.volume", "device", *_DEVICES)
    assert set(devices) == {"desktop", "mobile", "tablet", "smart tv", "(other)"}


def test_visits_when_cut_by_day_then_no_day_is_missing(los_angeles: Home) -> None:
    rows = los_angeles.answer(
        "usage.volume", "--grain", "day", "--where", "source=usa_gov_visits", "scene=live"
    )
    days = [row["period"] for row in rows]
    assert (days[0], days[-1], len(days)) == ("2023-10-07", "2024-01-04", 90)
    assert sum(row["usage.volume"] for row in rows) == 3_544_911_762
