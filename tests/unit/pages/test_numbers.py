"""One formatter: boundaries of units, halves, minus signs, axes that hold their values."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._ui.numbers import (
    MINUS,
    MOST_TICKS,
    NONE,
    axis,
    exact,
    excel_format,
    fixed,
    format_change,
    format_value,
    short,
)
from warehouse.model import Polarity, Unit

LANGUAGES = st.sampled_from(("zh", "en"))
UNITS = st.sampled_from(tuple(Unit))
NUMBERS = st.floats(min_value=-1e12, max_value=1e12, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0 人"),
        (9_999, "9,999 人"),
        (9_999.4, "9,999 人"),
        (9_999.5, "1.0 万人"),
        (10_000, "1.0 万人"),
        (4_286_123, "428.6 万人"),
        (99_999_499, "9,999.9 万人"),
        (99_999_500, "1.0 亿人"),
        (123_000_000, "1.2 亿人"),
        (-12_345, f"{MINUS}1.2 万人"),
        (None, NONE),
        (float("nan"), NONE),
    ],
)
def test_format_value_when_chinese_counts_then_wan_and_yi(value: float | None, said: str) -> None:
    assert str(format_value(value, Unit.PEOPLE, "zh")) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (9_999, "9,999 people"),
        (9_999.5, "10.0k people"),
        (999_949, "999.9k people"),
        (999_950, "1.0M people"),
        (999_950_000, "1.0bn people"),
    ],
)
def test_format_value_when_english_counts_then_k_m_bn(value: float, said: str) -> None:
    assert str(format_value(value, Unit.PEOPLE, "en")) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(46.2, "46.2 秒"), (119.9, "119.9 秒"), (120, "2.0 分钟"), (9_000, "2.5 小时")],
)
def test_format_value_when_seconds_grow_then_the_unit_follows(seconds: float, said: str) -> None:
    assert str(format_value(seconds, Unit.SECONDS, "zh")) == said


def test_format_value_when_a_share_then_per_cent_with_one_decimal() -> None:
    assert str(format_value(0.9425, Unit.SHARE, "zh")) == "94.3%"
    assert exact(0.9425, Unit.SHARE, "zh") == "94.25%"


@given(NUMBERS, st.integers(min_value=0, max_value=3))
def test_fixed_when_any_number_then_within_half_a_unit(value: float, decimals: int) -> None:
    text = fixed(value, decimals)
    back = float(text.replace(",", "").replace(MINUS, "-"))
    assert abs(back - value) <= 0.5 * 10**-decimals * (1 + 1e-9) + abs(value) * 1e-15
    assert "-" not in text


@given(NUMBERS, UNITS, LANGUAGES)
def test_format_value_when_any_value_then_short_and_without_hyphen(
    value: float, unit: Unit, language: str
) -> None:
    text = format_value(value, unit, language)
    assert "-" not in text.number
    if unit is Unit.PEOPLE and abs(value) < 1e11:
        assert len(text.number) <= 9


@given(st.lists(NUMBERS, max_size=6), UNITS, LANGUAGES, st.booleans())
def test_axis_when_any_values_then_few_even_ticks_hold_them(
    values: list[float], unit: Unit, language: str, from_zero: bool
) -> None:
    scale = axis(values, unit, language, from_zero=from_zero)
    assert 2 <= len(scale.ticks) <= MOST_TICKS
    assert len(scale.texts) == len(scale.ticks)
    assert scale.low < scale.high
    reach = max((abs(v) for v in values), default=0) * 1e-6 + 1e-9
    assert all(scale.low - reach <= value <= scale.high + reach for value in values)
    steps = {round((b - a) / (scale.ticks[1] - scale.ticks[0]), 4) for a, b in _pairs(scale.ticks)}
    assert steps == {1.0}
    if from_zero:
        assert scale.low <= 0 <= scale.high


def _pairs(ticks: tuple[float, ...]) -> list[tuple[float, float]]:
    return list(itertools.pairwise(ticks))


@given(st.floats(min_value=1, max_value=1e9))
def test_axis_when_counts_then_every_text_is_another(top: float) -> None:
    texts = axis([top], Unit.PEOPLE, "zh").texts
    assert len(set(texts)) == len(texts)


def test_axis_when_below_ten_thousand_then_texts_stay_in_full() -> None:
    assert axis([8_100], Unit.PEOPLE, "zh").texts[-1] == "10,000"


def test_change_when_more_of_something_bad_then_up_and_bad() -> None:
    change = format_change(0.115, Unit.PEOPLE, Polarity.DOWN, "zh")
    assert (change.arrow, change.text, change.tone) == ("▲", "11.5%", "bad")


def test_change_when_a_share_falls_then_in_percentage_points() -> None:
    change = format_change(-0.006, Unit.SHARE, Polarity.UP, "zh")
    assert change.signed == f"{MINUS}0.6 个百分点"
    assert change.brief == "0.6pp"
    assert change.tone == "bad"


@pytest.mark.parametrize("tiny", [0.0, 0.0004, -0.0004])
def test_change_when_it_rounds_to_nothing_then_flat_without_arrow(tiny: float) -> None:
    change = format_change(tiny, Unit.PEOPLE, Polarity.UP, "zh")
    assert (change.arrow, change.text, change.tone) == ("", "持平", "flat")


def test_change_when_neutral_then_no_tone() -> None:
    assert format_change(0.5, Unit.PEOPLE, Polarity.NEUTRAL, "en").tone == "flat"


def test_change_when_unknown_then_a_dash() -> None:
    assert format_change(None, Unit.PEOPLE, Polarity.UP, "zh").text == NONE


@given(st.one_of(st.none(), NUMBERS), UNITS, LANGUAGES)
def test_short_when_any_value_then_never_empty(
    value: float | None, unit: Unit, language: str
) -> None:
    assert short(value, unit, language)
    assert (short(value, unit, language) == NONE) == (value is None)


def test_excel_format_when_any_unit_then_only_known_codes() -> None:
    assert {excel_format(unit) for unit in Unit} == {"0.0%", "#,##0.0", "#,##0.00", "#,##0"}


def test_axis_when_infinite_values_then_they_are_left_out() -> None:
    assert axis([math.inf, 5], Unit.PEOPLE, "zh").high == 5
