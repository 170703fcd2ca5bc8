"""Online retail: exact people over months, rows that name nobody, repeats that are real."""

import polars as pl
import pytest

from tests.realdata.home import FILES, Home
from warehouse.connection import Reader
from warehouse.keys import Keyring
from warehouse.settings import Settings

MONTHS = [f"2009-{m:02d}" for m in (12,)] + [f"2010-{m:02d}" for m in range(1, 13)]
ACTIVE = [1045, 786, 807, 1111, 998, 1062, 1095, 988, 964, 1202, 1577, 1683, 622]


def test_people_when_counted_over_all_then_4383(london: Home) -> None:
    assert london.value("usage.people") == 4_383
    assert london.value("usage.events") == 525_461


def test_active_people_when_cut_by_month_then_the_thirteen_published(london: Home) -> None:
    assert london.series("growth.mau") == dict(zip(MONTHS, ACTIVE, strict=True))


def test_active_people_when_added_up_then_they_are_not_the_people(london: Home) -> None:
    by_country = london.numbers("usage.people", "service")
    assert sum(ACTIVE) > 4_383
    assert sum(n for n in by_country.values() if n is not None) >= 4_383 - 10 * len(by_country)


def test_last_month_when_it_is_not_over_then_it_is_marked(london: Home) -> None:
    rows = london.answer("growth.mau", "--grain", "month")
    assert [row["period"][:7] for row in rows if row.get("partial")] == ["2010-12"]


def test_growth_when_accounted_then_its_parts_add_up_each_month(london: Home) -> None:
    rows = london.answer(
        "growth.mau",
        "growth.new",
        "growth.retained",
        "growth.resurrected",
        "growth.churned",
        "--grain",
        "month",
    )
    numbers = [[row[f"growth.{n}"] for n in _PARTS] for row in rows[:12]]
    previous = 0
    for active, new, retained, resurrected, churned in numbers:
        assert active == new + retained + resurrected
        assert previous == retained + churned
        previous = active


_PARTS = ("mau", "new", "retained", "resurrected", "churned")


def test_cumulative_people_when_months_pass_then_they_end_at_all_people(london: Home) -> None:
    served = list(london.series("growth.cumulative_people").values())
    assert served == sorted(served)
    assert served[-1] == 4_383


def test_rows_without_a_person_when_loaded_then_they_count_as_events(london: Home) -> None:
    settings = Settings.from_env(london.env)
    reader = Reader(settings, Keyring.open(settings))
    try:
        snapshot = reader.snapshot()
        table = snapshot.table("service_event", "usage_day", period=None)
        [(events, anonymous)] = snapshot.select(
            f"SELECT sum(events)::BIGINT, sum(anonymous)::BIGINT FROM {table}"
        )
    finally:
        reader.close()
    assert (events, anonymous) == (525_461, 107_927)


def test_repeats_when_they_lie_in_one_delivery_then_they_are_kept(london: Home) -> None:
    lines = pl.read_parquet(FILES / "online_retail_2009_2010.parquet")
    assert len(lines) - lines.n_unique() == 6_865
    assert london.rows() == (525_461, 525_461, 0, 0)


def test_customer_when_written_as_a_float_then_it_is_one_person() -> None:
    customers = pl.read_parquet(FILES / "online_retail_2009_2010.parquet")["Customer ID"]
    assert customers.dtype == pl.Float64
    assert customers.drop_nulls().n_unique() == 4_383


@pytest.mark.parametrize("grain", ["day", "week"])
def test_events_when_cut_finer_then_they_add_up(london: Home, grain: str) -> None:
    rows = london.answer("usage.events", "--grain", grain)
    assert sum(row["usage.events"] for row in rows) == 525_461
