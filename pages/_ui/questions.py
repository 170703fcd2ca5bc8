"""From the filters of the moment to a question.

A panel names metrics and cuts; the bar's filters are added here, each only where every metric
of the question knows the dimension (a loan has no scene). `unheard` names the others, so that
the card can say so.
"""

from datetime import date
from typing import TypedDict, Unpack

from pages._ui.drill import level
from pages._ui.filters import Filters
from pages._ui.funnels import funnel_of
from pages._ui.picks import APART
from warehouse.metrics import find
from warehouse.metrics.model import ADDITIVE, Cohort
from warehouse.model import Compare, Grain, MetricQuery, Period

HOUR, WEEKDAY = "hour", "weekday"


class Options(TypedDict, total=False):
    """period and grain default to the bar's period and to one value for all of it.

    funnel  whether it is counted as the page's address says; see `pages._ui.funnels`.
    """

    period: Period
    grain: Grain
    by: tuple[str, ...]
    where: tuple[tuple[str, tuple[str, ...]], ...]
    compare: bool
    limit: int
    funnel: bool


def ask(filters: Filters, *metrics: str, **options: Unpack[Options]) -> MetricQuery:
    """The question for these filters. A panel's own `where` goes before the bar's."""
    own = dict(options.get("where", ()))
    heard = {d: ms for d, ms in filters.where if d in _known(metrics) and not _is_apart(d, options)}
    return MetricQuery(
        metrics=metrics,
        period=options.get("period", filters.period),
        grain=options.get("grain"),
        by=tuple(level(filters, name, _known(metrics)) for name in options.get("by", ())),
        where=tuple({**heard, **own}.items()),
        compare=_compare(filters, metrics) if options.get("compare") else None,
        limit=options.get("limit"),
        funnel=funnel_of(dict(filters.own)) if options.get("funnel") else None,
        per_workday=filters.per_workday and _adds_up(metrics, options),
    )


def _compare(filters: Filters, metrics: tuple[str, ...]) -> Compare | None:
    """What the bar compares with; cohorts have no days of their own to be moved."""
    follows = any(isinstance(find(name).measure, Cohort) for name in metrics)
    return None if follows and filters.compare is Compare.LUNAR else filters.compare


def _adds_up(metrics: tuple[str, ...], options: Options) -> bool:
    """Whether these numbers have a value per working day. A day is no mean of days."""
    apart = options.get("grain") is Grain.DAY or WEEKDAY in options.get("by", ())
    return not apart and all(isinstance(find(name).measure, ADDITIVE) for name in metrics)


def trace(filters: Filters, *metrics: str, **options: Unpack[Options]) -> MetricQuery:
    """The question behind a line: the bar's period by its unit, up to the last one that is over.

    A single day is shown by hour, where the metrics know the hour of their records.
    """
    if filters.period.days == 1 and not options.get("by") and HOUR in _known(metrics):
        hours: Options = {**options, "by": (HOUR,)}
        return ask(filters, *metrics, **hours)
    period = filters.whole(filters.so_far, filters.unit)
    units: Options = {**options, "period": period, "grain": filters.unit}
    return ask(filters, *metrics, **units)


def left_running(filters: Filters, query: MetricQuery) -> date | None:
    """The start of the running unit, where a question over time leaves it out."""
    if query.grain is None or query.period is None or filters.day is None:
        return None
    start = query.grain.floor(filters.day)
    return start if query.period.end == start and filters.day < filters.period.end else None


def unheard(filters: Filters, query: MetricQuery) -> tuple[str, ...]:
    """The dimensions the bar filters by that this question does not follow.

    Its metrics cannot be cut by them, or the panel is about members of its own.
    """
    own = dict(query.where)
    return tuple(d for d, members in filters.where if set(own.get(d, ())) != set(members))


def _is_apart(dimension: str, options: Options) -> bool:
    """Steps that stand beside each other make no sense with one of them taken out."""
    return dimension == APART and APART in options.get("by", ())


def _known(metrics: tuple[str, ...]) -> frozenset[str]:
    return frozenset.intersection(*(frozenset(find(name).dimensions) for name in metrics))
