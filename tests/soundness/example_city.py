"""Questions about the example city, each with the answer that the delivered files give.

An expectation is a mapping from what names a row (unit, members) to the number, worked out from
`delivered` with plain polars. Two numbers fit when they agree to a millionth.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tests.soundness import delivered

Key = tuple[str, ...]
Found = Mapping[Key, float | None]


EVERY = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q"}


@dataclass(frozen=True, kw_only=True)
class Span:
    """The period asked about and the files it is asked of."""

    inbox: Path
    start: date
    end: date

    def of(self, question: str) -> "Span":
        """What the question is about: with a grain, every whole unit that the period touches."""
        grain = question.partition("--grain ")[2].partition(" ")[0]
        if not grain:
            return self
        ends = pl.Series([self.start, self.end - timedelta(days=1)]).dt.truncate(EVERY[grain])
        after = ends.dt.offset_by(EVERY[grain])
        return replace(self, start=ends[0], end=after[1])

    def cut(self, rows: pl.DataFrame) -> pl.DataFrame:
        first, last = _midnight(self.start), _midnight(self.end)
        return rows.filter(pl.col("at") >= first, pl.col("at") < last)

    @property
    def used(self) -> pl.DataFrame:
        return self.cut(delivered.services(self.inbox))

    @property
    def loans(self) -> pl.DataFrame:
        return self.cut(delivered.loans(self.inbox))

    @property
    def rated(self) -> pl.DataFrame:
        return self.cut(delivered.ratings(self.inbox))

    @property
    def machines(self) -> pl.DataFrame:
        return self.cut(delivered.machines(self.inbox))


Expect = Callable[[Span], Found]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def unit(every: str, column: str = "at") -> pl.Expr:
    """The first day of the unit, as the answers write it."""
    return pl.col(column).dt.truncate(every).dt.strftime("%Y-%m-%d").alias("unit")


def table(rows: pl.DataFrame, by: list[Any], number: pl.Expr) -> Found:
    if not by:
        return {(): rows.select(number).item()}
    found = rows.group_by(by).agg(number.alias("number"))
    return {tuple(str(part) for part in row[:-1]): row[-1] for row in found.rows()}


def share(test: pl.Expr, base: pl.Expr) -> pl.Expr:
    return (test & base).sum() / base.sum()


PEOPLE = pl.col("person").drop_nulls().n_unique()
COMPLETED = pl.col("outcome") == "completed"
FINISHED = pl.col("outcome").is_in(["completed", "failed", "abandoned"])
DECIDED = pl.col("decided").is_not_null()
APPROVED = pl.col("approved").is_not_null() & (
    pl.col("declined").is_null() | (pl.col("approved") <= pl.col("declined"))
)
ENDS = ("declined", "withdrawn", "cancelled", "expired")
HAS_END = pl.any_horizontal(pl.col(end).is_not_null() for end in ENDS)
SATISFIED = pl.col("level").is_in(["very_satisfied", "satisfied", "basically_satisfied"])


# --- growth: sets of people, one unit after the other ----------------------------------------


def _active(rows: pl.DataFrame, every: str) -> dict[str, set[str]]:
    known = rows.filter(pl.col("person").is_not_null())
    grouped = known.group_by(unit(every)).agg(pl.col("person").unique()).sort("unit")
    return {name: set(people) for name, people in grouped.rows()}


def growth(part: str, *, scene: str | None = None, every: str = "1mo") -> Expect:
    """new, retained, resurrected or churned people a unit, from the beginning of the files."""

    def expect(span: Span) -> Found:
        rows = delivered.services(span.inbox).filter(pl.col("at") < _midnight(span.end))
        rows = rows if scene is None else rows.filter(pl.col("scene") == scene)
        found: dict[Key, float | None] = {}
        before: set[str] = set()
        last: set[str] = set()
        for name, people in _active(rows, every).items():
            parts = {
                "new": people - before,
                "retained": people & last,
                "resurrected": (people & before) - last,
                "churned": last - people,
            }
            found[(name,)] = len(parts[part])
            before, last = before | people, people
        return _from(span, found)

    return expect


def _from(span: Span, found: Found) -> Found:
    return {key: number for key, number in found.items() if key[0] >= span.start.isoformat()}


def cumulative(span: Span) -> Found:
    rows = delivered.services(span.inbox).filter(COMPLETED, pl.col("at") < _midnight(span.end))
    found: dict[Key, float | None] = {}
    served: set[str] = set()
    for name, people in _active(rows, "1mo").items():
        served |= people
        found[(name,)] = len(served)
    return _from(span, found)


def _daily(span: Span) -> pl.DataFrame:
    """Active people a day; a day on which nobody came counts as zero."""
    days = pl.DataFrame(
        {"at": pl.datetime_range(span.start, span.end, "1d", closed="left", eager=True)}
    ).cast(pl.Datetime("us"))
    counts = span.used.group_by(pl.col("at").dt.truncate("1d")).agg(PEOPLE.alias("people"))
    return days.join(counts, on="at", how="left").with_columns(pl.col("people").fill_null(0))


def daily_mean(span: Span) -> Found:
    return table(_daily(span), [unit("1mo")], pl.col("people").mean())


def stickiness(span: Span) -> Found:
    monthly = table(span.used, [unit("1mo")], PEOPLE)
    return {key: mean / (monthly[key] or 1) for key, mean in daily_mean(span).items() if mean}


def monthly_mean(span: Span) -> Found:
    monthly = table(span.used, [unit("1mo")], PEOPLE)
    frame = pl.DataFrame({"at": [key[0] for key in monthly], "people": list(monthly.values())})
    dated = frame.with_columns(pl.col("at").str.to_datetime("%Y-%m-%d"))
    return table(dated, [unit("1q")], pl.col("people").mean())


# --- loans ----------------------------------------------------------------------------------


def reached(*by: str) -> Expect:
    def expect(span: Span) -> Found:
        steps = ("applied", "approved", "signed", "disbursed", *ENDS)
        found: dict[Key, float | None] = {}
        for step in steps:
            for key, number in table(span.loans, list(by), pl.col(step).count()).items():
                found[(*key, step)] = number
        return found

    return expect


# --- the questions --------------------------------------------------------------------------


def events(*by: Any, number: pl.Expr, where: pl.Expr | None = None) -> Expect:
    def expect(span: Span) -> Found:
        rows = span.used if where is None else span.used.filter(where)
        return table(rows, list(by), number)

    return expect


def of_loans(*by: Any, number: pl.Expr) -> Expect:
    return lambda span: table(span.loans, list(by), number)


def of_ratings(*by: Any, number: pl.Expr) -> Expect:
    return lambda span: table(span.rated, list(by), number)


MONTH = unit("1mo")
HOUR = pl.col("at").dt.hour().alias("hour")
WEEKDAY = pl.col("at").dt.weekday().alias("weekday")
ONLINE = COMPLETED & (pl.col("channel") != "counter")
SOMEWHERE = COMPLETED & (pl.col("channel") != "unknown")
HALF = pl.col("seconds").quantile(0.5, "linear")
IN_TIME = share(pl.col("seconds") <= 60, pl.col("seconds").is_not_null())
UNTOUCHED = pl.col("disbursed").is_not_null() & ~pl.col("manual")
VERIFIED = pl.col("bureau") & pl.col("trust") & pl.col("court")
COUNT = pl.len()

QUESTIONS: Mapping[str, Expect] = {
    "usage.events": events(number=COUNT),
    "usage.events --grain month": events(MONTH, number=COUNT),
    "usage.events --grain week": events(unit("1w"), number=COUNT),
    "usage.events --grain quarter": events(unit("1q"), number=COUNT),
    "usage.events --by scene": events("scene", number=COUNT),
    "usage.events --by source": events("source", number=COUNT),
    "usage.events --by district channel": events("district", "channel", number=COUNT),
    "usage.events --by outcome --grain month": events(MONTH, "outcome", number=COUNT),
    "usage.events --by hour": events(HOUR, number=COUNT),
    "usage.events --by weekday": events(WEEKDAY, number=COUNT),
    "usage.events --by audience --where district=qinghe district=cuiyu": events(
        "audience", number=COUNT, where=pl.col("district").is_in(["qinghe", "cuiyu"])
    ),
    "usage.people": events(number=PEOPLE),
    "usage.people --grain month": events(MONTH, number=PEOPLE),
    "usage.people --grain day": events(unit("1d"), number=PEOPLE),
    "usage.people --by scene": events("scene", number=PEOPLE),
    "usage.people --by district --where channel=life_app": events(
        "district", number=PEOPLE, where=pl.col("channel") == "life_app"
    ),
    "usage.cases --grain month": events(MONTH, number=pl.col("case").drop_nulls().n_unique()),
    "usage.success_share --by scene": events("scene", number=share(COMPLETED, FINISHED)),
    "usage.success_share --grain month": events(MONTH, number=share(COMPLETED, FINISHED)),
    "usage.online_share --by district": events("district", number=share(ONLINE, SOMEWHERE)),
    "usage.latency_p95 --by channel": events(
        "channel", number=pl.col("latency").quantile(0.95, "linear")
    ),
    "usage.latency_p95 --grain month": events(
        MONTH, number=pl.col("latency").quantile(0.95, "linear")
    ),
    "usage.volume --by scene --grain month": lambda span: table(
        span.machines, [MONTH, "scene"], pl.col("volume").sum()
    ),
    "growth.dau --grain day": events(unit("1d"), number=PEOPLE),
    "growth.dau --grain month": daily_mean,
    "growth.wau --grain week": events(unit("1w"), number=PEOPLE),
    "growth.mau --grain month": events(MONTH, number=PEOPLE),
    "growth.mau --grain quarter": monthly_mean,
    "growth.new --grain month": growth("new"),
    "growth.new --grain week": growth("new", every="1w"),
    "growth.retained --grain month": growth("retained"),
    "growth.resurrected --grain month": growth("resurrected"),
    "growth.churned --grain month": growth("churned"),
    "growth.resurrected --grain month --where scene=tax": growth("resurrected", scene="tax"),
    "growth.cumulative_people --grain month": cumulative,
    "growth.stickiness --grain month": stickiness,
    "loans.applications --grain month": of_loans(MONTH, number=COUNT),
    "loans.applications --by product district": of_loans("product", "district", number=COUNT),
    "loans.reached --by step": reached(),
    "loans.reached --by product step": reached("product"),
    "loans.approval_share --by product": of_loans("product", number=share(APPROVED, DECIDED)),
    "loans.amount --grain month": of_loans(MONTH, number=pl.col("paid").sum() / 100),
    "loans.approval_seconds_p50 --grain month": of_loans(MONTH, number=HALF),
    "loans.approval_seconds_p95 --by product": of_loans(
        "product", number=pl.col("seconds").quantile(0.95, "linear")
    ),
    "loans.within_60s_share --grain month": of_loans(MONTH, number=IN_TIME),
    "loans.zero_touch_share --by product": of_loans(
        "product", number=share(UNTOUCHED, pl.col("disbursed").is_not_null() | HAS_END)
    ),
    "loans.verified_share --grain month": of_loans(MONTH, number=VERIFIED.mean()),
    "quality.ratings --by level": of_ratings("level", number=COUNT),
    "quality.satisfied_share --by scene": of_ratings("scene", number=SATISFIED.mean()),
    "quality.satisfied_share --grain month": of_ratings(MONTH, number=SATISFIED.mean()),
}
"""Arguments of `python -m warehouse answer` -> what the files say."""


def compare(
    expected: Found, rows: Sequence[Mapping[str, Any]], metric: str, by: Sequence[str]
) -> list[str]:
    """What does not fit, in words. A hidden number must exist; nothing else may be missing."""
    wrong, seen = [], set()
    for row in rows:
        key = (*([row["period"]] if "period" in row else []), *(str(row[name]) for name in by))
        seen.add(key)
        if row.get("states", {}).get(metric) == "suppressed":
            if key not in expected:
                wrong.append(f"{key} is hidden, but there is nothing to hide")
        elif not _fits(row[metric], expected.get(key, 0), metric):
            wrong.append(f"{key}: {row[metric]} is not {expected.get(key, 0)}")
    wrong += [f"{key} is missing: {n}" for key, n in expected.items() if key not in seen and n]
    return wrong


def _fits(given: float | None, wanted: float | None, metric: str) -> bool:
    if given is None or wanted is None:
        return (given or 0) == (wanted or 0)
    # Seconds are given to the millisecond.
    rounding = 0.0005 if "_seconds_" in metric else 0.0
    return abs(given - wanted) <= rounding + 1e-6 * max(1.0, abs(wanted))
