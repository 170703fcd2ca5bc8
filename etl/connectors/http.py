"""The connector `http`: JSON, JSON lines and CSV from a web service, page by page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import httpx2

from etl.connectors._http_declared import read_access, read_question
from etl.connectors._http_look import Look, Place, Question
from etl.connectors._http_page import PageReader
from etl.connectors._http_session import Access, Landed, Refused, Session
from etl.connectors._layout import layout_mark, read_layout
from etl.declaration import Declaration
from etl.delivery import Content, Delivery, Fetched, Format, Item, Layout, Position, Window
from etl.landing import Landing, open_landed
from warehouse import clock
from warehouse.errors import ContractBroken

ITEM = "pages"
"""One position a source: a page means nothing without the pages before it."""
WINDOW_ITEM = "window"
"""What is read again must not move the position."""
_FORGOTTEN = (400, 404, 410, 422)
"""What services answer to a cursor that they know no more."""


@dataclass(frozen=True, kw_only=True)
class Http:
    """What is asked, how, and how the answers are written."""

    question: Question
    access: Access
    layout: Layout

    def deliveries(
        self, known: Mapping[str, Position], window: Window | None = None
    ) -> Iterator[Delivery]:
        """The pages of one look. A page that was not fetched ends it; the next look asks again."""
        position = known.get(ITEM)
        place = Place.read(position.cursor if position else "", self.question.mark())
        look = Look.begin(self.question, place, clock.now(), window)
        with Session(self.access, httpx2.URL(self.question.url)) as session:
            while not look.is_over:
                delivery = PageDelivery(connector=self, session=session, look=look)
                yield delivery
                if delivery.after is None:
                    return
                look = delivery.after
                if not look.is_over:
                    look.check_next()

    def is_settling(self) -> bool:
        return False

    def finished(self, item: Item) -> None:
        """Nothing to do: the position says it all."""

    def mark(self) -> str:
        return layout_mark(self.layout)

    def reader(self, layout: Layout) -> PageReader:
        increment = self.question.increment
        return PageReader(
            layout=layout,
            clock=increment.clock if increment else None,
            following=self.question.pages.following,
        )


@dataclass(kw_only=True)
class PageDelivery:
    """One page, before and after it is fetched."""

    connector: Http
    session: Session
    look: Look
    after: Look | None = None
    """Where the look stands behind this page."""

    @property
    def item(self) -> Item:
        return Item(name=WINDOW_ITEM if self.look.window else ITEM, version="")

    def fetch(self, landing: Landing) -> Fetched:
        """Raises `SourceUnavailable` and `ContractBroken`; both name the address and the page."""
        landed = self._landed(landing)
        try:
            self.after = self._read(landed)
        except ContractBroken as error:
            landed.path.unlink(missing_ok=True)
            raise ContractBroken(f"{self._name()}: {error}.") from error
        content = Content(
            path=landed.path,
            name=self.item.name,
            layout=self._layout(landed),
            sha256=landed.sha256,
            key=landed.key,
            may_be_empty=landed.is_empty,
        )
        return Fetched(
            content=content,
            cursor="" if self.look.window else self.after.cursor(),
            complete_until=self.after.complete_until(),
        )

    def _landed(self, landing: Landing) -> Landed:
        get = partial(self.session.get, landing=landing, name=self._name())
        try:
            return get(self.look.url())
        except Refused as error:
            if not self.look.is_resumed or error.status not in _FORGOTTEN:
                raise
        self.look.restart(clock.now())
        return get(self.look.url())

    def _read(self, landed: Landed) -> Look:
        with open_landed(landed.path, landed.key) as stream:
            page = self.connector.reader(self._layout(landed)).read(stream, self.look.now)
        return self.look.after(page, landed.sha256, landed.link)

    def _layout(self, landed: Landed) -> Layout:
        """An answer 204 has no body: as JSON lines that is no rows, in other formats a mistake."""
        return Layout(format=Format.JSONL) if landed.is_empty else self.connector.layout

    def _name(self) -> str:
        return f"{self.connector.question.url}: page {self.look.place.number}"


def read(declaration: Declaration, env: Mapping[str, str]) -> Http:
    """The table `[connector]`; mistakes are noted in the declaration."""
    layout = read_layout(declaration)
    return Http(
        question=read_question(declaration, env, layout),
        access=read_access(declaration, env, layout),
        layout=layout,
    )
