"""What operators see of the town's pipeline: one of each kind, invented, at the town's noon."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pages._ui.records import Records
from tests.pages.town import NOW
from warehouse.model import Label
from warehouse.operations import (
    CheckResult,
    Drift,
    Incident,
    Parked,
    Request,
    RequestState,
    Restatement,
    Run,
    RunKind,
    Sample,
    Severity,
)

EMPTY = Label(zh="必填项为空", en="is empty but required")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Rows in quarantine, as the warehouse tells of them."""

    source: str
    rows: int
    column_name: str = "occurred_at"
    code: str = "empty"
    reason: str = "is empty but required"
    label: Label = EMPTY
    first_at: datetime | None = NOW - timedelta(days=2)
    last_at: datetime | None = NOW


def run(number: int, **changes: object) -> Run:
    """A good run of 120 rows, `number` minutes ago."""
    started = NOW - timedelta(minutes=number)
    values: dict[str, object] = {
        "run_id": f"run-{number}",
        "source": "service_event",
        "dataset": "service_event",
        "kind": RunKind.LOAD,
        "asked_by": "",
        "started_at": started,
        "ended_at": started + timedelta(seconds=4),
        "state": "done",
        "read": 120,
        "loaded": 110,
        "duplicate": 7,
        "quarantined": 3,
        "message": "",
    }
    return Run(**(values | changes))  # type: ignore[arg-type]


RUNS = (
    run(1, ended_at=None, state="running"),
    run(5, source="loan_event", dataset="loan_event", state="failed", message="no route to host"),
    run(9, kind=RunKind.REPLAY, asked_by="li", read=0, loaded=40, duplicate=0, quarantined=-40),
)
REASONS = (
    Reason(source="service_event", rows=100_000),
    Reason(source="rating_event", rows=40, column_name="level", code="not_known"),
)
SAMPLE = Sample(
    source="service_event",
    reason="is empty but required",
    column_name="occurred_at",
    item="services.csv",
    line=12,
    original=json.dumps({"no": "S12", "occurred_at": "", "scene": "fund"}),
    seen_at=NOW,
)
INCIDENTS = (
    Incident(
        incident_id="1",
        source="rating_event",
        kind="stale",
        message="nothing for 3 hours",
        opened_at=NOW - timedelta(hours=9),
        told_at=NOW - timedelta(hours=9),
        closed_at=NOW - timedelta(hours=8),
    ),
    Incident(
        incident_id="2",
        source="loan_event",
        kind="failed",
        message="no route to host",
        opened_at=NOW - timedelta(hours=20),
        told_at=None,
        closed_at=None,
    ),
)
DRIFTS = (
    Drift(
        source="rating_event",
        item="ratings.csv",
        column_name="level",
        kind="renamed",
        was="level",
        now="grade",
        seen_at=NOW,
    ),
)
PARKED = (Parked(source="rating_event", item="huge.zip", tries=3, reason="too large", since=NOW),)
CHECKS = tuple(
    CheckResult(
        dataset="loan_event",
        month="2026-03",
        check=name,
        severity=severity,
        rows=rows,
        checked_at=NOW,
    )
    for name, severity, rows in (
        ("good", Severity.BLOCKING, 0),
        ("odd", Severity.WARNING, 4),
        ("wrong", Severity.BLOCKING, 2),
    )
)
REQUESTS = (
    Request(
        request_id="a",
        kind=RunKind.BACKFILL,
        source="loan_event",
        start=date(2026, 3, 1),
        end=date(2026, 3, 8),
        asked_by="li",
        asked_at=NOW,
    ),
    Request(
        request_id="b",
        kind=RunKind.REPLAY,
        source="service_event",
        reason="empty",
        asked_by="li",
        asked_at=NOW - timedelta(hours=1),
        state=RequestState.DONE,
        run_id="run-9",
        message="40 rows left the quarantine",
    ),
)
RESTATED = (
    Restatement(
        metric="usage.events",
        dimension="",
        member="",
        start=date(2026, 3, 18),
        end=date(2026, 3, 19),
        old=82.0,
        new=90.0,
        cause="late",
        sources=("service_event",),
        rows=8,
        seen_at=NOW - timedelta(hours=2),
        generation=4,
    ),
    Restatement(
        metric="usage.events",
        dimension="district",
        member="east",
        start=date(2026, 3, 18),
        end=date(2026, 3, 19),
        old=None,
        new=41.0,
        cause="replay",
        sources=("service_event",),
        rows=8,
        seen_at=NOW - timedelta(hours=1),
        generation=5,
    ),
)
RECORDS = Records(
    quarantine=lambda: REASONS,
    runs=lambda source: tuple(one for one in RUNS if not source or one.source == source),
    samples=lambda: (SAMPLE,),
    incidents=lambda: INCIDENTS,
    drifts=lambda: DRIFTS,
    parked=lambda: PARKED,
    checks=lambda: CHECKS,
    requests=lambda: REQUESTS,
    may_ask=True,
)
