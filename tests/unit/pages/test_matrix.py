"""Rows by columns: hidden, missing, running and plain cells look different and say why."""

from pages._figures import matrix
from pages._figures.matrix import Grid
from pages._figures.values import Point, Style
from pages._ui.theme import DARK, LIGHT, contrast
from warehouse.model import Cell, CellState, Unit

STYLE = Style(theme=LIGHT, language="zh", label=lambda _dimension, code: code)


def _point(value: float | None, state: CellState = CellState.VALUE, **more: bool) -> Point:
    return Point(label="9月", cell=Cell(value=value, state=state), **more)


GRID = Grid(
    rows=("8月", "9月"),
    columns=("1", "2"),
    points=(
        (_point(0.58), _point(0.4, is_partial=True)),
        (_point(None, CellState.SUPPRESSED), None),
    ),
    unit=Unit.SHARE,
    heads="月",
)


def test_cells_when_drawn_then_have_their_figure_or_a_quiet_mark() -> None:
    figure = matrix.draw(GRID, STYLE)
    hues, texts = figure["data"]
    assert hues["z"] == [[0.58, 0.4], [None, None]]
    assert texts["text"] == ["58", "40", "·"]
    assert "隐去" in texts["hovertemplate"][2] and "本期未结束" in texts["hovertemplate"][1]


def test_cell_when_its_unit_is_not_over_then_framed() -> None:
    (shape,) = matrix.draw(GRID, STYLE)["layout"]["shapes"]
    assert shape["line"]["dash"] == "dot" and (shape["x0"] + shape["x1"]) / 2 == 1


def test_figures_when_in_cells_of_any_depth_then_can_be_read() -> None:
    for theme in (LIGHT, DARK):
        for depth in range(101):
            grid = Grid(
                rows=("a",), columns=("b",), points=((_point(depth / 100),),), unit=Unit.SHARE
            )
            style = Style(theme=theme, language="zh", label=lambda _dimension, code: code)
            figure = matrix.draw(grid, style, most=1.0)
            ink = figure["data"][1]["textfont"]["color"][0]
            assert contrast(ink, theme.step(depth / 100)) >= 4.5


def test_matrix_when_empty_then_says_so() -> None:
    empty = Grid(rows=(), columns=(), points=(), unit=Unit.SHARE)
    assert matrix.draw(empty, STYLE)["data"] == []
