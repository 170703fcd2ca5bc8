"""One snapshot of one table: the rows behind a place, in the order of cursor and key."""

import base64
import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from etl.connectors._database import TableOptions
from etl.connectors._session import TIMES, Column, Kind, Session, Where
from etl.delivery import Totals, Window
from warehouse.errors import ContractBroken, nearest
from warehouse.sentences import say

_LONGEST_LINE = 1_000_000
"""Bytes. A longer line would be taken for a broken file, and the whole page be refused."""
_KEPT_OF_LONGER = 1_000

_DIGEST_BYTES = 8
_REMEMBERED_ROWS = 4_000
"""Rows of the look-back behind these are delivered again; they are duplicates."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """How far a table was read."""

    at: tuple[str, ...] = ()
    """Cursor and key of the last row; empty before the first."""
    seen: str = ""
    """The end of the table, in terms of the cursor, when the look began. What is committed late
    lies behind this less the look-back, however long the look took and whatever the last row says.
    """
    last: tuple[bytes, ...] = ()
    """Digests of the newest rows that were read: unchanged, they are not delivered again."""

    def text(self, options: TableOptions) -> str:
        by = (options.cursor, *options.key)
        last = base64.b64encode(b"".join(self.last)).decode()
        told = {"by": by, "at": self.at, "seen": self.seen, "last": last}
        return json.dumps(told, ensure_ascii=False)


def place_of(text: str, options: TableOptions) -> Place:
    """What `Place.text` wrote; the beginning when it was read by other columns then."""
    found = json.loads(text) if text else {}
    if found.get("by") != [options.cursor, *options.key]:
        return Place()
    last = base64.b64decode(found["last"])
    digests = (last[i : i + _DIGEST_BYTES] for i in range(0, len(last), _DIGEST_BYTES))
    return Place(at=tuple(found["at"]), seen=found["seen"], last=tuple(digests))


@dataclass(frozen=True, kw_only=True)
class Part:
    """Which rows: those behind `place`, in the window if there is one."""

    place: Place
    window: Window | None = None
    is_first: bool = True
    """Of its look: what was committed late is read too."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What became of a part."""

    place: Place
    has_more: bool
    complete_until: datetime | None
    totals: Totals | None
    problem: str = ""
    """Rows that cannot be read at all; the others are."""


def read_part(
    session: Session, options: TableOptions, part: Part, write: Callable[[bytes], None]
) -> Found:
    """Writes the rows as JSON lines, at most `page_rows` new ones.

    Raises `ContractBroken` for a table that cannot be read without losing rows.
    """
    return _Reader(session, options).read(part, write)


class _Reader:
    def __init__(self, session: Session, options: TableOptions) -> None:
        self._session = session
        self._options = options
        self._now = session.now()
        self._last: deque[bytes] = deque(maxlen=_REMEMBERED_ROWS)
        self._columns = columns = self._described()
        self._cursor = columns[options.cursor]
        self._named = [self._cursor, *(columns[name] for name in options.key)]
        self._asked = [columns[name] for name in options.columns or columns]
        self._check_cursor()

    def read(self, part: Part, write: Callable[[bytes], None]) -> Found:
        edge = self._edge()
        place = self._start(part, edge)
        late = self._late(place) if part.is_first and part.window is None and place.at else None
        fresh = self._fresh(place, part.window)
        if not part.is_first:
            self._last.extend(place.last)
        skipped = self._write_late(late, place.last, write) if late else 0
        at, has_more = self._write_page(place.at, fresh, write)
        problem = "" if has_more or part.window else self._unreachable()
        is_complete = not (has_more or part.window or problem)
        return Found(
            place=Place(at=at, seen=edge if part.is_first else place.seen, last=tuple(self._last)),
            has_more=has_more,
            complete_until=self._complete_until() if is_complete else None,
            totals=self._totals(late, fresh, skipped),
            problem=problem,
        )

    # --- which rows -------------------------------------------------------------------------

    def _edge(self) -> str:
        """The end of the table in terms of the cursor; empty for numbers of an empty table."""
        if self._cursor.kind is not Kind.NUMBER:
            return self._text(self._cursor, self._now)
        name = self._session.quoted(self._cursor.name)
        found = self._session.one(f"SELECT max({name}) FROM {self._source}")
        return found[0]

    def _start(self, part: Part, edge: str) -> Place:
        """Numbers that begin anew, or whose highest rows went away, are read from the first."""
        is_number = self._cursor.kind is Kind.NUMBER and part.window is None
        if is_number and part.place.at and _is_less(edge, part.place.at[0]):
            return Place()
        return part.place

    def _late(self, place: Place) -> Where:
        """Rows up to the place that may not have been there when it was passed."""
        since = self._session.not_before(
            self._cursor, [place.at[0], place.seen or place.at[0]], self._look_back()
        )
        until = self._session.compared(self._cursor, "<=", place.at[0])
        after = self._session.after(self._named, place.at)
        return since & until & Where(f"NOT {after.text}", after.values) & self._filled()

    def _fresh(self, place: Place, window: Window | None) -> Where:
        where = self._filled()
        if window is not None:
            where &= self._within(window)
        return where & self._session.after(self._named, place.at) if place.at else where

    def _within(self, window: Window) -> Where:
        """At least the rows that happened in the window; the reading process leaves out others."""
        happened = self._columns.get(self._options.happened)
        if happened is not None and happened.kind in TIMES:
            since = self._compared(happened, ">=", window.start)
            return since & self._compared(happened, "<=", window.end)
        if self._cursor.kind in TIMES:  # what happened in the window may have changed later
            back = timedelta(seconds=self._options.look_back_seconds)
            return self._compared(self._cursor, ">=", window.start - back)
        raise ContractBroken(
            f"{self._place}: neither the cursor {self._cursor.name!r} nor the column of"
            " occurred_at is a time there, so no range of time can be read again. Replay the"
            " quarantine, or name a time as cursor."
        )

    def _compared(self, column: Column, sign: str, moment: datetime) -> Where:
        return self._session.compared(column, sign, self._text(column, moment))

    def _filled(self) -> Where:
        """Rows without cursor or key have no place in the order; `_unreachable` looks for them."""
        names = [self._session.quoted(c.name) for c in self._named if c.may_be_empty]
        return Where(" AND ".join(f"{name} IS NOT NULL" for name in names) or "1 = 1")

    def _look_back(self) -> int:
        if self._cursor.kind is Kind.NUMBER:
            return self._options.look_back_number or 0
        return self._options.look_back_seconds

    def _text(self, column: Column, moment: datetime) -> str:
        """As the server reads it in a session whose time zone is UTC."""
        is_local = column.kind is Kind.LOCAL
        zone = ZoneInfo(self._options.zone) if is_local else UTC
        return moment.astimezone(zone).replace(tzinfo=None).isoformat(" ")

    # --- reading ----------------------------------------------------------------------------

    def _write_late(
        self, where: Where, last: tuple[bytes, ...], write: Callable[[bytes], None]
    ) -> int:
        """How many were left out, because they were read before and are what they were."""
        known, skipped = frozenset(last), 0
        for line, _ in self._session.rows(self._asked, self._named, where, None):
            self._last.append(_digest(line))
            if self._last[-1] in known:
                skipped += 1
            else:
                write(_whole(line))
        return skipped

    def _write_page(
        self, at: tuple[str, ...], where: Where, write: Callable[[bytes], None]
    ) -> tuple[tuple[str, ...], bool]:
        """The last row's place, and whether there are more."""
        limit, count = self._options.page_rows, 0
        for line, place in self._session.rows(self._asked, self._named, where, limit + 1):
            if count == limit:
                self._check_border(at, place)
            else:
                self._last.append(_digest(line))
                write(_whole(line))
                at = place
            count += 1
        return at, count > limit

    def _check_border(self, last: tuple[str, ...], following: tuple[str, ...]) -> None:
        if following == last:
            names = ", ".join(map(repr, self._options.key))
            raise ContractBroken(
                f"{self._place}: {say('key_twice', cursor=self._options.cursor, names=names)}."
            )

    def _unreachable(self) -> str:
        """What is wrong when there are rows without a place in the order."""
        names = [c.name for c in self._named if c.may_be_empty]
        if not names:
            return ""
        empty = " OR ".join(f"{self._session.quoted(name)} IS NULL" for name in names)
        if not self._session.one(f"SELECT 1 FROM {self._source} WHERE {empty} LIMIT 1"):
            return ""
        return (
            f"{self._place}: there are rows without {' or '.join(map(repr, names))}, which cannot"
            " be read. Have them filled, or name columns that always are."
        )

    def _totals(self, late: Where | None, fresh: Where, skipped: int) -> Totals | None:
        if not self._options.has_totals:
            return None
        order = ", ".join(self._session.quoted(c.name) for c in self._named)
        page = f"SELECT 1 FROM {self._source} WHERE {fresh.text} ORDER BY {order}"
        rows = self._count(f"({page} LIMIT {self._options.page_rows}) p", fresh.values)
        if late is not None:
            rows += self._count(f"{self._source} WHERE {late.text}", late.values)
        return Totals(rows=rows - skipped)

    def _count(self, source: str, values: Sequence[object]) -> int:
        return int(self._session.one(f"SELECT count(*) FROM {source}", values)[0])

    def _complete_until(self) -> datetime | None:
        """A number says nothing about time."""
        if self._cursor.kind is Kind.NUMBER:
            return None
        return self._now - timedelta(seconds=self._options.look_back_seconds)

    # --- whether it can be read -------------------------------------------------------------

    @property
    def _place(self) -> str:
        return self._options.place

    @property
    def _source(self) -> str:
        return self._session.quoted(*self._options.table)

    def _described(self) -> dict[str, Column]:
        columns = {column.name: column for column in self._session.columns()}
        if not columns:
            remedy = nearest(self._options.name, self._session.tables())
            raise ContractBroken(
                f"{self._place}: there is no such table, or {self._options.user!r} may not read"
                f" it.{remedy or ' Correct connector.table, or have reading granted.'}"
            )
        wanted = (self._options.cursor, *self._options.key, *self._options.columns)
        for name in wanted:
            if name not in columns:
                raise ContractBroken(
                    f"{self._place}: has no column {name!r} that {self._options.user!r} may"
                    f" read.{nearest(name, columns) or ' Correct the declaration.'}"
                )
        return columns

    def _check_cursor(self) -> None:
        name, kind = self._cursor.name, self._cursor.kind
        is_number, told = kind is Kind.NUMBER, self._options.look_back_number is not None
        if kind is Kind.OTHER:
            remedy = f"is {self._cursor.type}. Name a column that is a time or a number as cursor"
        elif is_number and not told:
            remedy = "is a number. Write look_back as a number: how late ones may lag, as in 1000"
        elif not is_number and told:
            remedy = "is a time. Write look_back as a duration, as in '10m'"
        else:
            return
        raise ContractBroken(f"{self._place}: the cursor {name!r} {remedy}.")


def _is_less(edge: str, number: str) -> bool:
    return not edge or Decimal(edge) < Decimal(number)


def _digest(line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=_DIGEST_BYTES).digest()


def _whole(line: bytes) -> bytes:
    """One line. What is too long is cut, which leaves no JSON: a broken row, not a broken page."""
    if len(line) > _LONGEST_LINE:
        line = line[:_KEPT_OF_LONGER].decode("utf-8", "ignore").encode()
    return line + b"\n"
