"""A stream of bytes as blocks of text lines; lines in another encoding are set apart."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import BinaryIO

from etl.formats.chunk import MAX_LINE_BYTES, BrokenLine
from warehouse import reasons
from warehouse.errors import SourceUnavailable
from warehouse.sentences import say

BLOCK_BYTES = 4 << 20
EMPTY = say("empty_file")
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Block:
    """Whole lines; `numbers[i]` is the line of `lines[i]`, from 1."""

    text: str
    """The lines, a line feed between two of them."""
    numbers: list[int] | range
    broken: tuple[BrokenLine, ...]
    is_last: bool

    @cached_property
    def lines(self) -> list[str]:
        """Without their line ends."""
        return self.text.split("\n") if self.numbers else []

    def without_first(self) -> "Block":
        """All but the first line."""
        _, _, rest = self.text.partition("\n")
        return replace(self, text=rest, numbers=self.numbers[1:])


def read_blocks(stream: BinaryIO, encoding: str) -> Iterator[Block]:
    """At least one block, the last one marked; memory stays within a few blocks.

    Every supported encoding leaves the line feed byte to line feeds alone.
    Raises `SourceUnavailable` for a line longer than `MAX_LINE_BYTES`.
    """
    rest, first = stream.read(len(_BOM)).removeprefix(_BOM), 1
    while True:
        fresh = stream.read(BLOCK_BYTES)
        whole, rest = _cut(rest + fresh, is_last=not fresh)
        count = whole.count(b"\n") + 1 if whole else 0
        yield _decode(whole, range(first, first + count), encoding, is_last=not fresh)
        first += count
        if not fresh:
            return


def check_lines(stream: BinaryIO, *, may_be_empty: bool = False) -> None:
    """Reads to the end. Raises for a stream that is empty, damaged or has an endless line."""
    rest, is_empty = b"", True
    while fresh := stream.read(BLOCK_BYTES):
        _, rest = _cut(rest + fresh, is_last=False)
        is_empty = False
    if is_empty and not may_be_empty:
        raise SourceUnavailable(EMPTY)


def _cut(content: bytes, *, is_last: bool) -> tuple[bytes, bytes]:
    """The whole lines, without the last line end, and what follows them."""
    if is_last:
        return content.removesuffix(b"\n"), b""
    end = content.rfind(b"\n")
    if len(content) - end - 1 > MAX_LINE_BYTES:
        raise SourceUnavailable(f"a line is longer than {MAX_LINE_BYTES:,} bytes")
    return (content[:end], content[end + 1 :]) if end >= 0 else (b"", content)


def _decode(whole: bytes, numbers: range, encoding: str, *, is_last: bool) -> Block:
    try:
        text = whole.decode(encoding).replace("\r\n", "\n").removesuffix("\r")
    except UnicodeDecodeError:
        return _decode_each(whole, numbers, encoding, is_last=is_last)
    return Block(text=text, numbers=numbers, broken=(), is_last=is_last)


def _decode_each(whole: bytes, numbers: range, encoding: str, *, is_last: bool) -> Block:
    lines, good, broken = [], [], []
    for number, piece in zip(numbers, whole.split(b"\n"), strict=True):
        try:
            lines.append(piece.decode(encoding).removesuffix("\r"))
            good.append(number)
        except UnicodeDecodeError:
            reason = reasons.words("encoding", encoding=encoding)
            text = piece.decode(encoding, "replace")
            broken.append(BrokenLine(line=number, reason=reason, text=text))
    return Block(text="\n".join(lines), numbers=good, broken=tuple(broken), is_last=is_last)
