"""Where one number comes from, and the hash by which it can be asked again. Values only.

The hash covers the question, who may see what, the rule of small cells, the definitions, the
version of the data and the number: whoever has it can have the same number computed once more.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from warehouse.errors import QueryError
from warehouse.metrics.model import Edition, Metric
from warehouse.model import Cell, CellState, MetricQuery, Period, Role, Scope, SourceStatus
from warehouse.operations import Restatement, Run
from warehouse.rollups import Route
from warehouse.wire import canonical, from_wire, to_wire

Number = float | int | None
Facts = dict[str, Any]
"""Plain JSON values."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """A number with all that decides it; `digest` names it.

    query        of one number, with its period.
    small_cell   cells with fewer contributing people are hidden.
    definitions  (metric, the first day its definition is in force).
    """

    query: MetricQuery
    role: Role
    scope: Scope
    small_cell: int
    definitions: tuple[tuple[str, str], ...]
    data_version: str
    state: CellState
    value: Number

    @property
    def metric(self) -> str:
        return self.query.metrics[0]

    def facts(self) -> Facts:
        return {
            "query": to_wire(self.query),
            "role": self.role.value,
            "everything": self.scope.everything,
            "districts": sorted(self.scope.districts),
            "small_cell": self.small_cell,
            "definitions": [list(one) for one in self.definitions],
            "data_version": self.data_version,
            "state": self.state.value,
            "value": written(self.value),
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON, in hex."""
        return hashlib.sha256(canonical(self.facts()).encode()).hexdigest()


def from_facts(facts: Facts) -> Known:
    """What `facts` was made of. Raises `QueryError`, `ValueError`, `KeyError` or `TypeError`."""
    return Known(
        query=from_wire(facts["query"]),
        role=Role(facts["role"]),
        scope=Scope(districts=frozenset(facts["districts"]), everything=facts["everything"]),
        small_cell=facts["small_cell"],
        definitions=tuple((name, since) for name, since in facts["definitions"]),
        data_version=facts["data_version"],
        state=CellState(facts["state"]),
        value=read(facts["value"]),
    )


def written(value: Number) -> str | None:
    """A number as text that gives the same bits back: hexadecimal where it is a float."""
    if value is None:
        return None
    return value.hex() if isinstance(value, float) else str(value)


def read(text: str | None) -> Number:
    if text is None:
        return None
    return float.fromhex(text) if "0x" in text or "n" in text else int(text)


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """All that one number stands on, as far as its viewer may see it.

    definition   the metric; `edition`: how it is defined for this number.
    period       what it counts; `is_partial`: the period is not over.
    records      how many records (applications, for loans) lie in it; None: hidden.
    people       how many different people are among them; None: hidden, or none are named.
    has_people   whether the records name people at all.
    route        the table that answered, and why the cheaper ones could not.
    sources      what delivers to it; lag and lateness are of `now`.
    runs         the last runs of those sources; empty for roles that may not see them.
    restated     published numbers of the metric in the period that have changed since.
    """

    known: Known
    definition: Metric
    edition: Edition
    cell: Cell
    period: Period
    is_partial: bool
    records: int | None
    people: int | None
    has_people: bool
    route: Route
    as_of: datetime | None
    now: datetime
    sources: tuple[SourceStatus, ...]
    runs: tuple[Run, ...]
    restated: tuple[Restatement, ...]
    generation: int

    @property
    def hash(self) -> str:
        return self.known.digest


def checked_hash(text: str) -> str:
    """Raises `QueryError` on what is no hash of an explanation."""
    wanted = text.strip().lower()
    if len(wanted) != 64 or not set(wanted) <= set("0123456789abcdef"):
        raise QueryError(
            f"{text[:80]!r} is no hash of a number: copy all 64 characters from its explanation."
        )
    return wanted
