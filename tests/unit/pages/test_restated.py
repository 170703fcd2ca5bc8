"""Which cards carry the mark of a restated number, and what it says."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from pages._panels.restatements import restatements_sheet
from pages._ui.answered import answered, stamp
from pages._ui.filters import Filters
from pages._ui.notes import marks, note
from pages._ui.panel import Chart, Drawing, Panel
from pages._ui.questions import ask
from pages._ui.restated import shown_in
from tests.pages.operations import RESTATED
from tests.pages.town import NOW
from warehouse.model import Cell, MetricQuery, Period, Result, Row
from warehouse.operations import Restatement

MARCH = Period(start=date(2026, 3, 1), end=date(2026, 4, 1))
PANEL = Panel(
    id="events",
    kind="chart",
    title="服务次数",
    query=lambda f: ask(f, "usage.events"),
    draw=lambda _drawing: Chart(figure={"data": [], "layout": {}}, note="次"),
)


def _query(**changes: object) -> MetricQuery:
    return replace(MetricQuery(metrics=("usage.events",), period=MARCH), **changes)  # type: ignore[arg-type]


def _drawing(restated: tuple[Restatement, ...], **changes: object) -> Drawing:
    row = Row(members=(), cells=(Cell(value=3),))
    result = Result(query=_query(**changes), rows=(row,), as_of=NOW, data_version="1")
    return Drawing(
        results=(result,),
        filters=Filters(period=MARCH),
        now=NOW,
        zone=ZoneInfo("Asia/Shanghai"),
        restated=restated,
    )


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 2),
        ({"period": None}, 2),
        ({"metrics": ("usage.people",)}, 0),
        ({"period": Period(start=date(2026, 3, 19), end=date(2026, 4, 1))}, 0),
        ({"period": Period(start=date(2026, 3, 18), end=date(2026, 3, 19))}, 2),
        ({"where": (("district", ("east",)),)}, 1),
        ({"where": (("district", ("west",)),)}, 0),
        ({"where": (("scene", ("fund",)),)}, 2),
    ],
)
def test_question_when_asked_then_knows_its_restated_numbers(
    changes: dict[str, object], count: int
) -> None:
    assert len(shown_in(_query(**changes), RESTATED)) == count


def test_card_when_a_number_was_restated_then_is_marked_with_what_when_and_why() -> None:
    one = answered(PANEL, _drawing(RESTATED))
    (chip,) = marks(one)
    assert (chip.text, chip.tone) == ("已修订", "quiet")
    assert chip.href == "/pipeline/restatements"
    assert chip.tip.splitlines() == [
        "11:00 修订：服务次数（2026-03-18）由 — 改为 41 次，原因：隔离重放",
        "10:00 修订：服务次数（2026-03-18）由 82 次 改为 90 次，原因：迟到数据",
    ]
    assert note(one).endswith("11:00 修订：隔离重放")


def test_card_when_nothing_was_restated_then_has_no_mark() -> None:
    one = answered(PANEL, _drawing(()))
    assert marks(one) == ()
    assert "修订" not in note(one)


def test_stamp_when_a_number_was_restated_then_the_head_is_sent_and_the_graph_stays() -> None:
    before = stamp(answered(PANEL, _drawing(())), "").split(".")
    after = stamp(answered(PANEL, _drawing(RESTATED)), "").split(".")
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)


def test_list_when_shown_then_has_old_new_change_and_cause() -> None:
    sheet = restatements_sheet(_drawing(RESTATED))
    assert sheet is not None
    assert sheet.finding == "2 个数字已修订，涉及 1 个指标"
    texts = [
        [c if isinstance(c, str) else getattr(c, "text", c) for c in row] for row in sheet.rows
    ]
    assert texts[1][1:7] == [
        "2026-03-18", "全市", "82 次", "90 次", "+9.8%", "迟到数据 · service_event · 8 行",
    ]  # fmt: skip
    assert texts[0][2:6] == ["east", "—", "41 次", "由无到有"]


def test_list_when_the_period_holds_none_then_says_so() -> None:
    away = Filters(period=Period(start=date(2026, 1, 1), end=date(2026, 2, 1)))
    sheet = restatements_sheet(replace(_drawing(RESTATED), filters=away))
    assert sheet is not None
    assert (sheet.rows, sheet.finding) == ((), "所选时段没有修订")
