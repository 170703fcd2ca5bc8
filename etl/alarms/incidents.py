"""Incidents and the notices about them, as they stand in the ETL's books."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from etl.load import Loader
from etl.state import aware, naive
from warehouse.operations import Incident
from warehouse.schema import statements_of


class Event(StrEnum):
    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One message that has to reach one target. It is due until it was sent or given up."""

    incident_id: str
    event: Event
    target: str
    queued_at: datetime
    sent_at: datetime | None = None
    given_up_at: datetime | None = None

    @property
    def is_due(self) -> bool:
        return self.sent_at is None and self.given_up_at is None

    @property
    def message_id(self) -> str:
        """The same however often it is sent, so that who receives it can drop repeats."""
        return f"{self.incident_id}.{self.event}"


class IncidentBook:
    """The tables `incident` and `notice` of the books. Takes the loader's lock itself."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        with loader.working():
            for statement in statements_of("schema/notice", loader.state.alias):
                loader.writer.execute(statement)

    def unfinished(self) -> tuple[tuple[Incident, ...], tuple[Notice, ...]]:
        """Incidents that are open or have a notice to send, and those notices, in order."""
        with self._loader.working():
            alias, execute = self._loader.state.alias, self._loader.writer.execute
            due = (
                f"SELECT * FROM {alias}.notice WHERE sent_at IS NULL AND given_up_at IS NULL"
                " ORDER BY queued_at, event DESC"
            )
            incidents = execute(
                f"SELECT * FROM {alias}.incident WHERE closed_at IS NULL"
                f" OR incident_id IN (SELECT incident_id FROM ({due})) ORDER BY opened_at"
            )
            notices = execute(due)
        return tuple(_incident(row) for row in incidents), tuple(_notice(row) for row in notices)

    def save(self, incidents: Iterable[Incident], notices: Iterable[Notice]) -> None:
        """All or nothing. Raises `NoSpace` or `StorageError`."""
        with self._loader.working():
            alias, execute = self._loader.state.alias, self._loader.writer.execute
            with self._loader.writer.transaction():
                for one in incidents:
                    execute(
                        f"INSERT OR REPLACE INTO {alias}.incident VALUES (?, ?, ?, ?, ?, ?, ?)",
                        [
                            *(one.incident_id, one.source, one.kind, one.message),
                            *(naive(one.opened_at), naive(one.told_at), naive(one.closed_at)),
                        ],
                    )
                for notice in notices:
                    execute(
                        f"INSERT OR REPLACE INTO {alias}.notice VALUES (?, ?, ?, ?, ?, ?)",
                        [
                            *(notice.incident_id, notice.event.value, notice.target),
                            *(naive(notice.queued_at), naive(notice.sent_at)),
                            naive(notice.given_up_at),
                        ],
                    )


def _incident(row: tuple[Any, ...]) -> Incident:
    return Incident(
        incident_id=row[0],
        source=row[1],
        kind=row[2],
        message=row[3],
        opened_at=aware(row[4]),
        told_at=aware(row[5]),
        closed_at=aware(row[6]),
    )


def _notice(row: tuple[Any, ...]) -> Notice:
    return Notice(incident_id=row[0], event=Event(row[1]), target=row[2], queued_at=aware(row[3]))
