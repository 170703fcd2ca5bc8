"""A small line for a tile: an SVG image as a data address, not a graph."""

from base64 import b64encode
from collections.abc import Sequence

from pages._ui.theme import Theme

WIDTH, HEIGHT = 96, 32
_PAD = 4


def draw(
    values: Sequence[float | None], theme: Theme, *, tone: str = "", is_partial: bool = False
) -> str:
    """None leaves a gap. `tone`: `warn`, `bad`, `good` or empty. `is_partial`: hollow end."""
    colour = theme.tone(tone) if tone else theme.categorical[0]
    known = [v for v in values if v is not None]
    body = _drawing(values, known, colour, theme, is_partial) if known else _nothing(theme)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" preserveAspectRatio="none">{body}</svg>'
    )
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


def _nothing(theme: Theme) -> str:
    middle = HEIGHT / 2
    return (
        f'<line x1="{_PAD}" x2="{WIDTH - _PAD}" y1="{middle}" y2="{middle}" '
        f'stroke="{theme.hatch}" stroke-dasharray="2 4"/>'
    )


def _drawing(
    values: Sequence[float | None],
    known: Sequence[float],
    colour: str,
    theme: Theme,
    is_partial: bool,
) -> str:
    low, high = min(known), max(known)
    places = [_place(i, v, len(values), low, high) for i, v in enumerate(values)]
    runs = _runs(places)
    parts = [_area(run, colour) + _path(run, colour) for run in runs if len(run) > 1]
    x, y = runs[-1][-1]
    fill = theme.surface if is_partial else colour
    dot = f'<circle cx="{x}" cy="{y}" r="2.4" fill="{fill}" stroke="{colour}" stroke-width="1.4"/>'
    return "".join(parts) + dot


Place = tuple[float, float]


def _place(i: int, value: float | None, count: int, low: float, high: float) -> Place | None:
    if value is None:
        return None
    across = i / (count - 1) if count > 1 else 1.0
    up = (value - low) / (high - low) if high > low else 0.5
    width, height = WIDTH - 2 * _PAD, HEIGHT - 2 * _PAD
    return round(_PAD + across * width, 1), round(_PAD + (1 - up) * height, 1)


def _runs(places: Sequence[Place | None]) -> list[list[Place]]:
    """Neighbouring known places; at least one run, as one value is known."""
    runs: list[list[Place]] = [[]]
    for place in places:
        if place is not None:
            runs[-1].append(place)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _path(run: Sequence[Place], colour: str) -> str:
    points = " ".join(f"{x},{y}" for x, y in run)
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6" '
        'stroke-linejoin="round" stroke-linecap="round"/>'
    )


def _area(run: Sequence[Place], colour: str) -> str:
    points = " ".join(f"{x},{y}" for x, y in run)
    return (
        f'<polygon points="{run[0][0]},{HEIGHT} {points} {run[-1][0]},{HEIGHT}" '
        f'fill="{colour}" opacity="0.12"/>'
    )
