"""What operators asked for."""

from etl.books.book import Book, aware, naive
from warehouse.operations import Request, RequestState, RunKind

_REQUEST = (
    "SELECT request_id, kind, source, reason, start_day, end_day, asked_by, asked_at, state,"
    " run_id, message"
)


class Requests(Book):
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
