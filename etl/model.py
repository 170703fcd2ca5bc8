"""The values of the ETL: what a source declares, what a batch brings, how a run ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from etl.delivery import Connector
from warehouse.datasets import Dataset
from warehouse.errors import ContractBroken
from warehouse.model import City, Label
from warehouse.operations import RunKind


class OnBroken(StrEnum):
    """What a row that breaks its contract does."""

    QUARANTINE = "quarantine"  # it is kept apart with its reason, the others load
    STOP = "stop"  # nothing of its item loads, the run fails
    WARN = "warn"  # as quarantine, and the run's message says so


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One declared source. `columns` and `constants` are keyed by the contract's column."""

    name: str
    label: Label
    contract: Dataset
    connector: Connector
    columns: Mapping[str, str]
    """Contract column -> their column."""
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Contract column -> (their value -> ours); `*` stands for every other value."""
    zone: ZoneInfo
    """Of times without an offset."""
    time_format: str = "iso"
    """`iso`, `epoch_s`, `epoch_ms` or a strptime format."""
    identity: tuple[str, ...] = ()
    """Their columns that name a row. Empty: the whole row and its occurrence in the delivery."""
    personal: tuple[str, ...] = ()
    """Their columns that become keyed pseudonyms before anything is written."""
    dropped: tuple[str, ...] = ()
    """Their columns that are never stored, not even in quarantine."""
    promise_seconds: int
    every_seconds: int | None = None
    cron: str | None = None
    """Five fields, UTC. Neither this nor `every_seconds`: loaded only by `run`."""
    on_broken: OnBroken = OnBroken.QUARANTINE
    owner: Label | None = None
    keep_months: int | None = None
    """How long its dataset is kept (`[retention]` of the city); older rows are not stored."""
    labels: Mapping[str, Mapping[str, Label]] = field(default_factory=dict)
    """Dimension -> code -> label: the members this source brings."""
    file: Path

    @property
    def delivered(self) -> frozenset[str]:
        """Their columns that the declaration mentions."""
        return frozenset((*self.columns.values(), *self.identity, *self.personal, *self.dropped))

    @property
    def is_by_occurrence(self) -> bool:
        return not self.identity


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Everything a folder of sources declares."""

    sources: tuple[Source, ...]
    city: City
    labels: Mapping[str, Mapping[str, Label]]
    """Dimension -> code -> label: the city's shared labels and those of every source."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A piece of one item, ready to be stored in one go for each partition it touches.

    batch_id    the same for the same source, content and piece, whenever it is delivered.
    item        the delivered file's name.
    read        rows of the item this batch accounts for: `len(rows) + len(quarantined)`.
    rows        the contract's columns (`occurred_at` Datetime us, UTC, naive), `day` Date,
                `hour` UInt8 or null (no time of day known), `identity` String, `line` Int64;
                pseudonym columns are Int64. `identity` holds originals: hash it, never store it.
    quarantined `line` Int64, `column_name`, `reason`, `original` (JSON with personal columns
                as pseudonyms and dropped columns gone).
    is_last     no further batch of this item follows.
    event_until the newest `occurred_at` in `rows`, or the end of the day of a row without time of
                day, which may be ahead of now (aware, UTC); None when there are none.
    """

    batch_id: str
    source: Source
    run_id: str
    item: str
    read: int
    rows: pl.DataFrame
    quarantined: pl.DataFrame
    is_last: bool
    event_until: datetime | None
    quiet_until: datetime | None = None
    """Of an item without rows that has all earlier ones before it: when it was written (aware).
    Nothing has happened at the source until then."""

    has_event_ids: bool = False
    """Replayed rows: `identity` is the number an event had when it was set aside, as text."""

    cause: str = "late"
    """Why a number that was published may change by it: `late`, `replay` or `backfill`."""

    def quiet(self, until: datetime | None) -> "Batch":
        """The same, and nothing else happened until then."""
        return replace(self, quiet_until=until)

    def __post_init__(self) -> None:
        if self.read != len(self.rows) + len(self.quarantined):
            raise ContractBroken(
                f"{self.source.name}: {self.item}: {self.read} rows were read but"
                f" {len(self.rows)} are good and {len(self.quarantined)} broken."
            )


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """Rows of one stored batch, taken out of quarantine and through their contract again.

    batch    the rows that are good now.
    origin   the batch they were quarantined with.
    lines    of the rows that are good now, in that batch.
    """

    batch: Batch
    origin: str
    lines: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class BatchCount:
    """What became of a batch's rows."""

    read: int = 0
    loaded: int = 0
    duplicate: int = 0
    quarantined: int = 0

    def __add__(self, other: "BatchCount") -> "BatchCount":
        return BatchCount(
            read=self.read + other.read,
            loaded=self.loaded + other.loaded,
            duplicate=self.duplicate + other.duplicate,
            quarantined=self.quarantined + other.quarantined,
        )


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a source has come to over all its runs, and how the last one stands."""

    count: BatchCount
    watermark: datetime | None
    """The newest committed event or word that nothing happened; None before the first."""
    run_started_at: datetime | None
    run_state: str
    """A `RunState`, or empty before the first run."""
    run_message: str


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """How one run of one source ended. read = loaded + duplicate + quarantined."""

    run_id: str
    source: str
    started_at: datetime
    ended_at: datetime | None
    state: RunState
    read: int = 0
    loaded: int = 0
    duplicate: int = 0
    quarantined: int = 0
    message: str = ""
    kind: RunKind = RunKind.LOAD
    asked_by: str = ""
