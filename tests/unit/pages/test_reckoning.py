"""What cards, charts, files and the catalogue say of days and of definitions that change."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pages._documents._report import make_sheet
from pages._figures import bars_with_target, lines
from pages._figures.values import series
from pages._panels import findings
from pages._panels.tiles import tile
from pages._ui import cards, entries, notes
from pages._ui.answered import Answered, answered
from pages._ui.filters import Filters
from pages._ui.panel import Drawing, Panel
from pages._ui.reckoning import holiday_words
from tests.unit.pages.test_documents import _asked
from warehouse import metrics
from warehouse.errors import QueryError
from warehouse.metrics.model import Count, Edition, Metric, Trait
from warehouse.model import (
    Cell,
    Compare,
    Days,
    EditionUse,
    Grain,
    Label,
    MetricQuery,
    Period,
    Result,
    Row,
)

FEBRUARY = Period(start=date(2026, 2, 1), end=date(2026, 3, 1))
JANUARY = Period(start=date(2026, 1, 1), end=date(2026, 2, 1))
NEW_DAY = date(2026, 2, 16)


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Metric]:
    """A catalogue in which `usage.events` counts only completed events from a day on."""
    plain = metrics.CATALOGUE["usage.events"]
    old = Edition(
        since=date(2024, 1, 1),
        sentence=plain.sentence,
        formula=plain.formula,
        measure=Count(),
        owner=plain.owner,
    )
    found = replace(
        plain,
        measure=Count(test=Trait.COMPLETED),
        formula="count(completed events)",
        since=NEW_DAY,
        earlier=(old,),
        change=Label(zh="只计办结的事件", en="Only completed events count"),
    )
    catalogue = MappingProxyType({**metrics.CATALOGUE, found.name: found})
    monkeypatch.setattr(metrics, "CATALOGUE", catalogue)
    monkeypatch.setattr(entries, "CATALOGUE", catalogue)
    yield found


def _filters(**more: Any) -> Filters:
    return Filters(period=FEBRUARY, preset="custom", day=date(2026, 3, 20), **more)


def _drawing(result: Result, filters: Filters) -> Drawing:
    return Drawing(
        results=(result, result),
        filters=filters,
        now=datetime(2026, 3, 20, tzinfo=UTC),
        zone=ZoneInfo("Asia/Shanghai"),
    )


def _result(cell: Cell, days: Days | None = None, **query: Any) -> Result:
    asked = {"metrics": ("usage.events",), "period": FEBRUARY, **query}
    return Result(
        query=MetricQuery(**asked),
        rows=(Row(members=(), cells=(cell,), days=days),),
        as_of=datetime(2026, 3, 1, tzinfo=UTC),
        data_version="service_event:1",
    )


PANEL = tile("events", "服务次数", "usage.events")


def _tile(result: Result, **filters: Any) -> Answered:
    return answered(PANEL, _drawing(result, _filters(**filters)))


def _says(component: Any) -> str:
    if isinstance(component, list | tuple):
        return " ".join(_says(part) for part in component)
    inner = getattr(component, "children", component)
    return _says(inner) if inner is not component else str(component or "")


# --- the address ------------------------------------------------------------------------------


def test_address_when_lunar_and_per_workday_then_read_and_written_back() -> None:
    search = "?compare=lunar&per=workday"
    found = Filters.from_search(search, None, date(2026, 3, 20))
    assert (found.compare, found.per_workday) == (Compare.LUNAR, True)
    assert found.to_search() == search


def test_address_when_per_is_nothing_known_then_a_sentence() -> None:
    with pytest.raises(QueryError, match="per=month"):
        Filters.from_search("?per=month", None, date(2026, 3, 20))


def test_question_when_per_workday_then_only_of_numbers_that_add_up() -> None:
    filters = _filters(per_workday=True)
    assert [query.per_workday for query in PANEL.questions(filters)] == [True, False]
    people = tile("people", "使用人数", "usage.people")
    assert not any(query.per_workday for query in people.questions(filters))


# --- cards ------------------------------------------------------------------------------------


def test_tile_when_per_workday_then_its_unit_says_so() -> None:
    days = Days(own=FEBRUARY, own_work=16)
    result = _result(Cell(value=12.5), days, per_workday=True)
    said = _says(cards.tile(_tile(result, per_workday=True)))
    assert "/工作日" in said
    chart = Answered(panel=PANEL, drawing=_drawing(result, _filters(per_workday=True)))
    assert "16 个工作日" in notes.note(chart)


def test_note_when_a_card_cannot_go_by_working_days_then_says_so() -> None:
    chart = Answered(
        panel=PANEL, drawing=_drawing(_result(Cell(value=1)), _filters(per_workday=True))
    )
    assert "不按工作日均" in notes.note(chart)


@pytest.mark.parametrize(
    ("own", "base", "words"),
    [
        (FEBRUARY, JANUARY, "含春节假期 9 天，基期含元旦假期 3 天"),
        (Period(start=date(2026, 3, 1), end=date(2026, 4, 1)), FEBRUARY, "基期含春节假期 9 天"),
        (FEBRUARY, FEBRUARY, ""),
    ],
)
def test_holiday_words_when_days_differ_then_named(own: Period, base: Period, words: str) -> None:
    result = _result(Cell(value=2, base=1), Days(own=own, base=base), compare=Compare.PREVIOUS)
    assert holiday_words(result) == words
    said = _says(cards.tile(_tile(result)))
    assert words in said


def test_tile_when_compared_by_the_lunar_calendar_then_says_so() -> None:
    result = _result(Cell(value=2, base=1), compare=Compare.LUNAR)
    assert "农历同比" in _says(cards.tile(_tile(result, compare=Compare.LUNAR)))


def test_tile_when_the_definition_changed_then_marked_and_neither_good_nor_bad() -> None:
    result = _result(Cell(value=2, base=1, is_broken=True), compare=Compare.PREVIOUS)
    one = _tile(result)
    assert "口径已变更" in [chip.text for chip in notes.marks(one)]
    assert getattr(one.face, "tone", "") == "quiet"
    plain = _tile(_result(Cell(value=2, base=1), compare=Compare.PREVIOUS))
    assert getattr(plain.face, "tone", "") == "good"
    assert notes.marks(plain) == ()


# --- charts -----------------------------------------------------------------------------------


def _days_of(period: Period, metric: Metric, *, with_break: bool) -> Result:
    units = period.units(Grain.DAY)
    cut = Period(start=period.start, end=NEW_DAY), Period(start=NEW_DAY, end=period.end)
    parts = cut if with_break else (period,)
    return Result(
        query=MetricQuery(metrics=(metric.name,), period=period, grain=Grain.DAY),
        rows=tuple(
            Row(members=(), cells=(Cell(value=i + 1),), period=unit) for i, unit in enumerate(units)
        ),
        as_of=None,
        data_version="1",
        editions=tuple(
            EditionUse(metric=metric.name, number=i + 1, since=part.start, period=part)
            for i, part in enumerate(parts)
        ),
    )


def test_chart_when_the_definition_changed_then_a_line_named_by_its_edition(
    changed: Metric,
) -> None:
    result = _days_of(FEBRUARY, changed, with_break=True)
    one = series(result, changed, _drawing(result, _filters()).style)
    for draw in (lambda: lines.draw([one], STYLE), lambda: bars_with_target.draw(one, STYLE)):
        layout = draw()["layout"]
        vertical = [s for s in layout["shapes"] if s["type"] == "line"]
        assert [(s["x0"], s["x1"]) for s in vertical] == [(14.5, 14.5)]
        assert [n["text"] for n in layout["annotations"] if n["text"] == "v2"] == ["v2"]
    assert len(findings.of_one_edition(one).points) == 13


def test_chart_when_by_day_then_holidays_and_made_up_days_are_marked() -> None:
    metric = metrics.find("usage.events")
    result = _days_of(FEBRUARY, metric, with_break=False)
    one = series(result, metric, _drawing(result, _filters()).style)
    figure = lines.draw([one], STYLE)
    marks = [(s["x0"], s["x1"]) for s in figure["layout"]["shapes"] if s["type"] == "rect"]
    # off 15 to 23 February, worked on Saturdays 14 and 28
    assert marks == [(12.6, 13.4), (13.6, 22.4), (26.6, 27.4)]
    tips = figure["data"][0]["hovertemplate"]
    assert "春节假期" in tips[16] and "春节调休上班" in tips[13] and "春节" not in tips[5]


STYLE = _drawing(_result(Cell(value=1)), _filters()).style


# --- files and the catalogue ------------------------------------------------------------------


def test_file_when_two_editions_count_then_both_are_cited(changed: Metric) -> None:
    result = _days_of(FEBRUARY, changed, with_break=True)
    asked = replace(_asked(), metrics={changed.name: changed})
    about = dict(make_sheet("走势", result, asked).about)
    assert about["公式: 服务次数 v1"] == "count(events)"
    assert about["公式: 服务次数 v2"] == "count(completed events)"
    assert about["口径版本: 服务次数 v2"] == ("v2; 生效 2026-02-16; 适用 2026-02-16 – 2026-02-28")


def test_file_when_base_is_of_another_edition_then_the_row_says_so() -> None:
    result = _result(Cell(value=2, base=1, is_broken=True), compare=Compare.LUNAR)
    sheet = make_sheet("走势", result, _asked())
    assert sheet.rows[0][-1] == "与基期口径不同"
    assert dict(sheet.about)["比较"] == "农历同比（与上年春节等距的日期）"


def test_file_when_per_workday_then_says_of_how_many_days() -> None:
    days = Days(own=FEBRUARY, base=JANUARY, own_work=16, base_work=21)
    result = _result(Cell(value=2.5), days, per_workday=True)
    sheet = make_sheet("走势", result, _asked())
    assert dict(sheet.about)["按工作日均"].endswith(": 16 (基期值: 21)")
    assert sheet.columns[0].title == "服务次数 (次 / 工作日)"


def test_catalogue_when_a_definition_changed_then_lists_editions_and_what_changed(
    changed: Metric,
) -> None:
    (entry,) = entries.entries("usage.events")
    said = _says(entry)
    assert "v2" in said and "2026-02-16 起" in said and "只计办结的事件" in said
    assert "v1" in said and "2024-01-01 起" in said and "count(events)" in said


def test_panel_when_drawn_then_questions_are_those_of_the_bar() -> None:
    panel: Panel = PANEL
    assert panel.questions(_filters(compare=Compare.LUNAR))[0].compare is Compare.LUNAR
