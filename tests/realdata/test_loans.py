"""BPI 2012: the published figures of 13,087 loan applications come out at the one door."""

import json
from collections import Counter

import polars as pl
import pytest

from tests.realdata.home import FILES, Home

PUBLISHED = {
    "applied": 13_087,
    "approved": 2_246,
    "signed": 2_243,
    "disbursed": 2_246,
    "declined": 7_635,
    "cancelled": 2_807,
}


@pytest.fixture(scope="session")
def reached(amsterdam: Home) -> dict[str, int]:
    return amsterdam.numbers("loans.reached", "step")


@pytest.fixture(scope="session")
def by_month(amsterdam: Home) -> dict[str, int]:
    return amsterdam.series("loans.applications")


@pytest.fixture(scope="session")
def log() -> pl.DataFrame:
    """The events as published, with the day of their own clock."""
    events = pl.read_parquet(FILES / "bpic2012.parquet")
    return events.with_columns(pl.col("occurred_at").str.slice(0, 10).alias("day"))


def test_applications_when_all_are_counted_then_as_published(amsterdam: Home) -> None:
    arguments = ("answer", "loans.applications", "--format", "json")
    answer = json.loads(amsterdam.command("warehouse", *arguments))
    assert answer["rows"][0]["loans.applications"] == 13_087
    assert answer["as_of"].startswith("2012-03-14T15:04:54.681")
    assert answer["suppressed"] == 0


def test_reached_when_asked_by_step_then_as_published(reached: dict[str, int]) -> None:
    assert {step: reached[step] for step in PUBLISHED} == PUBLISHED


def test_reached_when_a_later_step_holds_more_then_it_is_left_so(reached: dict[str, int]) -> None:
    assert reached["disbursed"] > reached["signed"]


def test_undecided_when_subtracted_then_399_are_neither_lost_nor_won(
    reached: dict[str, int],
) -> None:
    ended = reached["approved"] + reached["declined"] + reached["cancelled"]
    assert reached["applied"] - ended == 399


def test_approval_share_when_399_are_undecided_then_they_are_in_neither_part(
    amsterdam: Home,
) -> None:
    share = amsterdam.value("loans.approval_share")
    assert share == pytest.approx(2_246 / (2_246 + 7_635))


def test_applications_when_cut_by_month_in_amsterdam_then_as_published(
    by_month: dict[str, int],
) -> None:
    assert by_month == {
        "2011-10": 2_393,
        "2011-11": 2_940,
        "2011-12": 2_122,
        "2012-01": 2_747,
        "2012-02": 2_885,
    }


def test_first_event_when_it_is_september_in_utc_then_it_counts_for_october(
    log: pl.DataFrame, by_month: dict[str, int]
) -> None:
    first = log["occurred_at"].min()
    assert str(first) == "2011-10-01T00:38:44.546+02:00"
    assert min(by_month) == "2011-10"


def test_applications_when_clocks_are_put_back_then_each_day_is_its_own(
    amsterdam: Home, log: pl.DataFrame
) -> None:
    days = ["2011-10-29", "2011-10-30", "2011-10-31"]
    submitted = log.filter(pl.col("activity") == "A_SUBMITTED")
    expected = Counter(submitted.filter(pl.col("day").is_in(days))["day"].to_list())
    rows = amsterdam.answer(
        "loans.applications", "--grain", "day", "--from", days[0], "--to", "2011-11-01"
    )
    assert {row["period"]: row["loans.applications"] for row in rows} == expected


def test_amount_when_disbursed_then_it_is_what_was_asked_for(
    amsterdam: Home, log: pl.DataFrame
) -> None:
    paid = log.filter(pl.col("activity") == "A_ACTIVATED")["amount_requested"].cast(pl.Int64)
    assert amsterdam.value("loans.amount") == pytest.approx(paid.sum())


def test_events_when_loaded_then_none_is_lost_or_broken(amsterdam: Home) -> None:
    assert amsterdam.rows() == (262_200, 262_200, 0, 0)
