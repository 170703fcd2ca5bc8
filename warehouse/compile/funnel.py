"""The ordered funnel: how far each application comes within the window, and when.

L(u) of DEFINITIONS "Loan funnel", over every possible start. Where no step of an application
occurs twice, its four times tell it at once. For the others every event is kept (`history`, in
their order: time, then step), and the chains are followed step by step: of all chains that lead
to the same event from the same start only the earliest can be the earliest of any longer one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from warehouse.compile.applications import instant, time_of
from warehouse.compile.slice import Sql, Window
from warehouse.datasets import STEPS
from warehouse.funnel import Funnel, Order

PLACES = range(len(STEPS))
_TIMES = tuple(time_of(step) for step in STEPS)
_MOMENTS = ", ".join(f"epoch_us({time}) AS m{i}" for i, time in enumerate(_TIMES))
_PATH = ", ".join(f"path[{i + 1}]" for i in PLACES)


def followed(rows: Sql, funnel: Funnel, window: Window, edge: datetime, kept: Sequence[str]) -> Sql:
    """`rows` of `applications.cohort`: the columns `kept`, their chains, and `is_maturing`.

    edge  up to where the data reach (UTC): what is younger than the window then has not failed.
    """
    known = chains(rows, funnel, window.until, (*kept, "is_disbursed", "is_ended"))
    edge = edge if window.until is None else min(edge, window.until)
    young = f"started_at > {instant(edge - timedelta(seconds=funnel.window_seconds))}"
    text = (
        f"SELECT *, coalesce(NOT (is_disbursed OR is_ended) AND {young}, FALSE) AS is_maturing"
        f" FROM ({known.text})"
    )
    return Sql(text=text, parameters=known.parameters)


def chains(rows: Sql, funnel: Funnel, until: datetime | None, kept: Sequence[str]) -> Sql:
    """The columns `kept` of `rows` of `applications.cohort` with `c1`..`c4`: microseconds of the
    earliest chain that comes farthest, NULL beyond its end; in any order only whether they are
    NULL tells something.

    And `started_at`: the last time the application was applied for, or NULL. `until`: what came
    after it is not seen.
    """
    own = ", ".join(kept)
    plain = _any_order if funnel.order is Order.ANY else _in_order
    text = (
        f"WITH app AS NOT MATERIALIZED ({rows.text}),"
        f" kept AS (SELECT application, unnest(history) AS event FROM app"
        " WHERE history IS NOT NULL),"
        ' e AS (SELECT application, event."at" AS moment, epoch_us(event."at") AS us, event.step'
        " AS step, row_number() OVER (PARTITION BY application ORDER BY"
        f' event."at", event.step) AS place FROM kept{_seen(until)}),'
        f" {_paths(funnel)},"
        " started AS (SELECT application, max(moment) AS started_at FROM e WHERE step = 0"
        " GROUP BY application)"
        f" SELECT {own}, c1, c2, c3, c4, CASE WHEN has_applied THEN applied_at END AS started_at"
        f" FROM ({plain('(SELECT * FROM app WHERE history IS NULL)', funnel)})"
        f" UNION ALL SELECT {', '.join(f'app.{name}' for name in kept)}, {_PATH}, started_at"
        " FROM app"
        " LEFT JOIN best ON best.application = app.application"
        " LEFT JOIN started ON started.application = app.application"
        " WHERE app.history IS NOT NULL"
    )
    return Sql(text=text, parameters=rows.parameters)


def _seen(until: datetime | None) -> str:
    return "" if until is None else f' WHERE event."at" <= {instant(until)}'


def _limits(funnel: Funnel) -> list[tuple[int, int]]:
    """For each further step the most microseconds (from the first, from the one before it)."""
    whole = funnel.window_seconds * 1_000_000
    own = [seconds * 1_000_000 for seconds in funnel.step_seconds]
    return [(whole, step) for step in own or [whole] * (len(STEPS) - 1)]


def _in_order(rows: str, funnel: Funnel) -> str:
    """`rows` with `c1`..`c4`, where each step occurs at most once.

    Each column in a SELECT of its own: else the text of one is computed again in every later one.
    """
    text = f"SELECT *, {_MOMENTS} FROM {rows}"
    text = f"SELECT *, CASE WHEN has_applied THEN m0 END AS c1 FROM ({text})"
    for i, (whole, step) in enumerate(_limits(funnel)):
        name, at = list(STEPS)[i + 1], f"m{i + 1}"
        strict = f" AND adjacent & {1 << i} > 0" if funnel.order is Order.STRICT else ""
        text = (
            f"SELECT *, CASE WHEN has_{name} AND {at} >= c{i + 1} AND {at} - c1 <= {whole}"
            f" AND {at} - c{i + 1} <= {step}{strict} THEN {at} END AS c{i + 2} FROM ({text})"
        )
    return text


def _any_order(rows: str, funnel: Funnel) -> str:
    whole = funnel.window_seconds * 1_000_000
    text = f"SELECT *, {_MOMENTS} FROM {rows}"
    text = f"SELECT *, CASE WHEN has_applied THEN m0 END AS c1 FROM ({text})"
    for i in PLACES[1:]:
        moments = ", ".join(f"m{j}" for j in range(i + 1))
        text = (
            f"SELECT *, CASE WHEN c{i} IS NOT NULL AND has_{list(STEPS)[i]} AND"
            f" greatest({moments}) - least({moments}) <= {whole} THEN m{i} END AS c{i + 1}"
            f" FROM ({text})"
        )
    return text


def _paths(funnel: Funnel) -> str:
    """CTE `best`: application and `path`, the microseconds of its chain, from its events `e`."""
    if funnel.order is Order.ANY:
        return _masks(funnel)
    texts = [
        "k1 AS (SELECT application, us AS start, us, place, [us] AS path FROM e WHERE step = 0)"
    ]
    for i, (whole, step) in enumerate(_limits(funnel)):
        strict = " AND e.place = k.place + 1" if funnel.order is Order.STRICT else ""
        texts.append(
            f"k{i + 2} AS (SELECT e.application, k.start, e.us, e.place,"
            f" min(list_append(k.path, e.us)) AS path FROM k{i + 1} k JOIN e"
            f" ON e.application = k.application AND e.step = {i + 1} AND e.us >= k.us"
            f" AND e.us <= k.start + {whole} AND e.us <= k.us + {step}{strict} GROUP BY ALL)"
        )
    every = " UNION ALL ".join(f"SELECT application, path FROM k{i + 1}" for i in PLACES)
    best = "first(path ORDER BY len(path) DESC, path)"
    texts.append(
        f"best AS (SELECT application, {best} AS path FROM ({every}) GROUP BY application)"
    )
    return ", ".join(texts)


def _masks(funnel: Funnel) -> str:
    """In any order: which steps lie in a window that begins with an event of one of them."""
    whole = funnel.window_seconds * 1_000_000
    levels = "".join(
        f" WHEN mask & {(2 << i) - 1} = {(2 << i) - 1} THEN {i + 1}" for i in reversed(PLACES)
    )
    return (
        f"s AS (SELECT DISTINCT application, us, step FROM e WHERE step <= {PLACES[-1]}),"
        " w AS (SELECT a.application, a.us, bit_or(1 << b.step::INTEGER) AS mask FROM s a JOIN s b"
        f" ON b.application = a.application AND b.us >= a.us AND b.us <= a.us + {whole}"
        " GROUP BY ALL),"
        f" best AS (SELECT application, [0, 0, 0, 0][1:max(CASE{levels} ELSE 0 END)] AS path"
        " FROM w GROUP BY application)"
    )
