"""One look at a paged service: which page is asked for next, and where a cut look goes on."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

import httpx2

from etl.connectors._http_page import Clock, Page
from etl.delivery import Window
from warehouse.errors import ContractBroken, SourceUnavailable
from warehouse.sentences import say


class Paging(StrEnum):
    NONE = "none"
    PAGE = "page"
    CURSOR = "cursor"
    LINK = "link"


@dataclass(frozen=True, kw_only=True)
class Pages:
    """How a service cuts its list into pages."""

    kind: Paging = Paging.NONE
    following: str = ""
    """Keys between dots to the next cursor or link; for links empty: in the header `Link`."""
    cursor_parameter: str = ""
    page_parameter: str = ""
    first_page: int = 1
    size_parameter: str = ""
    page_rows: int = 1000
    most_pages: int = 10_000
    """In one look; more are a service that goes round in circles."""


@dataclass(frozen=True, kw_only=True)
class Increment:
    """Only what changed since the newest row of the looks before, and a little more."""

    parameter: str
    clock: Clock
    look_back: timedelta
    until_parameter: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, apart from the page."""

    url: str
    query: tuple[tuple[str, str], ...] = ()
    pages: Pages = Pages()
    increment: Increment | None = None

    def mark(self) -> str:
        """Another question is not gone on with where this one stood."""
        timed = (self.increment.parameter, self.increment.clock) if self.increment else ()
        asked = (self.url, self.query, self.pages.kind, self.pages.following, timed)
        return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a source stands: `Position.cursor`, as JSON."""

    since: datetime | None = None
    """The newest time of all looks that came to their end."""
    newest: datetime | None = None
    """Of the look at work; counts once it came to its end."""
    started_at: datetime | None = None
    """Of the look at work; None between two looks."""
    following: str = ""
    """The cursor or link to go on with."""
    number: int = 1
    """Of the page it leads to, in the look at work."""

    def write(self, mark: str) -> str:
        times = {"since": self.since, "newest": self.newest, "started_at": self.started_at}
        told = {name: at.isoformat() for name, at in times.items() if at is not None}
        page = {"following": self.following, "number": self.number}
        return json.dumps({"of": mark, **page, **told}, ensure_ascii=False)

    @classmethod
    def read(cls, cursor: str, mark: str) -> "Place":
        """The beginning, for a cursor of another question."""
        told = json.loads(cursor) if cursor else {}
        if told.get("of") != mark:
            return cls()
        names = ("since", "newest", "started_at")
        times = {name: datetime.fromisoformat(told[name]) for name in names if name in told}
        return cls(following=told["following"], number=told["number"], **times)


@dataclass(kw_only=True)
class Look:
    """The pages of one look in turn."""

    question: Question
    place: Place
    now: datetime
    window: Window | None = None
    pages: int = 0
    """Asked for before the one at work, since this look was begun or gone on with."""
    is_over: bool = False
    is_resumed: bool = False
    content: str = ""
    """SHA-256 of the page before."""
    _cursors: set[str] = field(default_factory=set)
    _contents: dict[str, int] = field(default_factory=dict)
    """Of the pages before: where they led, and which content was which page."""

    @classmethod
    def begin(
        cls, question: Question, place: Place, now: datetime, window: Window | None = None
    ) -> "Look":
        """Goes on where an earlier look was cut. A window is always read from its beginning."""
        if window is not None:
            return cls(question=question, place=Place(started_at=now), now=now, window=window)
        if place.following:
            started_at = place.started_at or now
            return cls(
                question=question,
                place=replace(place, started_at=started_at),
                now=started_at,
                is_resumed=True,
            )
        return cls(question=question, place=Place(since=place.since, started_at=now), now=now)

    def restart(self, now: datetime) -> None:
        """The service has forgotten the cursor: everything since the last whole look again."""
        self.place = Place(since=self.place.since, started_at=now)
        self.now = now
        self.is_resumed = False

    def url(self) -> httpx2.URL:
        """Of the page at work."""
        if self.question.pages.kind is Paging.LINK and self.place.following:
            return httpx2.URL(self.place.following)
        return httpx2.URL(self.question.url, params=list(self._parameters()))

    def _parameters(self) -> Iterator[tuple[str, str]]:
        pages, increment = self.question.pages, self.question.increment
        yield from self.question.query
        if increment and (since := self._since(increment)):
            yield increment.parameter, increment.clock.write(since)
            if self.window and increment.until_parameter:
                yield increment.until_parameter, increment.clock.write(self.window.end)
        if pages.size_parameter:
            yield pages.size_parameter, str(pages.page_rows)
        if pages.kind is Paging.PAGE:
            yield pages.page_parameter, str(pages.first_page + self.place.number - 1)
        if pages.kind is Paging.CURSOR and self.place.following:
            yield pages.cursor_parameter, self.place.following

    def _since(self, increment: Increment) -> datetime | None:
        start = self.window.start if self.window else self.place.since
        return None if start is None else start - increment.look_back

    def after(self, page: Page, sha256: str, link: str) -> "Look":
        """The look with this page behind it. Raises `ContractBroken` for a page that came before,
        and for a link that leads elsewhere."""
        same = self._contents.get(sha256)
        if page.rows and same is not None:
            raise ContractBroken(say("same_page", page=same))
        following, is_last = self._following(page, link)
        times = [at for at in (self.place.newest, page.newest) if at is not None]
        place = replace(
            self.place,
            newest=max(times, default=None),
            following=following,
            number=self.place.number + 1,
        )
        return replace(
            self,
            place=self._ended(place) if is_last else place,
            pages=self.pages + 1,
            is_over=is_last,
            is_resumed=False,
            content=sha256,
        )

    def _following(self, page: Page, link: str) -> tuple[str, bool]:
        """The next cursor or link, and whether the look ends with this page."""
        match self.question.pages.kind:
            case Paging.NONE:
                return "", True
            case Paging.PAGE:
                return "", page.rows == 0
            case Paging.CURSOR:
                is_end = page.rows == 0 and page.following == self.place.following
                return page.following, is_end or not page.following
            case Paging.LINK:
                found = page.following if self.question.pages.following else link
                return (_same_origin(self.url(), found), False) if found else ("", True)

    def _ended(self, place: Place) -> Place:
        """A feed whose end has a cursor goes on from there, unless a time says where."""
        following = "" if self.question.increment else place.following
        since = max((t for t in (place.since, place.newest) if t is not None), default=None)
        return Place(since=since, following=following)

    def check_next(self) -> None:
        """Before the next page is asked for. Raises `SourceUnavailable` for a look without end."""
        pages, following = self.question.pages, self.place.following
        if self.pages >= pages.most_pages:
            raise SourceUnavailable(
                f"{self.question.url}: {say('pages_many', most=format(pages.most_pages, ','))}."
            )
        if following and following in self._cursors:
            raise SourceUnavailable(
                f"{self.question.url}: {say('pages_circle', page=self.place.number - 1)}."
            )
        self._cursors.add(following)
        self._contents[self.content] = self.place.number - 1

    def cursor(self) -> str:
        """What the books keep. A list of numbered pages may have shifted: it is begun anew."""
        place = self.place
        if self.question.pages.kind is Paging.PAGE and not self.is_over:
            place = Place(since=place.since)
        return place.write(self.question.mark())

    def complete_until(self) -> datetime | None:
        """Once the last page is loaded, all that happened until here is."""
        increment = self.question.increment
        if increment is None or not self.is_over or self.window is not None:
            return None
        return self.now - increment.look_back


def _same_origin(url: httpx2.URL, link: str) -> str:
    """The absolute form of `link`. Another host must not get the token."""
    try:
        to = url.join(link)
    except (httpx2.InvalidURL, ValueError) as error:
        raise ContractBroken("its link to the next page is no address") from error
    if (to.scheme, to.netloc) != (url.scheme, url.netloc):
        host = f"{to.scheme}://{to.host}"[:100]
        raise ContractBroken(f"its link to the next page leads elsewhere, to {host}; refused")
    return str(to.copy_with(fragment=None))
