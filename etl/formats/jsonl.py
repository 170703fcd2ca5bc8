"""One JSON object a line. Values become text as they were written; nested ones stay JSON."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from etl.formats.chunk import BrokenLine, Chunk, text_frame
from etl.formats.lines import Block, read_blocks
from warehouse import reasons

_WORDS = {True: "true", False: "false"}


def read_jsonl(stream: BinaryIO) -> Iterator[Chunk]:
    """The rows of a stream of JSON lines (UTF-8)."""
    for block in read_blocks(stream, "utf-8"):
        yield _chunk(block)


def _chunk(block: Block) -> Chunk:
    rows: list[dict[str, str | None]] = []
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
    names = dict.fromkeys(name for row in rows for name in row)
    frame = text_frame({name: [row.get(name) for row in rows] for name in names}, numbers)
    broken.sort(key=lambda b: b.line)
    return Chunk(frame=frame, broken=tuple(broken), is_sparse=True)


def _row(line: str) -> dict[str, str | None]:
    found = _DECODER.decode(line)
    if not isinstance(found, dict):
        raise NotAnObject(reasons.words("no_object"))
    if "\\ud" in line.lower():  # half a surrogate pair is text to JSON, but to nobody else
        json.dumps(found, ensure_ascii=False).encode()
    return {name: _text(value) for name, value in found.items()}


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


class NotAnObject(ValueError):
    """The line is JSON, but no object."""


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, NotAnObject) else reasons.words("no_json")
