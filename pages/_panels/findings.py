"""Titles that state what the numbers say. Each returns an empty text where they say nothing."""

from collections.abc import Sequence
from dataclasses import replace

from pages._figures.values import Point, Series, tick_text
from pages._ui.numbers import fixed, short
from pages._ui.panel import Drawing
from pages._ui.text import _
from warehouse.model import REST, UNKNOWN, Grain, Unit


def known(series: Series) -> tuple[Point, ...]:
    """Points with a value."""
    return tuple(p for p in series.points if p.value is not None)


def is_telling(series: Series) -> bool:
    """Whether a line can be seen: not where most of its units are hidden."""
    shown = len(known(series))
    return bool(shown) and shown >= sum(point.is_suppressed for point in series.points)


def named(points: Sequence[Point]) -> tuple[Point, ...]:
    """Without what stands for "not given" or for all others: nobody can act on these."""
    return tuple(p for p in points if p.code not in (UNKNOWN, REST))


def closed(series: Series) -> tuple[Point, ...]:
    """Points with a value whose unit is over."""
    return tuple(p for p in known(series) if not p.is_partial)


def leader(series: Series, drawing: Drawing, *, adds_up: bool) -> str:
    """Who is first among members, and with what share of the whole."""
    points = known(series)
    if len(points) < 2:
        return ""
    first = max(named(points), key=lambda p: p.value or 0, default=None)
    if first is None or not first.value:
        return ""
    if adds_up and len(points) == len(series.points):
        share = first.value / sum(p.value or 0 for p in points)
        return _("{name}居首，占 {share}%").format(name=first.label, share=fixed(share * 100, 1))
    value = short(first.value, series.unit, drawing.language)
    return _("{name}最高，{value}").format(name=first.label, value=value)


def only(series: Series, drawing: Drawing) -> str:
    """The one member there is, with its value: what a viewer of one district sees."""
    points = known(series)
    if len(points) != 1 or len(series.points) != 1:
        return ""
    value = short(points[0].value, series.unit, drawing.language)
    return f"{points[0].label} {value}"


def lowest(series: Series, drawing: Drawing) -> str:
    """Who is last, for shares where more is better."""
    points = known(series)
    if len(points) < 2:
        return ""
    last = min(named(points), key=lambda p: p.value or 0, default=None)
    if last is None:
        return ""
    value = short(last.value, series.unit, drawing.language)
    return _("{name}最低，{value}").format(name=last.label, value=value)


def of_one_edition(series: Series) -> Series:
    """The points since the definition last changed: those before are no measure for them."""
    first = max((one.at for one in series.breaks), default=0)
    return replace(series, points=series.points[first:], breaks=())


def run_of_growth(series: Series, label: str) -> str:
    """For months: how many in a row grew, up to the last one that is over."""
    values = [p.value or 0 for p in closed(of_one_edition(series))]
    run = 0
    for before, after in zip(values[-2::-1], values[::-1], strict=False):
        if after <= before:
            break
        run += 1
    if run >= 2:
        return _("{label}连续 {n} 个月增长").format(label=label, n=run)
    if run == 1 or len(values) < 2:
        return ""
    return _("{label}上月回落").format(label=label) if values[-1] < values[-2] else ""


def peak(series: Series, label: str, drawing: Drawing) -> str:
    """For a run of days or weeks: when it was highest."""
    points = closed(of_one_edition(series))
    if len(points) < 4:
        return ""
    top = max(points, key=lambda p: p.value or 0)
    value = short(top.value, series.unit, drawing.language)
    when = _when(top, series, drawing)
    return _("{label}在 {when} 最高，{value}").format(label=label, when=when, value=value)


def _when(point: Point, series: Series, drawing: Drawing) -> str:
    """The unit without the year where that is this year."""
    if point.period is None or series.grain not in (Grain.DAY, Grain.WEEK, Grain.MONTH):
        return point.label
    if point.period.start.year != drawing.now.astimezone(drawing.zone).year:
        return point.label
    day = tick_text(point.period.start, series.grain, drawing.language)
    return _("{day} 当周").format(day=day) if series.grain is Grain.WEEK else day


def rise(series: Series, drawing: Drawing) -> str:
    """How much was added between the first and the last known unit."""
    points = known(of_one_edition(series))
    if len(points) < 2:
        return ""
    more = short((points[-1].value or 0) - (points[0].value or 0), series.unit, drawing.language)
    value = short(points[-1].value, series.unit, drawing.language)
    return _("累计已达 {value}，期间增加 {more}").format(value=value, more=more)


def level(series: Series, label: str, drawing: Drawing) -> str:
    """For shares over time: where it ended and how far it moved; of days their range."""
    points = closed(of_one_edition(series))
    if len(points) < 2 or series.unit is not Unit.SHARE:
        return ""
    if series.grain is Grain.DAY:
        return _between(points, series, label, drawing)
    first, last = points[0].value or 0, points[-1].value or 0
    value, points_moved = short(last, series.unit, drawing.language), abs(last - first) * 100
    if points_moved < 0.1:
        return _("{label}稳定在 {value}").format(label=label, value=value)
    template = _("{label}升 {n} 个百分点至 {value}")
    if last < first:
        template = _("{label}降 {n} 个百分点至 {value}")
    return template.format(label=label, n=fixed(points_moved, 1), value=value)


def _between(points: Sequence[Point], series: Series, label: str, drawing: Drawing) -> str:
    """Of days: the range. The step from the first day to the last is chance."""
    values = [p.value or 0 for p in points]
    low, high = (short(v, series.unit, drawing.language) for v in (min(values), max(values)))
    if low == high:
        return _("{label}稳定在 {value}").format(label=label, value=low)
    return _("{label}逐日在 {low} 至 {high} 之间").format(label=label, low=low, high=high)


def within(series: Series, limit: float, what: str) -> str:
    """Whether a time stayed within its promise."""
    points = known(series)
    if not points:
        return ""
    over = sum((p.value or 0) > limit for p in points)
    if not over:
        return _("{what}始终在 {limit} 秒内").format(what=what, limit=int(limit))
    return _("{what}有 {n} 次超过 {limit} 秒").format(what=what, n=over, limit=int(limit))


def conversion(steps: Sequence[Point]) -> str:
    """From the first to the last step, and where most got lost."""
    values = [p.value for p in steps]
    if len(values) < 2 or not values[0] or values[-1] is None:
        return ""
    share = fixed(100 * values[-1] / values[0], 1)
    return _("每百笔{first}有 {share} 笔{last}").format(
        first=steps[0].label, share=share, last=steps[-1].label
    )


def busiest(points: Sequence[Point]) -> str:
    """The busiest hour of the week. Labels read `weekday · hour`."""
    shown = [p for p in points if p.value]
    if len(shown) < 24:
        return ""
    top = max(shown, key=lambda p: p.value or 0)
    return _("高峰在{when}").format(when=top.label.replace(" · ", " "))
