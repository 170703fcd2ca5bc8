"""What a connector has to know of a page to ask for the next one: rows, newest time, cursor.

The rows themselves are taken apart elsewhere, in a process of their own; here one record after the
other is looked at and let go.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from etl.delivery import Format, Layout
from etl.formats.json_document import Document, inner, keys_of
from warehouse.errors import ContractBroken

_LONGEST_CURSOR = 8000
"""Characters; what is longer does not fit into an address."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Where a row says when it changed, and how."""

    field: str
    form: str = "iso"
    """`iso`, `epoch_s`, `epoch_ms` or a strptime pattern."""
    zone: ZoneInfo
    """Of times without an offset."""

    def read(self, text: str) -> datetime | None:
        """The instant (UTC); None for what is none."""
        with suppress(ValueError, OverflowError, OSError):
            return self._aware(text).astimezone(UTC)
        return None

    def write(self, instant: datetime) -> str:
        """As the service would write it."""
        if self.form.startswith("epoch_"):
            seconds = instant.timestamp()
            return str(int(seconds if self.form == "epoch_s" else seconds * 1000))
        if self.form == "iso":
            return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return instant.astimezone(self.zone).strftime(self.form)

    def _aware(self, text: str) -> datetime:
        if self.form.startswith("epoch_"):
            factor = 1 if self.form == "epoch_s" else 1000
            return datetime.fromtimestamp(float(text) / factor, UTC)
        found = (
            datetime.fromisoformat(text)
            if self.form == "iso"
            else datetime.strptime(text, self.form)
        )
        return found if found.tzinfo else found.replace(tzinfo=self.zone)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What is known of a page. `newest` is not later than the look it belongs to."""

    rows: int
    newest: datetime | None
    following: str
    """The cursor or link in the document, or empty."""


@dataclass(frozen=True, kw_only=True)
class PageReader:
    """How a page is looked at."""

    layout: Layout
    clock: Clock | None = None
    following: str = ""
    """Keys between dots that lead to the next cursor or link."""

    def read(self, stream: BinaryIO, until: datetime) -> Page:
        """Raises `ContractBroken` for a page that is not what was declared."""
        document = Document(stream, self.layout.records, (self.following,) * bool(self.following))
        rows, timed, newest = 0, 0, None
        for text in self._texts(stream, document):
            rows += 1
            at = self.clock.read(text) if self.clock and text else None
            timed += at is not None
            # A row of the future would move the increment over what is still to come.
            if at is not None and at <= until and (newest is None or at > newest):
                newest = at
        if rows and self.clock and not timed:
            raise ContractBroken(
                f"none of its {rows:,} rows has a time in {self.clock.field!r};"
                " check since_field and since_format"
            )
        return Page(rows=rows, newest=newest, following=_cursor(document.found, self.following))

    def _texts(self, stream: BinaryIO, document: Document) -> Iterable[str]:
        """The time of each row as it is written; empty where there is none."""
        match self.layout.format:
            case Format.CSV:
                return self._of_csv(stream)
            case Format.JSONL:
                return self._of_lines(stream)
            case _:
                return (self._of_record(record.value) for record in document)

    def _of_record(self, value: Any) -> str:
        found = inner(value, keys_of(self.clock.field)) if self.clock else None
        return found if isinstance(found, str) else ""

    def _of_lines(self, stream: BinaryIO) -> Iterator[str]:
        for line in stream:
            if line.isspace():
                continue
            value = None
            if self.clock:
                with suppress(ValueError, RecursionError):  # such a line is quarantined later
                    value = json.loads(line, parse_int=str, parse_float=str)
            yield self._of_record(value)

    def _of_csv(self, stream: BinaryIO) -> Iterator[str]:
        text = io.TextIOWrapper(stream, self.layout.encoding, errors="replace", newline="")
        rows = _rows(text, self.layout.delimiter)
        first = next(rows, [])
        names = [name.strip().removeprefix("\ufeff") for name in first]
        if not self.layout.header:
            names = [f"column_{n}" for n in range(1, len(first) + 1)]
            rows = iter([first, *rows]) if first else rows
        at = names.index(self.clock.field) if self.clock and self.clock.field in names else None
        for row in rows:
            if row:
                yield row[at] if at is not None and at < len(row) else ""


def _rows(text: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(text, delimiter=delimiter)
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:  # such a line is quarantined later; here it is a row without a time
            yield [""]


def _cursor(found: dict[str, Any], path: str) -> str:
    """`null`, `false` and nothing at all say that there is no further page."""
    cursor = found.get(path)
    if cursor is None or cursor is False:
        return ""
    if not isinstance(cursor, str) or len(cursor) > _LONGEST_CURSOR:
        raise ContractBroken(f"what stands at {path!r} is no cursor; check the declaration")
    return cursor
