"""Troubles become incidents: one for a source and kind, told when it opens and when it is over."""

import logging
import secrets
import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from etl.alarms.incidents import Event, IncidentBook, Notice
from etl.alarms.trouble import Key
from etl.load import Loader
from warehouse.errors import StorageError
from warehouse.operations import Incident

log = logging.getLogger(__name__)

CALM_SECONDS = 300
"""An incident is over once its trouble stayed away this long, so that a source that comes and goes
is one incident and not many."""


class Watch:
    """The open incidents of a home. Safe to use from several threads.

    Memory counts, the books follow: a full disk is told although nothing can be written.
    """

    def __init__(
        self, loader: Loader, targets: Collection[str] = (), calm_seconds: float = CALM_SECONDS
    ) -> None:
        """`targets`: names of the outboxes each incident goes to."""
        self._book = IncidentBook(loader)
        self._targets = tuple(targets)
        self._calm = calm_seconds
        self._lock = threading.Lock()
        incidents, notices = self._book.unfinished()
        self._known = {one.incident_id: one for one in incidents}
        self._due = {_key(notice): notice for notice in notices}
        self._well_since: dict[Key, float] = {}
        self._unsaved: dict[str, Incident] = {}
        self._unsaved_notices: dict[tuple[str, ...], Notice] = {}

    def open_incidents(self) -> tuple[Incident, ...]:
        with self._lock:
            return tuple(one for one in self._known.values() if one.closed_at is None)

    # --- troubles -----------------------------------------------------------------------

    def note(
        self,
        troubles: Mapping[Key, str],
        at: datetime,
        seconds: float,
        unsure: Collection[Key] = (),
    ) -> None:
        """Everything that is wrong now, as (source, kind) -> message.

        at       the present instant (aware), written down.
        seconds  a clock that never jumps; decides how long a trouble stayed away.
        unsure   troubles of which nothing can be said at the moment: they stay as they are.
        """
        with self._lock:
            opened = {(one.source, one.kind): one for one in self._known.values() if _is_open(one)}
            for key, message in troubles.items():
                self._well_since.pop(key, None)
                if key not in opened:
                    self._open(key, message, at)
                elif opened[key].message != message:
                    self._keep(replace(opened[key], message=message))
            for key, incident in opened.items():
                if key not in troubles and key not in unsure:
                    since = self._well_since.setdefault(key, seconds)
                    if seconds - since >= self._calm:
                        self._close(incident, at)
            self._save()

    def _open(self, key: Key, message: str, at: datetime) -> None:
        source, kind = key
        incident = Incident(
            incident_id=secrets.token_hex(8),
            source=source,
            kind=kind,
            message=message,
            opened_at=at,
            told_at=None,
            closed_at=None,
        )
        log.warning("incident.opened", extra={"fields": _fields(incident)})
        self._keep(incident)
        self._queue(incident, Event.OPENED, at)

    def _close(self, incident: Incident, at: datetime) -> None:
        closed = replace(incident, closed_at=at)
        self._well_since.pop((incident.source, incident.kind), None)
        log.info("incident.closed", extra={"fields": _fields(closed)})
        self._keep(closed)
        self._queue(closed, Event.CLOSED, at)

    def _keep(self, incident: Incident) -> None:
        self._known[incident.incident_id] = self._unsaved[incident.incident_id] = incident

    def _queue(self, incident: Incident, event: Event, at: datetime) -> None:
        for target in self._targets:
            notice = Notice(
                incident_id=incident.incident_id, event=event, target=target, queued_at=at
            )
            self._due[_key(notice)] = self._unsaved_notices[_key(notice)] = notice

    # --- notices ------------------------------------------------------------------------

    def next_due(self, target: str) -> tuple[Notice, Incident] | None:
        """The notice that waits longest for `target`, with its incident."""
        with self._lock:
            for notice in self._due.values():
                if notice.target == target:
                    return notice, self._known[notice.incident_id]
        return None

    def sent(self, notice: Notice, at: datetime) -> None:
        self._finish(replace(notice, sent_at=at))

    def given_up(self, notice: Notice, at: datetime) -> None:
        self._finish(replace(notice, given_up_at=at))

    def _finish(self, notice: Notice) -> None:
        with self._lock:
            self._due.pop(_key(notice), None)
            self._unsaved_notices[_key(notice)] = notice
            incident = self._known[notice.incident_id]
            if incident.told_at is None and notice.sent_at is not None:
                self._keep(replace(incident, told_at=notice.sent_at))
            self._save()

    # --- books --------------------------------------------------------------------------

    def _save(self) -> None:
        """What could not be written is written with the next change or look."""
        if self._unsaved or self._unsaved_notices:
            try:
                self._book.save(self._unsaved.values(), self._unsaved_notices.values())
            except StorageError as error:
                log.warning("incident.unsaved", extra={"fields": {"why": str(error)}})
                return
            self._unsaved.clear()
            self._unsaved_notices.clear()
        wanted = {notice.incident_id for notice in self._due.values()}
        self._known = {
            name: one for name, one in self._known.items() if _is_open(one) or name in wanted
        }


def _is_open(incident: Incident) -> bool:
    return incident.closed_at is None


def _key(notice: Notice) -> tuple[str, ...]:
    return notice.incident_id, notice.event, notice.target


def _fields(incident: Incident) -> dict[str, str]:
    return {
        "id": incident.incident_id,
        "source": incident.source,
        "kind": incident.kind,
        "why": incident.message,
    }
