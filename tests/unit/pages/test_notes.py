"""What stands beside the numbers of a card: subject, what is left out, lateness, as-of."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pages._panels.drawings import funnel
from pages._ui.answered import Answered, answered
from pages._ui.cards import foot
from pages._ui.filling import Filled
from pages._ui.filters import Filters
from pages._ui.notes import against, as_of, is_mostly_late, marks, note
from pages._ui.panel import Chart, Drawing, Panel, Tile
from pages._ui.questions import ask, trace
from warehouse.model import Cell, Grain, Label, MetricQuery, Period, Result, Row, SourceStatus

NOW = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
MARCH = Filters(period=Period(start=date(2026, 3, 1), end=date(2026, 4, 1)), day=date(2026, 3, 20))
BARE = Chart(figure={}, finding="社保居首", note="万次", is_bare=True)


def _source(name: str, dataset: str = "service_event", **changes: Any) -> SourceStatus:
    source = SourceStatus(
        name=name,
        label=Label(zh=name, en=name),
        dataset=dataset,
        promise_seconds=60,
        watermark=NOW,
    )
    return replace(source, **changes)


def _panel(**changes: Any) -> Panel:
    panel = Panel(
        id="scenes",
        kind="chart",
        title="服务场景排行",
        query=lambda f: ask(f, "usage.events", by=("scene",)),
        draw=lambda _drawing: BARE,
    )
    return replace(panel, **changes)


def _drawing(query: MetricQuery, *rows: Row, **changes: Any) -> Drawing:
    result = Result(query=query, rows=rows, as_of=NOW, data_version="v")
    of_drawing = {k: changes.pop(k) for k in ("sources", "now") if k in changes}
    return Drawing(
        results=(replace(result, **changes),),
        filters=MARCH,
        now=of_drawing.get("now", NOW),
        zone=ZoneInfo("Asia/Shanghai"),
        sources=of_drawing.get("sources", ()),
    )


def _scenes(**changes: Any) -> Answered:
    query = ask(MARCH, "usage.events", by=("scene",))
    row = Row(members=("a",), cells=(Cell(value=1),))
    return answered(_panel(), _drawing(query, row, **changes))


def test_note_when_the_finding_names_a_member_only_then_the_subject_stands_beside_it() -> None:
    assert note(_scenes()) == "服务场景排行 · 万次 · 2026年3月"


@pytest.mark.parametrize(
    ("grain", "said"),
    [(Grain.DAY, "3/20 未完结不计入"), (Grain.WEEK, "3/16 起一周 未完结不计入")],
)
def test_note_when_a_line_leaves_out_the_running_unit_then_says_which(
    grain: Grain, said: str
) -> None:
    filters = replace(MARCH, grain=grain)
    row = Row(members=(), cells=(Cell(value=1),), period=MARCH.period)
    drawing = replace(_drawing(trace(filters, "usage.events"), row), filters=filters)
    assert said in note(answered(_panel(), drawing))


def test_lateness_when_one_source_of_many_then_a_dot_and_a_name_but_no_mark() -> None:
    late = _source("公积金")
    one = _scenes(stale=(late,), sources=(late, _source("社保"), _source("税务")))
    assert not is_mostly_late(one)
    assert marks(one) == ()
    text = str(foot(one, "overview"))
    assert "dot-late" in text and "公积金延迟" in text


def test_lateness_when_most_of_its_sources_then_the_card_is_marked() -> None:
    late = _source("公积金")
    others = (_source("贷款", "loan_event"), _source("评价", "rating_event"))
    one = _scenes(stale=(late,), sources=(late, *others))
    assert [chip.text for chip in marks(one)] == ["延迟"]


def test_as_of_when_counted_by_day_then_has_no_hour() -> None:
    assert as_of(_scenes(as_of=datetime(2026, 3, 18, 16, 0, tzinfo=UTC))) == "数据截至 03-19"


def test_as_of_when_about_runs_then_is_that_of_the_last_run() -> None:
    query = ask(MARCH, "pipeline.loaded", by=("source",))
    row = Row(members=("a",), cells=(Cell(value=1),))
    ran = _source("a", last_run_at=datetime(2026, 3, 20, 3, 30, tzinfo=UTC))
    old = datetime(2026, 3, 18, 16, 0, tzinfo=UTC)
    drawing = _drawing(query, row, as_of=old, sources=(ran,))
    assert as_of(answered(_panel(), drawing)) == "数据截至 11:30"


def test_against_when_the_unit_runs_then_is_the_same_span() -> None:
    query = ask(MARCH, "usage.events", compare=True)
    whole, part = (Row(members=(), cells=(Cell(value=1),), is_partial=p) for p in (False, True))
    assert against(_drawing(query, whole)) == "环比"
    assert against(_drawing(query, part)) == "环比同期"


def _page(*answers: Answered) -> Filled:
    by_panel = {f"p{n}": one for n, one in enumerate(answers)}
    return Filled(page="overview", address="", answers=by_panel, known={})


def test_page_when_told_then_at_most_three_findings_of_tiles_and_charts_in_turn() -> None:
    row = Row(members=(), cells=(Cell(value=1),))
    drawing = _drawing(ask(MARCH, "usage.events"), row)
    tiles = [
        answered(_panel(kind="tile", draw=lambda _d, n=n: Tile(value="1", finding=n)), drawing)
        for n in ("一", "二")
    ]
    told = _page(*tiles, replace(_scenes(), panel=_panel(is_news=True)), _scenes())
    assert told.insight() == ("一", "服务场景排行：社保居首", "二")


def test_page_when_machines_report_by_day_then_the_header_follows_the_others() -> None:
    query = ask(MARCH, "usage.volume", by=("scene",))
    row = Row(members=("a",), cells=(Cell(value=1),))
    daily = answered(_panel(), _drawing(query, row, as_of=datetime(2026, 3, 18, 16, tzinfo=UTC)))
    assert _page(daily, _scenes()).as_of() == "数据截至 12:00"
    assert _page(daily).as_of() == "数据截至 03-19"


@pytest.mark.parametrize(
    ("applications", "said"), [(40, "笔数与逐级转化"), (43, "笔数与逐级转化 · 另有 3 笔缺申请记录")]
)
def test_funnel_when_applications_skip_the_first_step_then_the_note_counts_them(
    applications: int, said: str
) -> None:
    steps = _drawing(
        ask(MARCH, "loans.reached", by=("step",)),
        Row(members=("applied",), cells=(Cell(value=40),)),
        Row(members=("approved",), cells=(Cell(value=30),)),
    )
    everyone = _drawing(
        ask(MARCH, "loans.applications"), Row(members=(), cells=(Cell(value=applications),))
    )
    chart = funnel(replace(steps, results=(steps.result, everyone.result)))
    assert chart is not None and chart.note == said


def test_note_when_the_card_tells_how_sources_stand_then_no_period_is_claimed() -> None:
    assert "2026年3月" in note(_scenes())
    query = ask(MARCH, "usage.events", by=("scene",))
    row = Row(members=("a",), cells=(Cell(value=1),))
    standing = answered(_panel(follows_sources=True, note="万次"), _drawing(query, row))
    assert "2026年3月" not in note(standing)
