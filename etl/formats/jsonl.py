"""One JSON object a line. Values become text as they were written; nested ones stay JSON."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from etl.formats.chunk import MOST_COLUMNS, BrokenLine, Chunk, check_width, text_frame
from etl.formats.lines import Block, read_blocks
from warehouse import reasons

_WORDS = {True: "true", False: "false"}
_PLAIN = {str, type(None)}


def read_jsonl(stream: BinaryIO) -> Iterator[Chunk]:
    """The rows of a stream of JSON lines (UTF-8)."""
    for block in read_blocks(stream, "utf-8"):
        yield _chunk(block)


def _chunk(block: Block) -> Chunk:
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    broken = list(block.broken)
    for number, line in zip(block.numbers, block.lines, strict=True):
        if not line.strip():
            continue
        try:
            rows.append(_row(line))
            numbers.append(number)
        except (ValueError, RecursionError) as error:
            broken.append(BrokenLine(line=number, reason=_reason(error), text=line))
    names = dict.fromkeys(chain.from_iterable(rows))
    check_width(len(names))
    frame = text_frame({name: _column(rows, name) for name in names}, numbers)
    broken.sort(key=lambda b: b.line)
    return Chunk(frame=frame, broken=tuple(broken), is_sparse=True)


def _column(rows: list[dict[str, Any]], name: str) -> list[str | None]:
    values = [row.get(name) for row in rows]
    return values if set(map(type, values)) <= _PLAIN else [_text(value) for value in values]


def _row(line: str) -> dict[str, Any]:
    """The values of a line; nested ones are text already."""
    found = _DECODER.decode(line)
    if not isinstance(found, dict):
        raise NotARow(reasons.words("no_object"))
    if len(found) > MOST_COLUMNS:
        raise NotARow(reasons.words("too_wide", most=MOST_COLUMNS))
    if (
        "\\u" in line and "\\ud" in line.lower()
    ):  # half a surrogate pair is text to JSON, but to nobody else
        json.dumps(found, ensure_ascii=False).encode()
    if "[" in line or line.count("{") > 1:
        return {name: _text(value) for name, value in found.items()}
    return found


def _number(text: str) -> str:
    """A whole number that went through a float reads as the whole number."""
    whole, dot, fraction = text.partition(".")
    return whole if dot and not fraction.strip("0") else text


_DECODER = json.JSONDecoder(parse_int=str, parse_float=_number, parse_constant=str)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _WORDS[value]
    return json.dumps(value, ensure_ascii=False)


class NotARow(ValueError):
    """The line is JSON, but no row."""


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, NotARow) else reasons.words("no_json")
