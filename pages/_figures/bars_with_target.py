"""Bars over time with a short tick for each unit's target; the last bars are the point."""

from collections.abc import Sequence

from pages._figures import frame, time_marks
from pages._figures.frame import Figure
from pages._figures.values import Series, Style
from pages._ui.numbers import axis, exact, format_value, short


def draw(
    series: Series,
    style: Style,
    *,
    targets: Sequence[float | None] = (),
    target_label: str = "",
    highlight: int = 1,
) -> Figure:
    """`targets`: one for each point, None where there is none."""
    if not series.points:
        return frame.empty(style)
    count = len(series.points)
    goals = [*targets, *([None] * count)][:count]
    scale = axis([*series.values, *goals], series.unit, style.language)
    traces = _bars(series, style, goals, highlight, target_label)
    if any(goal is not None for goal in goals):
        traces.append(_ticks(goals, style))
    traces.append(frame.marks(series, style))
    figure = frame.figure(
        style,
        traces,
        xaxis=frame.unit_axis(style, series, all_names=True),
        yaxis=frame.value_axis(style, scale, [*series.values, *goals], headroom=0.12),
        annotations=_last_label(series, style, goals),
        barmode="overlay",
        bargap=0.36,
        margin={"l": 8, "r": 12, "t": 14, "b": 8},
    )
    return time_marks.marked(figure, series, style)


def _bars(
    series: Series,
    style: Style,
    goals: Sequence[float | None],
    highlight: int,
    target_label: str,
) -> list[Figure]:
    """One trace of quiet bars, one of those that are the point."""
    theme, count = style.theme, len(series.points)
    name = target_label or style.say("目标", "Target")
    tips = [
        frame.tip(
            point,
            series,
            style,
            *([f"{name} {exact(goal, series.unit, style.language)}"] if goal is not None else []),
        )
        for point, goal in zip(series.points, goals, strict=True)
    ]
    split = max(count - highlight, 0)
    parts = ((range(split), theme.quiet), (range(split, count), theme.categorical[0]))
    return [
        {
            "type": "bar",
            "x": list(places),
            "y": [series.values[i] for i in places],
            "marker": {
                "color": colour,
                "cornerradius": 2,
                "pattern": frame.partial_pattern(style, [series.points[i] for i in places]),
            },
            "hovertemplate": [tips[i] for i in places],
            "constraintext": "none",
            "name": series.label,
            **frame.picks([series.points[i] for i in places]),
        }
        for places, colour in parts
        if places
    ]


def _ticks(goals: Sequence[float | None], style: Style) -> Figure:
    x: list[float | None] = []
    y: list[float | None] = []
    for i, goal in enumerate(goals):
        if goal is not None:
            x += [i - 0.43, i + 0.43, None]
            y += [goal, goal, None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": style.theme.target, "width": 2.5},
        "hoverinfo": "skip",
    }


def _last_label(series: Series, style: Style, goals: Sequence[float | None]) -> list[Figure]:
    """The last value, written over its bar."""
    last = series.points[-1]
    if last.value is None:
        return []
    whole = format_value(last.value, series.unit, style.language)
    brief = short(last.value, series.unit, style.language)
    text = f"<b>{brief if len(series.points) > 2 else whole}</b>"
    highest = max([v for v in (*series.values, *goals) if v is not None])
    goal = goals[-1] or 0
    # A target close above the bar would be crossed by the text: then it stands over both.
    top = goal if last.value <= goal <= last.value + 0.14 * highest else last.value
    return [
        frame.note(
            style,
            text,
            len(series.points) - 1,
            max(top, 0),
            xanchor="center",
            yanchor="bottom",
            yshift=2,
        )
    ]
