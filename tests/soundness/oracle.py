"""The numbers counted a second time, slowly: plain Python over the delivered rows.

Nothing here shares code with the compiler; it is what the definitions say, word for word.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from warehouse.model import UNKNOWN, Grain, Period

Row = Mapping[str, Any]
Cells = dict[tuple[date, tuple[str, ...]], Any]


class Oracle:
    """Service events of one history, with their local day."""

    def __init__(self, rows: Sequence[Row], zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.rows = [dict(row, day=row["occurred_at"].astimezone(self.zone).date()) for row in rows]

    def member(self, row: Row, name: str) -> str:
        if name == "weekday":
            return str(row["day"].isoweekday())
        if name == "hour":
            return str(row["occurred_at"].astimezone(self.zone).hour)
        return row.get(name) or UNKNOWN

    def cells(
        self,
        period: Period,
        grain: Grain | None,
        by: Sequence[str],
        where: Mapping[str, Iterable[str]],
    ) -> dict[tuple[date, tuple[str, ...]], list[Row]]:
        """The rows of every cell that has any."""
        found: dict[tuple[date, tuple[str, ...]], list[Row]] = {}
        units = (period,) if grain is None else period.units(grain)
        for row in self.rows:
            if all(self.member(row, name) in members for name, members in where.items()):
                for unit in units:
                    if unit.start <= row["day"] < unit.end:
                        cell = unit.start, tuple(self.member(row, name) for name in by)
                        found.setdefault(cell, []).append(row)
        return found

    def active(
        self, by: Sequence[str], where: Mapping[str, Iterable[str]], grain: Grain
    ) -> dict[tuple[str, ...], dict[date, set[str]]]:
        """A(t) for each combination of members."""
        found: dict[tuple[str, ...], dict[date, set[str]]] = {}
        for row in self.rows:
            passes = all(self.member(row, name) in members for name, members in where.items())
            if passes and row.get("person"):
                cell = tuple(self.member(row, name) for name in by)
                unit = grain.floor(row["day"])
                found.setdefault(cell, {}).setdefault(unit, set()).add(row["person"])
        return found


def people(rows: Iterable[Row]) -> int:
    return len({row["person"] for row in rows if row.get("person")})


def contributors(rows: Sequence[Row]) -> int:
    return people(rows) + sum(1 for row in rows if not row.get("person"))


def share(rows: Iterable[Row], test: Callable[[Row], bool], base: Callable[[Row], bool]) -> Any:
    among = [row for row in rows if base(row)]
    if not among:
        return None
    exact = Decimal(sum(1 for row in among if test(row))) / len(among)
    return float(exact.quantize(Decimal("0.000001"), ROUND_HALF_UP))  # Python rounds half to even


def percentile(values: Sequence[int], at: float) -> float | None:
    """Continuous: linear between the two neighbours of the rank."""
    if not values:
        return None
    ordered, rank = sorted(values), at * (len(values) - 1)
    low = int(rank)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (ordered[high] - ordered[low]) * (rank - low), 3)


MEASURES: Mapping[str, Callable[[Sequence[Row]], Any]] = {
    "usage.events": len,
    "usage.people": people,
    "usage.cases": lambda rows: len({row["case"] for row in rows if row.get("case")}),
    "usage.success_share": lambda rows: share(
        rows,
        lambda row: row.get("outcome") == "completed",
        lambda row: row.get("outcome") in ("completed", "failed", "abandoned"),
    ),
    "usage.online_share": lambda rows: share(
        rows,
        lambda row: row["channel"] != "counter",
        lambda row: row.get("outcome") == "completed" and bool(row.get("channel")),
    ),
    "usage.latency_p95": lambda rows: percentile(
        [row["latency_ms"] for row in rows if row.get("latency_ms") is not None], 0.95
    ),
}


def accounting(active: Mapping[date, set[str]], unit: date, grain: Grain) -> dict[str, int]:
    """new, retained, resurrected and churned of one unit, from the sets."""
    now, before = active.get(unit, set()), active.get(grain.shift(unit, -1), set())
    ever: set[str] = set().union(*(seen for start, seen in active.items() if start < unit))
    return {
        "growth.new": len(now - ever),
        "growth.retained": len(now & before),
        "growth.resurrected": len((now & ever) - before),
        "growth.churned": len(before - now),
    }


def days(period: Period) -> list[date]:
    return [period.start + timedelta(days=i) for i in range(period.days)]
