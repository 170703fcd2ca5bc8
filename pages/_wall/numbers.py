"""Number cards: each line is the last unit of a metric, its change and its way here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pages._figures.frame import SUPPRESSED_MARK
from pages._figures.values import Point, Series
from pages._ui.numbers import COUNTED, format_change, format_value, is_english
from pages._wall.model import Answers, Asks, Card, Number, Numbers, both, over, whole
from warehouse.model import Grain, Label, Unit

_COUNTS = {Grain.DAY: 30, Grain.WEEK: 16, Grain.MONTH: 12}
_WORDS = {
    Grain.DAY: Label(zh="今日", en="today"),
    Grain.WEEK: Label(zh="本周", en="this week"),
    Grain.MONTH: Label(zh="本月", en="this month"),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A metric by a grain; `label` where the metric's own name does not say enough.

    is_whole  the last unit that is over, not the running one.
    """

    metric: str
    grain: Grain = Grain.MONTH
    label: Label | None = None
    is_whole: bool = False


def number_card(id: str, title: Label, lines: Sequence[Line], *, note: Label) -> Card:
    """A card of area `n`; the first line is set large."""
    asks: tuple[Asks, ...] = tuple(
        (whole if x.is_whole else over)(x.grain, _COUNTS[x.grain], x.metric) for x in lines
    )
    return Card(
        id=id,
        area="n",
        title=title,
        note=note,
        kind="numbers",
        asks=both(*asks),
        draw=lambda answers: Numbers(
            lines=tuple(_number(answers, line, at) for at, line in enumerate(lines))
        ),
    )


def _number(answers: Answers, line: Line, at: int) -> Number:
    series, style = answers.series(line.metric, at), answers.style
    name = line.label.text(style.language) if line.label else series.label
    if not series.points:
        return Number(label=name, value="—", unit="")
    point = series.points[-1]
    text = format_value(point.value, series.unit, style.language)
    moved = _change(point, series)
    change = format_change(moved, series.unit, series.polarity, style.language)
    return Number(
        label=name,
        value=SUPPRESSED_MARK if point.is_suppressed else text.number,
        unit=_unit(text.unit, series, at, style.language),
        change="" if moved is None else change.arrow + change.brief,
        tone=change.tone,
        note=_WORDS[line.grain].text(style.language) + _against(point, answers),
        trend=tuple(p.value for p in series.points if not p.is_partial),
    )


def _against(point: Point, answers: Answers) -> str:
    """What the change is against: of a running unit the same span of the one before."""
    if point.is_partial:
        return answers.say(" · 环比同期", " · on the same span")
    return answers.say(" · 环比", " · change")


def _unit(word: str, series: Series, at: int, language: str) -> str:
    """English words for what is counted are long, and the line's name says it already."""
    is_told = series.unit in COUNTED and series.unit is not Unit.YUAN
    return "" if at > 0 and is_told and is_english(language) else word


def _change(point: Point, series: Series) -> float | None:
    """Against the unit before; a whole day against the same weekday of the week before.

    A running day has no change: its first hours say nothing of the day.
    """
    is_day = series.grain is Grain.DAY
    if point.value is None or point.cell.is_broken or (is_day and point.is_partial):
        return None
    base = series.values[-8] if is_day and len(series.points) > 7 else point.cell.base
    return replace(point.cell, base=base).change(series.unit)
