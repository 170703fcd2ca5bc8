"""Rows by columns in one hue, each cell with its value: cohorts over time, scene to scene."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pages._figures import frame
from pages._figures.frame import Figure
from pages._figures.values import Point, Series, Style
from pages._ui.numbers import short
from pages._ui.theme import readable_on
from warehouse.model import CellState, Polarity, Unit


@dataclass(frozen=True, kw_only=True)
class Grid:
    """points  row by row, one for each column; None: there is no such cell.
    heads  what the axis of columns counts, in words.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    points: tuple[tuple[Point | None, ...], ...]
    unit: Unit
    heads: str = ""


def draw(grid: Grid, style: Style, *, most: float | None = None) -> Figure:
    """`most` is the value of the deepest hue; without, the largest. Partial cells are framed."""
    places = [
        (x, y, point)
        for y, row in enumerate(grid.points)
        for x, point in enumerate(row)
        if point is not None
    ]
    if not places:
        return frame.empty(style)
    known = [p.value for _, _, p in places if p.value is not None]
    top = most or max(known, default=0.0) or 1.0
    return frame.figure(
        style,
        [_hues(grid, style, top), _texts(grid, places, style, top)],
        xaxis=_columns(grid, style),
        yaxis=frame.name_axis(style, grid.rows),
        shapes=[_frame(x, y, style) for x, y, point in places if point.is_partial],
        margin={"l": 8, "r": 8, "t": 4, "b": 8},
    )


def _hues(grid: Grid, style: Style, top: float) -> Figure:
    steps = style.theme.sequential
    return {
        "type": "heatmap",
        "z": [[None if p is None else p.value for p in row] for row in grid.points],
        "x": list(range(len(grid.columns))),
        "y": list(range(len(grid.rows))),
        "colorscale": [[i / (len(steps) - 1), colour] for i, colour in enumerate(steps)],
        "zmin": 0,
        "zmax": top,
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "hoverinfo": "skip",
    }


def _texts(
    grid: Grid, places: Sequence[tuple[int, int, Point]], style: Style, top: float
) -> Figure:
    return {
        "type": "scatter",
        "mode": "text",
        "x": [x for x, _, _ in places],
        "y": [y for _, y, _ in places],
        "text": [_text(point, grid.unit, style) for _, _, point in places],
        "textfont": {
            "size": frame.BASE_SIZE - 1,
            "color": [_ink(point, style, top) for _, _, point in places],
        },
        "hovertemplate": [_tip(point, grid, style) for _, _, point in places],
        "cliponaxis": False,
        **frame.picks([point for _, _, point in places]),
    }


def _text(point: Point, unit: Unit, style: Style) -> str:
    if point.value is None:
        return frame.QUIET_MARK if point.is_suppressed else ""
    if unit is Unit.SHARE:
        return f"{point.value * 100:.0f}"
    return short(point.value, unit, style.language)


def _ink(point: Point, style: Style, top: float) -> str:
    theme = style.theme
    if point.value is None or point.cell.state is not CellState.VALUE:
        return theme.muted
    return readable_on(theme.step(point.value / top))


def _tip(point: Point, grid: Grid, style: Style) -> str:
    series = Series(label="", unit=grid.unit, polarity=Polarity.NEUTRAL, points=())
    return frame.tip(point, series, style)


def _frame(x: int, y: int, style: Style) -> Figure:
    return {
        "type": "rect",
        "x0": x - 0.46,
        "x1": x + 0.46,
        "y0": y - 0.42,
        "y1": y + 0.42,
        "line": {"color": style.theme.muted, "width": 1, "dash": "dot"},
        "layer": "above",
    }


def _columns(grid: Grid, style: Style) -> Figure:
    return {
        "range": [-0.5, len(grid.columns) - 0.5],
        "tickvals": list(range(len(grid.columns))),
        "ticktext": [escape(name) for name in grid.columns],
        "side": "top",
        "title": {
            "text": escape(grid.heads),
            "font": {"size": frame.BASE_SIZE - 1, "color": style.theme.muted},
            "standoff": 4,
        },
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "tickangle": 0,
        "ticklen": 4,
        "tickcolor": frame.CLEAR,
        "tickfont": {"size": frame.BASE_SIZE - 1, "color": style.theme.muted},
    }
