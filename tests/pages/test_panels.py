"""Every panel of every page, asked and drawn on real answers."""

import json

import pytest

from pages._ui.answered import answered
from pages._ui.book import PAGES
from pages._ui.cards import foot, head, table, tile
from pages._ui.panel import Chart, Panel, Sheet, Tile
from pages._ui.theme import DARK, LIGHT
from tests.pages.conftest import Ask

CARTESIAN = {"bar", "scatter", "heatmap", "box", "histogram", "pie", "contour"}
"""What the bundle that is shipped can draw."""

PANELS = [(page.name, panel) for page in PAGES for panel in page.panels]
IDS = [f"{name}-{panel.id}" for name, panel in PANELS]
YEAR = "?period=last_12_months"
"""Months are large enough for every cell to be shown."""
FACES = {"tile": Tile, "chart": Chart, "table": Sheet}


@pytest.mark.parametrize(("page", "panel"), PANELS, ids=IDS)
def test_panel_when_asked_then_shows_a_face_of_its_kind(
    page: str, panel: Panel, drawing_of: Ask
) -> None:
    one = answered(panel, drawing_of(panel, YEAR))
    assert one.blank is None
    assert isinstance(one.face, FACES[panel.kind])


@pytest.mark.parametrize(("page", "panel"), PANELS, ids=IDS)
def test_panel_when_filtered_by_everything_then_still_answers(
    page: str, panel: Panel, drawing_of: Ask
) -> None:
    search = "?from=2026-02-01&to=2026-03-10&compare=year&grain=week"
    search += "&district=east&scene=fund&channel=web,bank"
    one = answered(panel, drawing_of(panel, search))
    assert (one.face is None) is not (one.blank is None)


@pytest.mark.parametrize(
    ("page", "panel"),
    [p for p in PANELS if p[1].kind == "chart"],
    ids=[i for i, p in zip(IDS, PANELS, strict=True) if p[1].kind == "chart"],
)
def test_chart_when_drawn_then_holds_cartesian_traces_in_the_theme(
    page: str, panel: Panel, drawing_of: Ask
) -> None:
    for name, other in (("light", DARK), ("dark", LIGHT)):
        face = answered(panel, drawing_of(panel, YEAR, theme=name)).face
        assert isinstance(face, Chart)
        assert {trace.get("type", "scatter") for trace in face.figure["data"]} <= CARTESIAN
        assert other.text not in json.dumps(face.figure)


@pytest.mark.parametrize(("page", "panel"), PANELS, ids=IDS)
def test_panel_when_filled_then_says_as_of_when_and_offers_its_files(
    page: str, panel: Panel, drawing_of: Ask
) -> None:
    one = answered(panel, drawing_of(panel, "?district=east"))
    if panel.kind == "tile":
        assert tile(one)
        return
    around = str(head(one)) + str(foot(one, page)) + str(table(one))
    assert "数据截至" in around
    assert f"/export/{page}/{panel.id}.csv?district=east" in around
    assert f"/export/{page}/{panel.id}.xlsx?district=east" in around


def test_data_table_when_the_chart_is_compared_then_shows_value_base_and_change(
    drawing_of: Ask,
) -> None:
    panel = next(p for name, p in PANELS if name == "overview" and p.id == "scenes")
    text = str(table(answered(panel, drawing_of(panel, "?period=last_7_days"))))
    assert "公积金" in text
    assert "对比值" in text
    assert "环比" in text


def test_question_when_the_metric_has_no_such_dimension_then_says_it_is_not_filtered(
    drawing_of: Ask,
) -> None:
    panel = next(p for name, p in PANELS if name == "loans" and p.id == "funnel")
    text = str(head(answered(panel, drawing_of(panel, "?scene=fund"))))
    assert "不受服务场景筛选影响" in text
