"""One JSON document with a list of records in it, as a web service answers.

The list is walked record by record: beside the text itself only one chunk of rows is in memory.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple, NoReturn

from etl.formats.chunk import (
    MAX_LINE_BYTES,
    MOST_COLUMNS,
    BrokenLine,
    Chunk,
    check_width,
    text_frame,
)
from warehouse import reasons
from warehouse.errors import ContractBroken
from warehouse.sentences import say

MOST_BYTES = 256 << 20
"""A document has to be in memory as a whole; a larger one has to come in pages."""

_ROWS = 5_000
_KEPT_CHARACTERS = 10_000
"""Of a record that is too long to be one."""
_SPACES = frozenset(" \t\n\r")
_SPACE = re.compile(r"[ \t\n\r]*")
_LONE = re.compile(r"\\u[dD][89a-fA-F]")
"""How half a surrogate pair may be written: text to JSON, but to nobody else."""

Keys = tuple[str, ...]


def read_json(stream: BinaryIO, records: str) -> Iterator[Chunk]:
    """The rows of a JSON document (UTF-8); `records` are keys between dots that lead to the list.

    Values become text as they were written, nested ones stay JSON. `LINE` is the number of the
    record in the list, from 1. Raises `ContractBroken` for a document that is none, is cut off,
    holds no list there or nests too deeply: maybe after some rows, so `check_json` goes first.
    """
    document = Document(stream, records)
    numbered = enumerate(document, 1)
    is_first = True
    while (part := list(islice(numbered, _ROWS))) or is_first:
        yield _chunk(document, part)
        is_first = False


def check_json(stream: BinaryIO, records: str) -> None:
    """Reads to the end. Raises as `read_json` would."""
    for _ in Document(stream, records):
        continue


class Record(NamedTuple):
    """One element of the list, decoded, its numbers as texts; and where it stands."""

    start: int
    end: int
    value: Any


@dataclass
class Document:
    """A JSON document to be walked through once, by iterating over it."""

    stream: BinaryIO
    records: str
    wanted: Iterable[str] = ()
    """Values beside the list, as keys between dots."""
    found: dict[str, Any] = field(default_factory=dict)
    """What stood at `wanted`, once everything is walked through."""

    text: str = field(default="", init=False, repr=False)
    is_clean: bool = field(default=False, init=False)
    """No text in it can be one that is text to JSON alone."""
    _at: int = field(default=0, init=False)
    _end: int = field(default=0, init=False)
    """Of the value before."""

    def __iter__(self) -> Iterator[Record]:
        """The records. Raises `ContractBroken`."""
        self.text = _decoded(self.stream)
        self.is_clean = _is_unicode(self.text) and _LONE.search(self.text) is None
        self._space()
        yield from self._walk((), keys_of(self.records))
        if self._at < len(self.text):
            self._refuse("goes on after its end")

    def _walk(self, behind: Keys, ahead: Keys) -> Iterator[Record]:
        """Everything at this place: the list, or an object that leads to it."""
        if not ahead:
            yield from self._list(behind)
            return
        if not self._take("{"):
            self._refuse(f"has no object at {_place(behind)}; set connector.records")
        is_there = False
        for _ in self._elements("}"):
            name = self._name()
            if name == ahead[0]:
                is_there = True
                yield from self._walk((*behind, name), ahead[1:])
            else:
                self._note((*behind, name), self._value())
        if not is_there:
            place = _place((*behind, ahead[0]))
            raise ContractBroken(say("json_nothing", at=place))

    def _list(self, behind: Keys) -> Iterator[Record]:
        """`null` is how some programs write a list without elements."""
        if self.text.startswith("null", self._at) and behind:
            self._value()
            return
        if not self._take("["):
            self._refuse(f"has no list at {_place(behind)}; set connector.records")
        for _ in self._elements("]"):
            start = self._at
            value = self._value()
            yield Record(start, self._end, value)

    def _note(self, path: Keys, value: Any) -> None:
        for wanted in self.wanted:
            keys = keys_of(wanted)
            if keys[: len(path)] == path:
                self.found[wanted] = inner(value, keys[len(path) :])

    def _name(self) -> str:
        name = self._value() if self.text.startswith('"', self._at) else None
        if not isinstance(name, str) or not self._take(":"):
            self._refuse("is no JSON")
        return name

    def _value(self) -> Any:
        try:
            value, self._at = _DECODER.raw_decode(self.text, self._at)
        except json.JSONDecodeError as error:
            self._at = error.pos
            self._refuse("is no JSON, or is cut off")
        except RecursionError as error:
            raise ContractBroken(say("json_deep")) from error
        self._end = self._at
        self._space()
        return value

    def _elements(self, closing: str) -> Iterator[None]:
        """Stands before one element after the other, and in the end after the closing sign."""
        if self._take(closing):
            return
        while True:
            yield
            if self._take(closing):
                return
            if not self._take(","):
                self._refuse("is no JSON, or is cut off")

    def _take(self, sign: str) -> bool:
        if not self.text.startswith(sign, self._at):
            return False
        self._at += 1
        self._space()
        return True

    def _space(self) -> None:
        if self.text[self._at : self._at + 1] in _SPACES:  # most often there is none
            match = _SPACE.match(self.text, self._at)
            self._at = match.end() if match else self._at

    def _refuse(self, what: str) -> NoReturn:
        line = self.text.count("\n", 0, self._at) + 1
        column = self._at - self.text.rfind("\n", 0, self._at)
        raise ContractBroken(f"{what} (line {line}, column {column})")


def keys_of(path: str) -> Keys:
    """`data.items` as its keys."""
    return tuple(path.split(".")) if path else ()


def inner(value: Any, keys: Keys) -> Any:
    """What stands in `value` at `keys`, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _place(keys: Keys) -> str:
    return repr(".".join(keys)) if keys else "its top"


def _decoded(stream: BinaryIO) -> str:
    """Bytes of another encoding become halves of surrogate pairs, which break their record."""
    content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ContractBroken(say("too_large_pages", most=MOST_BYTES >> 20))
    return content.decode("utf-8", "surrogateescape").removeprefix("\ufeff")


def _number(text: str) -> str:
    """A whole number that went through a float reads as the whole number."""
    whole, dot, fraction = text.partition(".")
    return whole if dot and not fraction.strip("0") else text


_PLAIN = {str, type(None)}
_DECODER = json.JSONDecoder(parse_int=str, parse_float=_number, parse_constant=str)


def _chunk(document: Document, numbered: list[tuple[int, Record]]) -> Chunk:
    rows: list[Mapping[str, Any]] = []
    numbers: list[int] = []
    broken: list[BrokenLine] = []
    for number, record in numbered:
        reason = _broken(document, record)
        if reason:
            text = _kept(document.text[record.start : record.end])
            broken.append(BrokenLine(line=number, reason=reason, text=text))
        else:
            rows.append(record.value)
            numbers.append(number)
    names = dict.fromkeys(chain.from_iterable(rows))
    check_width(len(names))
    frame = text_frame({name: _column(rows, name) for name in names}, numbers)
    return Chunk(frame=frame, broken=tuple(broken), is_sparse=True)


def _column(rows: list[Mapping[str, Any]], name: str) -> list[str | None]:
    values = [row.get(name) for row in rows]
    return values if set(map(type, values)) <= _PLAIN else [_text(value) for value in values]


def _broken(document: Document, record: Record) -> str:
    """Why the record is no row, or an empty text."""
    if not document.is_clean and (reason := _unclean(document, record)):
        return reason
    if not isinstance(record.value, dict):
        return reasons.words("no_object")
    if record.end - record.start > MAX_LINE_BYTES:
        return reasons.words("too_long", most=MAX_LINE_BYTES)
    if len(record.value) > MOST_COLUMNS:
        return reasons.words("too_wide", most=MOST_COLUMNS)
    return ""


def _unclean(document: Document, record: Record) -> str:
    text = document.text[record.start : record.end]
    if not _is_unicode(text):
        return reasons.words("encoding", encoding="utf-8")
    if _LONE.search(text) and not _is_unicode(json.dumps(record.value, ensure_ascii=False)):
        return reasons.words("no_json")
    return ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _kept(text: str) -> str:
    return text[:_KEPT_CHARACTERS].encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)
