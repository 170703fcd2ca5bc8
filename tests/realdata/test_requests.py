"""San Francisco 311 and Italian traffic fines: channels, unknown districts, days without hours."""

import pytest

from tests.realdata.home import Home

_311 = ("--where", "source=sf311")
_FINES = ("--where", "source=traffic_fines")


def test_requests_when_cut_by_channel_then_as_counted(los_angeles: Home) -> None:
    channels = los_angeles.numbers("usage.events", "channel", *_311)
    assert (channels["phone"], channels["web"], channels["mobile"]) == (4_865, 4_148, 839)
    assert sum(channels.values()) == 10_000


def test_district_when_not_given_then_it_is_a_member_of_its_own(los_angeles: Home) -> None:
    districts = los_angeles.numbers("usage.events", "district", *_311)
    assert districts["unknown"] == 4_271
    assert sum(n for code, n in districts.items() if code != "unknown") == 5_729


def test_requests_when_370_are_open_then_they_are_not_failures(los_angeles: Home) -> None:
    outcomes = los_angeles.numbers("usage.events", "outcome", *_311)
    assert outcomes == {"completed": 9_630, "open": 370}
    [row] = los_angeles.answer("usage.success_share", *_311)
    assert row["usage.success_share"] == 1


def test_fines_when_cut_by_action_then_as_counted(los_angeles: Home) -> None:
    actions = los_angeles.numbers("usage.events", "action", *_FINES)
    expected = {"create": 10_000, "send": 6_570, "payment": 4_910, "collection": 3_387}
    assert {action: actions[action] for action in expected} == expected
    assert sum(actions.values()) == 34_724


def test_fines_when_paid_in_parts_then_each_counts_once_as_a_case(los_angeles: Home) -> None:
    cases = los_angeles.numbers("usage.cases", "action", *_FINES)
    assert cases["payment"] == 4_626
    [row] = los_angeles.answer("usage.cases", *_FINES)
    assert row["usage.cases"] == 10_000


def test_fines_when_only_days_are_known_then_no_hour_is_made_up(los_angeles: Home) -> None:
    hours = los_angeles.numbers("usage.events", "hour", *_FINES)
    assert {hour: n for hour, n in hours.items() if n} == {"unknown": 34_724}


def test_fines_when_zones_differ_then_a_day_stays_its_day(los_angeles: Home) -> None:
    rows = los_angeles.answer(
        "usage.events", "--grain", "day", "--from", "2006-07-24", "--to", "2006-07-25", *_FINES
    )
    assert [row["usage.events"] for row in rows] == [_events_of("2006-07-24")]


def _events_of(day: str) -> int:
    import polars as pl

    from tests.realdata.home import FILES

    fines = pl.read_csv(FILES / "traffic_fines.csv.gz", infer_schema=False)
    return len(fines.filter(pl.col("occurred_on") == day))


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
    [row] = los_angeles.answer(
        "pipeline.read",
        "pipeline.loaded",
        "pipeline.duplicate",
        "pipeline.quarantined",
        "--where",
        f"source={source}",
    )
    assert list(row.values()) == [rows, rows, 0, 0]
