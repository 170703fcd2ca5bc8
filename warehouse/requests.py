"""What operators ask of the ETL, as sealed files in `<home>/requests/` that it takes from there.

The web process writes nowhere else. A file is named after its request, so a request counts once;
one without our seal, or that asks what cannot be asked, is set aside and never done.
"""

import logging
import os
import re
import secrets
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from warehouse import clock
from warehouse.errors import QueryError, StorageError, Tampered
from warehouse.home import storage_errors
from warehouse.keys import Keyring
from warehouse.operations import Request, RequestState, RunKind
from warehouse.seals import read_sealed, write_sealed
from warehouse.settings import Settings

log = logging.getLogger(__name__)

KIND = "request"
MOST_WAITING = 200
"""More than people ask for: then something asks by itself."""
_MOST_BYTES = 10_000
_CODE = re.compile(r"[a-z0-9_]{0,100}")
_ID = re.compile(r"[0-9a-f]{32}")
_LONGEST_NAME = 200
_ASKED = ("request_id", "kind", "source", "reason", "start", "end", "asked_by", "asked_at")


def asked(
    *,
    kind: RunKind,
    source: str,
    asked_by: str,
    reason: str = "",
    start: date | None = None,
    end: date | None = None,
) -> Request:
    """A new request, asked now.

    reason      replay: a code of `warehouse.reasons`; empty: every reason.
    start, end  backfill: local days, half-open.
    """
    return Request(
        request_id=secrets.token_hex(16),
        kind=kind,
        source=source,
        reason=reason,
        start=start,
        end=end,
        asked_by=asked_by,
        asked_at=clock.now(),
    )


def ask(settings: Settings, keyring: Keyring, request: Request) -> Request:
    """Leave a request for the ETL. Raises `QueryError`, `NoSpace`, `StorageError`."""
    wrong = _wrong(request)
    if wrong:
        raise QueryError(f"{wrong} Nothing was asked of the ETL.")
    if len(_files(settings)) >= MOST_WAITING:
        raise QueryError(
            f"{MOST_WAITING} requests wait already: is the ETL running (`python -m etl serve`)?"
        )
    file = _folder(settings) / f"{request.request_id}.json"
    write_sealed(keyring, KIND, _plain(request), file)
    return request


def waiting(settings: Settings, keyring: Keyring) -> tuple[Request, ...]:
    """What was asked and not yet taken, the oldest first; what is wrong is set aside and logged."""
    found = []
    for file in _files(settings):
        try:
            found.append(_read(keyring, file))
        except (Tampered, ValueError) as error:
            _set_aside(file, str(error))
    return tuple(sorted(found, key=lambda request: (request.asked_at, request.request_id)))


def done(settings: Settings, request: Request) -> None:
    """The request is in the ETL's books."""
    file = _folder(settings) / f"{request.request_id}.json"
    with storage_errors(file):
        file.unlink(missing_ok=True)


def _folder(settings: Settings) -> Path:
    return settings.home / "requests"


def _files(settings: Settings) -> list[Path]:
    return sorted(_folder(settings).glob("*.json"))


def _read(keyring: Keyring, file: Path) -> Request:
    if file.is_symlink() or not file.is_file() or file.stat().st_size > _MOST_BYTES:
        raise ValueError(f"{file} is no file that the cockpit has written.")
    content = read_sealed(keyring, KIND, file) or {}
    if set(content) != set(_ASKED) or content["request_id"] != file.stem:
        raise ValueError(f"{file} is not named after its request.")
    request = Request(
        request_id=content["request_id"],
        kind=RunKind(content["kind"]),
        source=content["source"],
        reason=content["reason"],
        start=_day(content["start"]),
        end=_day(content["end"]),
        asked_by=content["asked_by"],
        asked_at=datetime.fromisoformat(content["asked_at"]),
        state=RequestState.WAITING,
    )
    wrong = _wrong(request)
    if wrong:
        raise ValueError(f"{file}: {wrong}")
    return request


def _wrong(request: Request) -> str:
    """What cannot be asked, as a sentence; empty when all is well."""
    if not _ID.fullmatch(request.request_id):
        return "The request has no proper number."
    if request.kind is RunKind.LOAD:
        return "What is new is loaded on the source's own schedule."
    if not request.source or not _CODE.fullmatch(request.source):
        return f"{request.source[:100]!r} is no name of a source."
    if not _CODE.fullmatch(request.reason):
        return f"{request.reason[:100]!r} is no code of a reason."
    if not request.asked_by or len(request.asked_by) > _LONGEST_NAME:
        return "A request needs the name of who asks."
    if request.asked_at.tzinfo is None:
        return "The time of the request has no zone."
    if request.kind is RunKind.BACKFILL:
        is_range = request.start and request.end and request.start < request.end
        return "" if is_range else "A backfill needs a first day and a later end."
    return "" if request.start is request.end is None else "A replay has no days."


def _plain(request: Request) -> dict[str, Any]:
    found = {f.name: getattr(request, f.name) for f in fields(request) if f.name in _ASKED}
    return {n: v.isoformat() if isinstance(v, date) else v for n, v in found.items()}


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _set_aside(file: Path, why: str) -> None:
    """Out of the way, and kept for whoever looks into it."""
    log.error("request.refused", extra={"fields": {"file": file.name, "why": why}})
    target = file.with_name(f"{file.stem[:100]}.refused")
    try:
        with storage_errors(file):
            os.replace(file, target)
    except StorageError as error:
        log.error("request.stuck", extra={"fields": {"file": file.name, "why": str(error)}})
