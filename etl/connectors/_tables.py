"""A table read in pages that lose nothing: each page becomes one delivery of JSON lines.

A look first reads again what may have been committed late, of which only new or changed rows are
delivered, then what is new. Rows stand in a fixed order, so that the same rows have one content.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from etl.connectors._database import TableOptions
from etl.connectors._session import Session
from etl.connectors._snapshot import Found, Part, Place, place_of, read_part
from etl.delivery import Content, Delivery, Fetched, Format, Item, Layout, Position, Window
from etl.landing import Landing
from warehouse.errors import SourceUnavailable

MARK = "rows"
"""No option changes what the same content means: rows are objects that name their columns."""


class Table(Protocol):
    """What a connector is to the pages of its table."""

    @property
    def options(self) -> TableOptions: ...

    def session(self) -> AbstractContextManager[Session]:
        """A snapshot while the context lasts. Raises `SourceUnavailable` and `ContractBroken`,
        also for what the server says while it is used."""


class TableConnector(ABC):
    """A connector to one table: its deliveries are pages, and nothing is done to the table."""

    options: TableOptions

    @abstractmethod
    def session(self) -> AbstractContextManager[Session]:
        """See `Table`."""

    def deliveries(
        self, known: Mapping[str, Position], window: Window | None = None
    ) -> Iterator[Delivery]:
        """Its pages; the server is asked only when one is fetched."""
        return pages(self, known, window)

    def is_settling(self) -> bool:
        return False

    def finished(self, item: Item) -> None:
        """Nothing is done to their table."""
        return None

    def mark(self) -> str:
        return MARK


def pages(table: Table, known: Mapping[str, Position], window: Window | None) -> Iterator[Delivery]:
    """One page after the other; the next is asked for only when the one before was loaded."""
    options = table.options
    before = known[options.name].cursor if options.name in known else ""
    part = Part(place=Place() if window else place_of(before, options), window=window)
    while True:
        page = Page(table=table, part=part, before=before)
        yield page
        found = page.found
        if found is None:
            return
        if found.problem:
            raise SourceUnavailable(found.problem)
        if not found.has_more:
            return
        part = Part(place=found.place, window=window, is_first=False)


@dataclass(kw_only=True)
class Page:
    """A part of the table that may be fetched."""

    table: Table
    part: Part
    before: str
    """The position's cursor when the look began; reading a window leaves it."""
    found: Found | None = None
    """After it was fetched."""

    @property
    def item(self) -> Item:
        return Item(name=self.table.options.name, version="")

    @property
    def cursor(self) -> str:
        if self.part.window is not None or self.found is None:
            return self.before
        return self.found.place.text(self.table.options)

    def fetch(self, landing: Landing) -> Fetched:
        options = self.table.options
        with landing.draft(options.name) as draft:
            with self.table.session() as session:
                self.found = read_part(session, options, self.part, draft.write)
            if not draft.size:
                draft.write(b"\n")  # that nothing happened is a delivery too
            content = Content(
                path=draft.path,
                name=options.name,
                layout=Layout(format=Format.JSONL),
                sha256=draft.finish(),
                key=draft.key,
            )
        return Fetched(
            content=content,
            cursor=self.cursor,
            totals=self.found.totals,
            complete_until=self.found.complete_until,
        )
