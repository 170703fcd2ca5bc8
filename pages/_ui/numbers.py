"""The one number formatter: axes, tips, cards, sentences, tables and Excel formats.

Chinese counts in 万 and 亿, English in k, M and bn. Below ten thousand a count stands in full.
Shares become per cent with one decimal; a change of a share is in percentage points. The minus
sign is U+2212. Halves round away from zero, as people expect in print.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from warehouse.model import Polarity, Unit

MINUS = "\u2212"
NONE = "—"
MOST_TICKS = 7

_WORDS = {
    Unit.PEOPLE: ("人", "people"),
    Unit.EVENTS: ("次", "events"),
    Unit.CASES: ("件", "cases"),
    Unit.APPLICATIONS: ("笔", "applications"),
    Unit.VISITS: ("次访问", "visits"),
    Unit.ROWS: ("行", "rows"),
    Unit.YUAN: ("元", "yuan"),
}
COUNTED = frozenset(_WORDS)
"""Units of things that are counted; the others are shares and times."""
_ZH_STEPS = ((1e8, "亿"), (1e4, "万"))
_EN_STEPS = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))
_TIME_STEPS = (
    (86400.0, 172800.0, "天", "days"),
    (3600.0, 7200.0, "小时", "h"),
    (60.0, 120.0, "分钟", "min"),
    (1.0, 0.0, "秒", "s"),
)


@dataclass(frozen=True, kw_only=True)
class Text:
    """A number and its unit, set apart because a tile sets them in two sizes."""

    number: str
    unit: str = ""
    gap: str = " "

    def __str__(self) -> str:
        return f"{self.number}{self.gap}{self.unit}" if self.unit else self.number


MOST_CHANGE = 10
"""Times its base: a growth beyond it is only called large beside a number."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change against a base: `arrow` is the direction, `tone` whether that is good.

    text    the size without a sign ("32.4%", "0.6 个百分点", ">999%"), beside the arrow.
    signed  with its sign, for sentences.
    brief   as `text`, where there is little room ("0.6pp").
    tone    `good`, `bad` or `flat`.
    """

    arrow: str
    text: str
    signed: str
    brief: str
    tone: str


@dataclass(frozen=True, kw_only=True)
class Axis:
    """At most seven ticks, their texts in one unit, and the range that holds them."""

    ticks: tuple[float, ...]
    texts: tuple[str, ...]
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What a value is divided by, what the result is called, and its decimals."""

    divisor: float
    decimals: int
    prefix: str
    """万, k, … : belongs to the number on an axis."""
    unit: str


def is_english(language: str) -> bool:
    return language.startswith("en")


def fixed(value: float, decimals: int) -> str:
    """`value` with thousands commas, exactly `decimals` places and a typographic minus."""
    quantum = Decimal(1).scaleb(-decimals)
    rounded = Decimal(repr(value)).quantize(quantum, rounding=ROUND_HALF_UP)
    text = f"{abs(rounded):,}"
    return f"{MINUS}{text}" if rounded < 0 else text


def _rounds_to(value: float, decimals: int) -> float:
    return float(fixed(abs(value), decimals).replace(",", ""))


def _count_scale(value: float, unit: Unit, language: str) -> Scale:
    word = _WORDS[unit][1 if is_english(language) else 0]
    if _rounds_to(value, 0) < 10_000:
        # A small mean (per working day, of days) would lose what it says.
        decimals = 1 if abs(value) < 100 and not float(value).is_integer() else 0
        return Scale(divisor=1, decimals=decimals, prefix="", unit=word)
    steps = _EN_STEPS if is_english(language) else _ZH_STEPS
    for divisor, prefix in steps:
        smaller = max((d for d, _ in steps if d < divisor), default=1.0)
        if abs(value) >= divisor or _rounds_to(value / smaller, 1) >= divisor / smaller:
            return Scale(divisor=divisor, decimals=1, prefix=prefix, unit=word)
    divisor, prefix = steps[-1]
    return Scale(divisor=divisor, decimals=1, prefix=prefix, unit=word)


def _time_scale(seconds: float, per: float, language: str) -> Scale:
    for divisor, threshold, zh, en in _TIME_STEPS:
        if abs(seconds) >= threshold:
            word = en if is_english(language) else zh
            return Scale(divisor=divisor * per, decimals=1, prefix="", unit=word)
    raise AssertionError("the last step has threshold 0")


def scale(value: float, unit: Unit, language: str) -> Scale:
    """How a value of this size is written; for an axis or a table give the largest one."""
    if unit is Unit.SHARE:
        return Scale(divisor=0.01, decimals=1, prefix="", unit="%")
    if unit is Unit.RATIO:
        word = "×" if is_english(language) else "倍"
        return Scale(divisor=1, decimals=1, prefix="", unit=word)
    if unit is Unit.SECONDS:
        return _time_scale(value, 1.0, language)
    if unit is Unit.MILLISECONDS:
        if abs(value) >= 10_000:
            return _time_scale(value / 1000, 1000.0, language)
        word = "ms" if is_english(language) else "毫秒"
        return Scale(divisor=1, decimals=0, prefix="", unit=word)
    return _count_scale(value, unit, language)


def _scaled(value: float, by: Scale) -> float:
    # Multiplying by 100 keeps 0.943 at 94.3 where dividing by 0.01 does not.
    return value * 100 if by.divisor == 0.01 else value / by.divisor


def _is_none(value: float | int | None) -> bool:
    return value is None or not math.isfinite(value)


def format_value(value: float | int | None, unit: Unit, language: str) -> Text:
    """The value as it stands on a card: "428.6" and "万人", "94.3" and "%", or "—"."""
    if value is None or _is_none(value):
        return Text(number=NONE)
    by = scale(value, unit, language)
    number = fixed(_scaled(value, by), by.decimals)
    gap = "" if unit is Unit.SHARE else " "
    if is_english(language) and by.prefix:
        return Text(number=number + by.prefix, unit=by.unit, gap=gap)
    return Text(number=number, unit=by.prefix + by.unit, gap=gap)


def short(value: float | int | None, unit: Unit, language: str) -> str:
    """Without the counted word, for direct labels: "428.6 万", "94.3%", "46.0 秒"."""
    if value is None or _is_none(value):
        return NONE
    return _with(fixed(_scaled(value, by := scale(value, unit, language)), by.decimals), by, unit)


def _with(number: str, by: Scale, unit: Unit) -> str:
    if unit in _WORDS:
        space = "" if by.prefix.isascii() else " "
        return f"{number}{space}{by.prefix}"
    return f"{number}%" if unit is Unit.SHARE else f"{number} {by.unit}"


def exact(value: float | int | None, unit: Unit, language: str) -> str:
    """Every digit that means something, for tips and tables: "4,286,123 人", "94.32%"."""
    if value is None or _is_none(value):
        return NONE
    if unit is Unit.SHARE:
        return f"{fixed(value * 100, 2)}%"
    if unit is Unit.RATIO:
        return f"{fixed(value, 2)} {'×' if is_english(language) else '倍'}"
    if unit in (Unit.SECONDS, Unit.MILLISECONDS):
        zh, en = ("秒", "s") if unit is Unit.SECONDS else ("毫秒", "ms")
        decimals = 1 if unit is Unit.SECONDS else 0
        return f"{fixed(value, decimals)} {en if is_english(language) else zh}"
    word = _WORDS[unit][1 if is_english(language) else 0]
    decimals = 0 if float(value).is_integer() else 2
    return f"{fixed(value, decimals)} {word}"


def format_change(change: float | None, unit: Unit, polarity: Polarity, language: str) -> Change:
    """`change` as `Cell.change` gives it: relative, or the difference of two shares."""
    if change is None or _is_none(change):
        return Change(arrow="", text=NONE, signed=NONE, brief=NONE, tone="flat")
    points = unit is Unit.SHARE
    size = fixed(abs(change) * 100, 1)
    if float(size.replace(",", "")) == 0:
        text = "flat" if is_english(language) else "持平"
        return Change(arrow="", text=text, signed=text, brief=text, tone="flat")
    suffix = (" pp" if is_english(language) else " 个百分点") if points else "%"
    up = change > 0
    # A number that began near nothing: how many thousand per cent tells nobody anything.
    rough = size if points or abs(change) < MOST_CHANGE else f">{MOST_CHANGE * 100 - 1}"
    return Change(
        arrow="▲" if up else "▼",
        text=rough + suffix,
        signed=("+" if up else MINUS) + size + suffix,
        brief=rough + ("pp" if points else "%"),
        tone=_tone(up, polarity),
    )


def _tone(up: bool, polarity: Polarity) -> str:
    if polarity is Polarity.NEUTRAL:
        return "flat"
    return "good" if up == (polarity is Polarity.UP) else "bad"


def axis(
    values: Sequence[float | int | None], unit: Unit, language: str, *, from_zero: bool = True
) -> Axis:
    """Round ticks that hold all values. Without values: 0 to 1 (or 0 to 100 %)."""
    known = [float(v) for v in values if v is not None and not _is_none(v)]
    known = [v if abs(v) > 1e-12 else 0.0 for v in known]  # what is left of a difference
    low, high = _range(known, from_zero)
    base = 0.01 if unit is Unit.SHARE else scale(max(abs(low), abs(high)), unit, language).divisor
    step = _step((high - low) / base) * base
    if unit in _WORDS or unit is Unit.MILLISECONDS:
        step = max(step, 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    ticks = tuple(_clean(index * step) for index in range(first, last + 1))
    by = scale(max(abs(low), abs(high)), unit, language)
    return Axis(ticks=ticks, texts=_tick_texts(ticks, step, unit, by), low=ticks[0], high=ticks[-1])


def _range(known: list[float], from_zero: bool) -> tuple[float, float]:
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if from_zero or (low >= 0 and low < 0.5 * high):
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        return (0.0, 1.0) if low == 0 else (min(low, 0.0), max(high, 0.0))
    return low, high


def _step(width: float) -> float:
    """The smallest 1, 2, 2.5 or 5 × 10ⁿ that cuts `width` into at most five parts."""
    power = 10.0 ** math.floor(math.log10(width / 5))
    return next(m * power for m in (1, 2, 2.5, 5, 10, 20) if width <= 5 * m * power * (1 + 1e-9))


def _clean(value: float) -> float:
    return float(f"{value:.12g}")


def _tick_texts(ticks: tuple[float, ...], step: float, unit: Unit, by: Scale) -> tuple[str, ...]:
    places = (0, 1, 2, 3)
    small = _scaled(step, by)
    decimals = next((p for p in places if abs(small - round(small, p)) < 1e-9), 3)
    return tuple(
        "0" if tick == 0 and unit in _WORDS else _with(fixed(_scaled(tick, by), decimals), by, unit)
        for tick in ticks
    )


def excel_format(unit: Unit) -> str:
    """The cell format of exact values of this unit in a workbook."""
    if unit is Unit.SHARE:
        return "0.0%"
    if unit is Unit.SECONDS:
        return "#,##0.0"
    return "#,##0.00" if unit in (Unit.YUAN, Unit.RATIO) else "#,##0"
