"""What needs a person: incidents, and what operators asked for."""

import uuid
from dataclasses import replace

from etl.books.book import Book, aware, naive
from warehouse import clock
from warehouse.connection import Rows
from warehouse.operations import Incident, Request, RequestState, RunKind

_INCIDENT = "SELECT incident_id, source, kind, message, opened_at, told_at, closed_at"
_REQUEST = (
    "SELECT request_id, kind, source, reason, start_day, end_day, asked_by, asked_at, state,"
    " run_id, message"
)


class Incidents(Book):
    # --- incidents --------------------------------------------------------------------------

    def open_incident(self, source: str, kind: str, message: str) -> Incident | None:
        """A new incident; None while one of this source and kind is open, which then says
        `message`. `source` is empty for what concerns all of them."""
        found = self.open_incidents(source, kind)
        if found:
            self._execute(
                "UPDATE {db}.incident SET message = ? WHERE incident_id = ? AND message <> ?",
                message,
                found[0].incident_id,
                message,
            )
            return None
        incident = Incident(
            incident_id=uuid.uuid4().hex,
            source=source,
            kind=kind,
            message=message,
            opened_at=clock.now(),
            told_at=None,
            closed_at=None,
        )
        self._execute(
            "INSERT INTO {db}.incident VALUES (?, ?, ?, ?, ?, NULL, NULL)",
            incident.incident_id,
            source,
            kind,
            message,
            naive(incident.opened_at),
        )
        return incident

    def told(self, incident_id: str) -> None:
        """Somebody has been told."""
        self._execute(
            "UPDATE {db}.incident SET told_at = ? WHERE incident_id = ?",
            naive(clock.now()),
            incident_id,
        )

    def close_incident(self, source: str, kind: str) -> Incident | None:
        """It is well again; the incident that was open, closed, or None."""
        found = self.open_incidents(source, kind)
        if not found:
            return None
        closed = replace(found[0], closed_at=clock.now())
        self._execute(
            "UPDATE {db}.incident SET closed_at = ? WHERE incident_id = ?",
            naive(closed.closed_at),
            closed.incident_id,
        )
        return closed

    def open_incidents(self, source: str | None = None, kind: str = "") -> tuple[Incident, ...]:
        """Open ones, the oldest first; of one source, of one kind where given."""
        rows = self._execute(
            _INCIDENT + " FROM {db}.incident WHERE closed_at IS NULL"
            " AND ($1 IS NULL OR source = $1) AND ($2 = '' OR kind = $2) ORDER BY opened_at",
            source,
            kind,
        )
        return _incidents(rows)

    def incident(self, incident_id: str) -> Incident | None:
        found = self._execute(_INCIDENT + " FROM {db}.incident WHERE incident_id = ?", incident_id)
        return next(iter(_incidents(found)), None)

    # --- requests ---------------------------------------------------------------------------

    def take_request(self, request: Request) -> bool:
        """Enters what an operator asked; False if it was entered before."""
        known = self._execute("SELECT 1 FROM {db}.request WHERE request_id = ?", request.request_id)
        if known:
            return False
        self._execute(
            "INSERT INTO {db}.request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            request.request_id,
            request.kind.value,
            request.source,
            request.reason,
            request.start,
            request.end,
            request.asked_by,
            naive(request.asked_at),
            request.state.value,
            request.run_id,
            request.message,
        )
        return True

    def mark_request(
        self, request_id: str, state: RequestState, run_id: str = "", message: str = ""
    ) -> None:
        self._execute(
            "UPDATE {db}.request SET state = ?, run_id = ?, message = ? WHERE request_id = ?",
            state.value,
            run_id,
            message,
            request_id,
        )

    def requests(self, state: RequestState | None = None) -> tuple[Request, ...]:
        """The oldest first; of one state where given."""
        rows = self._execute(
            _REQUEST + " FROM {db}.request WHERE $1 IS NULL OR state = $1 ORDER BY asked_at",
            None if state is None else state.value,
        )
        return tuple(
            Request(
                request_id=row[0],
                kind=RunKind(row[1]),
                source=row[2],
                reason=row[3],
                start=row[4],
                end=row[5],
                asked_by=row[6],
                asked_at=aware(row[7]),
                state=RequestState(row[8]),
                run_id=row[9],
                message=row[10],
            )
            for row in rows
        )

    def reopen_requests(self) -> None:
        """What a killed process was doing is done again; each kind of request may be repeated."""
        self._execute(
            "UPDATE {db}.request SET state = ? WHERE state = ?",
            RequestState.WAITING.value,
            RequestState.RUNNING.value,
        )


def _incidents(rows: Rows) -> tuple[Incident, ...]:
    return tuple(
        Incident(
            incident_id=row[0],
            source=row[1],
            kind=row[2],
            message=row[3],
            opened_at=aware(row[4]),
            told_at=aware(row[5]),
            closed_at=aware(row[6]),
        )
        for row in rows
    )
