"""The districts as filled outlines, coloured by value; no tiles, nothing from outside."""

from html import escape
from typing import NamedTuple

from pages._figures import frame
from pages._figures.frame import Figure
from pages._figures.heatmap import colour_bar
from pages._figures.values import MISSING, Point, Series, Style
from pages._ui.numbers import Axis, axis, short
from pages._ui.theme import readable_on
from warehouse.model import City, District

Ring = tuple[tuple[float, float], ...]

CARD_HEIGHT = 165.0
"""Pixels of the map in the smallest card; what has no room there is left to tip and table."""


def draw(
    series: Series,
    city: City,
    style: Style,
    *,
    ratio: float = 1.0,
    note: str = "",
    height: float = CARD_HEIGHT,
) -> Figure:
    """Points carry the district's code.

    ratio   1 / cos(latitude) for degrees, else 1.
    note    what must stand on the map.
    height  of the map in pixels: decides which names and values have room.
    """
    drawn = [district for district in city.districts if len(district.outline) >= 3]
    if not drawn:
        return frame.empty(style)
    known = {point.code: point for point in series.points}
    points = [known.get(d.code) or _nothing(d, style) for d in drawn]
    scale = _scale(points, series, style)
    traces = [_area(d, p, series, style, scale) for d, p in zip(drawn, points, strict=True)]
    return frame.figure(
        style,
        [*traces, _names(_Sheet(drawn, points, height), series, style, scale), _key(style, scale)],
        xaxis=frame.no_axis(),
        yaxis={**frame.no_axis(), "scaleanchor": "x", "scaleratio": ratio},
        margin={"l": 4, "r": 4, "t": 4, "b": 16 if note else 4},
        hoverdistance=1,
        annotations=[_foot(note, style)] if note else [],
    )


def _scale(points: list[Point], series: Series, style: Style) -> Axis:
    """From the lowest to the highest value: a map compares districts, it does not measure."""
    known = [p.value for p in points if p.value is not None]
    ticks = axis(known, series.unit, style.language, from_zero=False)
    if len(set(known)) < 2:
        return ticks
    low, high = min(known), max(known)
    ends = tuple(short(v, series.unit, style.language) for v in (low, high))
    return Axis(ticks=(low, high), texts=ends, low=low, high=high)


def _steps(style: Style) -> tuple[str, ...]:
    """Without the faintest, which would melt into the card."""
    return style.theme.sequential[1:]


def _nothing(district: District, style: Style) -> Point:
    return Point(label=district.label.text(style.language), cell=MISSING, code=district.code)


def _colour(point: Point, style: Style, scale: Axis) -> str:
    if point.value is None:
        return style.theme.track
    width = scale.high - scale.low
    return _between(_steps(style), (point.value - scale.low) / width)


def _between(steps: tuple[str, ...], share: float) -> str:
    """The colour at `share` of the way through `steps`."""
    place = min(max(share, 0.0), 1.0) * (len(steps) - 1)
    low = min(int(place), len(steps) - 2)
    pairs = [
        (int(steps[low][i : i + 2], 16), int(steps[low + 1][i : i + 2], 16)) for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{round(a + (b - a) * (place - low)):02X}" for a, b in pairs)


def _area(district: District, point: Point, series: Series, style: Style, scale: Axis) -> Figure:
    ring = district.outline
    area: Figure = {
        "type": "scatter",
        "mode": "lines",
        "x": [x for x, _ in ring],
        "y": [y for _, y in ring],
        "fill": "toself",
        "fillcolor": _colour(point, style, scale),
        "line": {"color": style.theme.surface, "width": 1.4},
        "hoveron": "fills",
        "hoverinfo": "text",
        "text": frame.tip(point, series, style).removesuffix("<extra></extra>"),
        "name": district.code,
        **({"meta": point.pick} if point.pick else {}),
    }
    if point.value is None:
        area["fillpattern"] = {
            "shape": "/" if point.is_suppressed else ".",
            "fgcolor": style.theme.hatch,
            "bgcolor": style.theme.track,
            "size": 7,
            "solidity": 0.12,
        }
    return area


class _Sheet(NamedTuple):
    """What is named on the map, and how high it is in pixels."""

    districts: list[District]
    points: list[Point]
    height: float


def _names(sheet: _Sheet, series: Series, style: Style, scale: Axis) -> Figure:
    drawn, points = sheet.districts, sheet.points
    places = [_middle(district.outline) for district in drawn]
    ys = [y for district in drawn for _, y in district.outline]
    unit = sheet.height / ((max(ys) - min(ys)) or 1.0)
    lines = [_lines(d, p, series, style) for d, p in zip(drawn, points, strict=True)]
    sizes = [
        _room(ring, middle, texts, unit)
        for ring, middle, texts in zip((d.outline for d in drawn), places, lines, strict=True)
    ]
    inks = [
        style.theme.text if p.value is None else readable_on(_colour(p, style, scale))
        for p in points
    ]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [x for x, _ in places],
        "y": [y for _, y in places],
        "text": [
            "<br>".join(texts[:count]) for texts, (count, _) in zip(lines, sizes, strict=True)
        ],
        "textfont": {"size": [size for _, size in sizes], "color": inks},
        "hoverinfo": "skip",
    }


def _lines(district: District, point: Point, series: Series, style: Style) -> list[str]:
    """Name and value as they stand on the map."""
    name = escape(frame.clip(district.label.text(style.language), 14))
    if point.value is None:
        return [name, frame.SUPPRESSED_MARK if point.is_suppressed else frame.MISSING_MARK]
    return [name, short(point.value, series.unit, style.language)]


def _room(
    ring: Ring, middle: tuple[float, float], texts: list[str], unit: float
) -> tuple[int, float]:
    """How many of the lines fit inside the outline, and their size; `unit`: pixels a step."""
    wide = _span(ring, middle, 0) * unit
    high = _span(ring, middle, 1) * unit
    size = frame.BASE_SIZE - 0.5
    needed = max(map(frame.text_width, texts)) * 0.54
    if high >= 2.9 * size and wide >= needed * size:
        return 2, size
    small = frame.BASE_SIZE - 2.0
    has_room = high >= 1.2 * small and wide >= 0.9 * needed * small
    return (1 if has_room else 0), small


def _span(ring: Ring, middle: tuple[float, float], axis_: int) -> float:
    """How far the outline reaches through its middle, along one axis, without a gap."""
    across = 1 - axis_
    hits = []
    for a, b in zip(ring, (*ring[1:], ring[0]), strict=True):
        low, high = min(a[across], b[across]), max(a[across], b[across])
        if low <= middle[across] < high:
            share = (middle[across] - a[across]) / (b[across] - a[across])
            hits.append(a[axis_] + share * (b[axis_] - a[axis_]))
    below = [hit for hit in hits if hit <= middle[axis_]]
    above = [hit for hit in hits if hit > middle[axis_]]
    return min(above) - max(below) if above and below else 0.0


def _foot(note: str, style: Style) -> Figure:
    return frame.note(
        style,
        escape(note),
        0,
        0,
        xref="paper",
        yref="paper",
        yanchor="top",
        font={"size": frame.BASE_SIZE - 1.5, "color": style.theme.muted},
    )


def _middle(ring: Ring) -> tuple[float, float]:
    """The centre of gravity of the area."""
    area = x = y = 0.0
    for (x0, y0), (x1, y1) in zip(ring, (*ring[1:], ring[0]), strict=True):
        cross = x0 * y1 - x1 * y0
        area, x, y = area + cross, x + (x0 + x1) * cross, y + (y0 + y1) * cross
    if area == 0:
        return ring[0]
    return x / (3 * area), y / (3 * area)


def _key(style: Style, scale: Axis) -> Figure:
    """An empty trace that only carries the colour scale."""
    steps = _steps(style)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [None],
        "y": [None],
        "hoverinfo": "skip",
        "marker": {
            "color": [scale.low],
            "cmin": scale.low,
            "cmax": scale.high,
            "colorscale": [[i / (len(steps) - 1), colour] for i, colour in enumerate(steps)],
            "showscale": True,
            "colorbar": {**colour_bar(style, list(scale.ticks), list(scale.texts)), "len": 0.7},
        },
    }
