"""What operators see of the pipeline, as a panel may read it: each kind by a call of its own.

A call raises `Forbidden` for a role that may not see it; the card then says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from warehouse.model import Label
from warehouse.operations import CheckResult, Drift, Incident, Parked, Request, Run, Sample


class Broken(Protocol):
    """Rows of one source that were kept apart for one reason."""

    @property
    def source(self) -> str: ...
    @property
    def label(self) -> Label: ...
    @property
    def code(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def column_name(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def first_at(self) -> datetime | None: ...
    @property
    def last_at(self) -> datetime | None: ...


@dataclass(frozen=True, kw_only=True)
class Records:
    """Newest first, where they have a time. Without any given, there are none."""

    quarantine: Callable[[], tuple[Broken, ...]] = tuple
    runs: Callable[[str], tuple[Run, ...]] = lambda _source: ()
    """By the name of a source; empty: all."""
    samples: Callable[[], tuple[Sample, ...]] = tuple
    incidents: Callable[[], tuple[Incident, ...]] = tuple
    drifts: Callable[[], tuple[Drift, ...]] = tuple
    parked: Callable[[], tuple[Parked, ...]] = tuple
    checks: Callable[[], tuple[CheckResult, ...]] = tuple
    requests: Callable[[], tuple[Request, ...]] = tuple
    may_ask: bool = False
    """Whether the viewer may ask the ETL for a replay or a backfill."""
