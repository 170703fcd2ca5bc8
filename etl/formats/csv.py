"""Text with a delimiter, cut strictly: a line with too few or too many fields is a broken row,
never a row with fields guessed."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

import polars as pl

from etl.formats.chunk import LINE, BrokenLine, Chunk, check_width, text_frame
from etl.formats.lines import Block, read_blocks
from warehouse import reasons
from warehouse.errors import ContractBroken
from warehouse.sentences import say

_LONGEST_RECORD = 2000
"""Lines one quoted record may span."""

_FEWER, _MORE = reasons.words("fewer_fields"), reasons.words("more_fields")


def read_csv(stream: BinaryIO, *, delimiter: str, encoding: str, header: bool) -> Iterator[Chunk]:
    """The rows of a CSV stream. Raises `ContractBroken` when the header cannot be used."""
    names: tuple[str, ...] | None = None
    carried: list[tuple[int, str]] = []
    for block in read_blocks(stream, encoding):
        if names is None:
            names, block = _header(block, delimiter, has_header=header)
        if names is None:
            continue
        if carried or '"' in block.text:
            numbered = [*carried, *zip(block.numbers, block.lines, strict=True)]
            cut = _Quoted(names=names, delimiter=delimiter)
            carried = cut.cut(numbered, is_last=block.is_last)
            yield cut.chunk(block.broken)
        else:
            yield _cut_plain(block, names, delimiter)


def _header(
    block: Block, delimiter: str, *, has_header: bool
) -> tuple[tuple[str, ...] | None, Block]:
    """The columns' names, and the block without the header line."""
    if block.broken and (not block.lines or block.broken[0].line < block.numbers[0]):
        raise ContractBroken(say("header_encoding", reason=block.broken[0].reason))
    if not block.lines:
        return None, block
    cells = _first_record(block.lines[0], delimiter)
    check_width(len(cells))
    if not has_header:
        return tuple(f"column_{n}" for n in range(1, len(cells) + 1)), block
    names = tuple(cell.strip() or f"column_{n}" for n, cell in enumerate(cells, 1))
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ContractBroken(say("header_twice", name=twice))
    return names, block.without_first()


def _first_record(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise ContractBroken(say("header_no_csv", why=error)) from error


def _cut_plain(block: Block, names: Sequence[str], delimiter: str) -> Chunk:
    """Without quotes a line has as many fields as delimiters, and one."""
    frame = _whole(block, names, delimiter)
    if frame is not None:
        return Chunk(frame=frame, broken=block.broken)
    wanted = len(names) - 1
    good: list[str] = []
    numbers: list[int] = []
    broken = list(block.broken)
    for number, line in zip(block.numbers, block.lines, strict=True):
        count = line.count(delimiter)
        if count == wanted and line:
            good.append(line)
            numbers.append(number)
        elif line:
            reason = _FEWER if count < wanted else _MORE
            broken.append(BrokenLine(line=number, reason=reason, text=line))
    frame = _parse(good, names, delimiter).with_columns(pl.Series(LINE, numbers, dtype=pl.Int64))
    return Chunk(frame=frame, broken=tuple(sorted(broken, key=lambda b: b.line)))


def _whole(block: Block, names: Sequence[str], delimiter: str) -> pl.DataFrame | None:
    """The rows of a block in which no line is broken, in one go; None if a line may be.

    As many delimiters as there should be, and no line with more of them than its own: Polars
    refuses such a line.
    """
    count, wanted = len(block.numbers), len(names) - 1
    is_even = block.text.count(delimiter) == count * wanted
    if not is_even or not wanted or not count or not _is_plain(block.text, delimiter):
        return None
    try:
        frame = _read(block.text, names, delimiter)
    except pl.exceptions.PolarsError:
        return None
    numbers = pl.Series(LINE, block.numbers, dtype=pl.Int64)
    return frame.with_columns(numbers) if len(frame) == count else None


def _parse(lines: list[str], names: Sequence[str], delimiter: str) -> pl.DataFrame:
    if not lines:
        return pl.DataFrame(schema={name: pl.String() for name in names})
    text = "\n".join(lines)
    if _is_plain(text, delimiter):
        return _read(text, names, delimiter)
    columns = zip(*(line.split(delimiter) for line in lines), strict=True)
    return pl.DataFrame(
        [pl.Series(n, list(c), dtype=pl.String) for n, c in zip(names, columns, strict=True)]
    )


def _is_plain(text: str, delimiter: str) -> bool:
    """Whether Polars sees the same lines and fields as we do."""
    return len(delimiter.encode()) == 1 and "\r" not in text


def _read(text: str, names: Sequence[str], delimiter: str) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(text.encode() + b"\n"),
        has_header=False,
        schema={name: pl.String() for name in names},
        separator=delimiter,
        quote_char=None,
    )


class _Records(Protocol):
    """A CSV reader: records, and how many lines they have taken so far."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


@dataclass(kw_only=True)
class _Quoted:
    """Cuts lines in which fields may be quoted and hold delimiters and line ends.

    A record whose first line has no quote is that line, so only the others need a parser.
    """

    names: Sequence[str]
    delimiter: str
    plain: list[str] = field(default_factory=list)
    plain_numbers: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    broken: list[BrokenLine] = field(default_factory=list)

    def cut(self, numbered: list[tuple[int, str]], *, is_last: bool) -> list[tuple[int, str]]:
        """Takes every whole record; returns the lines of a record that goes on in the next block.

        After a record with bad quotes it goes on at the line after the record's first one, so
        that a forgotten quote costs its own line only.
        """
        position, reader, reader_at = 0, self._reader(numbered, 0), 0
        while position < len(numbered):
            if '"' not in numbered[position][1]:
                self._take_plain(*numbered[position])
                position += 1
                continue
            if reader_at != position:
                reader = self._reader(numbered, position)
            before = reader.line_num
            try:
                self._take(numbered[position][0], next(reader))
                position += reader.line_num - before
                reader_at = position
            except csv.Error as error:
                spans = reader.line_num - before
                reaches_end = position + spans >= len(numbered)
                if reaches_end and not is_last and spans < _LONGEST_RECORD:
                    return numbered[position:]
                number, text = numbered[position]
                self.broken.append(BrokenLine(line=number, reason=_reason(error), text=text))
                position += 1
                reader_at = -1
        return []

    def _reader(self, numbered: list[tuple[int, str]], start: int) -> "_Records":
        lines = (numbered[index][1] + "\n" for index in range(start, len(numbered)))
        return csv.reader(lines, delimiter=self.delimiter, strict=True)

    def _take_plain(self, number: int, line: str) -> None:
        count = line.count(self.delimiter) + 1
        if count == len(self.names) and line:
            self.plain.append(line)
            self.plain_numbers.append(number)
        elif line:
            reason = _FEWER if count < len(self.names) else _MORE
            self.broken.append(BrokenLine(line=number, reason=reason, text=line))

    def _take(self, number: int, cells: list[str]) -> None:
        if len(cells) == len(self.names):
            self.rows.append(cells)
            self.numbers.append(number)
        elif cells:
            reason = _FEWER if len(cells) < len(self.names) else _MORE
            text = self.delimiter.join(cells)
            self.broken.append(BrokenLine(line=number, reason=reason, text=text))

    def chunk(self, earlier: tuple[BrokenLine, ...]) -> Chunk:
        cells: list[Sequence[str]] = (
            list(zip(*self.rows, strict=True)) if self.rows else [[] for _ in self.names]
        )
        columns: dict[str, list[str | None]] = {
            name: list(texts) for name, texts in zip(self.names, cells, strict=True)
        }
        broken = tuple(sorted((*earlier, *self.broken), key=lambda b: b.line))
        frame = text_frame(columns, self.numbers)
        if self.plain:
            plain = _parse(self.plain, self.names, self.delimiter).with_columns(
                pl.Series(LINE, self.plain_numbers, dtype=pl.Int64)
            )
            frame = pl.concat([plain, frame]).sort(LINE)
        return Chunk(frame=frame, broken=broken)


def _reason(error: csv.Error) -> str:
    if "field larger" in str(error) or "unexpected end" in str(error):
        return reasons.words("quote_open")
    return reasons.words("quote_place")
