"""Steps as horizontal bars over a quiet track, with the conversion from step to step."""

from collections.abc import Mapping, Sequence

from pages._figures import frame
from pages._figures.frame import Figure
from pages._figures.values import Point, Series, Style
from pages._ui.numbers import fixed, format_value
from pages._ui.theme import readable_on
from warehouse.model import Cell

_INSIDE = 0.42
"""From this share of the track on, the number fits into its bar."""


def draw(
    series: Series, style: Style, *, shares: Mapping[str, float | None] | None = None
) -> Figure:
    """Points are the steps in order; the first is the whole.

    shares  by step, how many of those before came so far; None: as the bars say.
    """
    if not series.points:
        return frame.empty(style)
    whole = series.values[0] or max([v for v in series.values if v is not None] or [1.0]) or 1.0
    rates = [_rate(series.points, i, style, shares) for i in range(len(series.points))]
    colours = _colours(style, len(series.points))
    return frame.figure(
        style,
        [_track(series, style, whole), _bars(series, style, colours, rates)],
        xaxis={**frame.no_axis(), "range": [0, whole]},
        yaxis=frame.name_axis(style, [p.label for p in series.points]),
        annotations=[*_numbers(series, style, colours, whole), *_rates(rates, style)],
        barmode="overlay",
        bargap=0.38,
        margin={"l": 8, "r": frame.label_margin(rates) + 6, "t": 4, "b": 4},
    )


def skipped(everyone: Cell, first: Point) -> int:
    """How many have no record of the first step; 0 where either number is not known."""
    if everyone.value is None or first.value is None:
        return 0
    return max(0, round(everyone.value - first.value))


def _colours(style: Style, count: int) -> list[str]:
    """From lighter to the full tone: the last step is what counts."""
    tones = (
        style.theme.sequential[-3:] if style.theme.name == "light" else style.theme.sequential[2:5]
    )
    return [tones[min(2, i * 3 // max(count, 1))] for i in range(count)]


def _track(series: Series, style: Style, whole: float) -> Figure:
    return {
        "type": "bar",
        "orientation": "h",
        "x": [whole] * len(series.points),
        "y": list(range(len(series.points))),
        "marker": {"color": style.theme.track, "cornerradius": 3},
        "hoverinfo": "skip",
        "constraintext": "none",
    }


def _bars(series: Series, style: Style, colours: list[str], rates: list[str]) -> Figure:
    return {
        "type": "bar",
        "orientation": "h",
        "x": list(series.values),
        "y": list(range(len(series.points))),
        "marker": {"color": colours, "cornerradius": 3},
        "hovertemplate": [
            frame.tip(p, series, style, *([rate] if rate else []))
            for p, rate in zip(series.points, rates, strict=True)
        ],
        "constraintext": "none",
        "name": series.label,
        **frame.picks(series.points),
    }


def _rate(
    points: Sequence[Point], i: int, style: Style, shares: Mapping[str, float | None] | None
) -> str:
    """Of those who reached the step before, how many reached this one."""
    if i == 0:
        return style.say("逐级转化率", "Step rate")
    here, before = points[i].value, points[i - 1].value
    share = here / before if here is not None and before else None
    share = share if shares is None else shares.get(points[i].code)
    if share is None:
        return style.say("转化 —", "—")
    return style.say("转化 ", "") + f"{fixed(share * 100, 1)}%"


def _numbers(series: Series, style: Style, colours: list[str], whole: float) -> list[Figure]:
    labels = []
    for i, point in enumerate(series.points):
        value = point.value
        inside = value is not None and value / whole >= _INSIDE
        hidden = frame.SUPPRESSED_MARK if point.is_suppressed else frame.MISSING_MARK
        text = hidden if value is None else str(format_value(value, series.unit, style.language))
        ink = readable_on(colours[i]) if inside else style.theme.text
        labels.append(
            frame.note(
                style,
                f"<b>{text}</b>",
                0 if inside or value is None else value,
                i,
                xshift=8,
                font={"size": frame.BASE_SIZE, "color": ink},
            )
        )
    return labels


def _rates(rates: list[str], style: Style) -> list[Figure]:
    font = {"size": frame.BASE_SIZE, "color": style.theme.muted}
    return [
        frame.note(style, rate, 1, i, xref="paper", xshift=8, font=font)
        for i, rate in enumerate(rates)
    ]
