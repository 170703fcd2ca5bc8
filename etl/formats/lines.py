"""A stream of bytes as blocks of text lines; lines in another encoding are set apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from etl.formats.chunk import MAX_LINE_BYTES, BrokenLine
from warehouse import reasons
from warehouse.errors import SourceUnavailable

BLOCK_BYTES = 4 << 20
EMPTY = "is empty (0 bytes). Have it delivered again"
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Block:
    """Whole lines without their line ends. `numbers[i]` is the line of `lines[i]`, from 1."""

    lines: list[str]
    numbers: list[int] | range
    broken: tuple[BrokenLine, ...]
    is_last: bool


def read_blocks(stream: BinaryIO, encoding: str) -> Iterator[Block]:
    """At least one block, the last one marked; memory stays within a few blocks.

    Every supported encoding leaves the line feed byte to line feeds alone.
    Raises `SourceUnavailable` for a line longer than `MAX_LINE_BYTES`.
    """
    rest, first = stream.read(len(_BOM)).removeprefix(_BOM), 1
    while True:
        fresh = stream.read(BLOCK_BYTES)
        whole, rest = _cut(rest + fresh, is_last=not fresh)
        pieces = whole.split(b"\n") if whole else []
        block = _decode(whole, pieces, first, encoding, is_last=not fresh)
        first += len(pieces)
        yield block
        if not fresh:
            return


def check_lines(stream: BinaryIO) -> None:
    """Reads to the end. Raises for a stream that is empty, damaged or has an endless line."""
    rest, is_empty = b"", True
    while fresh := stream.read(BLOCK_BYTES):
        _, rest = _cut(rest + fresh, is_last=False)
        is_empty = False
    if is_empty:
        raise SourceUnavailable(EMPTY)


def _cut(content: bytes, *, is_last: bool) -> tuple[bytes, bytes]:
    """The whole lines, without the last line end, and what follows them."""
    if is_last:
        return content.removesuffix(b"\n"), b""
    end = content.rfind(b"\n")
    if len(content) - end - 1 > MAX_LINE_BYTES:
        raise SourceUnavailable(f"a line is longer than {MAX_LINE_BYTES:,} bytes")
    return (content[:end], content[end + 1 :]) if end >= 0 else (b"", content)


def _decode(
    whole: bytes, pieces: list[bytes], first: int, encoding: str, *, is_last: bool
) -> Block:
    numbers = range(first, first + len(pieces))
    try:
        text = whole.decode(encoding).replace("\r\n", "\n").removesuffix("\r")
    except UnicodeDecodeError:
        return _decode_each(pieces, first, encoding, is_last=is_last)
    lines = text.split("\n") if pieces else []
    return Block(lines=lines, numbers=numbers, broken=(), is_last=is_last)


def _decode_each(pieces: list[bytes], first: int, encoding: str, *, is_last: bool) -> Block:
    lines, numbers, broken = [], [], []
    for number, piece in enumerate(pieces, first):
        try:
            lines.append(piece.decode(encoding).removesuffix("\r"))
            numbers.append(number)
        except UnicodeDecodeError:
            reason = reasons.words("encoding", encoding=encoding)
            text = piece.decode(encoding, "replace")
            broken.append(BrokenLine(line=number, reason=reason, text=text))
    return Block(lines=lines, numbers=numbers, broken=tuple(broken), is_last=is_last)
