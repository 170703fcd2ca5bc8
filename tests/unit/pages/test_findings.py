"""Titles that state a finding: right where the numbers say so, silent where they do not."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pages._figures.values import Point, Series
from pages._panels import findings
from pages._ui.filters import Filters
from pages._ui.panel import Drawing
from warehouse.model import Cell, CellState, Grain, Period, Polarity, Unit

DRAWING = Drawing(
    results=(),
    filters=Filters(period=Period(start=date(2026, 1, 1), end=date(2027, 1, 1))),
    now=datetime(2026, 7, 20, 4, 0, tzinfo=UTC),
    zone=ZoneInfo("Asia/Shanghai"),
)


def _months(*values: float | None, unit: Unit = Unit.PEOPLE) -> Series:
    """Months of this year; the last one is not over. None is hidden."""
    start = date(2026, 1, 1)
    points = tuple(
        Point(
            label=f"2026年{n + 1}月",
            cell=Cell(state=CellState.SUPPRESSED) if value is None else Cell(value=value),
            period=Period(start=Grain.MONTH.shift(start, n), end=Grain.MONTH.shift(start, n + 1)),
            is_partial=n == len(values) - 1,
        )
        for n, value in enumerate(values)
    )
    return Series(label="x", unit=unit, polarity=Polarity.UP, points=points, grain=Grain.MONTH)


def _members(unit: Unit = Unit.EVENTS, **values: float | None) -> Series:
    points = tuple(
        Point(
            label=name.upper(),
            code=name,
            cell=Cell(state=CellState.SUPPRESSED) if value is None else Cell(value=value),
        )
        for name, value in values.items()
    )
    return Series(label="x", unit=unit, polarity=Polarity.UP, points=points)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((1, 2, 3, 4, 1), "月活连续 3 个月增长"),
        ((3, 1, 2, 3, 9), "月活连续 2 个月增长"),
        ((3, 4, 2, 9), "月活上月回落"),
        ((4, 2, 3, 9), ""),
        ((4, 9), ""),
        ((), ""),
    ],
)
def test_growth_when_months_follow_then_counts_only_those_that_are_over(
    values: tuple[float, ...], said: str
) -> None:
    assert findings.run_of_growth(_months(*values), "月活") == said


def test_leader_when_all_are_known_then_says_the_share_of_the_whole() -> None:
    assert findings.leader(_members(a=30, b=10), DRAWING, adds_up=True) == "A居首，占 75.0%"


def test_leader_when_one_is_hidden_then_says_no_share() -> None:
    assert findings.leader(_members(a=30, b=10, c=None), DRAWING, adds_up=True) == "A最高，30"


def test_leader_when_the_unknown_are_most_then_names_the_first_that_is_known() -> None:
    said = findings.leader(_members(unknown=50, a=30, b=20), DRAWING, adds_up=True)
    assert said == "A居首，占 30.0%"


@pytest.mark.parametrize(
    "values", [{}, {"a": 3.0}, {"a": 0.0, "b": 0.0}, {"unknown": 5.0, "a": 0.0}]
)
def test_leader_when_there_is_none_then_is_silent(values: dict[str, Any]) -> None:
    assert findings.leader(_members(**values), DRAWING, adds_up=True) == ""


def test_lowest_when_shares_differ_then_names_the_last_known() -> None:
    one = _members(Unit.SHARE, unknown=0.1, a=0.95, b=0.9)
    assert findings.lowest(one, DRAWING) == "B最低，90.0%"


def test_peak_when_over_time_then_leaves_out_the_running_unit_and_this_year() -> None:
    assert findings.peak(_months(1, 5, 2, 3, 99), "人数", DRAWING) == "人数在 2月 最高，5"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((0.90, 0.95, 0.2), "率升 5.0 个百分点至 95.0%"),
        ((0.95, 0.90, 0.2), "率降 5.0 个百分点至 90.0%"),
        ((0.9, 0.9001, 0.2), "率稳定在 90.0%"),
        ((0.9, 0.2), ""),
    ],
)
def test_level_when_a_share_moves_then_says_percentage_points(
    values: tuple[float, ...], said: str
) -> None:
    assert findings.level(_months(*values, unit=Unit.SHARE), "率", DRAWING) == said


def test_within_when_the_promise_is_kept_or_broken_then_says_so() -> None:
    kept, broken = _months(50, 60.0, unit=Unit.SECONDS), _months(61, 59, 70, unit=Unit.SECONDS)
    assert findings.within(kept, 60, "P95 ") == "P95 始终在 60 秒内"
    assert findings.within(broken, 60, "P95 ") == "P95 有 2 次超过 60 秒"


def test_conversion_when_a_step_is_hidden_then_is_silent() -> None:
    assert findings.conversion(_members(a=200, b=50).points) == "每百笔A有 25.0 笔B"
    assert findings.conversion(_members(a=200, b=None).points) == ""
    assert findings.conversion(_members(a=0, b=0).points) == ""


def test_rise_when_something_was_added_then_says_how_much() -> None:
    assert findings.rise(_months(10, 40, 50), DRAWING) == "累计已达 50，期间增加 40"
