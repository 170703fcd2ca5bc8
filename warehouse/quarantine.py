"""Why rows were set aside: counts and reasons, without the rows themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime

from warehouse.compile import Tables
from warehouse.model import Label
from warehouse.operations import OPERATIONS
from warehouse.reasons import Worded, read

_COLUMNS = ("source", "reason", "column_name", "rows", "first_at", "last_at", "sample_line")


@dataclass(frozen=True, kw_only=True)
class QuarantineReason:
    """Broken rows of one source with one reason. Times are aware, UTC."""

    source: str
    reason: str
    """The English words, as stored."""
    column_name: str
    rows: int
    first_at: datetime | None
    last_at: datetime | None
    sample_line: str

    @property
    def label(self) -> Label:
        """The reason in the languages of the interface."""
        return self._worded.label

    @property
    def code(self) -> str:
        """A key of `warehouse.reasons.REASONS`, or `other`."""
        return self._worded.code

    @property
    def value(self) -> str:
        """The delivered value that is not known or mapped; empty for every other reason."""
        return self._worded.parameters.get("value", "")

    @property
    def _worded(self) -> Worded:
        return read(self.reason)


def read_reasons(tables: Tables) -> tuple[QuarantineReason, ...]:
    """All reasons, the most frequent first."""
    table = tables.table(OPERATIONS, "quarantine_reason", period=None, columns=_COLUMNS)
    rows = tables.select(f"SELECT * FROM {table} ORDER BY rows DESC, source, reason, column_name")
    return tuple(
        QuarantineReason(
            source=source,
            reason=reason,
            column_name=column or "",
            rows=count,
            first_at=_aware(first_at),
            last_at=_aware(last_at),
            sample_line=sample or "",
        )
        for source, reason, column, count, first_at, last_at, sample in rows
    )


def _aware(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.replace(tzinfo=UTC)
