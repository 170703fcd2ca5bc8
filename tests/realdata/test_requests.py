"""San Francisco 311 and Italian traffic fines: channels, unknown districts, days without hours."""

from collections import Counter

import polars as pl
import pytest

from tests.realdata.home import FILES, Home

_311 = ("--where", "source=sf311")
_FINES = ("--where", "source=traffic_fines")


def test_requests_when_cut_by_channel_then_as_counted(los_angeles: Home) -> None:
    channels = los_angeles.numbers("usage.events", "channel", *_311)
    assert (channels["phone"], channels["web"], channels["mobile"]) == (4_865, 4_148, 839)
    assert los_angeles.value("usage.events", *_311) == 10_000


def test_channel_when_few_used_it_then_it_is_hidden_and_cannot_be_subtracted(
    los_angeles: Home,
) -> None:
    channels = los_angeles.numbers("usage.events", "channel", *_311)
    assert channels["email"] is None
    assert sum(n is None for n in channels.values()) >= 2


def test_district_when_not_given_then_it_is_a_member_of_its_own(los_angeles: Home) -> None:
    districts = los_angeles.numbers("usage.events", "district", *_311)
    assert districts["unknown"] == 4_271
    assert los_angeles.value("usage.events", *_311) - districts["unknown"] == 5_729


def test_requests_when_370_are_open_then_they_are_not_failures(los_angeles: Home) -> None:
    outcomes = los_angeles.numbers("usage.events", "outcome", *_311)
    assert outcomes == {"completed": 9_630, "open": 370}
    assert los_angeles.value("usage.success_share", *_311) == 1


def test_fines_when_cut_by_action_then_as_counted(los_angeles: Home) -> None:
    actions = los_angeles.numbers("usage.events", "action", *_FINES)
    expected = {"create": 10_000, "send": 6_570, "payment": 4_910, "collection": 3_387}
    assert {action: actions[action] for action in expected} == expected
    assert sum(actions.values()) == 34_724


def test_fines_when_paid_in_parts_then_each_counts_once_as_a_case(los_angeles: Home) -> None:
    cases = los_angeles.numbers("usage.cases", "action", *_FINES)
    assert cases["payment"] == 4_626
    assert los_angeles.value("usage.cases", *_FINES) == 10_000


def test_fines_when_only_days_are_known_then_no_hour_is_made_up(los_angeles: Home) -> None:
    hours = los_angeles.numbers("usage.events", "hour", *_FINES)
    assert {hour: n for hour, n in hours.items() if n} == {"unknown": 34_724}


def test_fines_when_the_zones_differ_then_a_day_stays_its_day(los_angeles: Home) -> None:
    fines = pl.read_csv(FILES / "traffic_fines.csv.gz", infer_schema=False)
    firsts = fines.filter(pl.col("occurred_on").str.ends_with("-01"))["occurred_on"]
    days = Counter(day for day in firsts.to_list() if day.startswith("2007"))
    for day, count in days.most_common(2):
        end = f"{day[:8]}02"
        asked = ("--from", day, "--to", end, *_FINES)
        assert los_angeles.value("usage.events", *asked) == count


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("sf311", 10_000),
        ("traffic_fines", 34_724),
        ("usa_gov_visits", 2_442),
        ("usa_gov_devices", 5_153),
    ],
)
def test_rows_when_loaded_then_read_is_loaded(los_angeles: Home, source: str, rows: int) -> None:
    assert los_angeles.rows("--where", f"source={source}") == (rows, rows, 0, 0)
