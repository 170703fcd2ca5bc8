"""Weekday by hour in one hue: when the city asks for its services."""

from pages._figures import frame
from pages._figures.frame import Figure
from pages._figures.values import MISSING, Measured, Point, Series, Style
from pages._ui.numbers import axis
from warehouse.model import CellState, Result

_DAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = 24


def draw(result: Result, metric: Measured, style: Style) -> Figure:
    """The query's `by` holds `weekday` ("1" Monday … "7") and `hour` ("0" … "23")."""
    if not result.rows:
        return frame.empty(style)
    series = Series(
        label=metric.label.text(style.language),
        unit=metric.unit,
        polarity=metric.polarity,
        points=grid(result, metric, style),
    )
    return frame.figure(
        style,
        [_cells(series, style), _hidden(series, style)],
        xaxis=_hour_axis(style),
        yaxis={
            **frame.name_axis(style, [style.say(*d) for d in zip(_DAYS_ZH, _DAYS_EN, strict=True)])
        },
        margin={"l": 8, "r": 8, "t": 4, "b": 8},
    )


def grid(result: Result, metric: Measured, style: Style) -> tuple[Point, ...]:
    by, column = result.query.by, result.column(metric.name)
    day, hour = by.index("weekday"), by.index("hour")
    known = {
        (int(row.members[day]) - 1, int(row.members[hour])): (cell, style.pick(result, row))
        for row, cell in zip(result.rows, column, strict=True)
        if row.members[day].isdigit() and row.members[hour].isdigit()
    }
    return tuple(
        Point(
            label=style.say(f"{_DAYS_ZH[d]} {h} 时", f"{_DAYS_EN[d]} {h}:00"),
            cell=known[d, h][0] if (d, h) in known else MISSING,
            pick=known[d, h][1] if (d, h) in known else "",
        )
        for d in range(7)
        for h in range(_HOURS)
    )


def _rows(flat: list[object]) -> list[list[object]]:
    return [flat[i : i + _HOURS] for i in range(0, len(flat), _HOURS)]


def _cells(series: Series, style: Style) -> Figure:
    scale = axis(series.values, series.unit, style.language)
    steps = style.theme.sequential
    return {
        "type": "heatmap",
        "z": _rows(list(series.values)),
        "x": list(range(_HOURS)),
        "y": list(range(7)),
        "colorscale": [[i / (len(steps) - 1), colour] for i, colour in enumerate(steps)],
        "zmin": 0,
        "zmax": max([v for v in series.values if v is not None] or [1.0]) or 1.0,
        "xgap": 1.5,
        "ygap": 1.5,
        "hoverongaps": False,
        "text": _rows(
            [frame.tip(p, series, style).removesuffix("<extra></extra>") for p in series.points]
        ),
        "hovertemplate": "%{text}<extra></extra>",
        "colorbar": colour_bar(style, list(scale.ticks), list(scale.texts)),
        "customdata": _rows([point.pick for point in series.points]),
    }


def colour_bar(style: Style, ticks: list[float], texts: list[str]) -> Figure:
    """A thin scale on the right with at most four of our ticks."""
    stride = 1 if len(ticks) <= 4 else 2
    return {
        "thickness": 8,
        "len": 0.86,
        "outlinewidth": 0,
        "ticklen": 3,
        "tickcolor": frame.CLEAR,
        "xpad": 8,
        "tickvals": ticks[::stride],
        "ticktext": texts[::stride],
        "tickfont": {"size": frame.BASE_SIZE - 1, "color": style.theme.muted},
    }


def _hidden(series: Series, style: Style) -> Figure:
    places = [
        (i % _HOURS, i // _HOURS, point)
        for i, point in enumerate(series.points)
        if point.cell.state is CellState.SUPPRESSED
    ]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [x for x, _, _ in places],
        "y": [y for _, y, _ in places],
        "text": [frame.QUIET_MARK] * len(places),
        "textfont": {"size": frame.BASE_SIZE - 1, "color": style.theme.muted},
        "hovertemplate": [frame.tip(point, series, style) for _, _, point in places],
    }


def _hour_axis(style: Style) -> Figure:
    hours = list(range(0, _HOURS, 4))
    return {
        "range": [-0.5, _HOURS - 0.5],
        "tickvals": hours,
        "ticktext": [style.say(f"{h} 时", f"{h}:00") for h in hours],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "ticklen": 4,
        "tickcolor": frame.CLEAR,
        "tickfont": {"size": frame.BASE_SIZE - 0.5, "color": style.theme.muted},
    }
