"""Horizontal bars, for close shares dots, from most to least; value and change beside them."""

from dataclasses import replace

from pages._figures import frame
from pages._figures.frame import Figure
from pages._figures.values import Point, Series, Style
from pages._ui.numbers import Change, format_change, short
from pages._ui.theme import Theme
from warehouse.model import UNKNOWN, Polarity, Unit

CLOSE = 0.8


def draw(series: Series, style: Style, *, highlight: int = 3, limit: int = 8) -> Figure:
    """The `limit` largest, of close shares the lowest; hidden and missing ones are marked."""
    if not series.points:
        return frame.empty(style)
    with_dots = is_close(series)
    shown = replace(series, points=_chosen(series.points, limit, is_lowest=with_dots))
    values = [_value(point, shown, style) for point in shown.points]
    changes = [_change(point, shown, style) for point in shown.points]
    with_change = any(change.arrow for change in changes)
    first = frame.label_margin(values)
    second = frame.label_margin([c.arrow + c.text for c in changes]) if with_change else 0
    names = frame.name_axis(style, [p.label for p in shown.points])
    return frame.figure(
        style,
        [_dots(shown, style) if with_dots else _bars(shown, style, highlight)],
        xaxis={**frame.no_axis(), "range": _around(shown) if with_dots else [0, _most(shown)]},
        yaxis={**names, "showgrid": with_dots, "gridcolor": style.theme.line},
        annotations=[
            *_column(style, values, first, [style.theme.text] * len(values)),
            *(
                _column(
                    style,
                    [f"{c.arrow}{c.text}" if c.arrow else c.text for c in changes],
                    first + second,
                    [style.theme.tone(c.tone) for c in changes],
                )
                if with_change
                else []
            ),
        ],
        bargap=0.42,
        margin={"l": 8, "r": first + second + 4, "t": 4, "b": 4},
    )


def _chosen(points: tuple[Point, ...], limit: int, *, is_lowest: bool) -> tuple[Point, ...]:
    ordered = sorted(points, key=lambda p: (p.value is None, -(p.value or 0)))
    known = sum(p.value is not None for p in ordered)
    first = max(known - limit, 0) if is_lowest else 0
    return tuple(ordered[first : first + limit])


def _most(series: Series) -> float:
    return max([v for v in series.values if v is not None] or [1.0]) or 1.0


def is_close(series: Series) -> bool:
    """Shares so near each other that bars from zero would all look alike."""
    known = [p.value for p in series.points if p.value is not None and p.code != UNKNOWN]
    return series.unit is Unit.SHARE and len(known) > 1 and min(known) > CLOSE * max(known) > 0


def _around(series: Series) -> list[float]:
    """A range around the values: dots stand for a place, not for a length from zero."""
    known = [v for v in series.values if v is not None]
    width = (max(known) - min(known)) or 0.01
    return [min(known) - 0.12 * width, max(known) + 0.06 * width]


def _dots(series: Series, style: Style) -> Figure:
    """One dot a member; the lowest is the point."""
    theme = style.theme
    low = min(p.value for p in series.points if p.value is not None and p.code != UNKNOWN)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(series.values),
        "y": list(range(len(series.points))),
        "marker": {
            "color": [_dot_colour(p, low, theme) for p in series.points],
            "size": 10,
        },
        "hovertemplate": [
            frame.tip(p, series, style, *_base(p, series, style)) for p in series.points
        ],
        "cliponaxis": False,
        "name": series.label,
        **frame.picks(series.points),
    }


def _dot_colour(point: Point, low: float, theme: Theme) -> str:
    if point.code == UNKNOWN:
        return theme.hatch
    return theme.categorical[1 if point.value == low else 0]


def _value(point: Point, series: Series, style: Style) -> str:
    if point.value is None:
        return frame.SUPPRESSED_MARK if point.is_suppressed else frame.MISSING_MARK
    return short(point.value, series.unit, style.language)


def _change(point: Point, series: Series, style: Style) -> Change:
    change = point.cell.change(series.unit) if point.value is not None else None
    polarity = Polarity.NEUTRAL if point.cell.is_broken else series.polarity
    return format_change(change, series.unit, polarity, style.language)


def _bars(series: Series, style: Style, highlight: int) -> Figure:
    theme = style.theme
    return {
        "type": "bar",
        "orientation": "h",
        "width": min(0.58, 0.04 + 0.16 * len(series.points)),
        "x": list(series.values),
        "y": list(range(len(series.points))),
        "marker": {
            "color": [
                theme.categorical[0] if i < highlight else theme.quiet
                for i in range(len(series.points))
            ],
            "cornerradius": 2,
        },
        "hovertemplate": [
            frame.tip(p, series, style, *_base(p, series, style)) for p in series.points
        ],
        "constraintext": "none",
        "name": series.label,
        **frame.picks(series.points),
    }


def _base(point: Point, series: Series, style: Style) -> list[str]:
    change = _change(point, series, style)
    return [style.say("变化 ", "Change ") + change.signed] if change.arrow else []


def _column(style: Style, texts: list[str], right: int, colours: list[str]) -> list[Figure]:
    return [
        frame.note(
            style,
            text,
            1,
            i,
            xref="paper",
            xanchor="right",
            xshift=right,
            font={"size": frame.BASE_SIZE, "color": colour},
        )
        for i, (text, colour) in enumerate(zip(texts, colours, strict=True))
    ]
