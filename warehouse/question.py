"""A question as asked becomes a question that can be answered: names checked, units known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from warehouse import metrics
from warehouse.compile import Where, Window
from warehouse.compile.applications import STEP
from warehouse.errors import BadPeriod, QueryError, UnknownDimension, nearest
from warehouse.funnel import Order
from warehouse.metrics.model import (
    ADDITIVE,
    BY_STEP,
    Active,
    Cohort,
    Conversion,
    EndToEnd,
    EndToEndWithin,
    Growth,
    Maturing,
    Metric,
    QuickRatio,
    StepTime,
    Stickiness,
)
from warehouse.model import Compare, Grain, MetricQuery, Period, Sort
from warehouse.windows import calendar_unit, whole_units

MOST_DIMENSIONS = 6
FIRST_YEAR, LAST_YEAR = 1900, 2200


@dataclass(frozen=True, kw_only=True)
class Question:
    """A checked question: its metrics, and the window that answers it."""

    query: MetricQuery
    metrics: tuple[Metric, ...]
    window: Window
    has_units: bool
    """Rows stand for units of a grain; otherwise there is one for the whole period."""
    where: Where
    """That of the query, or of a part of its answer that is counted anew (the rest)."""

    @property
    def datasets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(metric.dataset for metric in self.metrics))

    def of(self, dataset: str) -> tuple[Metric, ...]:
        return tuple(metric for metric in self.metrics if metric.dataset == dataset)

    def whole(self) -> "Question":
        """One value for all of the period, whatever the grain."""
        window = undivided(self.window.period, self.metrics)
        return replace(self, window=window, has_units=False)

    def by(self, *dimensions: str) -> "Question":
        """Cut by these instead, all of their members."""
        query = replace(self.query, by=dimensions, limit=None, sort=None, rest=False)
        return replace(self, query=query)

    def only(self, dimension: str, members: Iterable[str]) -> "Question":
        """Not cut by `dimension`, of whose members only these count."""
        others = ((name, chosen) for name, chosen in self.where if name != dimension)
        where = tuple(sorted((*others, (dimension, tuple(sorted(members))))))
        by = tuple(name for name in self.query.by if name != dimension)
        return replace(self.by(*by), where=where)


def named(query: MetricQuery) -> tuple[Metric, ...]:
    """The metrics asked for. Raises `UnknownMetric`, `UnknownDimension`, `QueryError`."""
    found = tuple(metrics.find(name) for name in query.metrics)
    dims = tuple(dict.fromkeys((*query.by, *(name for name, _ in query.where))))
    for metric in found:
        for name in dims:
            _check_dimension(metric, name)
        _check_step(metric, query)
        _check_adds_up(metric, query)
        _check_cohort(metric, query)
        _check_apart(metric, query)
    if len(dims) > MOST_DIMENSIONS:
        raise QueryError(f"A question has at most {MOST_DIMENSIONS} dimensions. Leave some out.")
    if len({name for name, _ in query.where}) != len(query.where):
        raise QueryError("A dimension is filtered twice. Give all its members in one filter.")
    if query.sort is Sort.CHANGE and query.compare is None:
        raise QueryError("Sorting by change needs something to compare with: add `compare`.")
    return found


def _check_dimension(metric: Metric, name: str) -> None:
    if name not in metric.dimensions:
        raise UnknownDimension(
            f"{metric.name} has no dimension {name!r}.{nearest(name, metric.dimensions)}"
            f" It has: {', '.join(metric.dimensions)}."
        )


def _check_step(metric: Metric, query: MetricQuery) -> None:
    members: Mapping[str, tuple[str, ...]] = dict(query.where)
    is_apart = STEP in query.by or len(members.get(STEP, ())) == 1
    if isinstance(metric.measure, BY_STEP) and not is_apart:
        raise QueryError(
            f"{metric.name} counts each step apart: ask it `--by step`,"
            " or with one step as a filter (`--where step=approved`)."
        )
    if isinstance(metric.measure, BY_STEP) and query.rest and STEP in query.by:
        raise QueryError(f"{metric.name} does not add up over steps: ask it without the rest.")
    is_timed = isinstance(metric.measure, StepTime | EndToEnd | EndToEndWithin)
    if is_timed and query.funnel is not None and query.funnel.order is Order.ANY:
        raise QueryError(f"{metric.name} needs the steps in their order. Choose another order.")


def _check_cohort(metric: Metric, query: MetricQuery) -> None:
    if query.compare is Compare.LUNAR and isinstance(metric.measure, Cohort):
        raise QueryError(
            f"{metric.name} follows people by whole units of the calendar: compare it with the"
            " unit before or with the year before."
        )


def _check_adds_up(metric: Metric, query: MetricQuery) -> None:
    if query.per_workday and not isinstance(metric.measure, ADDITIVE):
        raise QueryError(
            f"{metric.name} does not add up over days, so it has no value per working day:"
            " ask it without."
        )


def _check_apart(metric: Metric, query: MetricQuery) -> None:
    members: Mapping[str, tuple[str, ...]] = dict(query.where)
    for name in metric.apart:
        if name not in query.by and len(members.get(name, ())) != 1:
            raise QueryError(
                f"{metric.name} counts each {name} apart: ask it `--by {name}`,"
                f" or with one {name} as a filter (`--where {name}=1`)."
            )
        if query.limit is not None or query.sort is not None:
            raise QueryError(
                f"{metric.name} stands in the order of its units and of {name}: ask it"
                " without a limit and without another order."
            )


def resolve(query: MetricQuery, found: tuple[Metric, ...], period: Period) -> Question:
    """The question over `period` in whole units. Raises `QueryError` on a grain too fine."""
    if period.start.year < FIRST_YEAR or period.end.year > LAST_YEAR:
        raise BadPeriod(
            f"The period {period.start} to {period.end} lies outside"
            f" {FIRST_YEAR} to {LAST_YEAR}. Choose days the data can have."
        )
    grain = query.grain or _default_grain(found)
    for metric in found:
        if grain is not None and grain not in metric.grains:
            allowed = ", ".join(metric.grains)
            raise QueryError(f"{metric.name} has no grain {grain}. Ask it by {allowed}.")
    return Question(
        query=query,
        metrics=found,
        window=whole_units(period, grain) if grain is not None else undivided(period, found),
        has_units=grain is not None,
        where=query.where,
    )


def undivided(period: Period, found: tuple[Metric, ...]) -> Window:
    """All of `period` as one."""
    if any(isinstance(metric.measure, Growth | QuickRatio) for metric in found):
        # A whole month stands against the whole month before, as it does by month.
        return Window(period=period, grain=calendar_unit(period))
    return Window(period=period)


def _default_grain(found: tuple[Metric, ...]) -> Grain | None:
    grains = {metric.default_grain for metric in found if metric.default_grain is not None}
    if len(grains) > 1:
        raise QueryError(
            "These metrics are counted by different grains: name one, such as `--grain month`."
        )
    return next(iter(grains), None)


def where(query: MetricQuery) -> Where:
    """The filters in a fixed order, so that equal questions are one question."""
    return tuple(sorted((name, tuple(sorted(set(members)))) for name, members in query.where))


def depends_on_the_instant(question: Question) -> bool:
    """Whether the answer changes with the instant up to which the data reach, not just the day."""
    kinds = tuple(metric.measure for metric in question.metrics)
    return question.query.compare is not None or any(
        isinstance(kind, Active | Stickiness | Conversion | Maturing) for kind in kinds
    )
