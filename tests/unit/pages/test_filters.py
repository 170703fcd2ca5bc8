"""The filters of an address: there and back, and everything that is no address."""

from datetime import date, timedelta

import pytest

from pages._ui.filters import ALL, PRESETS, Filters, anchor, check_members
from pages._ui.questions import left_running, trace
from pages._ui.text import speaking
from warehouse.errors import BadPeriod, QueryError
from warehouse.model import Compare, Grain, Period

TODAY = date(2026, 3, 20)
HORIZON = Period(start=date(2024, 1, 5), end=date(2026, 3, 21))


def _read(search: str, horizon: Period | None = HORIZON) -> Filters:
    return Filters.from_search(search, horizon, TODAY)


def _period(start: str, end: str) -> Period:
    return Period(start=date.fromisoformat(start), end=date.fromisoformat(end))


@pytest.mark.parametrize(
    "search",
    [
        "",
        "?period=last_7_days",
        "?period=all",
        "?from=2026-01-05&to=2026-02-01",
        "?compare=none",
        "?period=this_year&compare=year&grain=week",
        "?district=a,b&scene=fund&channel=web",
        "?scene=%26%3D,a%2Cb,%E5%9F%8E",
    ],
)
def test_address_when_read_and_written_then_is_the_same(search: str) -> None:
    assert _read(search).to_search() == search


@pytest.mark.parametrize(
    ("search", "same"),
    [
        ("?period=this_month&compare=previous", ""),
        ("?district=b,a,b", "?district=a,b"),
        ("?lang=en&theme=dark&period=last_7_days", "?period=last_7_days"),
        ("?period=custom&from=2026-01-05&to=2026-01-05", "?from=2026-01-05&to=2026-01-05"),
    ],
)
def test_address_when_written_in_another_way_then_becomes_the_one(search: str, same: str) -> None:
    assert _read(search).to_search() == same


def test_members_when_they_hold_commas_then_stay_one_member() -> None:
    assert _read("?scene=a%2Cb,c").members("scene") == ("a,b", "c")


@pytest.mark.parametrize(
    ("preset", "period"),
    [
        ("last_7_days", _period("2026-03-14", "2026-03-21")),
        ("last_30_days", _period("2026-02-19", "2026-03-21")),
        ("this_month", _period("2026-03-01", "2026-04-01")),
        ("previous_month", _period("2026-02-01", "2026-03-01")),
        ("this_year", _period("2026-01-01", "2027-01-01")),
        ("last_12_months", _period("2025-04-01", "2026-04-01")),
        (ALL, HORIZON),
    ],
)
def test_preset_when_read_then_is_this_period(preset: str, period: Period) -> None:
    assert _read(f"?period={preset}").period == period


@pytest.mark.parametrize("preset", [*PRESETS, ALL])
def test_preset_when_nothing_has_data_then_is_still_a_period(preset: str) -> None:
    assert _read(f"?period={preset}", None).period.days >= 1


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("?perid=all", "period"),
        ("?period=last_7_day", "last_7_days"),
        ("?period", "period"),
        ("?grain=day&grain=week", "grain"),
        ("?grain=hour", "hour"),
        ("?compare=always", "always"),
        ("?from=yesterday", "yesterday"),
        ("?from=2026-02-30", "2026-02-30"),
        ("?period=all&from=2026-01-01", "预设"),
        ("?district=" + ",".join(map(str, range(300))), "200"),
        ("?scene=" + "x" * 9000, "网址过长"),
    ],
)
def test_address_when_wrong_then_is_refused_with_the_place(search: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        _read(search)


def test_period_when_the_wrong_way_round_then_is_refused() -> None:
    with pytest.raises(BadPeriod, match=r"2026-01-01.*2026-02-01"):
        _read("?from=2026-02-01&to=2026-01-01")


def test_period_when_at_the_end_of_time_then_is_refused_not_broken() -> None:
    with pytest.raises(BadPeriod):
        _read("?from=9999-12-31&to=9999-12-31")


def test_refusal_when_english_is_spoken_then_is_english() -> None:
    with speaking("en"), pytest.raises(QueryError, match="is no day"):
        _read("?from=soon")


def test_anchor_when_the_data_ended_long_ago_then_is_their_last_day() -> None:
    old = _period("2012-01-01", "2012-03-15")
    assert anchor(old, TODAY) == date(2012, 3, 14)
    assert _read("?period=this_month", old).period == _period("2012-03-01", "2012-04-01")


def test_anchor_when_the_data_are_a_few_days_old_then_is_today() -> None:
    recent = Period(start=HORIZON.start, end=TODAY - timedelta(days=5))
    assert anchor(recent, TODAY) == TODAY


@pytest.mark.parametrize(
    ("search", "unit"),
    [
        ("?period=last_7_days", Grain.DAY),
        ("?from=2026-01-01&to=2026-05-01", Grain.WEEK),
        ("?period=last_12_months", Grain.MONTH),
        ("?period=last_12_months&grain=day", Grain.DAY),
    ],
)
def test_unit_when_not_chosen_then_fits_the_period(search: str, unit: Grain) -> None:
    assert _read(search).unit is unit


def test_so_far_when_the_month_runs_then_ends_today() -> None:
    assert _read("").so_far == _period("2026-03-01", "2026-03-21")
    assert _read("?period=previous_month").so_far == _period("2026-02-01", "2026-03-01")
    assert _read("?from=2026-05-01&to=2026-05-20").so_far.end == date(2026, 5, 21)


def test_back_when_the_month_runs_then_ends_with_the_running_unit() -> None:
    assert _read("").back(Grain.MONTH, 3) == _period("2026-01-01", "2026-04-01")
    assert _read("").back(Grain.WEEK, 1) == _period("2026-03-16", "2026-03-23")
    assert _read("?period=previous_month").back(Grain.MONTH, 1) == _period(
        "2026-02-01", "2026-03-01"
    )


def test_where_when_some_are_chosen_then_leaves_out_the_others() -> None:
    assert _read("?channel=web&district=a").where == (("district", ("a",)), ("channel", ("web",)))
    assert _read("").where == ()
    assert _read("?compare=none").compare is None
    assert _read("").compare is Compare.PREVIOUS


def test_whole_when_the_unit_runs_then_ends_before_it() -> None:
    filters = _read("")
    assert filters.whole(filters.so_far, Grain.DAY) == _period("2026-03-01", "2026-03-20")
    year = _read("?period=this_year")
    assert year.whole(year.so_far, Grain.MONTH) == _period("2026-01-01", "2026-03-01")
    over = _read("?period=previous_month")
    assert over.whole(over.so_far, Grain.DAY) == over.period


def test_whole_when_only_the_running_unit_is_there_then_it_stays() -> None:
    today = _read("?from=2026-03-20&to=2026-03-20")
    assert today.whole(today.so_far, Grain.DAY) == today.period


def test_back_whole_when_the_month_runs_then_ends_with_the_one_before() -> None:
    assert _read("").back_whole(Grain.MONTH, 2) == _period("2026-01-01", "2026-03-01")
    over = _read("?period=previous_month")
    assert over.back_whole(Grain.MONTH, 2) == _period("2026-01-01", "2026-03-01")


def test_left_running_when_a_line_ends_before_today_then_names_the_unit() -> None:
    filters = _read("")
    assert left_running(filters, trace(filters, "usage.events")) == TODAY
    over = _read("?period=previous_month")
    assert left_running(over, trace(over, "usage.events")) is None


@pytest.mark.parametrize(
    "search", ["?from=0001-01-01&to=0001-01-05", "?from=2026-01-01&to=9999-01-01"]
)
def test_address_when_a_day_is_far_off_then_says_so(search: str) -> None:
    with pytest.raises(BadPeriod, match="太远"):
        _read(search)


def test_members_when_one_is_not_known_then_it_is_named() -> None:
    check_members("district", ("a",), {"a", "b"})
    with pytest.raises(QueryError, match="nowhere"):
        check_members("district", ("a", "nowhere"), {"a", "b"})
