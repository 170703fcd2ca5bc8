"""The outlook on the growth goal, from answers given as they are."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from warehouse.model import Cell, CellState, Result, Row
from warehouse.outlook import Outlook, Setting, questions, read

SETTING = Setting(day=date(2024, 3, 20), at=datetime(2024, 3, 21), population=10_000, growth=0.30)
"""Twenty of thirty-one days are over."""


def _read(people: Any, goal: Any, before: Any = 430, setting: Setting = SETTING) -> Outlook:
    now, early = questions(setting.day, ())
    cells = tuple(
        Cell(state=value) if isinstance(value, CellState) else Cell(value=value)
        for value in (people, goal, before)
    )
    answers = [
        Result(query=query, rows=(Row(members=(), cells=own),), as_of=None, data_version="")
        for query, own in ((now, cells[:2]), (early, cells[2:]))
    ]
    return read(answers, setting)


def test_outlook_when_behind_then_says_gap_need_pace_and_arrival() -> None:
    found = _read(500, 720)
    # 70 people in the seven days from 14 March on; 11 days are left for 220.
    assert (found.gap, found.days_left, found.needed, found.pace) == (-220, 11, 20, 10)
    assert found.arrives_on == date(2024, 4, 12) and not found.is_in_time
    # 720 * 1.3^11 = 12,903 is the first of at least 10,000 (1.3^10: 9,926)
    assert found.passes_in == date(2025, 2, 1)


def test_outlook_when_the_pace_is_enough_then_arrives_within_the_month() -> None:
    found = _read(500, 550)
    assert found.arrives_on == date(2024, 3, 26) and found.is_in_time


def test_outlook_when_reached_then_nothing_is_needed() -> None:
    found = _read(800, 720)
    assert found.is_reached and found.is_in_time
    assert (found.gap, found.needed, found.arrives_on) == (80, 0, None)


@pytest.mark.parametrize("before", [500, CellState.SUPPRESSED])
def test_outlook_when_nobody_new_came_or_it_is_hidden_then_never_arrives(before: Any) -> None:
    found = _read(500, 720, before)
    assert found.arrives_on is None and not found.is_in_time
    assert found.needed == 20


@pytest.mark.parametrize("goal", [0, CellState.MISSING])
def test_outlook_when_the_base_is_nobody_or_there_is_none_then_missing(goal: Any) -> None:
    assert _read(500, goal).state is CellState.MISSING


def test_outlook_when_people_are_hidden_then_tells_nothing() -> None:
    found = _read(CellState.SUPPRESSED, 720)
    assert found.state is CellState.SUPPRESSED
    assert (found.people, found.goal, found.gap, found.pace) == (None, None, None, None)


@pytest.mark.parametrize("change", [{"population": 0}, {"growth": 0.0}, {"growth": -0.1}])
def test_path_when_it_does_not_rise_or_nobody_is_registered_then_passes_nowhere(
    change: dict[str, Any],
) -> None:
    assert _read(500, 720, setting=replace(SETTING, **change)).passes_in is None


def test_path_when_already_above_the_population_then_the_month_it_passed() -> None:
    assert _read(500, 1000, setting=replace(SETTING, population=1000)).passes_in == date(2024, 3, 1)
    assert _read(500, 1000, setting=replace(SETTING, population=700)).passes_in == date(2024, 2, 1)


def test_outlook_when_the_month_has_just_begun_then_pace_is_of_its_own_days() -> None:
    setting = replace(SETTING, day=date(2024, 3, 2), at=datetime(2024, 3, 2, 12))
    assert _read(30, 720, before=999, setting=setting).pace == 20  # one day and a half
