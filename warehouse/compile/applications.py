"""Loan applications, one row each, in the file of the month of their cohort day.

The cohort is the earliest applied time, else the first event. `etl.applications` keeps the rows.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from warehouse.compile.facts import value
from warehouse.compile.slice import Choice, Slice, Sql, Tables, dimension, group, literal, sets
from warehouse.datasets import ENDS, SECONDS_BINS, STEPS
from warehouse.metrics.model import Measure
from warehouse.model import UNKNOWN

STEP = "step"
REACHED = (*STEPS, *ENDS)
AMOUNTS = {"amount_applied": "applied", "amount_approved": "approved"} | {
    "amount_disbursed": "disbursed"
}
"""Column of money -> the step at which it was told."""
_DECISION = (
    "least(CASE WHEN has_approved THEN approved_at END,"
    " CASE WHEN has_declined THEN declined_at END)"
)


def time_of(step: str) -> str:
    """The column with the earliest time of a step."""
    return f"{step}_at"


def instant(at: datetime) -> str:
    """An instant in UTC as an SQL literal."""
    return f"TIMESTAMP '{at.isoformat(' ')}'"


def cohort(tables: Tables, part: Slice) -> Sql:
    """The window's applications: `unit`, `by_0`.., the stored columns, `has_<step>`, and what
    the tests and measures need. What came after the window's cut is not seen.
    """
    window = part.window
    until = "" if window.until is None else f" AND {{}} <= {instant(window.until)}"
    source = tables.table(part.dataset, "application", period=window.period)
    has = ", ".join(
        f"{time_of(s)} IS NOT NULL{until.format(time_of(s))} AS has_{s}" for s in REACHED
    )
    seen = (
        f'SELECT *, {has} FROM {source} WHERE "day" >= {literal(window.period.start)}'
        f' AND "day" < {literal(window.period.end)}{until.format("cohort_at")}'
    )
    ended = " OR ".join(f"has_{end}" for end in ENDS)
    paid = ", ".join(f"CASE WHEN has_{s} THEN {name} END AS {name}" for name, s in AMOUNTS.items())
    told = (
        f"SELECT * REPLACE ({paid}), has_disbursed AS is_disbursed, {ended} AS is_ended,"
        " has_approved OR has_declined AS is_decided,"
        " has_approved AND (NOT has_declined OR approved_at <= declined_at) AS is_approved,"
        f" CASE WHEN has_applied THEN epoch_us({_DECISION}) - epoch_us(applied_at) END"
        f" AS approval_us FROM ({seen})"
    )
    columns = "".join(f", {dimension(name)} AS by_{i}" for i, name in enumerate(part.by))
    where = part.conditions()
    text = (
        f"SELECT *, {window.unit()} AS unit{columns}"
        f" FROM (SELECT *, {_bin('approval_us')} AS seconds_bin FROM ({told})) WHERE {where.text}"
    )
    return Sql(text=text, parameters=where.parameters)


def _bin(column: str) -> str:
    """SQL of the bin of a time in microseconds; each bin holds its upper edge."""
    cases = "".join(
        f" WHEN {column} <= {high * 1_000_000} THEN '{code}'"
        for code, (_, high) in SECONDS_BINS.items()
        if high is not None
    )
    last = next(reversed(SECONDS_BINS))
    is_timed = f"coalesce({column} >= 0, FALSE)"
    return f"CASE WHEN NOT {is_timed} THEN '{UNKNOWN}'{cases} ELSE '{last}' END"


def statement(tables: Tables, part: Slice, measures: Sequence[Measure]) -> Sql:
    """Rows (unit, members..., one value a measure)."""
    return grouped(cohort(tables, part), part, [value(measure) for measure in measures])


def grouped(rows: Sql, part: Slice, values: Sequence[str]) -> Sql:
    """Rows (unit, members..., values...) of applications."""
    by = group(part)
    text = f"SELECT {by}, {', '.join(values)} FROM ({rows.text}) GROUP BY {by}"
    return Sql(text=text, parameters=rows.parameters)


def reached(tables: Tables, part: Slice) -> Sql:
    """Rows (unit, members..., one count a step of `REACHED`). `part.by` holds no step."""
    counts = [f"count(*) FILTER (WHERE has_{step})" for step in REACHED]
    return grouped(cohort(tables, part), part, counts)


def lattice(
    tables: Tables, part: Slice, choices: Iterable[Choice], *, with_steps: bool = True
) -> Sql:
    """Rows (unit, members..., mask, applications, one count a step) of several choices at once.

    `part.by` holds no step; see `slice.sets`. Steps are counted where they are asked for.
    """
    rows = cohort(tables, part)
    columns, grouping = sets(part, choices)
    steps = REACHED if with_steps else ()
    counts = "".join(f", count(*) FILTER (WHERE has_{step})" for step in steps)
    text = f"SELECT {columns}, count(*){counts} FROM ({rows.text}) GROUP BY {grouping}"
    return Sql(text=text, parameters=rows.parameters)
