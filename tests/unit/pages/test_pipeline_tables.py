"""The tables of the pipeline: reasons in one line each, and the same in the files."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from pages._documents._report import Asked, table_sheet
from pages._panels.sources import quarantine_sheet
from pages._ui.filters import Filters
from pages._ui.panel import Chip, Drawing, Sheet
from warehouse.metrics import CATALOGUE
from warehouse.model import Label, Period, Role, Scope, Viewer

NOW = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
EMPTY = Label(zh="必填项为空", en="is empty but required")


@dataclass(frozen=True)
class Row:
    source: str
    rows: int
    column_name: str = "occurred_at"
    label: Label = EMPTY
    last_at: datetime | None = NOW


def _sheet(*rows: Row) -> Sheet:
    drawing = Drawing(
        results=(),
        filters=Filters(period=Period(start=date(2026, 3, 1), end=date(2026, 4, 1))),
        now=NOW,
        zone=ZoneInfo("Asia/Shanghai"),
        quarantine=lambda: rows,
    )
    found = quarantine_sheet(drawing)
    assert found is not None
    return found


def test_reasons_when_of_several_sources_then_one_line_with_the_most_affected_first() -> None:
    other = Row("tax", 9, "amount", Label(zh="不是数字", en="is no number"))
    sheet = _sheet(Row("fund", 2), Row("card", 3), other, Row("fund", 5))
    assert sheet.finding == "共隔离 19 行，2 种原因"
    assert sheet.rows == (
        ("必填项为空", "occurred_at", 10, "fund 7、card 3", "12:00"),
        ("不是数字", "amount", 9, "tax 9", "12:00"),
    )


def test_reasons_when_of_many_sources_then_the_rest_is_counted() -> None:
    sheet = _sheet(*(Row(name, n) for n, name in enumerate("abcdef", start=1)))
    assert sheet.rows[0][3] == "f 6、e 5、d 4、c 3 等 6 项"


def test_reasons_when_there_are_none_then_says_so() -> None:
    assert _sheet().finding == "没有被隔离的行"


def test_file_when_made_of_a_table_then_numbers_stay_numbers_and_marks_are_words() -> None:
    screen = Sheet(
        head=("数据源", "状态", "读取"),
        rows=(("公积金", Chip(text="按时", tone="good"), 1200),),
        finding="全部按时",
    )
    asked = Asked(
        page="pipeline",
        filters="",
        viewer=Viewer(name="li", role=Role.OPERATOR, scope=Scope(everything=True)),
        at=NOW,
        zone=ZoneInfo("Asia/Shanghai"),
        metrics=CATALOGUE,
        label=lambda _dimension, code: code,
        language="zh",
    )
    sheet = table_sheet("数据源状态", screen, asked)
    assert sheet.rows == (("公积金", "按时", 1200),)
    assert [column.unit is not None for column in sheet.columns] == [False, False, True]
    assert ("结论", "全部按时") in sheet.about
