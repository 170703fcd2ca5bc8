"""What all drawings share: layout, axes, marks for hidden and missing values, label columns."""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from pages._figures.values import Point, Series, Style, tick_text
from pages._ui.numbers import MOST_TICKS, Axis, exact, is_english
from pages._ui.theme import FONT
from warehouse.calendar import Rest, mark
from warehouse.model import Grain

Figure = dict[str, Any]
CLEAR = "rgba(0,0,0,0)"
SUPPRESSED_MARK = "＊"
MISSING_MARK = "—"
QUIET_MARK = "·"
MOST_SIGNS = 4
"""With more of them the card says how many are hidden, and each has a dot only."""
BASE_SIZE = 12
MANY_CLASSES = 14
ALL_MONTHS = 13
"""Up to so many bars each month is named; with more, at most seven are."""


def figure(style: Style, traces: list[Figure], **layout: Any) -> Figure:
    """A figure with the house's face: clear ground, no legend, the view kept over refreshes."""
    theme = style.theme
    base: Figure = {
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "font": {"family": FONT, "size": BASE_SIZE, "color": theme.muted},
        "showlegend": False,
        "uirevision": "keep",
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": theme.surface,
            "bordercolor": theme.line,
            "align": "left",
            "font": {"family": FONT, "size": BASE_SIZE, "color": theme.text},
        },
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "separators": ".,",
    }
    return {"data": traces, "layout": {**base, **layout}}


def empty(style: Style) -> Figure:
    """No rows: said in the middle, without axes."""
    note = {
        "text": style.say("所选条件下没有记录", "No records for this choice"),
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "showarrow": False,
        "font": {"size": BASE_SIZE + 1, "color": style.theme.muted},
    }
    hidden = {"visible": False, "fixedrange": True}
    return figure(style, [], annotations=[note], xaxis=hidden, yaxis=hidden)


def value_axis(
    style: Style, scale: Axis, values: Iterable[float | None], *, headroom: float = 0.08
) -> Figure:
    """A vertical value axis that ends a little above its values: horizontal grid, our texts."""
    known = [v for v in values if v is not None]
    low = min([scale.low if scale.low >= 0 else 0.0, *known])
    high = max([*known, scale.ticks[1] if not known else scale.low, low])
    room = ((high - low) or (scale.high - scale.low)) * headroom
    bottom, top = (low - room if low < scale.low or low < 0 else low), high + room
    inside = [(t, s) for t, s in zip(scale.ticks, scale.texts, strict=True) if bottom <= t <= top]
    return {
        "range": [bottom, top],
        "tickvals": [tick for tick, _ in inside],
        "ticktext": [text for _, text in inside],
        "ticklen": 5,
        "tickcolor": CLEAR,
        "gridcolor": style.theme.line,
        "gridwidth": 1,
        "griddash": "solid",
        "zeroline": True,
        "zerolinecolor": style.theme.hatch,
        "zerolinewidth": 1,
        "showline": False,
        "fixedrange": True,
        "automargin": True,
        "tickfont": {"size": BASE_SIZE - 0.5, "color": style.theme.muted},
    }


def partial_pattern(style: Style, points: Sequence[Point]) -> Figure:
    """Bars of units that are not over are hatched."""
    return {
        "shape": ["/" if point.is_partial else "" for point in points],
        "fillmode": "overlay",
        "fgcolor": style.theme.surface,
        "size": 6,
        "solidity": 0.3,
    }


def unit_axis(style: Style, series: Series, *, all_names: bool = False) -> Figure:
    """A horizontal axis of units or classes: positions 0, 1, 2, … with our names."""
    ticks, texts = unit_ticks(series, style, all_names=all_names)
    return {
        "range": [-0.6, max(len(series.points) - 0.4, 0.6)],
        "tickvals": ticks,
        "ticktext": texts,
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "tickangle": 0,
        "tickfont": {"size": BASE_SIZE - 0.5, "color": style.theme.muted},
    }


def unit_ticks(
    series: Series, style: Style, *, all_names: bool = False
) -> tuple[list[int], list[str]]:
    """Positions and short names; the last unit always has its name."""
    count, grain = len(series.points), series.grain
    if grain is None:
        places = list(range(0, count, 3 if count > MANY_CLASSES else 1))
        return places, [_class_name(series.points[i].label) for i in places]
    if all_names and count <= ALL_MONTHS:
        return list(range(count)), _all_names(series.points, grain, style)
    stride = max(1, math.ceil(count / MOST_TICKS))
    positions = list(range(count - 1, -1, -stride))[::-1]
    long = grain is Grain.MONTH and count > ALL_MONTHS
    return positions, [_unit_name(series.points[i], grain, style, long) for i in positions]


def _class_name(label: str) -> str:
    """Long names of several words in two lines."""
    return escape(label).replace(" ", "<br>", 1) if text_width(label) > 10 else escape(label)


def _all_names(points: Sequence[Point], grain: Grain, style: Style) -> list[str]:
    names = [_unit_name(p, grain, style, False) for p in points]
    if grain is Grain.MONTH and len(names) > 6:
        names[1:-1] = [name.removesuffix("月") for name in names[1:-1]]
        if is_english(style.language):
            names = ["" if (len(names) - i) % 2 == 0 else name for i, name in enumerate(names)]
    return names


def _unit_name(point: Point, grain: Grain, style: Style, with_year: bool) -> str:
    if point.period is None:
        return escape(point.label)
    start = point.period.start
    short = tick_text(start, grain, style.language)
    if not with_year:
        return short
    return style.say(f"{start:%y}/{start.month}", f"{short} {start:%y}")


def no_axis() -> Figure:
    return {"visible": False, "fixedrange": True}


def name_axis(style: Style, names: Sequence[str]) -> Figure:
    """A vertical axis of names, the first on top."""
    return {
        "range": [len(names) - 0.5, -0.5],
        "tickvals": list(range(len(names))),
        "ticktext": [escape(clip(name)) for name in names],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "ticklen": 6,
        "tickcolor": CLEAR,
        "tickfont": {"size": BASE_SIZE, "color": style.theme.text},
    }


def clip(name: str, most: int = 18) -> str:
    """At most `most` half-widths; the rest is in the tip."""
    if text_width(name) <= most:
        return name
    kept = ""
    for letter in name:
        if text_width(kept + letter) > most - 1:
            break
        kept += letter
    return kept + "…"


def text_width(text: str) -> int:
    """In half-widths: a Chinese character counts two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def label_margin(texts: Iterable[str], *, size: float = BASE_SIZE) -> int:
    """Pixels for a column of labels of this font size."""
    return round(max((text_width(text) for text in texts), default=0) * size * 0.56) + 12


def marks(series: Series, style: Style, *, at: float = 0.0) -> Figure:
    """A quiet sign where a value is hidden or missing, with the reason in the tip."""
    gaps = [(i, p) for i, p in enumerate(series.points) if p.value is None]
    hidden = SUPPRESSED_MARK if len(gaps) <= MOST_SIGNS else QUIET_MARK
    return {
        "type": "scatter",
        "mode": "text",
        "x": [i for i, _ in gaps],
        "y": [at] * len(gaps),
        "text": [hidden if p.is_suppressed else MISSING_MARK for _, p in gaps],
        "textposition": "top center",
        "textfont": {"size": BASE_SIZE, "color": style.theme.muted},
        "hovertemplate": [tip(p, series, style) for _, p in gaps],
        "cliponaxis": False,
    }


def tip(point: Point, series: Series, style: Style, *more: str) -> str:
    """The whole hover text of a point: name, exact value or reason, and further lines."""
    if point.is_suppressed:
        said = style.say("样本过小，已隐去以保护个人", "Too few people: hidden to protect them")
    elif point.value is None:
        said = style.say("没有数据", "No data")
    else:
        said = exact(point.value, series.unit, style.language)
    lines = [escape(point.label), f"<b>{said}</b>", *more, *_day_words(point, series, style)]
    if point.is_partial:
        lines.append(style.say("本期未结束", "Period not over"))
    return "<br>".join(lines) + "<extra></extra>"


def picks(points: Sequence[Point]) -> Figure:
    """What a click on each mark means, as the part of a trace that carries it."""
    found = [point.pick for point in points]
    return {"customdata": found} if any(found) else {}


def _day_words(point: Point, series: Series, style: Style) -> list[str]:
    """What the calendar says of a day: a holiday, or a weekend that is worked for one."""
    found = mark(point.period.start) if series.grain is Grain.DAY and point.period else None
    if found is None:
        return []
    name = found.holiday.text(style.language)
    if found.rest is Rest.HOLIDAY:
        return [style.say(f"{name}假期", f"{name} holiday")]
    return [style.say(f"{name}调休上班", f"worked for {name}")]


def note(style: Style, text: str, x: float, y: float, **more: Any) -> Figure:
    """A direct label: plain text at a place, without an arrow."""
    base: Figure = {
        "text": text,
        "x": x,
        "y": y,
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "middle",
        "align": "left",
        "font": {"size": BASE_SIZE, "color": style.theme.text},
    }
    return {**base, **more}


def spread(levels: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Levels moved apart to at least `gap`, kept in order and, where they fit, inside."""
    order = sorted(range(len(levels)), key=lambda i: levels[i])
    placed = [levels[i] for i in order]
    for i in range(1, len(placed)):
        placed[i] = max(placed[i], placed[i - 1] + gap)
    if placed and placed[-1] > high:
        placed[-1] = high
        for i in range(len(placed) - 2, -1, -1):
            placed[i] = min(placed[i], placed[i + 1] - gap)
    shift = max(0.0, low - placed[0]) if placed else 0.0
    result = [0.0] * len(levels)
    for i, level in zip(order, placed, strict=True):
        result[i] = level + shift
    return result
