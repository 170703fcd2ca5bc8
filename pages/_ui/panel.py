"""One card of a page as a value: what it asks, how it is drawn, what stands around it.

A panel holds no numbers. `query` gives its main question for the filters of the moment (also
what is exported); `extra` gives further questions that only the drawing needs. `draw` turns the
answers into a face: a `Chart`, a `Tile` or a `Sheet`. Everything visible about a panel is made
from these three faces, so a card, its data table and its file cannot disagree.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

from pages._figures.values import Style
from pages._ui.filters import Filters
from pages._ui.theme import theme
from warehouse.errors import DefinitionError
from warehouse.model import City, Label, MetricQuery, Result, Role, SourceStatus

Question = Callable[[Filters], MetricQuery]
Figure = dict[str, Any]
Tone = Literal["good", "warn", "bad", "quiet"]


class Broken(Protocol):
    """Rows of one source that were kept apart for one reason."""

    @property
    def source(self) -> str: ...
    @property
    def label(self) -> Label: ...
    @property
    def column_name(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def last_at(self) -> datetime | None: ...


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """All that a panel may draw from.

    results   the answers: the main question first, then the extra ones, in their order.
    theme     `light` or `dark`.    language  `zh` or `en`.
    label     (dimension, code) -> its name in the language.
    sources   how the declared sources stand; city  districts the viewer may see.
    goal      wished growth of active people a month, as a share.
    quarantine  asked only by the panel that shows it; raises `Forbidden` for most roles.
    """

    results: tuple[Result, ...]
    filters: Filters
    now: datetime
    zone: ZoneInfo
    theme: str = "light"
    language: str = "zh"
    label: Callable[[str, str], str] = lambda _dimension, code: code
    sources: tuple[SourceStatus, ...] = ()
    city: City = field(default_factory=lambda: City(label=Label(zh="", en="")))
    goal: float = 0.30
    quarantine: Callable[[], tuple[Broken, ...]] = tuple

    @property
    def result(self) -> Result:
        return self.results[0]

    @property
    def style(self) -> Style:
        return Style(theme=theme(self.theme), language=self.language, label=self.label)


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A short mark with a tone; never colour alone."""

    text: str
    tone: Tone


@dataclass(frozen=True, kw_only=True)
class Chart:
    """finding  the title computed from the numbers; empty: the panel's neutral title stands.
    note       what the reader must know to read the axes: unit, target line, order.
    """

    figure: Figure
    finding: str = ""
    note: str = ""
    chips: tuple[Chip, ...] = ()
    is_bare: bool = False
    """The finding names a member only: the panel's title must stand beside it."""


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One number. `tone` colours the change by goodness, not by direction."""

    value: str
    unit: str = ""
    change: str = ""
    tone: Tone = "quiet"
    context: str = ""
    trend: tuple[float | None, ...] = ()
    chips: tuple[Chip, ...] = ()
    finding: str = ""
    """A clause for the line under the page's name."""


Entry = str | int | Chip


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table. A cell is text, a whole number, or a chip. `finding` as for a chart."""

    head: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    numeric: frozenset[int] = frozenset()
    finding: str = ""
    note: str = ""


Face = Chart | Tile | Sheet
Draw = Callable[[Drawing], Face | None]
"""None: there is nothing to draw for these filters; the card shows its empty state."""

KINDS = ("tile", "chart", "table")


@dataclass(frozen=True, kw_only=True)
class Panel:
    """id      unique within its page, [a-z_].
    kind      tile, chart or table.
    title     Chinese message; also the fallback where no finding can be computed.
    width     columns of the 12-column grid on a laptop.
    note      Chinese message under the title (unit, window) where the drawing gives none.
    roles     who may see it; empty: everybody who may open the page.
    """

    id: str
    kind: str
    title: str
    query: Question
    draw: Draw
    extra: tuple[Question, ...] = ()
    width: int = 4
    note: str = ""
    roles: frozenset[Role] = frozenset()
    tall: bool = False
    follows_sources: bool = False
    """Its face shows how the sources stand, so it moves with each of their runs."""
    is_news: bool = False
    """Its finding belongs into the line under the page's name."""

    def __post_init__(self) -> None:
        if not self.id.replace("_", "").isalpha() or self.id != self.id.lower():
            raise DefinitionError(f"Panel id {self.id!r}: use lower-case letters and '_' only.")
        if self.kind not in KINDS:
            raise DefinitionError(f"Panel {self.id!r} has kind {self.kind!r}: {', '.join(KINDS)}.")
        if not 1 <= self.width <= 12:
            raise DefinitionError(f"Panel {self.id!r} is {self.width} columns wide, not 1 to 12.")

    def questions(self, filters: Filters) -> tuple[MetricQuery, ...]:
        """Everything it asks for these filters, the main question first."""
        return tuple(ask(filters) for ask in (self.query, *self.extra))

    def is_open_to(self, role: Role) -> bool:
        return not self.roles or role in self.roles


def panel_of(panels: tuple[Panel, ...], wanted: str) -> Panel | None:
    """The panel of a page with this id."""
    return next((panel for panel in panels if panel.id == wanted), None)
