"""Bars over ordered classes: how often each occurs."""

from collections.abc import Collection
from html import escape

from pages._figures import frame
from pages._figures.frame import Figure
from pages._figures.values import Series, Style
from pages._ui.numbers import axis, short

_ALL_LABELS = 8


def draw(
    series: Series,
    style: Style,
    *,
    highlight: Collection[str] = (),
    line_after: str = "",
    line_label: str = "",
) -> Figure:
    """Points in the order of their classes; `highlight` names codes that are the point.

    line_after  code of the class after which a dashed line stands, such as a promise.
    """
    if not series.points:
        return frame.empty(style)
    theme, count = style.theme, len(series.points)
    scale = axis(series.values, series.unit, style.language)
    chosen = highlight or {p.code for p in series.points if p.value == _most(series)}
    bars: Figure = {
        "type": "bar",
        "x": list(range(count)),
        "y": list(series.values),
        "marker": {
            "color": [
                theme.categorical[0] if p.code in chosen else theme.quiet for p in series.points
            ],
            "cornerradius": 2,
        },
        "text": _texts(series, style) if count <= _ALL_LABELS else None,
        "textposition": "outside",
        "textfont": {"color": theme.text, "size": frame.BASE_SIZE - 0.5},
        "hovertemplate": [frame.tip(p, series, style) for p in series.points],
        "constraintext": "none",
        "cliponaxis": False,
        "name": series.label,
        **frame.picks(series.points),
    }
    return frame.figure(
        style,
        [bars, frame.marks(series, style)],
        xaxis=frame.unit_axis(style, series),
        yaxis=frame.value_axis(style, scale, series.values, headroom=0.12),
        bargap=0.34,
        **_line(series, style, line_after, line_label),
        margin={"l": 8, "r": 8, "t": 14, "b": 8},
    )


def _line(series: Series, style: Style, after: str, label: str) -> Figure:
    codes = [point.code for point in series.points]
    if after not in codes:
        return {}
    place = codes.index(after) + 0.5
    ink = {"color": style.theme.target, "width": 1.5, "dash": "dash"}
    shape = {"type": "line", "yref": "paper", "x0": place, "x1": place, "y0": 0, "y1": 1}
    font = {"size": frame.BASE_SIZE, "color": style.theme.target}
    said = frame.note(
        style, escape(label), place, 1, yref="paper", yanchor="top", xshift=4, font=font
    )
    return {"shapes": [{**shape, "line": ink}], "annotations": [said]}


def _most(series: Series) -> float | None:
    return max((v for v in series.values if v is not None), default=None)


def _texts(series: Series, style: Style) -> list[str]:
    return [
        "" if p.value is None else short(p.value, series.unit, style.language)
        for p in series.points
    ]
