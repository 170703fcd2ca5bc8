"""XLSX: a first sheet that explains, then a sheet for each panel.

Text goes through the string path only, so nothing in the data can become a formula or a link.
Written row by row to a file in the given folder, which is removed once it was read.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlsxwriter

from pages._documents._report import Column, Entry, Format, Report, Sheet
from pages._documents._words import say
from pages._ui.numbers import excel_format

LONGEST_NAME = 31
_LONGEST_TEXT = 32_767
_PIECE_BYTES = 64 * 1024
_CHANGE_FORMATS = {"rate": "+0.0%;-0.0%;0.0%", "points": "+0.0;-0.0;0.0"}


def write(report: Report, folder: Path) -> Iterator[bytes]:
    """The workbook in pieces of 64 KiB."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="export-") as scratch:
        file = Path(scratch) / "report.xlsx"
        _write_book(report, file, scratch)
        with file.open("rb") as stream:
            while piece := stream.read(_PIECE_BYTES):
                yield piece


def _write_book(report: Report, file: Path, scratch: str) -> None:
    options = {
        "constant_memory": True,
        "tmpdir": scratch,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(str(file), options) as book:
        names = sheet_names([_about_name(report), *(sheet.title for sheet in report.sheets)])
        _write_about(book, names[0], report)
        for name, sheet in zip(names[1:], report.sheets, strict=True):
            _write_sheet(book, name, sheet)


def _about_name(report: Report) -> str:
    is_chinese = report.about[0][0] == say("product", "zh")
    return say("about", "zh" if is_chinese else "en")


def _write_about(book: Any, name: str, report: Report) -> None:
    page = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 90)
    lines = [*report.about]
    for sheet in report.sheets:
        lines += [("", ""), *sheet.about]
    for index, (key, text) in enumerate(lines):
        page.write_string(index, 0, key[:_LONGEST_TEXT], bold)
        page.write_string(index, 1, text[:_LONGEST_TEXT], wrapped)


def _write_sheet(book: Any, name: str, sheet: Sheet) -> None:
    page = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    formats = [book.add_format({"num_format": _format(column)}) for column in sheet.columns]
    page.freeze_panes(1, 0)
    for index, column in enumerate(sheet.columns):
        page.set_column(index, index, 18 if column.unit else 24)
        page.write_string(0, index, column.title[:_LONGEST_TEXT], head)
    for line, row in enumerate(sheet.rows, start=1):
        for index, entry in enumerate(row):
            _write_entry(page, (line, index), entry, formats[index])


def _write_entry(page: Any, place: tuple[int, int], entry: Entry, number: Any) -> None:
    if isinstance(entry, str):
        page.write_string(*place, entry[:_LONGEST_TEXT])
    elif entry is not None:
        page.write_number(*place, entry, number)


def _format(column: Column) -> str:
    if column.change:
        return _CHANGE_FORMATS[column.change]
    return excel_format(column.unit) if column.unit else "@"


def sheet_names(titles: list[str]) -> list[str]:
    """Names Excel accepts: no `[]:*?/\\`, no apostrophe at an end, 31 characters, all different."""
    names: list[str] = []
    for title in titles:
        plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip(" '") or "Sheet"
        name, count = plain[:LONGEST_NAME].strip(" '"), 2
        while name.casefold() in {known.casefold() for known in (*names, "history")}:
            tail = f" {count}"
            name, count = plain[: LONGEST_NAME - len(tail)] + tail, count + 1
        names.append(name)
    return names


FORMAT = Format(
    suffix="xlsx",
    mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    write=write,
)
