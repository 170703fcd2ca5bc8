"""Every drawing in every state: valid for plotly, cartesian, never a zero for what is hidden."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import plotly.graph_objects as go
import pytest

from pages._figures import (
    bars_with_target,
    distribution,
    district_map,
    frame,
    funnel,
    heatmap,
    lines,
    ranking,
    shares,
    stacked,
)
from pages._figures.values import Point, Series, Style, series, series_by
from pages._ui.theme import THEMES
from warehouse.model import (
    Cell,
    CellState,
    City,
    District,
    Grain,
    Label,
    MetricQuery,
    Period,
    Polarity,
    Result,
    Row,
    Unit,
)

CARTESIAN = {"scatter", "bar", "heatmap", "box", "histogram", "pie", "contour"}
HIDDEN = Cell(state=CellState.SUPPRESSED)


PEOPLE = Label(zh="人数", en="People")


@dataclass(frozen=True)
class Measure:
    name: str = "m"
    label: Label = PEOPLE
    unit: Unit = Unit.PEOPLE
    polarity: Polarity = Polarity.UP


def style(theme: str = "light", language: str = "zh") -> Style:
    return Style(theme=THEMES[theme], language=language, label=lambda _dimension, code: code)


def result(rows: list[Row], grain: Grain | None = None, by: tuple[str, ...] = ()) -> Result:
    query = MetricQuery(metrics=("m",), grain=grain, by=by)
    return Result(query=query, rows=tuple(rows), as_of=None, data_version="1")


def months(*values: Cell | None, first: date = date(2026, 1, 1)) -> Series:
    """One point a month; None: the answer has no row for it. The last month is not over."""
    rows, start = [], first
    for i, cell in enumerate(values):
        end = Grain.MONTH.shift(start, 1)
        if cell is not None:
            unit = Period(start=start, end=end)
            rows.append(
                Row(members=(), cells=(cell,), period=unit, is_partial=i == len(values) - 1)
            )
        start = end
    return series(result(rows, Grain.MONTH), Measure(), style())


def members(*pairs: tuple[str, Cell], dimension: str = "scene") -> Series:
    rows = [Row(members=(code,), cells=(cell,)) for code, cell in pairs]
    return series(result(rows, by=(dimension,)), Measure(), style())


USUAL = months(Cell(value=100, base=90), Cell(value=200), HIDDEN, None, Cell(value=150, base=160))
EMPTY = months()
ONE = months(Cell(value=5))
ALL_HIDDEN = months(HIDDEN, HIDDEN)
SCENES = members(("a", Cell(value=10, base=8)), ("b", Cell(value=30)), ("c", HIDDEN))
CITY = City(
    label=Label(zh="城", en="City"),
    districts=tuple(
        District(
            code=code,
            label=Label(zh=code, en=code),
            population=1,
            outline=((x, 0.0), (x + 1, 0.0), (x + 1, 1.0), (x, 1.0), (x, 0.0)),
        )
        for code, x in (("a", 0.0), ("b", 1.0), ("c", 2.0), ("nowhere", 3.0))
    ),
)


def hours(*cells: tuple[str, str, Cell]) -> Result:
    rows = [Row(members=(day, hour), cells=(cell,)) for day, hour, cell in cells]
    return result(rows, by=("weekday", "hour"))


def _over_time(draw: Callable[[Series, Style], dict[str, Any]]) -> list[Any]:
    drawn = {"usual": USUAL, "empty": EMPTY, "one": ONE, "hidden": ALL_HIDDEN}
    return [(state, lambda s, v=value: draw(v, s)) for state, value in drawn.items()]


def _by_member(draw: Callable[[Series, Style], dict[str, Any]]) -> list[Any]:
    drawn = {
        "usual": SCENES,
        "empty": members(),
        "one": members(("a", Cell(value=0))),
        "hidden": members(("a", HIDDEN), ("b", HIDDEN)),
    }
    return [(state, lambda s, v=value: draw(v, s)) for state, value in drawn.items()]


DRAWINGS: dict[str, list[Any]] = {
    "bars": _over_time(lambda v, s: bars_with_target.draw(v, s, targets=(90, None, 120))),
    "lines": _over_time(lambda v, s: lines.draw((v, replace(v, label="b")), s, target=60)),
    "stacked": _over_time(lambda v, s: stacked.draw((v, v, v), v, s)),
    "shares": _over_time(lambda v, s: shares.draw([replace(v, label=str(i)) for i in range(8)], s)),
    "ranking": _by_member(ranking.draw),
    "funnel": _by_member(funnel.draw),
    "distribution": _by_member(distribution.draw),
    "map": _by_member(lambda v, s: district_map.draw(v, CITY, s)),
    "heatmap": [
        (
            "usual",
            lambda s: heatmap.draw(
                hours(("1", "0", Cell(value=4)), ("7", "23", HIDDEN)), Measure(), s
            ),
        ),
        ("empty", lambda s: heatmap.draw(hours(), Measure(), s)),
    ],
}
CASES = [
    pytest.param(draw, id=f"{name}-{state}")
    for name, cases in DRAWINGS.items()
    for state, draw in cases
]


@pytest.mark.parametrize("draw", CASES)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_drawing_when_in_any_state_then_plotly_takes_it(
    draw: Callable[[Style], dict[str, Any]], theme: str, language: str
) -> None:
    figure = draw(style(theme, language))
    go.Figure(figure)
    assert {trace["type"] for trace in figure["data"]} <= CARTESIAN
    layout = figure["layout"]
    assert layout["uirevision"] == "keep"
    assert layout["paper_bgcolor"] == "rgba(0,0,0,0)"
    assert layout["showlegend"] is False
    assert all(
        trace["constraintext"] == "none" for trace in figure["data"] if trace["type"] == "bar"
    )


@pytest.mark.parametrize("draw", CASES)
def test_drawing_when_axes_have_ticks_then_texts_are_ours_and_few(
    draw: Callable[[Style], dict[str, Any]],
) -> None:
    layout = draw(style())["layout"]
    for axis in (layout["xaxis"], layout["yaxis"]):
        if axis.get("visible", True):
            assert len(axis["tickvals"]) == len(axis["ticktext"])
            assert len(axis["tickvals"]) <= 13


def _values(figure: dict[str, Any], key: str) -> list[Any]:
    return [v for trace in figure["data"] if trace["type"] == "bar" for v in trace[key]]


def test_bars_when_hidden_or_missing_then_gap_and_mark_and_no_zero() -> None:
    figure = bars_with_target.draw(USUAL, style())
    assert _values(figure, "y") == [100, 200, None, None, 150]
    (signs,) = [t for t in figure["data"] if t.get("mode") == "text"]
    assert dict(zip(signs["x"], signs["text"], strict=True)) == {
        2: frame.SUPPRESSED_MARK,
        3: frame.MISSING_MARK,
    }
    assert "隐去" in signs["hovertemplate"][0]
    assert "没有数据" in signs["hovertemplate"][1]


def test_bars_when_the_last_unit_is_not_over_then_only_it_is_hatched() -> None:
    figure = bars_with_target.draw(USUAL, style())
    shapes = [
        s for t in figure["data"] if t["type"] == "bar" for s in t["marker"]["pattern"]["shape"]
    ]
    assert shapes == ["", "", "", "", "/"]


def test_bars_when_a_target_is_given_then_tip_and_tick_carry_it() -> None:
    figure = bars_with_target.draw(USUAL, style(), targets=(90, None, 120))
    ticks = next(t for t in figure["data"] if t.get("mode") == "lines")
    assert ticks["y"] == [90, 90, None, 120, 120, None]
    assert "目标 90 人" in figure["data"][0]["hovertemplate"][0]


def test_lines_when_the_last_unit_is_not_over_then_it_is_dotted_and_hollow() -> None:
    full = months(Cell(value=1), Cell(value=2), Cell(value=3))
    closed, opened = lines.draw([full], style())["data"]
    assert closed["y"] == [1, 2, None]
    assert opened["y"] == [2, 3]
    assert opened["line"]["dash"] == "dot"
    assert opened["marker"]["color"] == THEMES["light"].surface


def test_lines_when_values_are_hidden_then_the_line_breaks() -> None:
    closed = lines.draw([USUAL], style())["data"][0]
    assert closed["y"] == [100, 200, None, None, None]
    assert closed["connectgaps"] is False


def test_lines_when_one_stands_alone_then_only_its_value_is_written() -> None:
    alone = months(Cell(value=1), Cell(value=2))
    notes = lines.draw([alone], style())["layout"]["annotations"]
    assert [note["text"] for note in notes] == ["<b>2</b>"]
    notes = lines.draw([alone, replace(alone, label="b")], style())["layout"]["annotations"]
    assert [note["text"] for note in notes] == ["<b>人数 2</b>", "b 2"]


def test_lines_when_ends_are_close_then_labels_do_not_overlap() -> None:
    near = [replace(months(Cell(value=100 + i), Cell(value=100 + i)), label=str(i)) for i in (0, 1)]
    figure = lines.draw(near, style())
    heights = sorted(note["y"] for note in figure["layout"]["annotations"])
    top = figure["layout"]["yaxis"]["range"][1]
    assert heights[1] - heights[0] > 0.05 * top


@pytest.mark.parametrize("target", [None, 60.0, 100.0, 130.0])
def test_lines_when_a_target_stands_near_then_all_labels_stay_inside(target: float | None) -> None:
    near = [replace(months(Cell(value=99), Cell(value=100 + i)), label=str(i)) for i in range(3)]
    layout = lines.draw(near, style(), target=target)["layout"]
    low, high = layout["yaxis"]["range"]
    heights = [note["y"] for note in layout["annotations"]]
    assert len(heights) == 3 + (target is not None)
    assert all(low <= height <= high for height in heights)


def test_stacked_when_people_went_then_they_hang_below_zero() -> None:
    figure = stacked.draw([USUAL], USUAL, style())
    assert _values(figure, "y") == [100, 200, None, None, 150, -100, -200, None, None, -150]
    assert figure["layout"]["yaxis"]["range"][0] < -200


def test_shares_when_one_part_is_hidden_then_the_unit_shows_no_share() -> None:
    other = months(Cell(value=300), Cell(value=200), Cell(value=7), Cell(value=50), Cell(value=50))
    figure = shares.draw([USUAL, replace(other, label="b")], style())
    by_unit = list(zip(*(t["y"] for t in figure["data"] if t["type"] == "bar"), strict=True))
    assert by_unit[2] == (None, None)
    assert sum(by_unit[0]) == pytest.approx(1)
    assert sum(v for v in by_unit[3] if v is not None) == pytest.approx(1)


def test_shares_when_many_parts_then_the_rest_is_one() -> None:
    parts = [replace(months(Cell(value=10 * i)), label=str(i)) for i in range(1, 10)]
    traces = [t for t in shares.draw(parts, style())["data"] if t["type"] == "bar"]
    assert len(traces) == shares.MOST_PARTS
    assert traces[-1]["name"] == "其他"
    assert sum(t["y"][0] for t in traces) == pytest.approx(1)


def test_ranking_when_drawn_then_largest_first_and_hidden_last() -> None:
    figure = ranking.draw(SCENES, style())
    assert figure["layout"]["yaxis"]["ticktext"] == ["b", "a", "c"]
    assert figure["data"][0]["x"] == [30, 10, None]
    texts = [note["text"] for note in figure["layout"]["annotations"]]
    assert texts[:3] == ["30", "10", frame.SUPPRESSED_MARK]
    assert texts[4] == "▲25.0%"


@pytest.mark.parametrize(("polarity", "tone"), [(Polarity.UP, "good"), (Polarity.DOWN, "bad")])
def test_ranking_when_more_then_coloured_by_goodness(polarity: Polarity, tone: str) -> None:
    figure = ranking.draw(replace(SCENES, polarity=polarity), style())
    note = next(n for n in figure["layout"]["annotations"] if n["text"] == "▲25.0%")
    assert note["font"]["color"] == getattr(THEMES["light"], tone)


def test_funnel_when_a_step_is_missing_then_no_rate_is_made_up() -> None:
    steps = members(("applied", Cell(value=100)), ("approved", Cell(value=40)), ("signed", HIDDEN))
    texts = [n["text"] for n in funnel.draw(steps, style())["layout"]["annotations"]]
    assert texts == ["<b>100 人</b>", "<b>40 人</b>", f"<b>{frame.SUPPRESSED_MARK}</b>",
                     "逐级转化率", "转化 40.0%", "转化 —"]  # fmt: skip


def test_heatmap_when_an_hour_has_no_row_then_it_is_no_zero() -> None:
    figure = heatmap.draw(hours(("1", "0", Cell(value=4)), ("7", "23", HIDDEN)), Measure(), style())
    cells = figure["data"][0]
    assert cells["z"][0][0] == 4
    assert cells["z"][6][23] is None
    assert cells["z"][3][3] is None
    assert (figure["data"][1]["x"], figure["data"][1]["y"]) == ([23], [6])


def test_map_when_hidden_or_missing_then_each_has_its_own_pattern() -> None:
    areas = {t["name"]: t for t in district_map.draw(SCENES, CITY, style())["data"] if "name" in t}
    assert "fillpattern" not in areas["a"]
    assert areas["a"]["fillcolor"] != areas["b"]["fillcolor"]
    assert areas["c"]["fillpattern"]["shape"] == "/"
    assert areas["nowhere"]["fillpattern"]["shape"] == "."


def test_map_when_the_city_has_no_outlines_then_empty() -> None:
    bare = replace(CITY, districts=tuple(replace(d, outline=()) for d in CITY.districts))
    assert district_map.draw(SCENES, bare, style())["data"] == []


def test_series_when_units_lack_rows_then_they_are_missing() -> None:
    assert [p.cell.state for p in USUAL.points][2:4] == [CellState.SUPPRESSED, CellState.MISSING]
    assert USUAL.points[3].label == "2026年4月"


def test_series_by_when_members_start_apart_then_all_span_the_same_units() -> None:
    def row(code: str, month: int) -> Row:
        unit = Period(start=date(2026, month, 1), end=date(2026, month + 1, 1))
        return Row(members=(code,), cells=(Cell(value=month),), period=unit)

    answer = result([row("a", 1), row("b", 3)], Grain.MONTH, ("scene",))
    a, b = series_by(answer, Measure(), style(), "scene")
    assert a.values == (1, None, None)
    assert b.values == (None, None, 3)


def test_labels_when_members_carry_markup_then_it_is_escaped() -> None:
    figure = ranking.draw(members(("<b>x</b>", Cell(value=1)), ("y", Cell(value=2))), style())
    assert "<b>" not in figure["layout"]["yaxis"]["ticktext"][1]
    assert "&lt;b&gt;" in figure["data"][0]["hovertemplate"][1]


@pytest.mark.parametrize(
    ("levels", "placed"),
    [([1.0, 1.1], [1.0, 2.0]), ([9.0, 9.5], [9.0, 10.0]), ([5.0], [5.0]), ([], [])],
)
def test_spread_when_levels_are_close_then_moved_apart_inside(
    levels: list[float], placed: list[float]
) -> None:
    assert frame.spread(levels, 1.0, 0.0, 10.0) == pytest.approx(placed)


def test_point_when_suppressed_with_a_value_then_the_value_is_not_shown() -> None:
    assert Point(label="x", cell=Cell(value=7, state=CellState.SUPPRESSED)).value is None
