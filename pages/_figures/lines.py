"""One to four lines over time, each named at its end; an optional dashed target."""

from collections.abc import Sequence
from html import escape

from pages._figures import frame, time_marks
from pages._figures.frame import Figure
from pages._figures.values import Series, Style
from pages._ui.numbers import Axis, axis, short


def draw(
    all_series: Sequence[Series],
    style: Style,
    *,
    target: float | None = None,
    target_label: str = "",
    from_zero: bool = True,
) -> Figure:
    """All series share unit and units of time; the first is the strongest."""
    drawn = [series for series in all_series if series.points][:4]
    if not drawn:
        return frame.empty(style)
    first = drawn[0]
    levels = [v for series in drawn for v in series.values]
    scale = axis([*levels, target], first.unit, style.language, from_zero=from_zero)
    ends = [_end_text(series, style, is_alone=len(drawn) == 1) for series in drawn]
    if target is not None:
        ends.append(_target_text(target, target_label, style, first))
    height = frame.value_axis(style, scale, [*levels, target], headroom=0.1)
    figure = frame.figure(
        style,
        [trace for i, series in enumerate(drawn) for trace in _line(series, style, i, scale)],
        xaxis={**frame.unit_axis(style, first), "range": [-0.3, len(first.points) - 0.7]},
        yaxis=height,
        shapes=_target_line(target, style),
        annotations=_labels(drawn, ends, _levels(drawn, target, height["range"]), style),
        margin={"l": 8, "r": frame.label_margin(ends) + 6, "t": 10, "b": 8},
    )
    return time_marks.marked(figure, first, style)


def _colour(style: Style, index: int) -> str:
    return style.theme.categorical[index]


def _line(series: Series, style: Style, index: int, scale: Axis) -> list[Figure]:
    """The closed units solid; the step into a unit that is not over dotted, its end hollow."""
    values, points, colour = list(series.values), series.points, _colour(style, index)
    is_open = points[-1].is_partial and values[-1] is not None
    closed = [*values[:-1], None] if is_open else values
    width = 2.6 if index == 0 else 2.0
    traces: list[Figure] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(range(len(points))),
            "y": closed,
            "line": {"color": colour, "width": width},
            "marker": {"color": colour, "size": _sizes(closed, dot_at_end=not is_open)},
            "hovertemplate": [frame.tip(p, series, style, escape(series.label)) for p in points],
            "connectgaps": False,
            "cliponaxis": False,
            "name": series.label,
            **frame.picks(points),
        }
    ]
    if is_open:
        traces.append(_open_end(series, style, colour))
    if any(v is None for v in values):
        traces.append(frame.marks(series, style, at=scale.low))
    return traces


def _sizes(values: Sequence[float | None], *, dot_at_end: bool) -> list[float]:
    """A dot at the end and where a point stands alone; nothing on the way."""
    last = max((i for i, v in enumerate(values) if v is not None), default=-1)

    def size(i: int) -> float:
        alone = not any(0 <= j < len(values) and values[j] is not None for j in (i - 1, i + 1))
        return 6.0 if (i == last and dot_at_end) or alone else 0.1

    return [size(i) for i in range(len(values))]


def _open_end(series: Series, style: Style, colour: str) -> Figure:
    last = len(series.points) - 1
    xs = [i for i in (last - 1, last) if i >= 0 and series.values[i] is not None]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": xs,
        "y": [series.values[i] for i in xs],
        "line": {"color": colour, "width": 2, "dash": "dot"},
        "marker": {
            "color": style.theme.surface,
            "size": [7 if i == last else 0.1 for i in xs],
            "line": {"color": colour, "width": 2},
        },
        "hovertemplate": [
            frame.tip(series.points[i], series, style, escape(series.label)) for i in xs
        ],
        "cliponaxis": False,
        "name": series.label,
        **frame.picks([series.points[i] for i in xs]),
    }


def _end_text(series: Series, style: Style, *, is_alone: bool) -> str:
    """Name and last value; a line that stands alone is named by its card."""
    known = [v for v in series.values if v is not None]
    value = short(known[-1], series.unit, style.language) if known else frame.MISSING_MARK
    return value if is_alone else f"{frame.clip(series.label, 12)} {value}"


def _labels(
    drawn: Sequence[Series], texts: Sequence[str], levels: Sequence[float], style: Style
) -> list[Figure]:
    """A column right of the lines: their names at their ends, the target's at its height."""
    colours = [_colour(style, i) for i in range(len(drawn))] + [style.theme.target]
    return [
        frame.note(
            style,
            f"<b>{escape(text)}</b>" if i == 0 else escape(text),
            1,
            level,
            xref="paper",
            xshift=8,
            font={"size": frame.BASE_SIZE, "color": colours[i]},
        )
        for i, (text, level) in enumerate(zip(texts, levels, strict=True))
    ]


def _levels(
    drawn: Sequence[Series], target: float | None, seen: tuple[float, float]
) -> list[float]:
    """Where the labels stand: at the last values and the target, moved apart inside the axis."""
    low, high = seen
    ends = [next((v for v in reversed(series.values) if v is not None), low) for series in drawn]
    if target is not None:
        ends.append(target)
    return frame.spread(ends, (high - low) * 0.1, low, high - (high - low) * 0.04)


def _target_line(target: float | None, style: Style) -> list[Figure]:
    if target is None:
        return []
    line = {"color": style.theme.target, "width": 1.5, "dash": "dash"}
    return [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": target,
            "y1": target,
            "line": line,
        }
    ]


def _target_text(target: float, label: str, style: Style, series: Series) -> str:
    said = short(target, series.unit, style.language)
    return label or style.say("目标 ", "Target ") + said
