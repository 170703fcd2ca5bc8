"""Files: what they say before the numbers, how each state looks, and what can not become code."""

import csv
import io
import tracemalloc
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from pages._documents import FORMATS, Asked, file_name, make_report
from pages._documents._report import Column, Report, Sheet
from pages._documents.csv_file import safe
from pages._documents.xlsx_file import LONGEST_NAME, sheet_names
from warehouse.metrics import CATALOGUE
from warehouse.model import (
    Cell,
    CellState,
    Compare,
    EditionUse,
    Grain,
    MetricQuery,
    Period,
    Result,
    Role,
    Row,
    Scope,
    Viewer,
)

DAY = Period(start=date(2026, 3, 1), end=date(2026, 3, 2))
MONTH = Period(start=date(2026, 3, 1), end=date(2026, 4, 1))


def _result(compare: Compare | None = None) -> Result:
    query = MetricQuery(
        metrics=("usage.people", "usage.success_share"),
        period=MONTH,
        grain=Grain.DAY,
        by=("scene",),
        where=(("district", ("east",)),),
        compare=compare,
    )
    hidden, missing = CellState.SUPPRESSED, CellState.MISSING
    rows = (
        Row(members=("=a",), cells=(Cell(value=12, base=10), Cell(value=0.5, base=0.4)),
            period=DAY),
        Row(members=("b",), cells=(Cell(state=hidden), Cell(state=missing)), period=DAY,
            is_partial=True),
        Row(members=("c",), cells=(Cell(value=0, base=0), Cell(value=1.0)), period=DAY),
    )  # fmt: skip
    return Result(
        query=query,
        rows=rows,
        as_of=datetime(2026, 3, 31, 16, 30, tzinfo=UTC),
        data_version="service_event:7",
        suppressed=1,
        editions=tuple(
            EditionUse(metric=name, number=1, since=date(2024, 1, 1), period=MONTH)
            for name in query.metrics
        ),
    )


def _asked(language: str = "zh") -> Asked:
    return Asked(
        page="usage",
        filters="2026-03-01 – 2026-03-31",
        viewer=Viewer(name="li", role=Role.OFFICIAL, scope=Scope(districts=frozenset({"east"}))),
        at=datetime(2026, 4, 1, tzinfo=UTC),
        zone=ZoneInfo("Asia/Shanghai"),
        metrics=CATALOGUE,
        label=lambda dimension, code: code,
        language=language,
    )


def _bytes(suffix: str, report: Report, folder: Path) -> bytes:
    return b"".join(FORMATS[suffix].write(report, folder))


def _csv(report: Report, folder: Path) -> list[list[str]]:
    text = _bytes("csv", report, folder).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_when_written_then_bom_crlf_and_the_explaining_part_first(tmp_path: Path) -> None:
    report = make_report("服务使用", [("人数", _result())], _asked())
    content = _bytes("csv", report, tmp_path)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n")
    lines = _csv(report, tmp_path)
    heads = {line[0]: line[1] for line in lines if len(line) == 2}
    assert heads["导出人"] == "li (official)"
    assert heads["数据范围"] == "east"
    assert heads["数据截至"] == "2026-04-01 00:30:00 (Asia/Shanghai)"
    assert heads["导出时间"] == "2026-04-01 08:00:00 (Asia/Shanghai)"
    assert heads["数据版本"] == "service_event:7"
    assert heads["隐去单元数"] == "1"
    assert heads["时段"] == "2026-03-01 – 2026-03-31"
    metric = CATALOGUE["usage.people"]
    assert heads[f"口径: {metric.label.zh}"] == metric.sentence.zh
    edition = "v1; 生效 2024-01-01; 适用 2026-03-01 – 2026-03-31"
    assert heads[f"口径版本: {metric.label.zh}"] == edition
    assert heads[f"公式: {metric.label.zh}"] == metric.formula


def test_csv_when_cells_are_hidden_missing_or_zero_then_three_looks(tmp_path: Path) -> None:
    lines = _csv(make_report("t", [("p", _result())], _asked()), tmp_path)[-3:]
    assert lines == [
        ["2026-03-01", "'=a", "12", "0.5", ""],
        ["2026-03-01", "b", "已隐去", "", "时段未结束"],
        ["2026-03-01", "c", "0", "1.0", ""],
    ]


def test_csv_when_compared_then_base_and_change_and_hidden_ones_stay_hidden(
    tmp_path: Path,
) -> None:
    lines = _csv(make_report("t", [("p", _result(Compare.YEAR))], _asked()), tmp_path)[-3:]
    assert lines[0][2:] == ["12", "10", "0.2", "0.5", "0.4", "10.0", ""]
    assert lines[1][2:5] == ["已隐去"] * 3
    assert lines[2][2:5] == ["0", "0", ""]


def test_report_when_english_then_english_words(tmp_path: Path) -> None:
    lines = _csv(make_report("Usage", [("People", _result())], _asked("en")), tmp_path)
    assert ["Exported by", "li (official)"] in lines
    assert lines[-2][2] == "hidden" and lines[-2][-1] == "period not over"


def test_report_when_panels_are_left_out_then_named(tmp_path: Path) -> None:
    lines = _csv(make_report("t", [], _asked(), ["数据源"]), tmp_path)
    assert ["未包含（无查看权限）", "数据源"] in lines


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
@pytest.mark.parametrize("before", ["", " ", "\u3000", "\u200b", "\ufeff", "\u200e"])
def test_text_when_a_spreadsheet_would_run_it_then_prefixed(sign: str, before: str) -> None:
    assert safe(f"{before}{sign}1+1") == f"'{before}{sign}1+1"


@pytest.mark.parametrize("text", ["", "a=b", "公积金", "1-2", "2026-01-01", "'x"])
def test_text_when_harmless_then_as_it_is(text: str) -> None:
    assert safe(text) == text


def test_xlsx_when_written_then_first_sheet_explains_and_numbers_have_formats(
    tmp_path: Path,
) -> None:
    report = make_report("服务使用", [("人数", _result(Compare.YEAR))], _asked())
    book = openpyxl.load_workbook(io.BytesIO(_bytes("xlsx", report, tmp_path)))
    assert book.sheetnames == ["说明", "人数"]
    about = {row[0]: row[1] for row in book["说明"].iter_rows(values_only=True)}
    assert about["导出人"] == "li (official)" and about["隐去单元数"] == "1"
    page = book["人数"]
    assert page["C2"].value == 12 and page["C2"].number_format == "#,##0"
    assert page["F2"].value == 0.5 and page["F2"].number_format == "0.0%"
    assert page["E2"].number_format.startswith("+0.0%")
    assert page["H2"].value == 10 and page["H2"].number_format.startswith("+0.0;")
    assert page["C3"].value == "已隐去" and page["F3"].value is None
    assert page["B2"].value == "=a" and page["B2"].data_type == "s"
    assert not list(tmp_path.iterdir()), "the temporary file is gone"


def test_xlsx_when_reading_stops_early_then_nothing_is_left(tmp_path: Path) -> None:
    report = make_report("t", [("p", _result())], _asked())
    pieces = FORMATS["xlsx"].write(report, tmp_path)
    next(iter(pieces))
    assert list(tmp_path.iterdir())
    pieces.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("titles", "names"),
    [
        (["说明", "a/b:c?d*[e]\\f"], ["说明", "a b c d  e  f"]),
        (["同名", "同名", "同名"], ["同名", "同名 2", "同名 3"]),
        (["'x'", "", "History"], ["x", "Sheet", "History 2"]),
        (["长" * 40, "长" * 40], ["长" * LONGEST_NAME, "长" * (LONGEST_NAME - 2) + " 2"]),
    ],
)
def test_sheet_names_when_excel_would_refuse_them_then_made_fit(
    titles: list[str], names: list[str]
) -> None:
    assert sheet_names(titles) == names


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("服务使用", "2026-03-01 – 2026-03-31"), "服务使用_2026-03-01-2026-03-31"),
        (("../../etc/passwd", 'a"b\r\nc'), "etc-passwd_a-b-c"),
        (("a\u202egpj", ""), "a-gpj"),
    ],
)
def test_file_name_when_made_then_nothing_a_path_or_header_could_use(
    parts: tuple[str, ...], name: str
) -> None:
    assert file_name(*parts) == name


def _large(rows: int) -> Report:
    class Many(tuple):  # type: ignore[type-arg]
        def __iter__(self) -> Iterable[object]:  # type: ignore[override]
            return ((f"member {index}", index) for index in range(rows))

    columns = (Column(title="m"), Column(title="n"))
    sheet = Sheet(title="many", about=(), columns=columns, rows=Many())
    return Report(title="t", about=(("系统", "x"),), sheets=(sheet,))


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_file_when_large_then_written_in_pieces_with_little_memory(
    suffix: str, tmp_path: Path
) -> None:
    tracemalloc.start()
    count = size = 0
    for piece in FORMATS[suffix].write(_large(20_000), tmp_path):
        count, size = count + 1, size + len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > 2 and size > 100_000
    assert peak < 4_000_000
