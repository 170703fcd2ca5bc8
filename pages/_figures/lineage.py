"""A layered graph from left to right: boxes in columns, joined by quiet curves.

Curves and boxes are shapes, in this order: all curves, then all boxes. `layout.meta` holds the
joints, by which the browser highlights what leads to a box and what follows from it
(`assets/lineage.js`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from pages._figures import frame
from pages._figures.frame import Figure
from pages._figures.values import Style

_BOX = 0.136
"""Width of a box in the width of the drawing."""
_HALF = 0.4
"""Half the height of a box, in rows."""
_GAP = 1.28
"""Rows between the middles of two boxes of a column with room."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """id unique in the graph; layer 0 on the left; `tip` what pointing at it tells."""

    id: str
    layer: int
    label: str
    tip: str = ""
    is_marked: bool = False
    """Something is wrong here, and with all that follows from it."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """heads  a name for each layer.   joints  (from, to) by ids, always to a later layer."""

    heads: tuple[str, ...]
    nodes: tuple[Node, ...]
    joints: tuple[tuple[str, str], ...]

    def layer(self, number: int) -> tuple[Node, ...]:
        return tuple(node for node in self.nodes if node.layer == number)

    def after(self, node: str) -> frozenset[str]:
        """Everything that follows from a node, itself included."""
        found, todo = {node}, [node]
        while todo:
            here = todo.pop()
            new = [to for start, to in self.joints if start == here and to not in found]
            found.update(new)
            todo += new
        return frozenset(found)


def draw(graph: Graph, style: Style) -> Figure:
    """The graph; the layer with most nodes sets the height, the others stand in their middle."""
    if not graph.nodes:
        return frame.empty(style)
    rows = max(len(graph.layer(i)) for i in range(len(graph.heads)))
    places = _places(graph, rows)
    touched = {name for node in graph.nodes if node.is_marked for name in graph.after(node.id)}
    index = {node.id: i for i, node in enumerate(graph.nodes)}
    return frame.figure(
        style,
        [_texts(graph, places, touched, style)],
        shapes=[
            *(_curve(places[a], places[b], {a, b} <= touched, style) for a, b in graph.joints),
            *(_box(places[node.id], node, node.id in touched, style) for node in graph.nodes),
        ],
        annotations=_heads(graph, style),
        xaxis={**frame.no_axis(), "range": [0, 1]},
        yaxis={**frame.no_axis(), "range": [rows - 0.4, -0.6]},
        margin={"l": 2, "r": 2, "t": 26, "b": 2},
        hoverdistance=90,
        meta={"joints": [[index[a], index[b]] for a, b in graph.joints]},
    )


Place = tuple[float, float]


def _places(graph: Graph, rows: int) -> Mapping[str, Place]:
    """Left edge and row of each box: beside the middle of what it is joined to."""
    last = len(graph.heads) - 1
    fullest = max(range(last + 1), key=lambda i: len(graph.layer(i)))
    level = {node.id: float(i) for i, node in enumerate(graph.layer(fullest))}
    for number in [*range(fullest + 1, last + 1), *range(fullest - 1, -1, -1)]:
        own = graph.layer(number)
        wished = [_middle(graph, node.id, level, rows) for node in own]
        gap = min(_GAP, rows / max(len(own), 1))
        level |= dict(zip((n.id for n in own), frame.spread(wished, gap, 0, rows - 1), strict=True))
    step = (1 - _BOX) / max(last, 1)
    return {node.id: (node.layer * step, level[node.id]) for node in graph.nodes}


def _middle(graph: Graph, node: str, level: Mapping[str, float], rows: int) -> float:
    known = [level[b] for a, b in graph.joints if a == node and b in level]
    known += [level[a] for a, b in graph.joints if b == node and a in level]
    return sum(known) / len(known) if known else rows / 2


def _curve(start: Place, end: Place, is_touched: bool, style: Style) -> Figure:
    x0, y0, x1, y1 = start[0] + _BOX, start[1], end[0], end[1]
    middle = (x0 + x1) / 2
    path = f"M {x0:.4f},{y0:.2f} C {middle:.4f},{y0:.2f} {middle:.4f},{y1:.2f} {x1:.4f},{y1:.2f}"
    colour = style.theme.warn if is_touched else style.theme.hatch
    return {
        "type": "path",
        "path": path,
        "line": {"color": colour, "width": 1},
        "opacity": 0.5 if is_touched else 0.42,
        "layer": "below",
    }


def _box(place: Place, node: Node, is_touched: bool, style: Style) -> Figure:
    x, y = place
    theme = style.theme
    tones = (
        theme.sequential[0],
        theme.surface_2,
        theme.surface_2,
        theme.surface,
        theme.sequential[1],
    )
    return {
        "type": "rect",
        "x0": x,
        "x1": x + _BOX,
        "y0": y - _HALF,
        "y1": y + _HALF,
        "fillcolor": tones[min(node.layer, len(tones) - 1)],
        "line": {
            "color": theme.warn if is_touched else theme.line,
            "width": 2 if node.is_marked else 0.6 if is_touched else 1,
        },
        "layer": "below",
    }


def _texts(graph: Graph, places: Mapping[str, Place], touched: set[str], style: Style) -> Figure:
    theme = style.theme
    return {
        "type": "scatter",
        "mode": "text",
        "x": [places[node.id][0] + _BOX / 2 for node in graph.nodes],
        "y": [places[node.id][1] for node in graph.nodes],
        "text": [escape(frame.clip(node.label, 27)) for node in graph.nodes],
        "textfont": {
            "size": 11,
            "color": [theme.warn if node.is_marked else theme.text for node in graph.nodes],
        },
        "hovertemplate": [f"{_tip(node)}<extra></extra>" for node in graph.nodes],
        "cliponaxis": False,
    }


def _tip(node: Node) -> str:
    return f"<b>{escape(node.label)}</b>" + (f"<br>{escape(node.tip)}" if node.tip else "")


def _heads(graph: Graph, style: Style) -> Sequence[Figure]:
    step = (1 - _BOX) / max(len(graph.heads) - 1, 1)
    font = {"size": frame.BASE_SIZE, "color": style.theme.muted}
    return [
        frame.note(
            style,
            head,
            i * step + _BOX / 2,
            1,
            yref="paper",
            yanchor="bottom",
            xanchor="center",
            yshift=6,
            font=font,
        )
        for i, head in enumerate(graph.heads)
    ]
