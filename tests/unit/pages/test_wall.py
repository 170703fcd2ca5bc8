"""The wall's scenes as values: askable, complete, laid out, and worded from the numbers."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dash import Dash, dcc, html
from dash.development.base_component import Component

from pages._figures.values import Point, Series, Style
from pages._ui.text import speaking
from pages._ui.theme import DARK
from pages._wall import SCENES, findings, pipeline, scene_of
from pages._wall.model import Answers, Card, Number, Numbers, Table, last, whole
from pages._wall.render import message, numbers, section, table, ticker
from warehouse.metrics import CATALOGUE
from warehouse.model import Cell, CellState, City, Grain, Label, Polarity, SourceStatus, Unit

ROOT = Path(__file__).parents[3]
STYLES = (ROOT / "assets" / "wall.css").read_text()
DAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
CARDS = [pytest.param(card, id=card.id) for scene in SCENES for card in scene.cards]


def answers(*sources: SourceStatus, language: str = "zh") -> Answers:
    return Answers(
        results=(),
        style=Style(theme=DARK, language=language, label=lambda _dimension, code: code),
        city=City(label=Label(zh="示例市", en="Example City")),
        sources=sources,
        now=NOW,
        zone=ZoneInfo("Asia/Shanghai"),
    )


def source(name: str, lag: timedelta | None, *, state: str = "done") -> SourceStatus:
    return SourceStatus(
        name=name,
        label=Label(zh=name, en=name),
        dataset="service_event",
        promise_seconds=900,
        watermark=None if lag is None else NOW - lag,
        last_run_state=state,
        rows_loaded=1_234,
    )


def values(*numbers: float | None, unit: Unit = Unit.PEOPLE, grain: Grain | None = None) -> Series:
    cells = [Cell(value=n) if n is not None else Cell(state=CellState.MISSING) for n in numbers]
    points = tuple(Point(label=f"p{i}", cell=cell) for i, cell in enumerate(cells))
    return Series(label="人数", unit=unit, polarity=Polarity.UP, points=points, grain=grain)


def parts_of(component: Any) -> Iterator[Component]:
    if isinstance(component, list | tuple):
        for child in component:
            yield from parts_of(child)
    elif isinstance(component, Component):
        yield component
        yield from parts_of(getattr(component, "children", None))


def property_of(component: Component, name: str) -> Any:
    return getattr(component, name)


def text_of(component: Any) -> str:
    if isinstance(component, str):
        return component
    if isinstance(component, list | tuple):
        return " ".join(text_of(child) for child in component)
    return text_of(getattr(component, "children", None) or "")


def test_scenes_when_counted_then_at_least_the_four_promised() -> None:
    assert [scene.label.zh for scene in SCENES][:4] == [
        "总体态势",
        "用户增长",
        "普惠贷款",
        "服务质量",
    ]
    ids = [card.id for scene in SCENES for card in scene.cards]
    assert len(ids) == len(set(ids))
    assert scene_of("city") is SCENES[0]
    assert scene_of("elsewhere") is None


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("day", [DAY, date(2026, 1, 1), date(2024, 2, 29)])
def test_card_when_asked_on_any_day_then_questions_stand_in_the_catalogue(
    card: Card, day: date
) -> None:
    for query in card.asks(day):
        for name in query.metrics:
            metric = CATALOGUE[name]
            assert set(query.by) <= set(metric.dimensions)
            assert query.grain is None or query.grain in metric.grains


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_scene_when_laid_out_then_every_card_has_its_place_in_both_formats(scene: Any) -> None:
    blocks = re.findall(rf"\.wall-{scene.arrangement} \{{(.*?)\n\s*\}}", STYLES, re.S)
    assert len(blocks) == 2
    for block in blocks:
        areas = set(re.findall(r"\b[a-z]\b", " ".join(re.findall(r'"([a-z ]+)"', block))))
        assert {card.area for card in scene.cards} == areas
    with speaking("zh"):
        laid_out = section(scene, "zh", is_first=True)
    graphs = [p for p in parts_of(laid_out) if isinstance(p, dcc.Graph)]
    assert len(graphs) == sum(card.kind == "figure" for card in scene.cards)
    for graph in graphs:
        assert property_of(graph, "config")["showSendToCloud"] is False
        assert property_of(graph, "config")["plotlyServerURL"] == ""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_when_laid_out_without_a_request_then_whole_and_in_its_language(
    language: str,
) -> None:
    Dash("wall", use_pages=True, pages_folder="")
    from pages import wall

    with speaking(language):
        page = wall.layout()
    tabs = [p for p in parts_of(page) if getattr(p, "className", "") == "wall-tab"]
    assert [tab.children for tab in tabs] == [scene.label.text(language) for scene in SCENES]
    assert property_of(page, "data-theme") == "dark"


def test_last_when_months_are_asked_then_the_running_one_is_included() -> None:
    period = last(DAY, Grain.MONTH, 12)
    assert (period.start, period.end) == (date(2025, 12, 1), date(2026, 12, 1))


def test_whole_when_days_are_asked_then_today_is_not_included() -> None:
    (query,) = whole(Grain.DAY, 7, "growth.dau")(DAY)
    assert query.period is not None
    assert (query.period.start, query.period.end) == (date(2026, 11, 16), DAY)


def test_sources_when_late_failed_or_new_then_first_and_named() -> None:
    board = pipeline.SCENE.cards[1].draw(
        answers(
            source("good", timedelta(minutes=5)),
            source("late", timedelta(hours=2)),
            source("new", None),
            source("broken", timedelta(minutes=1), state="failed"),
        )
    )
    assert isinstance(board, Table)
    assert (board.rows[0][0], board.rows[-1][0]) == ("broken", "good")
    assert board.tones == {0: "bad", 1: "warn", 2: "warn"}
    assert board.finding == "3 个数据源需要关注"
    assert "1,234" in board.rows[0]


def test_sources_when_all_are_on_time_then_it_says_so() -> None:
    board = pipeline.SCENE.cards[1].draw(answers(source("good", timedelta(minutes=5))))
    assert isinstance(board, Table)
    assert (board.finding, board.tones) == ("全部数据源按时", {})


@pytest.mark.parametrize("card", pipeline.SCENE.cards, ids=lambda card: card.id)
def test_pipeline_card_when_no_source_is_declared_then_nothing_to_show(card: Card) -> None:
    assert card.draw(answers()) is None


def test_kept_when_a_promise_was_broken_then_the_days_are_counted() -> None:
    seconds = values(50, 61, None, 70, 60, unit=Unit.SECONDS)
    assert findings.kept(seconds, 60, "P95", answers()) == "近 4 日 P95 有 2 日超过 60 秒"
    fine = values(50, 60, unit=Unit.SECONDS)
    assert findings.kept(fine, 60, "P95", answers()) == "近 2 日 P95 均在 60 秒内"


def test_moved_when_days_then_against_the_same_weekday() -> None:
    days = values(100, 1, 1, 1, 1, 1, 1, 110, grain=Grain.DAY)
    assert findings.moved(days, answers()) == "人数 110\u00a0人，较上周同日 +10.0%"


def test_findings_when_nothing_is_known_then_nothing_is_said() -> None:
    unknown = values(None, None)
    for said in (
        findings.moved(unknown, answers()),
        findings.most(unknown, answers()),
        findings.range_of(unknown, answers()),
        findings.share_of_most(unknown, answers()),
        findings.converted(unknown, answers()),
        findings.kept(unknown, 60, "P95", answers()),
        findings.balance([unknown], unknown, answers()),
        findings.peak(list(unknown.points), answers()),
    ):
        assert said == ""


def test_findings_when_known_then_they_name_the_right_members() -> None:
    shown = values(3, 9, 5)
    assert findings.most(shown, answers()) == "p1居首，9\u00a0人"
    assert findings.share_of_most(values(3, 1), answers()) == "p0占 75.0%"
    assert findings.share_of_most(values(3, None), answers()) == ""
    assert findings.range_of(shown, answers()) == "p1最高 9\u00a0人，p0最低 3\u00a0人"
    assert findings.converted(values(200, 50), answers()) == "p0到p1转化 25.0%"
    assert findings.balance([values(5), values(4)], values(12), answers()) == (
        "上月活跃人数净变化 −3\u00a0人"
    )
    assert findings.against_goal(values(50), values(200), answers()).endswith("为目标的 25.0%")


def test_numbers_when_drawn_then_the_first_is_large_and_all_stand() -> None:
    lines = tuple(
        Number(label=f"l{i}", value=str(i), unit="人", change="▲1%", tone="good") for i in range(3)
    )
    drawn = numbers(Numbers(lines=lines))
    assert text_of(drawn[0]).startswith("l0")
    assert [text_of(line).split()[0] for line in drawn[1].children] == ["l1", "l2"]


def test_table_when_a_row_has_a_tone_then_its_class_says_so() -> None:
    drawn = table(Table(head=("a",), rows=(("x",), ("y",)), tones={1: "bad"}))
    rows = [p for p in parts_of(drawn) if isinstance(p, html.Tr)][1:]
    assert [property_of(row, "className") for row in rows] == ["wall-row-quiet", "wall-row-bad"]


@pytest.mark.parametrize("reason", ["empty", "failed", "forbidden"])
def test_message_when_a_card_is_empty_then_the_reason_is_worded(reason: str) -> None:
    with speaking("zh"):
        said = {r: text_of(message(r)) for r in ("empty", "failed", "forbidden")}
    assert len(set(said.values())) == 3
    assert said[reason]


def test_ticker_when_findings_then_each_stands_with_the_note() -> None:
    with speaking("zh"):
        assert text_of(ticker(["a", "b"], "边界为示意")).split() == ["要点", "a", "b", "边界为示意"]


def test_script_when_read_then_the_wall_never_reloads_before_the_server_is_well() -> None:
    script = (ROOT / "assets" / "wall.js").read_text()
    before, _, after = script.partition("window.location.reload()")
    assert 'fetch("/healthz"' in before[-300:]
    assert "location.reload" not in after
