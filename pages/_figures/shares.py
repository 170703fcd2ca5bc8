"""Parts of a whole over time: bars of 100 %, each part named beside the last one."""

from collections.abc import Sequence
from html import escape

from pages._figures import frame, time_marks
from pages._figures.frame import Figure
from pages._figures.values import Point, Series, Style
from pages._ui.numbers import axis, exact, fixed
from warehouse.model import Cell, CellState, Unit

MOST_PARTS = 6


def draw(all_series: Sequence[Series], style: Style) -> Figure:
    """Over the same units, of parts that add up. A unit with a hidden part shows no shares."""
    drawn = [series for series in all_series if series.points]
    if not drawn:
        return frame.empty(style)
    drawn = _at_most(drawn, style)
    totals = [_total(drawn, i) for i in range(len(drawn[0].points))]
    scale = axis([0, 1], Unit.SHARE, style.language)
    names = [_name(series, totals[-1], style) for series in drawn]
    figure = frame.figure(
        style,
        [
            *(_bars(series, totals, style, i) for i, series in enumerate(drawn)),
            frame.marks(_gaps(drawn[0], totals, drawn), style),
        ],
        xaxis=frame.unit_axis(style, drawn[0], all_names=True),
        yaxis=frame.value_axis(style, scale, [0, 1], headroom=0.01),
        annotations=_labels(drawn, totals[-1], names, style),
        barmode="stack",
        bargap=0.2,
        margin={"l": 8, "r": frame.label_margin(names) + 4, "t": 8, "b": 8},
    )
    return time_marks.marked(figure, drawn[0], style)


def _at_most(drawn: list[Series], style: Style) -> list[Series]:
    """The largest parts and one for all others."""
    ordered = sorted(drawn, key=lambda s: -sum(v or 0 for v in s.values))
    if len(ordered) <= MOST_PARTS:
        return ordered
    kept, rest = ordered[: MOST_PARTS - 1], ordered[MOST_PARTS - 1 :]
    points = tuple(
        Point(label=p.label, cell=_sum(rest, i), period=p.period, is_partial=p.is_partial)
        for i, p in enumerate(rest[0].points)
    )
    other = Series(
        label=style.say("其他", "Other"),
        unit=rest[0].unit,
        polarity=rest[0].polarity,
        points=points,
        grain=rest[0].grain,
    )
    return [*kept, other]


def _sum(parts: Sequence[Series], i: int) -> Cell:
    if any(s.points[i].is_suppressed for s in parts):
        return Cell(state=CellState.SUPPRESSED)
    known = [v for s in parts if (v := s.values[i]) is not None]
    return Cell(value=sum(known)) if known else Cell(state=CellState.MISSING)


def _total(drawn: Sequence[Series], i: int) -> float | None:
    """A part without a row counts nothing; a hidden part hides the whole."""
    if any(series.points[i].is_suppressed for series in drawn):
        return None
    total = sum(series.values[i] or 0 for series in drawn)
    return total or None


def _share(value: float | None, total: float | None) -> float | None:
    return None if value is None or not total else value / total


def _gaps(first: Series, totals: Sequence[float | None], drawn: Sequence[Series]) -> Series:
    def cell(i: int) -> Cell:
        if totals[i] is not None:
            return Cell(value=totals[i])
        hidden = any(series.points[i].is_suppressed for series in drawn)
        return Cell(state=CellState.SUPPRESSED if hidden else CellState.MISSING)

    points = tuple(
        Point(label=p.label, cell=cell(i), period=p.period) for i, p in enumerate(first.points)
    )
    return Series(
        label=first.label,
        unit=first.unit,
        polarity=first.polarity,
        points=points,
        grain=first.grain,
    )


def _bars(series: Series, totals: Sequence[float | None], style: Style, index: int) -> Figure:
    parts = [_share(v, t) for v, t in zip(series.values, totals, strict=True)]
    return {
        "type": "bar",
        "x": list(range(len(series.points))),
        "y": parts,
        "marker": {
            "color": style.theme.categorical[index],
            "line": {"color": style.theme.surface, "width": 1},
        },
        "hovertemplate": [
            frame.tip(
                p, series, style, f"{escape(series.label)} {exact(s, Unit.SHARE, style.language)}"
            )
            for p, s in zip(series.points, parts, strict=True)
        ],
        "constraintext": "none",
        "name": series.label,
        **frame.picks(series.points),
    }


def _name(series: Series, total: float | None, style: Style) -> str:
    share = _share(series.values[-1], total)
    said = f" {fixed(share * 100, 1)}%" if share is not None else ""
    return frame.clip(series.label, 12) + said


def _labels(
    drawn: Sequence[Series], total: float | None, names: Sequence[str], style: Style
) -> list[Figure]:
    levels, below = [], 0.0
    for series in drawn:
        share = _share(series.values[-1], total) or (0.0 if total else 1 / len(drawn))
        levels.append(below + share / 2)
        below += share
    placed = frame.spread(levels, 0.1, 0.03, 0.97)
    return [
        frame.note(
            style,
            f'<span style="color:{style.theme.categorical[i]}">■</span> {escape(name)}',
            1,
            level,
            xref="paper",
            xshift=2,
        )
        for i, (name, level) in enumerate(zip(names, placed, strict=True))
    ]
