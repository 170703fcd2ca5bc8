"""The tables of the pipeline: what stands out, what adds up, and the same in the files."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pages._documents._report import Asked, table_sheet
from pages._panels.checks import checks_sheet
from pages._panels.incidents import incidents_sheet
from pages._panels.quarantine import parked_sheet, quarantine_sheet, requests_sheet
from pages._panels.runs import runs_sheet
from pages._panels.sources import sources_sheet
from pages._ui.cells import Acts, Chip, Entry, Line, Meter, Pair, Split
from pages._ui.filters import Filters
from pages._ui.panel import Drawing, Sheet
from pages._ui.records import Records
from tests.pages.operations import RECORDS, RUNS, Reason, run
from tests.pages.town import NOW
from warehouse.metrics import CATALOGUE
from warehouse.model import Label, Period, Role, Scope, SourceStatus, Viewer


def _drawing(records: Records = RECORDS, **changes: object) -> Drawing:
    drawing = Drawing(
        results=(),
        filters=Filters(period=Period(start=date(2026, 3, 1), end=date(2026, 4, 1))),
        now=NOW,
        zone=ZoneInfo("Asia/Shanghai"),
        records=records,
    )
    return replace(drawing, **changes)  # type: ignore[arg-type]


def _texts(row: tuple[Entry, ...]) -> list[str]:
    return [str(cell) if isinstance(cell, str | int) else cell.text for cell in row]


def _source(name: str, late_minutes: int, **changes: object) -> SourceStatus:
    status = SourceStatus(
        name=name,
        label=Label(zh=name, en=name),
        dataset="service_event",
        promise_seconds=3600,
        watermark=NOW - timedelta(minutes=late_minutes),
        last_run_at=NOW,
        last_run_state="done",
        rows_read=10,
        rows_loaded=7,
        rows_duplicate=2,
        rows_quarantined=1,
    )
    return replace(status, **changes)  # type: ignore[arg-type]


# --- sources --------------------------------------------------------------------------------

SOURCES = (
    _source("good", 5),
    _source("late", 90),
    _source("broken", 70, last_run_state="failed", last_error="no route to host"),
    _source("rating_event", 5),
)


def test_sources_when_some_are_in_trouble_then_they_come_first_with_what_to_do() -> None:
    sheet = sources_sheet(_drawing(sources=SOURCES))
    assert sheet is not None
    assert [_texts(row)[0].split(" ")[0] for row in sheet.rows][:2] == ["broken", "late"]
    assert sheet.tones == {0: "bad", 1: "warn", 2: "warn"}
    assert sheet.notes[0][0] == "数据源中断：no route to host"
    assert sheet.notes[1] == ("已 90 分钟没有新数据，承诺 60 分钟", sheet.notes[1][1])
    assert sheet.notes[2][0] == "有文件停放"
    assert sheet.finding == "3 个数据源需要处理"


def test_sources_when_shown_to_an_analyst_then_nothing_of_operators_is_asked() -> None:
    sheet = sources_sheet(_drawing(Records(), sources=SOURCES))
    assert sheet is not None
    assert "停放" not in sheet.head
    assert not [cell for row in sheet.rows for cell in row if isinstance(cell, Pair) and cell.href]


def test_sources_when_read_then_the_three_counts_are_those_of_the_rows_read() -> None:
    sheet = sources_sheet(_drawing(sources=SOURCES[:1]))
    assert sheet is not None
    (split,) = (cell for cell in sheet.rows[0] if isinstance(cell, Split))
    assert sum(part.count for part in split.parts) == SOURCES[0].rows_read
    (meter,) = (cell for cell in sheet.rows[0] if isinstance(cell, Meter))
    assert (meter.share, meter.mark, meter.tone) == (300 / 7200, 0.5, "good")


# --- runs -----------------------------------------------------------------------------------


def test_runs_when_filtered_then_only_those_of_the_source_and_state_stand() -> None:
    chosen = (("source", ("loan_event",)), ("state", ("failed",)))
    filters = replace(_drawing().filters, chosen=chosen)
    sheet = runs_sheet(_drawing(filters=filters))
    assert sheet is not None
    assert [_texts(row)[1] for row in sheet.rows] == ["loan_event"]
    assert sheet.tones == {0: "bad"}
    assert runs_sheet(_drawing(filters=filters.choosing("state", ["done"]))) is None


def test_runs_when_shown_then_newest_first_with_kind_who_and_counts_that_add_up() -> None:
    sheet = runs_sheet(_drawing())
    assert sheet is not None
    assert sheet.finding == "最近 3 次运行，1 次失败"
    assert _texts(sheet.rows[2])[2] == "重放 · 由 li 发起"
    for shown, one in zip(sheet.rows, RUNS, strict=True):
        (split,) = (cell for cell in shown if isinstance(cell, Split))
        assert sum(part.count for part in split.parts) == one.read


def test_runs_when_long_and_short_then_bars_are_their_share_of_the_longest() -> None:
    runs = (
        run(9, ended_at=NOW),
        run(4, ended_at=NOW - timedelta(minutes=4) + timedelta(seconds=54)),
    )
    sheet = runs_sheet(_drawing(replace(RECORDS, runs=lambda _source: runs)))
    assert sheet is not None
    bars = [cell.share for row in sheet.rows for cell in row if isinstance(cell, Meter)]
    assert bars == [0.1, 1.0]


# --- quarantine -----------------------------------------------------------------------------


def _reasons(*reasons: Reason, may_ask: bool = False) -> Sheet:
    records = replace(RECORDS, quarantine=lambda: reasons, may_ask=may_ask)
    found = quarantine_sheet(_drawing(records))
    assert found is not None
    return found


def test_reasons_when_of_several_sources_then_one_line_with_the_most_affected_first() -> None:
    other = Reason(
        source="tax", rows=9, column_name="amount", label=Label(zh="不是数字", en="is no number")
    )
    sheet = _reasons(
        Reason(source="fund", rows=2), Reason(source="card", rows=3), other,
        Reason(source="fund", rows=5),
    )  # fmt: skip
    assert sheet.finding == "共隔离 19 行，2 种原因"
    assert [_texts(row) for row in sheet.rows] == [
        ["必填项为空 · 列 occurred_at", "10", "fund 7、card 3", "03-18 12:00", "12:00"],
        ["不是数字 · 列 amount", "9", "tax 9", "03-18 12:00", "12:00"],
    ]


def test_reasons_when_of_many_sources_then_the_rest_is_counted() -> None:
    sheet = _reasons(*(Reason(source=name, rows=n) for n, name in enumerate("abcdef", start=1)))
    assert _texts(sheet.rows[0])[2] == "f 6、e 5、d 4 · 等 6 项"


def test_reasons_when_there_are_none_then_says_so() -> None:
    assert _reasons().finding == "没有被隔离的行"


def test_reasons_when_there_are_samples_then_open_to_rows_with_the_broken_column_marked() -> None:
    sheet = _reasons(*RECORDS.quarantine())
    fold = sheet.folds[0]
    assert fold.summary == "1 个样例"
    line = fold.sheet.rows[0][2]
    assert isinstance(line, Line)
    assert line.marked == "occurred_at"
    assert line.values == (("no", "S12"), ("occurred_at", ""), ("scene", "fund"))
    assert 1 not in sheet.folds


def test_reasons_when_the_viewer_may_ask_then_each_has_its_two_buttons() -> None:
    acts = _reasons(Reason(source="fund", rows=2), may_ask=True).rows[0][-1]
    assert isinstance(acts, Acts)
    assert [act.key for act in acts.acts] == ["replay:empty", "backfill:fund"]
    assert "操作" not in _reasons(Reason(source="fund", rows=2)).head


def test_requests_when_listed_then_state_range_and_result_are_named() -> None:
    sheet = requests_sheet(_drawing())
    assert sheet is not None
    assert sheet.finding == "1 项请求处理中"
    assert _texts(sheet.rows[0])[2:6] == ["回补", "loan_event", "2026-03-01 – 03-07", "等待中"]
    assert _texts(sheet.rows[1])[4:] == ["必填项为空", "完成", "40 rows left the quarantine"]


def test_parked_when_there_are_some_then_each_with_reason_and_tries() -> None:
    sheet = parked_sheet(_drawing())
    assert sheet is not None
    assert _texts(sheet.rows[0]) == ["rating_event", "huge.zip", "too large", "3", "12:00"]


# --- checks and incidents -------------------------------------------------------------------


def test_checks_when_some_are_broken_then_blocking_ones_come_first() -> None:
    sheet = checks_sheet(_drawing())
    assert sheet is not None
    assert [_texts(row)[0] for row in sheet.rows] == ["未通过", "未通过", "通过"]
    assert sheet.tones == {0: "bad", 1: "warn"}
    assert sheet.finding == "2 项检查未通过"


def test_incidents_when_some_are_open_then_they_come_first_with_the_remedy() -> None:
    sheet = incidents_sheet(_drawing())
    assert sheet is not None
    assert sheet.finding == "1 个问题待处理"
    first, second = (_texts(row) for row in sheet.rows)
    assert first[0] == "数据源中断" and "检查来源系统" in first[2] and first[5] == "未恢复"
    assert second[0] == "数据未按时更新" and second[6] == "60 分钟"
    assert sheet.tones == {0: "bad"}


# --- files ----------------------------------------------------------------------------------


def test_file_when_made_of_a_table_then_numbers_stay_numbers_and_marks_are_words() -> None:
    screen = Sheet(
        head=("数据源", "状态", "读取", "操作"),
        rows=(("公积金", Chip(text="按时", tone="good"), 1200, Acts()),),
        finding="全部按时",
    )
    asked = Asked(
        page="pipeline",
        filters="",
        viewer=Viewer(name="li", role=Role.OPERATOR, scope=Scope(everything=True)),
        at=datetime(2026, 3, 20, 4, 0, tzinfo=UTC),
        zone=ZoneInfo("Asia/Shanghai"),
        metrics=CATALOGUE,
        label=lambda _dimension, code: code,
        language="zh",
    )
    sheet = table_sheet("数据源状态", screen, asked)
    assert sheet.rows == (("公积金", "按时", 1200, ""),)
    assert [column.unit is not None for column in sheet.columns] == [False, False, True, False]
    assert ("结论", "全部按时") in sheet.about
