"""The values the whole cockpit speaks in: questions, answers, and who asks.

Frozen and validated on their own; they know nothing of SQL, files or screens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from warehouse.errors import QueryError
from warehouse.funnel import Funnel
from warehouse.period import Compare as Compare
from warehouse.period import Days as Days
from warehouse.period import Grain as Grain
from warehouse.period import Period as Period

UNKNOWN = "unknown"
"""The member of every dimension that stands for "not given". Never dropped, never zero."""


# --- definitions ----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Label:
    """A name in the two languages of the interface."""

    zh: str
    en: str

    def text(self, language: str) -> str:
        return self.en if language == "en" else self.zh


class Unit(StrEnum):
    """What a value counts. The number formatter and the Excel formats follow it."""

    PEOPLE = "people"  # 人
    EVENTS = "events"  # 次
    CASES = "cases"  # 件
    APPLICATIONS = "applications"  # 笔
    VISITS = "visits"  # 访问量
    ROWS = "rows"  # 行
    YUAN = "yuan"  # 元
    RATIO = "ratio"  # how many times, shown with one decimal
    SHARE = "share"  # a fraction 0..1, shown as per cent
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"


class Polarity(StrEnum):
    """Whether more is better. Declared, never guessed from a name."""

    UP = "up"
    DOWN = "down"
    NEUTRAL = "neutral"


@dataclass(frozen=True, kw_only=True)
class Dimension:
    name: str
    label: Label
    members: Mapping[str, Label] | None = None
    """The closed vocabulary in its display order; None where sources declare the members."""


@dataclass(frozen=True, kw_only=True)
class Member:
    code: str
    label: Label


# --- who asks -------------------------------------------------------------------------------


class Role(StrEnum):
    OFFICIAL = "official"
    ANALYST = "analyst"
    OPERATOR = "operator"
    ADMIN = "admin"
    WALL = "wall"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The districts a viewer may see. An empty scope sees nothing; `everything` sees all."""

    districts: frozenset[str] = frozenset()
    everything: bool = False


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Part of every question; there is no default viewer anywhere."""

    name: str
    role: Role
    scope: Scope


# --- question -------------------------------------------------------------------------------

REST = "(rest)"
"""The member that stands for all beyond `limit` (其他). No source may deliver it."""


class Sort(StrEnum):
    """The order of rows within a unit, by the first metric."""

    VALUE = "value"  # largest first
    CHANGE = "change"  # largest change against the base first, up or down
    MEMBER = "member"  # display order of the members


@dataclass(frozen=True, kw_only=True)
class MetricQuery:
    """One question: cache key, URL, audit record and test input at once.

    period   None: from the first to the last day that has data.
    grain    None: one value for the whole period.
    by       names of dimensions; a row for each combination of members that has data.
    where    (dimension, members) pairs, all of which must hold; members are alternatives.
    compare  adds to each cell its base value (环比 or 同比).
    limit    the most combinations of members, chosen over the whole period and followed through
             its units: the largest by the first metric, or the first by `sort`. Hidden ones come
             last. Without a dimension: the most rows.
    sort     None: by unit, then by member in display order, else the largest first.
    rest     with a limit: what lies beyond becomes one row of the member `REST`, counted anew.
    per_workday  values that add up are divided by the working days of their unit.
    funnel   how the metrics of the ordered funnel count; None: their default.
    """

    metrics: tuple[str, ...]
    period: Period | None = None
    grain: Grain | None = None
    by: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    compare: Compare | None = None
    limit: int | None = None
    sort: Sort | None = None
    rest: bool = False
    per_workday: bool = False
    funnel: Funnel | None = None

    def __post_init__(self) -> None:
        if not self.metrics:
            raise QueryError("A question names at least one metric.")
        if len(set(self.metrics)) != len(self.metrics) or len(set(self.by)) != len(self.by):
            raise QueryError("A metric or dimension is named twice.")
        if any(not members for _, members in self.where):
            raise QueryError("A filter names a dimension but no member.")
        if sum(len(members) for _, members in self.where) > 1000:
            raise QueryError("More than 1,000 filter values. Choose fewer.")
        if self.limit is not None and self.limit < 1:
            raise QueryError("The limit must be at least 1.")
        if self.rest and (self.limit is None or len(self.by) != 1):
            raise QueryError("The rest needs a limit and exactly one dimension to cut by.")


# --- answer ---------------------------------------------------------------------------------


class CellState(StrEnum):
    VALUE = "value"
    SUPPRESSED = "suppressed"  # hidden to protect people
    MISSING = "missing"  # no data, or a ratio with an empty base


@dataclass(frozen=True, kw_only=True)
class Cell:
    value: float | int | None = None
    state: CellState = CellState.VALUE
    base: float | int | None = None
    """The value of the compared period; None where it is missing, suppressed or not asked."""
    has_hidden_base: bool = False
    """There is a base, and it is hidden to protect people."""
    is_broken: bool = False
    """Value and base are counted by two editions of the definition: their change is no progress."""

    def change(self, unit: Unit) -> float | None:
        """Relative change against the base; for shares the difference (percentage points / 100)."""
        if self.value is None or self.base is None:
            return None
        if unit is Unit.SHARE:
            return self.value - self.base
        return None if self.base == 0 else (self.value - self.base) / self.base


@dataclass(frozen=True, kw_only=True)
class Row:
    members: tuple[str, ...]
    """One code for each dimension of `query.by`, in that order."""
    cells: tuple[Cell, ...]
    """One cell for each metric of `query.metrics`, in that order."""
    period: Period | None = None
    """The unit of the grain this row stands for; None where no grain was asked."""
    is_partial: bool = False
    """The unit is not over: compared only with the same elapsed part of its base."""
    days: Days | None = None
    """None where the question neither compares nor counts per working day."""


@dataclass(frozen=True, kw_only=True)
class SourceStatus:
    """How a declared source stands; what the pipeline page, chips and banners show."""

    name: str
    label: Label
    dataset: str
    promise_seconds: int
    watermark: datetime | None
    """Every batch with events up to here is committed. None: nothing has been loaded yet."""
    last_run_at: datetime | None = None
    last_run_state: str = ""
    """`done`, `failed`, `running`, `interrupted` or empty."""
    last_error: str = ""
    next_run_at: datetime | None = None
    # The counts are of all its runs together.
    rows_read: int = 0
    rows_loaded: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0

    def lag_seconds(self, now: datetime) -> float | None:
        return None if self.watermark is None else max(0.0, (now - self.watermark).total_seconds())

    def is_stale(self, now: datetime) -> bool:
        lag = self.lag_seconds(now)
        return lag is None or lag > self.promise_seconds


@dataclass(frozen=True, kw_only=True)
class District:
    code: str
    label: Label
    population: int
    outline: tuple[tuple[float, float], ...] = ()
    """A closed ring of (x, y) for a schematic map; empty where the city gives none."""


@dataclass(frozen=True, kw_only=True)
class City:
    label: Label
    districts: tuple[District, ...] = ()
    map_note: Label = field(default_factory=lambda: Label(zh="", en=""))
    """What must stand under the map: 边界为示意, or the map approval number."""


@dataclass(frozen=True, kw_only=True)
class EditionUse:
    """Which edition of a metric's definition counts some units of an answer.

    period     the units counted so, those of the question's window.
    overtaken  the day a newer edition came into force within the last of these units, which
               belongs to the edition of its first day; None where none did.
    """

    metric: str
    number: int
    since: date
    period: Period
    overtaken: date | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """The answer to one question for one viewer.

    editions      by which definitions it is counted: of each metric at least one, in order.
    suppressed    how many cells are hidden to protect people.
    as_of         the smallest watermark among the sources the numbers stand on; None: no data.
    data_version  changes exactly when the data behind the answer may have changed.
    """

    query: MetricQuery
    rows: tuple[Row, ...]
    as_of: datetime | None
    data_version: str
    suppressed: int = 0
    stale: tuple[SourceStatus, ...] = ()
    editions: tuple[EditionUse, ...] = ()

    def column(self, metric: str) -> tuple[Cell, ...]:
        """The cells of one metric, row by row."""
        index = self.query.metrics.index(metric)
        return tuple(row.cells[index] for row in self.rows)
