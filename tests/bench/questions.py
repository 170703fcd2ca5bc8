"""The reference questions: each as a `MetricQuery`, and as SQL over the raw rows.

The SQL says what the definition says (an application counts on the day it was applied for,
people served are those with a completed service), so that both answers must be equal. Where
there are several ways to write it, it is the fastest we know. Rows of the SQL are: the unit (or
NULL), one column a dimension, one a metric.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from warehouse.model import Compare, Grain, MetricQuery, Period

_MONTH = "date_trunc('month', ts)::DATE"
_PEOPLE = "count(DISTINCT user_id)"
_THREE = ("district_01", "district_03", "district_07")
_ONLINE = ("mini_program", "app")
_BY_MONTH_AND_PERSON = f"SELECT DISTINCT {_MONTH} AS m, user_id FROM usage_events"
_CITY = "TRUE"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """tolerance  how far a number may be from the raw one; `factor` brings raw numbers to ours."""

    name: str
    query: MetricQuery
    raw: str
    tolerance: float = 0.0
    factor: float = 1.0
    with_base: bool = False
    """The raw rows have the base of the first metric as their last column."""


def asked(end: date) -> Iterator[Asked]:
    """All questions about 24 months that end before `end`."""
    yield from _usage(end)
    yield from _people(end)
    yield from _loans(end)


def unprepared(end: date) -> Asked:
    """Different people under a filter that nobody prepared."""
    return Asked(
        name="people, scene x district x age band, 24 months",
        query=MetricQuery(
            metrics=("usage.people",),
            period=_last(end, 730),
            grain=Grain.MONTH,
            where=(
                ("age_band", ("25-34",)),
                ("district", ("district_03",)),
                ("scene", ("medical",)),
            ),
        ),
        raw=f"SELECT {_MONTH}, {_PEOPLE} FROM usage_events WHERE scene = 'medical'"
        " AND district = 'district_03' AND age_band = '25-34' GROUP BY 1",
    )


def _last(end: date, days: int) -> Period:
    start = end - timedelta(days=days)
    return Period(start=start if days < 700 else start.replace(day=1), end=end)


def _since(end: date, days: int) -> str:
    return f"ts >= DATE '{end}' - INTERVAL {days} DAY"


def _usage(end: date) -> Iterator[Asked]:
    days = "SELECT ts::DATE, {}, count(*) FROM usage_events WHERE {} GROUP BY ALL"
    quarter, month, all_of_it = _last(end, 90), _last(end, 30), _last(end, 730)
    narrow = " AND ".join(
        f"{name} IN {members}" for name, members in (("district", _THREE), ("channel", _ONLINE))
    )
    yield Asked(
        name="events by day, scene, district; 90 days, filtered",
        query=MetricQuery(
            metrics=("usage.events",),
            period=quarter,
            grain=Grain.DAY,
            by=("scene", "district"),
            where=(("channel", _ONLINE), ("district", _THREE)),
        ),
        raw=days.format("scene, district", f"{_since(end, 90)} AND {narrow}"),
    )
    yield Asked(
        name="events by day, scene, district; 24 months",
        query=MetricQuery(
            metrics=("usage.events",), period=all_of_it, grain=Grain.DAY, by=("scene", "district")
        ),
        raw=days.format("scene, district", _CITY),
    )
    yield Asked(
        name="20 services, 30 days: events and people",
        query=MetricQuery(
            metrics=("usage.events", "usage.people"), period=month, by=("service",), limit=20
        ),
        raw=f"SELECT NULL, service, count(*) AS n, {_PEOPLE} FROM usage_events"
        f" WHERE {_since(end, 30)} GROUP BY 2 ORDER BY n DESC LIMIT 20",
    )
    yield Asked(
        name="30 days against the 30 before, by district",
        query=MetricQuery(
            metrics=("usage.events",), period=month, by=("district",), compare=Compare.PREVIOUS
        ),
        # Its last day may end with its last event: then as much of the base counts.
        raw=f"SELECT NULL, district, count(*) FILTER ({_since(end, 30)}), count(*) FILTER"
        f" (NOT ({_since(end, 30)}) AND ts <= (SELECT max(ts) FROM usage_events) - INTERVAL 30 DAY)"
        f" FROM usage_events WHERE {_since(end, 60)} GROUP BY 2",
        with_base=True,
    )
    yield Asked(
        name="events by channel, device, outcome; 30 days",
        query=MetricQuery(
            metrics=("usage.events",), period=month, by=("channel", "device", "outcome")
        ),
        raw="SELECT NULL, channel, device, outcome, count(*) FROM usage_events"
        f" WHERE {_since(end, 30)} GROUP BY ALL",
    )
    yield Asked(
        name="events by weekday, hour; 90 days",
        query=MetricQuery(metrics=("usage.events",), period=quarter, by=("weekday", "hour")),
        raw="SELECT NULL, isodow(ts)::VARCHAR, hour(ts)::VARCHAR, count(*) FROM usage_events"
        f" WHERE {_since(end, 90)} GROUP BY ALL",
    )
    yield Asked(
        name="answer time P95 by day, scene; 90 days",
        query=MetricQuery(
            metrics=("usage.latency_p95",), period=quarter, grain=Grain.DAY, by=("scene",)
        ),
        raw="SELECT ts::DATE, scene, quantile_cont(latency_ms, 0.95) FROM usage_events"
        f" WHERE {_since(end, 90)} GROUP BY ALL",
        tolerance=0.001,
    )


def _people(end: date) -> Iterator[Asked]:
    all_of_it = _last(end, 730)

    def active(metric: str, grain: Grain, period: Period, unit: str, test: str) -> Asked:
        return Asked(
            name=f"{metric}, {'90 days' if period.days < 100 else '24 months'}",
            query=MetricQuery(metrics=(f"growth.{metric}",), period=period, grain=grain),
            raw=f"SELECT {unit}, {_PEOPLE} FROM usage_events WHERE {test} GROUP BY 1",
        )

    yield active("dau", Grain.DAY, _last(end, 90), "ts::DATE", _since(end, 90))
    yield active("dau", Grain.DAY, all_of_it, "ts::DATE", _CITY)
    yield active("wau", Grain.WEEK, all_of_it, "date_trunc('week', ts)::DATE", _CITY)
    yield Asked(
        name="mau, 24 months",
        query=MetricQuery(metrics=("growth.mau",), period=all_of_it, grain=Grain.MONTH),
        raw=f"SELECT m, count(*) FROM ({_BY_MONTH_AND_PERSON}) GROUP BY 1",
    )
    yield Asked(
        name="mau by district, 24 months",
        query=MetricQuery(
            metrics=("growth.mau",), period=all_of_it, grain=Grain.MONTH, by=("district",)
        ),
        raw=f"SELECT {_MONTH}, district, {_PEOPLE} FROM usage_events GROUP BY ALL",
    )
    yield Asked(
        name="growth accounting by month, 24 months",
        query=MetricQuery(
            metrics=tuple(f"growth.{kind}" for kind in ("new", "retained", "resurrected")),
            period=all_of_it,
            grain=Grain.MONTH,
        ),
        raw=f"WITH um AS ({_BY_MONTH_AND_PERSON}), x AS (SELECT user_id, m, lag(m) OVER w AS p"
        " FROM um WINDOW w AS (PARTITION BY user_id ORDER BY m)) SELECT m,"
        " count(*) FILTER (p IS NULL), count(*) FILTER (p = m - INTERVAL 1 MONTH),"
        " count(*) FILTER (p < m - INTERVAL 1 MONTH) FROM x GROUP BY 1",
    )
    yield Asked(
        name="people served so far by day, 24 months",
        query=MetricQuery(metrics=("growth.cumulative_people",), period=all_of_it, grain=Grain.DAY),
        raw="SELECT d, sum(count(*)) OVER (ORDER BY d) FROM (SELECT user_id, min(ts)::DATE AS d"
        " FROM usage_events WHERE outcome = 'success' GROUP BY 1) GROUP BY 1",
    )
    yield Asked(
        name="people by age band, scene; 30 days",
        query=MetricQuery(
            metrics=("usage.people",), period=_last(end, 30), by=("age_band", "scene")
        ),
        raw=f"SELECT NULL, age_band, scene, {_PEOPLE} FROM usage_events"
        f" WHERE {_since(end, 30)} GROUP BY ALL",
    )


_APPLICATION = """SELECT application_id, any_value(district) AS district,
    any_value(product) AS product, min(ts) FILTER (step = 'applied') AS t0,
    min(ts) FILTER (step = 'approved') AS t1, min(ts) FILTER (step = 'signed') AS t2,
    min(ts) FILTER (step = 'disbursed') AS t3,
    any_value(amount) FILTER (step = 'disbursed') AS paid
    FROM funnel_events {} GROUP BY 1"""
"""No step is before the one it follows, so a window of days needs no earlier rows."""


def _loans(end: date) -> Iterator[Asked]:
    everything, recent = _APPLICATION.format(""), _APPLICATION.format(f"WHERE {_since(end, 90)}")
    quantiles = "quantile_cont(epoch_us(t1) - epoch_us(t0), {})"
    yield Asked(
        name="approval time P50, P95 by day, 24 months",
        query=MetricQuery(
            metrics=("loans.approval_seconds_p50", "loans.approval_seconds_p95"),
            period=_last(end, 730),
            grain=Grain.DAY,
        ),
        raw=f"SELECT t0::DATE, {quantiles.format(0.5)}, {quantiles.format(0.95)}"
        f" FROM ({everything}) WHERE t1 IS NOT NULL GROUP BY 1",
        tolerance=0.002,
        factor=1e-6,
    )
    yield Asked(
        name="money paid out by month, product; 24 months",
        query=MetricQuery(
            metrics=("loans.amount",), period=_last(end, 730), grain=Grain.MONTH, by=("product",)
        ),
        raw=f"SELECT date_trunc('month', t0)::DATE, product, sum(paid) FROM ({everything})"
        " WHERE t3 IS NOT NULL GROUP BY ALL",
        tolerance=0.01,
    )
    yield Asked(
        name="applications that reached a step, by district; 90 days",
        query=MetricQuery(metrics=("loans.applications",), period=_last(end, 90), by=("district",)),
        raw=f"SELECT NULL, district, count(*) FROM ({recent}) WHERE t0 IS NOT NULL GROUP BY 2",
    )
