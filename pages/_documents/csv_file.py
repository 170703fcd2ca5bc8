"""CSV: one file, the explaining part first, then a block for each panel.

UTF-8 with a byte-order mark and CRLF, so that spreadsheets open it right. A text that a
spreadsheet would run as a formula gets an apostrophe; numbers stay numbers.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from pages._documents._report import Entry, Format, Report

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LINES_A_PIECE = 500


def write(report: Report, _folder: Path) -> Iterator[bytes]:
    """The file in pieces of some hundred lines."""
    yield b"\xef\xbb\xbf"
    lines: list[Iterable[Entry]] = []
    for line in _lines(report):
        lines.append(line)
        if len(lines) == _LINES_A_PIECE:
            yield _encoded(lines)
            lines = []
    yield _encoded(lines)


def _lines(report: Report) -> Iterator[Iterable[Entry]]:
    yield from report.about
    for sheet in report.sheets:
        yield ()
        yield from sheet.about
        yield ()
        yield [column.title for column in sheet.columns]
        yield from sheet.rows


def _encoded(lines: Iterable[Iterable[Entry]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(
        [safe(entry) if isinstance(entry, str) else entry for entry in line] for line in lines
    )
    return text.getvalue().encode()


def safe(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet would take it for a formula.

    Also where spaces or invisible characters come before the sign: some programs skip them.
    """
    bare = text.lstrip(" \u00a0\u200b\u200e\u200f\u2060\ufeff\u3000\x00")
    return f"'{text}" if bare.startswith(DANGEROUS) else text


FORMAT = Format(suffix="csv", mimetype="text/csv; charset=utf-8", write=write)
