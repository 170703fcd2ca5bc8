"""A question as plain JSON values and back: one form, strict, with its version.

Equal questions have equal texts, so the text can be hashed, sealed and kept. What reads it back
refuses everything that was not written here.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from warehouse.errors import QueryError
from warehouse.funnel import Funnel, Order
from warehouse.model import Compare, Grain, MetricQuery, Period, Sort

VERSION = 1
_KEYS = frozenset(
    {
        "version", "metrics", "period", "grain", "by", "where", "compare", "limit", "sort", "rest",
        "per_workday", "funnel",
    }
)  # fmt: skip
_FUNNEL_KEYS = frozenset({"order", "window_seconds", "step_seconds"})
_LONGEST = 1000
"""Characters of a name; no catalogue and no source has longer ones."""


def canonical(value: object) -> str:
    """Plain JSON values as the one text they have: sorted keys, no spaces, no NaN."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def to_wire(query: MetricQuery) -> dict[str, Any]:
    """`query` as JSON values; filters and their members in a fixed order."""
    period, funnel = query.period, query.funnel
    return {
        "version": VERSION,
        "metrics": list(query.metrics),
        "period": None if period is None else [period.start.isoformat(), period.end.isoformat()],
        "grain": None if query.grain is None else query.grain.value,
        "by": list(query.by),
        "where": sorted([name, sorted(set(members))] for name, members in query.where),
        "compare": None if query.compare is None else query.compare.value,
        "limit": query.limit,
        "sort": None if query.sort is None else query.sort.value,
        "rest": query.rest,
        "per_workday": query.per_workday,
        "funnel": None if funnel is None else _funnel(funnel),
    }


def _funnel(funnel: Funnel) -> dict[str, Any]:
    return {
        "order": funnel.order.value,
        "window_seconds": funnel.window_seconds,
        "step_seconds": list(funnel.step_seconds),
    }


def from_wire(content: object) -> MetricQuery:
    """The question that was written with `to_wire`. Raises `QueryError` on anything else."""
    if not isinstance(content, Mapping) or set(content) != _KEYS:
        raise _wrong("has other keys")
    if content["version"] != VERSION or isinstance(content["version"], bool):
        raise _wrong(f"has another version than {VERSION}")
    try:
        return MetricQuery(
            metrics=_names(content["metrics"]),
            period=_period(content["period"]),
            grain=None if content["grain"] is None else Grain(content["grain"]),
            by=_names(content["by"]),
            where=tuple(_condition(one) for one in _list(content["where"])),
            compare=None if content["compare"] is None else Compare(content["compare"]),
            limit=None if content["limit"] is None else _whole(content["limit"]),
            sort=None if content["sort"] is None else Sort(content["sort"]),
            rest=_flag(content["rest"]),
            per_workday=_flag(content["per_workday"]),
            funnel=None if content["funnel"] is None else _to_funnel(content["funnel"]),
        )
    except (ValueError, TypeError) as error:
        raise _wrong(f"cannot be read ({error})") from error


def _wrong(how: str) -> QueryError:
    return QueryError(f"The stored question {how}. Ask it again and store it anew.")


def _list(value: object) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise TypeError("no name")
    return value


def _names(value: object) -> tuple[str, ...]:
    return tuple(_name(one) for one in _list(value))


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("no whole number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("no yes or no")
    return value


def _period(value: object) -> Period | None:
    if value is None:
        return None
    start, end = _names(value)
    return Period(start=date.fromisoformat(start), end=date.fromisoformat(end))


def _condition(value: object) -> tuple[str, tuple[str, ...]]:
    name, members = _list(value)
    return _name(name), _names(members)


def _to_funnel(value: object) -> Funnel:
    if not isinstance(value, Mapping) or set(value) != _FUNNEL_KEYS:
        raise TypeError("no funnel")
    return Funnel(
        order=Order(value["order"]),
        window_seconds=_whole(value["window_seconds"]),
        step_seconds=tuple(_whole(one) for one in _list(value["step_seconds"])),
    )
