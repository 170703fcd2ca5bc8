"""Loan applications, put together from their parts in every month.

An application's parts may lie in several months and come in any order; merging them gives the
same application each time. Its cohort is the earliest applied time, else its first event.
"""

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from warehouse.compile.facts import TRAITS, value
from warehouse.compile.slice import Choice, Slice, Sql, Tables, dimension, group, literal, sets
from warehouse.datasets import ENDS, STEPS
from warehouse.metrics.model import Count, Measure, Percentile, Share
from warehouse.model import UNKNOWN

STEP = "step"
REACHED = (*STEPS, *ENDS)
_ATTRIBUTES = ("product", "audience", "dealer", "channel", "district", "reason")
_FLAGS = ("credit_bureau", "public_trust", "judicial", "manual")


def _time(step: str) -> str:
    return f"{step}_at"


def _merged(tables: Tables, part: Slice, more: Sequence[str]) -> str:
    """SQL for FROM: one row an application, with its cohort's instant, local day and hour.

    All of them are merged once for all questions; where they are too many for that, each
    question merges the columns that it needs.
    """
    whole = merge(tables, part.zone, (*_ATTRIBUTES, *_FLAGS, "amount_disbursed"))
    ready = tables.prepare("loan_event", "application_part", whole)
    if ready is not None:
        return ready
    return f"({merge(tables, part.zone, ('district', *part.dims, *more))})"


def merge(tables: Tables, zone: ZoneInfo, wanted: Sequence[str]) -> str:
    """The SELECT that merges the parts of every month; of the attributes only the wanted."""
    attributes = [name for name in _ATTRIBUTES if name in wanted]
    others = [name for name in (*_FLAGS, "amount_disbursed") if name in wanted]
    times = [_time(step) for step in REACHED]
    source = tables.table(
        "loan_event",
        "application_part",
        period=None,
        columns=("application", "first_at", *times, *attributes, *others),
    )
    chosen = [f"min({t}) AS {t}" for t in times]
    chosen += [
        f"coalesce(arg_min(\"{n}\", first_at) FILTER (WHERE \"{n}\" <> '{UNKNOWN}'), '{UNKNOWN}')"
        f' AS "{n}"'
        for n in attributes
    ]
    chosen += [f"bool_or({n}) AS {n}" for n in others if n in _FLAGS]
    if "amount_disbursed" in others:
        chosen.append("arg_min(amount_disbursed, disbursed_at) AS amount_disbursed")
    local = f"(cohort_at AT TIME ZONE 'UTC') AT TIME ZONE '{zone.key}'"
    return (
        f'SELECT * EXCLUDE (local_at), CAST(local_at AS DATE) AS "day",'
        f" CAST(date_part('hour', local_at) AS INTEGER) AS \"hour\""
        f" FROM (SELECT *, {local} AS local_at FROM"
        f" (SELECT coalesce(min(applied_at), min(first_at)) AS cohort_at, {', '.join(chosen)}"
        f" FROM {source} GROUP BY application))"
    )


def cohort(tables: Tables, part: Slice, more: Sequence[str] = ()) -> Sql:
    """The window's applications: unit, members, `has_<step>`, and what the tests need."""
    window, merged = part.window, _merged(tables, part, more)
    cut_at = (
        "" if window.until is None else f" AND {{}} <= TIMESTAMP '{window.until.isoformat(' ')}'"
    )
    has = "".join(f", {_time(s)} IS NOT NULL{cut_at.format(_time(s))} AS has_{s}" for s in REACHED)
    where = part.conditions()
    text = (
        f"SELECT *{has} FROM {merged}"
        f' WHERE "day" >= {literal(window.period.start)} AND "day" < {literal(window.period.end)}'
        f" AND {where.text}{cut_at.format('cohort_at')}"
    )
    columns = "".join(f", {dimension(name)} AS by_{i}" for i, name in enumerate(part.by))
    ended = " OR ".join(f"has_{end}" for end in ENDS)
    paid = (
        " REPLACE (CASE WHEN has_disbursed THEN amount_disbursed END AS amount_disbursed)"
        if "amount_disbursed" in more
        else ""
    )
    decision = (
        "least(CASE WHEN has_approved THEN approved_at END,"
        " CASE WHEN has_declined THEN declined_at END)"
    )
    text = (
        f"SELECT *{paid}, {window.unit()} AS unit{columns},"
        " has_approved OR has_declined AS is_decided, has_disbursed AS is_disbursed,"
        f" {ended} AS is_ended,"
        " has_approved AND (NOT has_declined OR approved_at <= declined_at) AS is_approved,"
        f" epoch_us({decision}) - epoch_us(applied_at) AS approval_us FROM ({text})"
    )
    return Sql(text=text, parameters=where.parameters)


def statement(tables: Tables, part: Slice, measures: Sequence[Measure]) -> Sql:
    """Rows (unit, members..., one value a measure)."""
    needed = {name for measure in measures for name in _needs(measure)}
    rows, by = cohort(tables, part, tuple(sorted(needed))), group(part)
    values = ", ".join(value(measure) for measure in measures)
    text = f"SELECT {by}, {values} FROM ({rows.text}) GROUP BY {by}"
    return Sql(text=text, parameters=rows.parameters)


def _needs(measure: Measure) -> tuple[str, ...]:
    if isinstance(measure, Share | Count):
        text = TRAITS[measure.test] + (TRAITS[measure.base] if isinstance(measure, Share) else "")
        return tuple(name for name in _FLAGS if name in text)
    if isinstance(measure, Percentile) or not hasattr(measure, "column"):
        return ()
    return (str(measure.column),)


def reached(tables: Tables, part: Slice) -> Sql:
    """Rows (unit, members..., one count a step of `REACHED`). `part.by` holds no step."""
    rows, by = cohort(tables, part), group(part)
    counts = ", ".join(f"count(*) FILTER (WHERE has_{step})" for step in REACHED)
    text = f"SELECT {by}, {counts} FROM ({rows.text}) GROUP BY {by}"
    return Sql(text=text, parameters=rows.parameters)


def lattice(tables: Tables, part: Slice, choices: Iterable[Choice]) -> Sql:
    """Rows (unit, members..., mask, applications, one count a step) of several choices at once.

    `part.by` holds no step; see `slice.sets`.
    """
    rows = cohort(tables, part)
    columns, grouping = sets(part, choices)
    counts = ", ".join(f"count(*) FILTER (WHERE has_{step})" for step in REACHED)
    text = f"SELECT {columns}, count(*), {counts} FROM ({rows.text}) GROUP BY {grouping}"
    return Sql(text=text, parameters=rows.parameters)
