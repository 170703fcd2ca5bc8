"""What operators see of the pipeline: runs, broken rows, restated numbers, incidents, checks.

Values only; times are aware, UTC. They are read from the published dataset `operations`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

OPERATIONS = "operations"
"""The published file that holds these, rebuilt from the ETL's books before each generation."""


class RunKind(StrEnum):
    """What a run was asked to do."""

    LOAD = "load"  # what is new
    REPLAY = "replay"  # rows in quarantine, by the declaration as it is now
    BACKFILL = "backfill"  # a range once more


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of one source. read = loaded + duplicate + quarantined, always.

    A replay reads nothing: what leaves the quarantine is counted there with a minus.
    """

    run_id: str
    source: str
    dataset: str
    kind: RunKind
    asked_by: str
    """A person's name, or empty for the schedule and the shell."""
    started_at: datetime
    ended_at: datetime | None
    state: str
    """A `RunState`: running, done, failed, interrupted."""
    read: int
    loaded: int
    duplicate: int
    quarantined: int
    message: str


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A broken row as an example. Personal columns are left out."""

    source: str
    reason: str
    column_name: str
    item: str
    line: int
    original: str
    """JSON: their columns and values."""
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class Restatement:
    """A published number that has changed since."""

    metric: str
    dimension: str
    """`district`, or empty for the whole city."""
    member: str
    start: date
    end: date
    """Of the cell's period, half-open: a day or a month."""
    old: float | None
    """None: there was no number, or it was or is hidden to protect people."""
    new: float | None
    cause: str
    """`late`, `replay`, `backfill` or `destroyed`."""
    sources: tuple[str, ...]
    rows: int
    """So many rows came in for the cell's day or month after it had been published as over."""
    seen_at: datetime
    generation: int
    """The first generation with the new number."""


@dataclass(frozen=True, kw_only=True)
class Incident:
    """Something that needs a person, from when it was noticed until it was well again."""

    incident_id: str
    source: str
    kind: str
    """A `warehouse.troubles.Kind`, which has its title and remedy."""
    message: str
    opened_at: datetime
    told_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Drift:
    """A column of a source that is not what it was."""

    source: str
    item: str
    column_name: str
    kind: str
    """`new`, `missing`, `renamed` or `retyped`."""
    was: str
    now: str
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class Parked:
    """A delivery that is left alone until it, the declaration or an operator changes something."""

    source: str
    item: str
    tries: int
    reason: str
    since: datetime


class Severity(StrEnum):
    BLOCKING = "blocking"  # nothing is published
    WARNING = "warning"  # it is published and told


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """One data-quality check of one partition, as it came out last."""

    dataset: str
    month: str
    check: str
    """A key of `warehouse.quality.CHECKS`, which has its words."""
    severity: Severity
    rows: int
    """Rows that break it; 0: it holds."""
    checked_at: datetime


class RequestState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What an operator asked the ETL to do, from a page or a shell, and what became of it."""

    request_id: str
    kind: RunKind
    source: str
    reason: str = ""
    """Replay: only rows with this reason code; empty: all."""
    start: date | None = None
    end: date | None = None
    """Backfill: local days, half-open."""
    asked_by: str
    asked_at: datetime
    state: RequestState = RequestState.WAITING
    run_id: str = ""
    message: str = ""
