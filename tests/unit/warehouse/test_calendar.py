"""Working days, holidays, and days at the same distance from the Spring Festival."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse import calendar
from warehouse.calendar import Rest, festival_of, holidays, lunar_base, mark, spring_festival
from warehouse.errors import BadPeriod, TooLarge, UnknownHolidays
from warehouse.model import Compare, Grain, Period
from warehouse.windows import base_unit, base_windows

ONE_DAY = timedelta(days=1)
STARTS = st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 1, 1))
LENGTHS = st.integers(min_value=1, max_value=400)


def _days(text: str) -> Period:
    start, end = text.split("/")
    return Period(start=date.fromisoformat(start), end=date.fromisoformat(end))


@pytest.mark.parametrize(
    "day",
    ["2020-01-25", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2034-02-19"],
)
def test_spring_festival_when_asked_then_as_the_almanac_says(day: str) -> None:
    assert spring_festival(int(day[:4])) == date.fromisoformat(day)


def test_spring_festival_when_both_libraries_know_it_then_it_is_a_holiday() -> None:
    for year in calendar.KNOWN_YEARS:
        found = mark(spring_festival(year))
        assert found is not None and found.holiday.zh == "春节" and found.rest is Rest.HOLIDAY


def test_spring_festival_when_not_known_then_a_sentence() -> None:
    with pytest.raises(BadPeriod, match="between 1902 and 2098"):
        lunar_base(_days("1900-03-01/1900-04-01"))


# --- bases by the lunar calendar --------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "base"),
    [
        # The festival itself, its eve, and the lantern festival on the fifteenth day.
        ("2026-02-17/2026-02-18", "2025-01-29/2025-01-30"),
        ("2026-02-16/2026-02-17", "2025-01-28/2025-01-29"),
        ("2026-03-03/2026-03-04", "2025-02-12/2025-02-13"),
        # The month before a festival stands against the month before the last one.
        ("2026-01-17/2026-02-17", "2024-12-29/2025-01-29"),
        # A week of Mondays to Sundays keeps its seven days, though they are no such week.
        ("2026-02-16/2026-02-23", "2025-01-28/2025-02-04"),
        # A whole year belongs to the one festival in it.
        ("2025-01-01/2026-01-01", "2024-01-13/2025-01-12"),
    ],
)
def test_lunar_base_when_asked_then_days_at_the_same_distance(unit: str, base: str) -> None:
    assert base_unit(_days(unit), Grain.DAY, Compare.LUNAR) == _days(base)


@given(start=STARTS, length=LENGTHS)
def test_lunar_base_when_any_period_then_same_length_and_distance(start: date, length: int) -> None:
    period = Period(start=start, end=start + timedelta(days=length))
    base, festival = lunar_base(period), festival_of(period)
    before = spring_festival(festival.year - 1)
    assert base.days == period.days
    assert base.start - before == period.start - festival
    assert base.end - before == period.end - festival
    assert 353 <= (period.start - base.start).days <= 385


@given(start=STARTS, length=st.integers(min_value=1, max_value=350))
def test_festival_when_a_period_holds_just_one_then_belongs_to_it(start: date, length: int) -> None:
    period = Period(start=start, end=start + timedelta(days=length))
    inside = [
        spring_festival(year)
        for year in range(start.year, period.end.year + 1)
        if period.start <= spring_festival(year) < period.end
    ]
    assert len(inside) != 1 or festival_of(period) == inside[0]


@given(year=st.integers(min_value=1990, max_value=2060))
def test_lunar_base_when_days_follow_then_bases_follow_but_once_a_year(year: int) -> None:
    """Between two festivals, leap month or not, days pass once from one shift to the next."""
    first, last = spring_festival(year), spring_festival(year + 1)
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    bases = [lunar_base(Period(start=day, end=day + ONE_DAY)).start for day in days]
    steps = [(later - day).days for day, later in pairwise(bases)]
    lengths = (first - spring_festival(year - 1)).days, (last - first).days
    assert [step for step in steps if step != 1] in ([], [1 + lengths[0] - lengths[1]])
    assert bases[0] == spring_festival(year - 1) and bases[-1] == first
    for day, step in zip(days, steps, strict=False):
        assert step == 1 or 165 <= (day - first).days <= 200


def test_base_windows_when_lunar_months_then_one_window_each() -> None:
    units = _days("2026-01-01/2026-04-01").units(Grain.MONTH)
    found = base_windows(units, Grain.MONTH, Compare.LUNAR)
    assert [(w.period.days, w.grain, w.like) for w in found.values()] == [
        (31, None, Grain.MONTH),
        (28, None, Grain.MONTH),
        (31, None, Grain.MONTH),
    ]


def test_base_windows_when_lunar_days_then_windows_are_shared() -> None:
    units = _days("2025-07-01/2025-10-01").units(Grain.DAY)
    found = base_windows(units, Grain.DAY, Compare.LUNAR)
    assert len(set(found.values())) == 2
    assert {window.grain for window in found.values()} == {Grain.DAY}


def test_base_windows_when_too_many_lunar_weeks_then_a_sentence() -> None:
    units = _days("2020-01-01/2024-01-01").units(Grain.WEEK)
    with pytest.raises(TooLarge, match="at most 130 weeks"):
        base_windows(units, Grain.WEEK, Compare.LUNAR)


# --- working days -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "worked"),
    [
        # By the notice for 2026: off 15-23 February, worked on Saturdays 14 and 28.
        ("2026-02-01/2026-03-01", 16),
        ("2026-02-14/2026-02-15", 1),
        ("2026-02-15/2026-02-24", 0),
        # By the notice for 2025: off 1-8 October, worked on Sunday 28 September and Saturday 11.
        ("2025-10-01/2025-11-01", 18),
        ("2025-09-28/2025-09-29", 1),
        # No holiday: Mondays to Fridays.
        ("2025-03-01/2025-04-01", 21),
    ],
)
def test_workdays_when_known_then_as_the_notice_says(period: str, worked: int) -> None:
    assert calendar.workdays(_days(period)) == worked


def test_workdays_when_the_year_is_not_known_then_a_sentence() -> None:
    year = calendar.KNOWN_YEARS[-1] + 1
    with pytest.raises(UnknownHolidays, match=f"holidays of {year} are not known"):
        calendar.workdays(_days(f"{year - 1}-12-01/{year}-01-02"))
    assert mark(date(year, 10, 1)) is None


def test_mark_when_holiday_or_made_up_then_says_which() -> None:
    free, made_up = mark(date(2026, 2, 23)), mark(date(2026, 2, 28))
    assert free is not None and (free.rest, free.holiday.zh) == (Rest.HOLIDAY, "春节")
    assert made_up is not None and (made_up.rest, made_up.holiday.zh) == (Rest.MADE_UP, "春节")
    assert mark(date(2026, 3, 7)) is None  # an ordinary Saturday


def test_holidays_when_a_period_has_some_then_days_by_name() -> None:
    found = holidays(_days("2026-01-01/2026-03-01"))
    assert {label.zh: days for label, days in found.items()} == {"元旦": 3, "春节": 9}
