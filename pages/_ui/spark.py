"""The small line on a tile, as an inline image: no graph, no script, prints as it looks."""

from collections.abc import Sequence
from urllib.parse import quote

from pages._ui.theme import Theme

_WIDTH, _HEIGHT, _EDGE = 92.0, 34.0, 4.0

Place = tuple[float, float]


def spark(values: Sequence[float | None], theme: Theme, *, is_partial: bool = False) -> str:
    """A data address of the line. Gaps stay gaps; empty where fewer than two values are known.

    `is_partial`: the last value is not over, its dot is hollow.
    """
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    runs = _runs([_place(i, v, (len(values), low, high)) for i, v in enumerate(values)])
    colour = theme.categorical[0]
    areas = "".join(_area(run, theme) for run in runs if len(run) > 1)
    lines = "".join(
        f'<polyline points="{_text(run)}" fill="none" stroke="{colour}" stroke-width="1.6"'
        ' stroke-linejoin="round" stroke-linecap="round"/>'
        for run in runs
    )
    x, y = runs[-1][-1]
    fill = theme.surface if is_partial else colour
    dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="{fill}" stroke="{colour}"/>'
    return "data:image/svg+xml," + quote(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}"'
        f' viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}">{areas}{lines}{dot}</svg>'
    )


def _place(index: int, value: float | None, of: tuple[int, float, float]) -> Place | None:
    count, low, high = of
    if value is None:
        return None
    height = 0.5 if high == low else (value - low) / (high - low)
    x = _EDGE + index * (_WIDTH - 2 * _EDGE) / max(count - 1, 1)
    return x, _HEIGHT - _EDGE - height * (_HEIGHT - 2 * _EDGE)


def _runs(places: Sequence[Place | None]) -> list[list[Place]]:
    """The places cut at the gaps."""
    runs: list[list[Place]] = [[]]
    for place in places:
        if place is None:
            runs.append([])
        else:
            runs[-1].append(place)
    return [run for run in runs if run]


def _text(run: Sequence[Place]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in run)


def _area(run: Sequence[Place], theme: Theme) -> str:
    corners = f"{run[0][0]:.1f},{_HEIGHT:.0f} {_text(run)} {run[-1][0]:.1f},{_HEIGHT:.0f}"
    return f'<polygon points="{corners}" fill="{theme.sequential[0]}"/>'
