"""The applications behind a number, one by one: as many as the number says, and no person."""

import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from warehouse.asker import Asker
from warehouse.compile import Slice, applications, fetch
from warehouse.compile.applications import STEP
from warehouse.compile.facts import TRAITS
from warehouse.compile.funnel import followed
from warehouse.datasets import ENDS, STEPS
from warehouse.errors import Forbidden, QueryError, Suppressed
from warehouse.keys import Keyring
from warehouse.metrics.model import Binned, Converted, Count, Maturing, Measure, Reached, Trait
from warehouse.model import CellState, Role, Viewer
from warehouse.question import Question
from warehouse.windows import utc

MOST_ROWS = 1000
ROLES = frozenset({Role.ANALYST, Role.ADMIN})
BANDS = (0, 10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 5_000_000)
"""Yuan: an amount is told by the band it lies in, which holds its lower edge."""
_SHOWN = ("district", "product", "channel", "dealer", "reason")
_KEPT = (
    *("application", "cohort_at", *_SHOWN, "approval_us", "manual"),
    *("credit_bureau", "public_trust", "judicial", "amount_disbursed", "amount_applied"),
    *("is_decided", "is_approved", *(f"has_{step}" for step in applications.REACHED)),
)


@dataclass(frozen=True, kw_only=True)
class Application:
    """One application. A member is None where the numbers by it are hidden from the viewer.

    reference  short and stable; says nothing without the keys of the home.
    cohort_at  when it was applied for (UTC).
    step       the farthest it came, or how it ended.
    amount     (from, below) yuan of what was paid out, else applied for; `below` None: no end.
    """

    reference: str
    cohort_at: datetime
    district: str | None
    product: str | None
    channel: str | None
    dealer: str | None
    reason: str | None
    step: str
    decision_seconds: float | None
    end_to_end_seconds: float | None
    is_manual: bool
    amount: tuple[int, int | None] | None


@dataclass(frozen=True, kw_only=True)
class Applications:
    """A page of the applications behind a number, the earliest first.

    total  the number itself.
    after  what to give for the next page; None on the last.
    """

    rows: tuple[Application, ...]
    total: int
    after: int | None


def check(viewer: Viewer, question: Question, limit: int, after: int) -> None:
    """Raises `Forbidden` and `QueryError` for what cannot be listed."""
    if viewer.role not in ROLES:
        raise Forbidden(
            f"The role {viewer.role} may not see single applications."
            " Ask an administrator for the role analyst."
        )
    query = question.query
    if len(question.metrics) != 1 or query.by or question.has_units or query.compare is not None:
        raise QueryError(
            "A list is of one number: name one metric and its cell by filters and period alone."
        )
    metric = question.metrics[0]
    if metric.dataset != "loan_event" or _test(question) is None:
        raise QueryError(
            f"{metric.name} is no number of applications. List loans.applications instead."
        )
    if not 1 <= limit <= MOST_ROWS or after < 0:
        raise QueryError(f"A list has 1 to {MOST_ROWS} rows a page. Ask for its pages in turn.")


def listed(
    asker: Asker, question: Question, keyring: Keyring, limit: int, after: int
) -> Applications:
    """The applications behind the one number of `question`, as `asker`'s viewer may see them.

    Raises `Suppressed` where the number is hidden from the viewer.
    """
    rows = asker.answer(question).rows
    if not rows:
        return Applications(rows=(), total=0, after=None)
    cell = rows[0].cells[0]
    if cell.state is CellState.SUPPRESSED:
        raise Suppressed(
            "This number is hidden to protect the few people behind it, so they are not listed."
            " Ask for a longer period or fewer filters."
        )
    total = int(cell.value or 0)
    found = _rows(asker, question, limit, after) if total else []
    hidden = {name: _hidden(asker, question, name) for name in _SHOWN} if found else {}
    end = after + len(found)
    return Applications(
        rows=tuple(_application(row, hidden, keyring) for row in found),
        total=total,
        after=end if end < total else None,
    )


def _test(question: Question) -> str | None:
    """SQL that the applications behind the number pass; None where it counts none."""
    measure: Measure = question.metrics[0].measure
    match measure:
        case Count():
            return TRAITS[measure.test]
        case Binned():
            return TRAITS[Trait.TIMED]
        case Maturing():
            return "is_maturing"
        case Reached():
            return f"has_{_step(question)}"
        case Converted():
            step = _step(question)
            return f"c{list(STEPS).index(step) + 1} IS NOT NULL" if step in STEPS else "FALSE"
    return None


def _step(question: Question) -> str:
    """The one step that the question filters on: `question.named` has made sure of it."""
    (step,) = dict(question.query.where)[STEP]
    if step not in (*STEPS, *ENDS):
        raise QueryError(f"{step!r} is no step of an application. Choose another.")
    return step


def _rows(asker: Asker, question: Question, limit: int, after: int) -> list[tuple[Any, ...]]:
    ground, part = asker.ground(question, "loan_event"), _part(asker, question)
    part = replace(part, where=tuple(pair for pair in part.where if pair[0] != STEP))
    edge = utc(ground.complete, ground.zone)
    rows = applications.cohort(asker.tables, part)
    rows = followed(rows, ground.funnel, part.window, edge, _KEPT)
    ends = "".join(f" WHEN has_{end} THEN '{end}'" for end in ENDS)
    steps = "".join(f" WHEN has_{step} THEN '{step}'" for step in reversed(STEPS))
    text = (
        f"SELECT application, cohort_at, {', '.join(_SHOWN)},"
        f" CASE WHEN has_disbursed THEN 'disbursed'{ends}{steps} ELSE 'other' END,"
        " CASE WHEN approval_us >= 0 THEN approval_us END, c4 - c1, coalesce(manual, FALSE),"
        " coalesce(amount_disbursed, amount_applied)"
        f" FROM ({rows.text}) WHERE {_test(question)}"
        f" ORDER BY cohort_at, application LIMIT {int(limit)} OFFSET {int(after)}"
    )
    return fetch(asker.tables, replace(rows, text=text))


def _part(asker: Asker, question: Question) -> Slice:
    return asker.part(question, "loan_event", question.window)


def _hidden(asker: Asker, question: Question, dimension: str) -> frozenset[str]:
    """The members of a dimension whose numbers among these applications are hidden."""
    part = replace(_part(asker, question), by=(dimension,))
    return frozenset(members[0] for _, members in asker.pattern(part).hidden)


def _application(
    row: tuple[Any, ...], hidden: dict[str, frozenset[str]], keyring: Keyring
) -> Application:
    number, at, *members, step, decision, whole, is_manual, amount = row
    shown = {
        name: None if code in hidden[name] else code
        for name, code in zip(_SHOWN, members, strict=True)
    }
    return Application(
        reference=_reference(number, keyring),
        cohort_at=at.replace(tzinfo=UTC),
        step=step,
        decision_seconds=_seconds(decision),
        end_to_end_seconds=_seconds(whole),
        is_manual=is_manual,
        amount=None if amount is None else _band(amount),
        **shown,
    )


def _reference(number: int, keyring: Keyring) -> str:
    """Ten letters and digits, of 50 bits: the same application, the same reference."""
    keyed = keyring.pseudonym(f"application {number}").to_bytes(8, "big", signed=True)
    return base64.b32encode(keyed).decode()[:10]


def _seconds(micro: int | None) -> float | None:
    return None if micro is None else round(micro / 1_000_000, 3)


def _band(fen: int) -> tuple[int, int | None]:
    low = max((edge for edge in BANDS if edge * 100 <= fen), default=0)
    return low, next((edge for edge in BANDS if edge > low), None)
