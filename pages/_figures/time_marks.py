"""Quiet marks of time: holidays and 调休 under the axis, a line where a definition changes."""

from collections.abc import Iterator
from typing import Any

from pages._figures.frame import BASE_SIZE, CLEAR, Figure
from pages._figures.values import Break, Series, Style
from warehouse.calendar import Rest, mark
from warehouse.model import Grain

_TOP, _BOTTOM = -0.014, -0.032
"""Of the bar under the axis, in heights of the plot."""
MOST_DAYS = 100
"""With more days their marks would be thinner than two pixels."""


def marked(figure: Figure, series: Series, style: Style) -> Figure:
    """The figure of a chart over the units of `series`, with their marks."""
    layout, bars = figure["layout"], list(_holidays(series, style))
    shapes = [*layout.get("shapes", ()), *bars, *_lines(series, style)]
    if bars:  # the names of days make room for them
        layout = {**layout, "xaxis": {**layout["xaxis"], "ticklen": 9, "tickcolor": CLEAR}}
    notes = [*layout.get("annotations", ()), *(_name(one, style) for one in series.breaks)]
    return {**figure, "layout": {**layout, "shapes": shapes, "annotations": notes}}


def _runs(series: Series) -> Iterator[tuple[Rest, int, int]]:
    """Neighbouring days of a kind: (kind, first, last)."""
    if series.grain is not Grain.DAY or len(series.points) > MOST_DAYS:
        return
    found = [mark(p.period.start) if p.period else None for p in series.points]
    first = 0
    for i, one in enumerate(found):
        if one is None:
            continue
        if i == 0 or found[i - 1] != one:
            first = i
        if i + 1 == len(found) or found[i + 1] != one:
            yield one.rest, first, i


def _holidays(series: Series, style: Style) -> Iterator[Figure]:
    """A filled bar under holidays, a hollow one under weekends that are worked."""
    for rest, first, last in _runs(series):
        yield {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": first - 0.4,
            "x1": last + 0.4,
            "y0": _BOTTOM,
            "y1": _TOP,
            "line": {"width": 1, "color": style.theme.quiet},
            "fillcolor": style.theme.quiet if rest is Rest.HOLIDAY else CLEAR,
        }


def _lines(series: Series, style: Style) -> Iterator[Figure]:
    for one in series.breaks:
        yield {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": one.at - 0.5,
            "x1": one.at - 0.5,
            "y0": 0,
            "y1": 1,
            "line": {"color": style.theme.muted, "width": 1, "dash": "dot"},
        }


def _name(one: Break, style: Style) -> dict[str, Any]:
    return {
        "text": f"v{one.number}",
        "hovertext": style.say(f"口径自 {one.since} 起变更", f"Definition changed on {one.since}"),
        "xref": "x",
        "yref": "paper",
        "x": one.at - 0.5,
        "y": 1,
        "xanchor": "left",
        "yanchor": "top",
        "xshift": 2,
        "showarrow": False,
        "font": {"size": BASE_SIZE - 1, "color": style.theme.muted},
    }
