"""Growth accounting: what came stands above zero, what went hangs below."""

from collections.abc import Sequence
from html import escape

from pages._figures import frame, time_marks
from pages._figures.frame import Figure
from pages._figures.values import Point, Series, Style
from pages._ui.numbers import axis


def draw(above: Sequence[Series], below: Series | None, style: Style) -> Figure:
    """`above` from the bottom up, over the same units; `below` holds positive numbers."""
    upper = [series for series in above if series.points][:4]
    if not upper:
        return frame.empty(style)
    colours = _colours(style, len(upper))
    count = len(upper[0].points)
    tops = [sum(s.values[i] or 0 for s in upper) for i in range(count)]
    depths = [-(v or 0) for v in below.values] if below else []
    scale = axis([*tops, *depths], upper[0].unit, style.language)
    traces = [_bars(s, style, c, 1) for s, c in zip(upper, colours, strict=True)]
    if below:
        traces.append(_bars(below, style, style.theme.categorical[1], -1))
    traces += [frame.marks(s, style) for s in upper[-1:] if None in s.values]
    height = frame.value_axis(style, scale, [*tops, *depths])
    labels = _labels([*upper, *([below] if below else [])], style, height["range"], colours)
    names = [s.label for s in [*upper, *([below] if below else [])]]
    figure = frame.figure(
        style,
        traces,
        xaxis=frame.unit_axis(style, upper[0], all_names=True),
        yaxis=height,
        annotations=labels,
        barmode="relative",
        bargap=0.36,
        margin={"l": 8, "r": frame.label_margin(names) + 4, "t": 10, "b": 8},
    )
    return time_marks.marked(figure, upper[0], style)


def _colours(style: Style, count: int) -> list[str]:
    """Quiet for what stayed, then stronger for what is new."""
    theme = style.theme
    return (
        [[theme.quiet], [theme.quiet, theme.categorical[0]]][count - 1]
        if count < 3
        else [
            theme.quiet,
            *([theme.categorical[2], theme.categorical[0], theme.categorical[3]][: count - 1]),
        ]
    )


def _bars(series: Series, style: Style, colour: str, sign: int) -> Figure:
    return {
        "type": "bar",
        "x": list(range(len(series.points))),
        "y": [None if v is None else sign * v for v in series.values],
        "marker": {
            "color": colour,
            "pattern": frame.partial_pattern(style, series.points),
        },
        "hovertemplate": [frame.tip(p, series, style, escape(series.label)) for p in series.points],
        "constraintext": "none",
        "name": series.label,
        **frame.picks(series.points),
    }


def _labels(
    drawn: Sequence[Series], style: Style, seen: tuple[float, float], colours: Sequence[str]
) -> list[Figure]:
    """Names beside the last bar, at the height of their part."""
    levels, total = [], 0.0
    for i, series in enumerate(drawn):
        value = _last(series.points)
        if i >= len(colours):
            levels.append(-value / 2)
        else:
            levels.append(total + value / 2)
            total += value
    low, high = seen
    placed = frame.spread(levels, (high - low) * 0.09, low, high)
    inks = [*(style.theme.muted if c == style.theme.quiet else c for c in colours)]
    inks.append(style.theme.categorical[1])
    return [
        frame.note(
            style,
            escape(series.label),
            1,
            level,
            xref="paper",
            xshift=4,
            font={"size": frame.BASE_SIZE, "color": ink},
        )
        for series, level, ink in zip(drawn, placed, inks, strict=False)
    ]


def _last(points: Sequence[Point]) -> float:
    return (points[-1].value or 0.0) if points else 0.0
