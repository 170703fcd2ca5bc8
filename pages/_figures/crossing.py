"""Rows by columns in one hue: where two dimensions meet."""

from collections.abc import Sequence

from pages._figures import frame
from pages._figures.frame import Figure
from pages._figures.heatmap import colour_bar
from pages._figures.values import Series, Style
from pages._ui.numbers import axis


def draw(rows: Sequence[Series], style: Style) -> Figure:
    """A series a row, from top to bottom; all have a point for each column, in one order."""
    if not rows or not rows[0].points:
        return frame.empty(style)
    values = [value for row in rows for value in row.values]
    scale, steps = axis(values, rows[0].unit, style.language), style.theme.sequential
    names = [frame.clip(point.label, 12) for point in rows[0].points]
    cells: Figure = {
        "type": "heatmap",
        "z": [list(row.values) for row in rows],
        "x": list(range(len(names))),
        "y": list(range(len(rows))),
        "colorscale": [[i / (len(steps) - 1), colour] for i, colour in enumerate(steps)],
        "zmin": 0,
        "zmax": max([v for v in values if v is not None] or [1.0]) or 1.0,
        "xgap": 1.5,
        "ygap": 1.5,
        "hoverongaps": False,
        "text": [
            [
                frame.tip(p, row, style, row.label).removesuffix("<extra></extra>")
                for p in row.points
            ]
            for row in rows
        ],
        "hovertemplate": "%{text}<extra></extra>",
        "colorbar": colour_bar(style, list(scale.ticks), list(scale.texts)),
    }
    return frame.figure(
        style,
        [cells, _hidden(rows, style)],
        xaxis=_names(names, style),
        yaxis=frame.name_axis(style, [row.label for row in rows]),
        margin={"l": 8, "r": 8, "t": 4, "b": 8},
    )


def _hidden(rows: Sequence[Series], style: Style) -> Figure:
    places = [
        (x, y, frame.tip(point, row, style, row.label))
        for y, row in enumerate(rows)
        for x, point in enumerate(row.points)
        if point.is_suppressed
    ]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [x for x, _, _ in places],
        "y": [y for _, y, _ in places],
        "text": [frame.QUIET_MARK] * len(places),
        "textfont": {"size": frame.BASE_SIZE - 1, "color": style.theme.muted},
        "hovertemplate": [tip for _, _, tip in places],
    }


def _names(names: Sequence[str], style: Style) -> Figure:
    """At most as many names as fit beside each other."""
    stride = 1 + (len(names) - 1) // frame.MANY_CLASSES
    return {
        "range": [-0.5, len(names) - 0.5],
        "tickvals": list(range(0, len(names), stride)),
        "ticktext": list(names[::stride]),
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "ticklen": 4,
        "tickcolor": frame.CLEAR,
        "tickfont": {"size": frame.BASE_SIZE - 0.5, "color": style.theme.muted},
    }
