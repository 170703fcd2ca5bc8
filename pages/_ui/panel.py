"""One card of a page as a value: what it asks, how it is drawn, what stands around it.

A panel holds no numbers. `query` gives its main question for the filters of the moment (also
what is exported); `extra` gives further questions that only the drawing needs. `draw` turns the
answers into a face: a `Chart`, a `Tile` or a `Sheet`. Everything visible about a panel is made
from these three faces, so a card, its data table and its file cannot disagree.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pages._figures.values import Style
from pages._ui.cells import Act, Chip, Entry, Tone
from pages._ui.filters import Filters
from pages._ui.picks import pick_of
from pages._ui.records import Records
from pages._ui.theme import theme
from warehouse.crosstab import Pivot, PivotQuery
from warehouse.errors import DefinitionError
from warehouse.model import City, Label, MetricQuery, Result, Role, Row, SourceStatus
from warehouse.operations import Restatement

Question = Callable[[Filters], MetricQuery]
Figure = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """All that a panel may draw from.

    results   the answers: the main question first, then the extra ones, in their order; none
              where the panel is made of records.
    theme     `light` or `dark`.    language  `zh` or `en`.
    label     (dimension, code) -> its name in the language.
    sources   how the declared sources stand; city  districts the viewer may see.
    goal      wished growth of active people a month, as a share.
    records   what operators see of the pipeline, each kind read when a panel asks for it.
    restated  every changed number the viewer may know of; see `pages._ui.restated`.
    pivot     the table of a panel that asks for one; `results` then holds its total.
    pick      what a click on a row, or on its mark in a chart, means; see `pages._ui.picks`.
    """

    results: tuple[Result, ...]
    filters: Filters
    now: datetime
    zone: ZoneInfo
    theme: str = "light"
    language: str = "zh"
    role: Role = Role.OFFICIAL
    label: Callable[[str, str], str] = lambda _dimension, code: code
    sources: tuple[SourceStatus, ...] = ()
    city: City = field(default_factory=lambda: City(label=Label(zh="", en="")))
    goal: float = 0.30
    records: Records = field(default_factory=Records)
    restated: tuple[Restatement, ...] = ()
    pivot: Pivot | None = None
    pick: Callable[[Result, Row], str] = pick_of

    @property
    def result(self) -> Result:
        return self.results[0]

    @property
    def style(self) -> Style:
        return Style(
            theme=theme(self.theme), language=self.language, label=self.label, pick=self.pick
        )


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
    behind: "Sheet | None" = None
    """The table behind a chart that is made of records and not of an answer."""


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


@dataclass(frozen=True, kw_only=True)
class Fold:
    """What a row opens: a further table under it."""

    summary: str
    sheet: "Sheet"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table. A cell is text, a whole number, or one of `pages._ui.cells`. `finding` as above.

    tones  rows that stand out.   notes  by row, a line beneath that says what to do.
    folds  by row, what it opens.  acts  buttons above the table.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    numeric: frozenset[int] = frozenset()
    finding: str = ""
    note: str = ""
    tones: Mapping[int, Tone] = field(default_factory=dict)
    notes: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    folds: Mapping[int, Fold] = field(default_factory=dict)
    acts: tuple[Act, ...] = ()


Face = Chart | Tile | Sheet
Draw = Callable[[Drawing], Face | None]
"""None: there is nothing to draw for these filters; the card shows its empty state."""

KINDS = ("tile", "chart", "table")


def screen_of(face: Face | None, title: str) -> Sheet:
    """A face made of records as a table: what of it goes into a file."""
    if isinstance(face, Sheet):
        return face
    if isinstance(face, Chart) and face.behind:
        return face.behind
    if isinstance(face, Tile):
        return Sheet(head=(title,), rows=((f"{face.value} {face.unit}".strip(),),))
    return Sheet(head=(), rows=())


@dataclass(frozen=True, kw_only=True)
class Panel:
    """id      unique within its page, [a-z_].
    query   None: it is made of records alone, without any question.
    kind      tile, chart or table.
    title     Chinese message; also the fallback where no finding can be computed.
    width     columns of the 12-column grid on a laptop.
    note      Chinese message under the title (unit, window) where the drawing gives none.
    roles     who may see it; empty: everybody who may open the page.
    """

    id: str
    kind: str
    title: str
    query: Question | None
    draw: Draw
    extra: tuple[Question, ...] = ()
    pivot: Callable[[Filters], PivotQuery] | None = None
    """Asks for a pivot table instead. Raises `QueryError` on an address that has no such one."""
    width: int = 4
    note: str = ""
    roles: frozenset[Role] = frozenset()
    tall: bool = False
    wide: bool = False
    """As high as a page, and on a phone wider than it: scrolled sideways there."""
    follows_sources: bool = False
    """Its face shows how the sources stand, so it moves with each of their runs."""
    is_news: bool = False
    """Its finding belongs into the line under the page's name."""
    lists: bool = False
    """Its numbers count applications: a click lists them (`pages._ui.listed`)."""
    leads: str = ""
    """Name of the page where its detail lives; the card links to it with the same filters."""

    def __post_init__(self) -> None:
        if not self.id.replace("_", "").isalpha() or self.id != self.id.lower():
            raise DefinitionError(f"Panel id {self.id!r}: use lower-case letters and '_' only.")
        if self.kind not in KINDS:
            raise DefinitionError(f"Panel {self.id!r} has kind {self.kind!r}: {', '.join(KINDS)}.")
        if not 1 <= self.width <= 12:
            raise DefinitionError(f"Panel {self.id!r} is {self.width} columns wide, not 1 to 12.")

    def questions(self, filters: Filters) -> tuple[MetricQuery, ...]:
        """Everything it asks for these filters, the main question first.

        Only that one is per working day: the others give what it stands beside.
        """
        plain = replace(filters, per_workday=False)
        main = (self.query(filters),) if self.query else ()
        return (*main, *(ask(plain) for ask in self.extra))

    def is_open_to(self, role: Role) -> bool:
        return not self.roles or role in self.roles


def panel_of(panels: tuple[Panel, ...], wanted: str) -> Panel | None:
    """The panel of a page with this id."""
    return next((panel for panel in panels if panel.id == wanted), None)
