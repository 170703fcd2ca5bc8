"""Charts made from one question and one drawing; what is special stands on its page."""

from dataclasses import replace

from pages._figures import bars_with_target, distribution, lines, ranking, shares
from pages._figures.values import Point, Series, series, series_by
from pages._panels import findings
from pages._panels.tiles import label_of
from pages._ui.numbers import scale
from pages._ui.panel import Chart, Draw, Drawing
from pages._ui.text import _
from warehouse.metrics import find
from warehouse.metrics.model import ADDITIVE
from warehouse.model import UNKNOWN, Unit

MOST_LINES = 4
FEWEST_BARS = 7


def over_time(metric: str) -> Draw:
    """One line; the finding is its level (shares) or its peak."""

    def draw(drawing: Drawing) -> Chart | None:
        one = series(drawing.result, find(metric), drawing.style)
        if not findings.is_telling(one):
            return None
        label = label_of(metric)
        says = findings.level if one.unit is Unit.SHARE else findings.peak
        figure = lines.draw([one], drawing.style, from_zero=one.unit is not Unit.SHARE)
        return Chart(figure=figure, finding=says(one, label, drawing), note=unit_note(one, drawing))

    return draw


def ranked(metric: str, *, limit: int = 8, highlight: int = 3) -> Draw:
    """Members from most to least; the finding names the first."""
    adds_up = isinstance(find(metric).measure, ADDITIVE)

    def draw(drawing: Drawing) -> Chart | None:
        one = series(drawing.result, find(metric), drawing.style)
        one = replace(one, points=tuple(p for p in one.points if p.value or p.code != UNKNOWN))
        if not one.points:
            return None
        is_whole = adds_up and drawing.result.query.limit is None
        finding = findings.leader(one, drawing, adds_up=is_whole)
        if one.unit is Unit.SHARE:
            finding = findings.lowest(one, drawing)
        finding = finding or findings.only(one, drawing)
        figure = ranking.draw(one, drawing.style, highlight=highlight, limit=limit)
        return Chart(figure=figure, finding=finding, note=unit_note(one, drawing), is_bare=True)

    return draw


def amounts(metric: str) -> Draw:
    """Bars over time from the first unit there is anything of; a running unit is hatched."""

    def draw(drawing: Drawing) -> Chart | None:
        one = series(drawing.result, find(metric), drawing.style)
        if not findings.known(one):
            return None
        first = next(i for i, point in enumerate(one.points) if point.value is not None)
        shown = replace(one, points=one.points[min(first, max(len(one.points) - FEWEST_BARS, 0)) :])
        return Chart(
            figure=bars_with_target.draw(shown, drawing.style),
            finding=findings.peak(one, label_of(metric), drawing),
            note=unit_note(one, drawing),
        )

    return draw


def lines_by(metric: str, dimension: str) -> Draw:
    """One line a member, the largest few."""

    def draw(drawing: Drawing) -> Chart | None:
        cut = _cut(drawing, dimension)
        found = largest(series_by(drawing.result, find(metric), drawing.style, cut))
        if not found:
            return None
        return Chart(figure=lines.draw(found, drawing.style), note=unit_note(found[0], drawing))

    return draw


def _cut(drawing: Drawing, dimension: str) -> str:
    """`dimension`, or the level below it that a filter has opened."""
    by = drawing.result.query.by
    return dimension if dimension in by else by[0]


def shares_by(metric: str, dimension: str) -> Draw:
    """Parts of the whole over time; the finding names the largest part of the last unit."""

    def draw(drawing: Drawing) -> Chart | None:
        cut = _cut(drawing, dimension)
        found = series_by(drawing.result, find(metric), drawing.style, cut)
        if not found:
            return None
        ordered = largest(found, most=len(found))
        finding = _share_finding(ordered)
        figure = shares.draw(ordered, drawing.style)
        return Chart(figure=figure, finding=finding, is_bare=True)

    return draw


def _share_finding(found: tuple[Series, ...]) -> str:
    sums = [sum(v or 0 for v in one.values) for one in found]
    if len(found) < 2 or not sum(sums) or any(p.is_suppressed for s in found for p in s.points):
        return ""
    share = round(100 * sums[0] / sum(sums), 1)
    return _("{name}占 {share}%").format(name=found[0].label, share=share)


def classes(metric: str) -> Draw:
    """Bars over ordered classes (hours, levels); the highest is the point."""

    def draw(drawing: Drawing) -> Chart | None:
        one = series(drawing.result, find(metric), drawing.style)
        points = findings.known(one)
        if not points:
            return None
        ordered = replace(one, points=tuple(sorted(map(_brief, one.points), key=_order)))
        top = max(points, key=lambda p: p.value or 0)
        return Chart(
            figure=distribution.draw(ordered, drawing.style, highlight=(top.code,)),
            finding=findings.leader(
                one, drawing, adds_up=isinstance(find(metric).measure, ADDITIVE)
            ),
            note=unit_note(one, drawing),
            is_bare=True,
        )

    return draw


def _order(point: Point) -> tuple[int, str]:
    return (int(point.code), "") if point.code.isdigit() else (99, point.code)


def _brief(point: Point) -> Point:
    """Hours are named by their number: twenty-four names would not fit under an axis."""
    return replace(point, label=point.code) if point.code.isdigit() else point


def largest(found: tuple[Series, ...], most: int = MOST_LINES) -> tuple[Series, ...]:
    """The series with the largest sums first."""
    return tuple(sorted(found, key=lambda s: -sum(v or 0 for v in s.values))[:most])


def unit_note(one: Series, drawing: Drawing) -> str:
    """The unit of the axis in words: 万人, 笔, %, 秒."""
    top = max((abs(p.value or 0) for p in findings.known(one)), default=0.0)
    by = scale(top, one.unit, drawing.language)
    if one.unit is Unit.SHARE:
        return "%"
    # English writes its k and M beside the number, Chinese its 万 beside the unit.
    unit = by.unit if by.prefix.isascii() else by.prefix + by.unit
    return unit + (_("/工作日") if drawing.result.query.per_workday else "")
