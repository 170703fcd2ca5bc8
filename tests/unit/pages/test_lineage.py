"""The lineage: made of what is declared, complete, and readable as a picture and a table."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from pages._figures import lineage
from pages._figures.lineage import Graph, Node
from pages._figures.values import Style
from pages._panels.lineage import graph_of, picture
from pages._ui.book import PAGES
from pages._ui.filters import Filters
from pages._ui.panel import Drawing
from pages._ui.theme import DARK, LIGHT, Theme
from tests.pages.town import NOW
from warehouse.lineage import table_of
from warehouse.metrics import CATALOGUE, find
from warehouse.model import Label, Period, Role, SourceStatus


def _drawing(role: Role = Role.OPERATOR, late: str = "") -> Drawing:
    sources = tuple(
        SourceStatus(
            name=f"{dataset} office",
            label=Label(zh=f"{dataset} 局", en=dataset),
            dataset=dataset,
            promise_seconds=3600,
            watermark=NOW - timedelta(hours=9 if dataset == late else 0),
            last_run_state="done",
        )
        for dataset in ("service_event", "loan_event", "rating_event", "service_volume")
    )
    return Drawing(
        results=(),
        filters=Filters(period=Period(start=date(2026, 3, 1), end=date(2026, 4, 1))),
        now=NOW,
        zone=ZoneInfo("Asia/Shanghai"),
        sources=sources,
        role=role,
    )


def test_graph_when_made_then_holds_every_metric_and_source_and_joins_only_what_is_there() -> None:
    drawing = _drawing()
    graph = graph_of(drawing)
    ids = {node.id for node in graph.nodes}
    assert {f"m:{name}" for name in CATALOGUE} <= ids
    assert {f"s:{source.name}" for source in drawing.sources} <= ids
    assert {name for joint in graph.joints for name in joint} <= ids
    layers = {node.id: node.layer for node in graph.nodes}
    assert all(layers[b] == layers[a] + 1 for a, b in graph.joints)


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.ANALYST, Role.ADMIN])
def test_graph_when_made_for_a_role_then_names_only_pages_it_may_open(role: Role) -> None:
    shown = {node.id for node in graph_of(_drawing(role)).layer(4)}
    assert shown
    assert shown <= {f"p:{page.name}" for page in PAGES if role in page.roles}


def test_graph_when_a_source_is_late_then_all_that_follows_is_said_and_nothing_else() -> None:
    chart = picture(_drawing(late="rating_event"))
    assert chart is not None
    quality = sum(metric.dataset == "rating_event" for metric in CATALOGUE.values())
    assert chart.finding == f"rating_event 局异常，影响 {quality} 个指标"


def test_graph_when_all_is_well_then_the_finding_counts() -> None:
    chart = picture(_drawing())
    assert chart is not None
    assert chart.finding.startswith(f"5 个数据源汇成 {len(CATALOGUE)} 个指标")


def test_table_behind_when_read_then_has_a_row_for_each_metric() -> None:
    chart = picture(_drawing())
    assert chart is not None and chart.behind is not None
    assert len(chart.behind.rows) == len(CATALOGUE)


@pytest.mark.parametrize(
    ("metric", "dims", "table"),
    [
        ("usage.events", (), "usage_day"),
        ("usage.events", ("device",), "fact"),
        ("usage.people", ("district",), "person_day"),
        ("growth.mau", (), "person_day"),
        ("growth.mau", ("audience",), "fact"),
        ("loans.amount", ("product",), "application"),
        ("quality.ratings", (), "fact"),
    ],
)
def test_metric_when_asked_over_dimensions_then_reads_this_table(
    metric: str, dims: tuple[str, ...], table: str
) -> None:
    assert table_of(find(metric), dims) == table


GRAPH = Graph(
    heads=("a", "b"),
    nodes=(
        Node(id="1", layer=0, label="one", is_marked=True),
        Node(id="2", layer=0, label="two"),
        Node(id="x", layer=1, label="<x>"),
        Node(id="y", layer=1, label="y"),
        Node(id="z", layer=1, label="z"),
    ),
    joints=(("1", "x"), ("2", "y"), ("2", "z")),
)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_figure_when_drawn_then_shapes_are_joints_then_boxes_and_none_overlap(theme: Theme) -> None:
    figure = lineage.draw(GRAPH, Style(theme=theme, language="zh", label=lambda _d, code: code))
    shapes, joints = figure["layout"]["shapes"], figure["layout"]["meta"]["joints"]
    assert joints == [[0, 2], [1, 3], [1, 4]]
    assert [shape["type"] for shape in shapes] == ["path"] * 3 + ["rect"] * 5
    boxes = sorted((box["x0"], box["y0"], box["y1"]) for box in shapes[3:])
    for (x, _top, bottom), (other, top, _bottom) in pairwise(boxes):
        assert other > x or top >= bottom
    marked = [shape["line"]["color"] == theme.warn for shape in shapes]
    assert marked == [True, False, False, True, False, True, False, False]


def test_figure_when_a_name_holds_markup_then_it_is_text() -> None:
    figure = lineage.draw(GRAPH, Style(theme=LIGHT, language="zh", label=lambda _d, code: code))
    assert "<x>" not in str(figure["data"])


def test_figure_when_there_is_nothing_then_says_so() -> None:
    bare = Graph(heads=("a",), nodes=(), joints=())
    figure = lineage.draw(bare, Style(theme=LIGHT, language="en", label=lambda _d, code: code))
    assert figure["data"] == []
