"""Rows of texts as an aligned table for a terminal; Chinese characters take two columns."""

import unicodedata
from collections.abc import Sequence


def text_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """One line a row; numbers stand right, with thousands separators."""
    lines = [list(header), *([_shown(value) for value in row] for row in rows)]
    widths = [max(_width(line[index]) for line in lines) for index in range(len(header))]
    is_number = [_is_numeric(rows, index) for index in range(len(header))]
    return "\n".join(
        "  ".join(
            _padded(text, width, right)
            for text, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in lines
    )


def _shown(value: object) -> str:
    if value is None:
        return "—"
    return f"{value:,}" if _is_number(value) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_numeric(rows: Sequence[Sequence[object]], index: int) -> bool:
    return bool(rows) and all(_is_number(row[index]) or row[index] is None for row in rows)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
