"""Published numbers that have changed since: old and new generation are asked the same questions.

A day or month counts as published as over once its source's watermark had passed its end. Late
rows of that source change what was published for it; every number that differs is written to the
ledger of restatements. The numbers themselves come through the one door, from both generations.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from etl.books.restatements import Late
from etl.late import over_until
from etl.load import Loader
from warehouse.answer import Warehouse
from warehouse.connection import Reader
from warehouse.held import Held
from warehouse.manifest import Manifest
from warehouse.metrics import CATALOGUE
from warehouse.metrics.model import (
    BY_STEP,
    ActiveDays,
    Binned,
    Cohort,
    Conversion,
    EndToEnd,
    EndToEndWithin,
    ErrorBudget,
    Goal,
    GoalGap,
    Maturing,
    Metric,
    Penetration,
    QuickRatio,
    SceneFlow,
    ScenesUsed,
    StepTime,
)
from warehouse.model import (
    CellState,
    Grain,
    MetricQuery,
    Period,
    Result,
    Role,
    Row,
    Scope,
    Viewer,
)
from warehouse.operations import Restatement

RESTATE_AFTER = timedelta(seconds=60)
"""Late rows that come within this time are compared together."""

_EVERYTHING = Viewer(name="etl", role=Role.ADMIN, scope=Scope(everything=True))
_GRAINS = (Grain.DAY, Grain.MONTH)
_CUTS: tuple[tuple[str, ...], ...] = ((), ("district",))
_NOT_RESTATED = (
    *(Goal, GoalGap, Penetration, ErrorBudget),
    *(QuickRatio, ActiveDays, ScenesUsed, SceneFlow, Cohort),
    *(Conversion, Maturing, Binned, StepTime, EndToEnd, EndToEndWithin),
)
"""Kinds that stand on settings, on registers or on how old the data are as much as on what was
delivered, and those that follow from numbers that are told themselves."""

Key = tuple[str, str, date, date]
"""Dimension, member, start, end."""


def is_due(lates: Sequence[Late], now: datetime) -> bool:
    return bool(lates) and now - min(late.first_at for late in lates) >= RESTATE_AFTER


def restatements(
    loader: Loader, lates: Sequence[Late], before: Manifest, after: Manifest, now: datetime
) -> tuple[Restatement, ...]:
    """Every number of the days and months of `lates` that differs between the generations."""
    found: list[Restatement] = []
    with closing(Reader(loader.settings, loader.keyring)) as reader:
        old = Warehouse(loader.settings, Held(reader, before))
        new = Warehouse(loader.settings, Held(reader, after))
        for dataset in sorted({late.dataset for late in lates}):
            own = [late for late in lates if late.dataset == dataset]
            touched = _Touched(
                lates=tuple(own),
                over=over_until(before, loader.settings.zone),
                now=now,
                generation=after.generation,
            )
            for metric in _metrics(dataset):
                found += _compared(metric, touched, old, new)
    return tuple(found)


def _metrics(dataset: str) -> Iterator[Metric]:
    for metric in CATALOGUE.values():
        if metric.dataset == dataset and not isinstance(metric.measure, _NOT_RESTATED):
            yield metric


@dataclass(frozen=True, kw_only=True)
class _Touched:
    """The late rows of one dataset, and what had been published as over."""

    lates: tuple[Late, ...]
    over: dict[str, date]
    now: datetime
    generation: int

    def periods(self, grain: Grain) -> dict[Period, tuple[Late, ...]]:
        """The days or months that were over, with the rows that came for them since."""
        found: dict[Period, list[Late]] = {}
        for late in self.lates:
            period = _unit(late.day, grain)
            if period.end <= self.over.get(late.source, date.min):
                found.setdefault(period, []).append(late)
        return {period: tuple(lates) for period, lates in sorted(found.items(), key=_start)}


def _start(item: tuple[Period, object]) -> date:
    return item[0].start


def _unit(day: date, grain: Grain) -> Period:
    if grain is Grain.DAY:
        return Period(start=day, end=day + timedelta(days=1))
    first = day.replace(day=1)
    return Period(start=first, end=(first + timedelta(days=32)).replace(day=1))


def _compared(
    metric: Metric, touched: _Touched, old: Warehouse, new: Warehouse
) -> Iterator[Restatement]:
    for grain in _GRAINS:
        periods = touched.periods(grain)
        if not periods or grain not in metric.grains:
            continue
        for by in _cuts(metric):
            query = _question(metric, grain, by, periods)
            yield from _differences(
                metric, periods, touched, _cells(old, query), _cells(new, query)
            )


def _cuts(metric: Metric) -> Iterator[tuple[str, ...]]:
    """How a metric is asked: as a whole and by district; one that counts steps, by step."""
    if isinstance(metric.measure, BY_STEP):
        yield ("step",)
        return
    yield from (by for by in _CUTS if set(by) <= set(metric.dimensions))


def _question(
    metric: Metric, grain: Grain, by: tuple[str, ...], periods: Iterable[Period]
) -> MetricQuery:
    units = list(periods)
    whole = Period(start=units[0].start, end=units[-1].end)
    return MetricQuery(metrics=(metric.name,), period=whole, grain=grain, by=by)


def _differences(
    metric: Metric,
    periods: dict[Period, tuple[Late, ...]],
    touched: _Touched,
    old: dict[Key, float | None],
    new: dict[Key, float | None],
) -> Iterator[Restatement]:
    for key in sorted(old.keys() | new.keys()):
        dimension, member, start, end = key
        lates = periods.get(Period(start=start, end=end))
        if lates is None or old.get(key) == new.get(key):
            continue
        yield Restatement(
            metric=metric.name,
            dimension=dimension,
            member=member,
            start=start,
            end=end,
            old=old.get(key),
            new=new.get(key),
            cause=lates[-1].cause,
            sources=tuple(sorted({late.source for late in lates})),
            rows=sum(late.rows for late in lates),
            seen_at=touched.now,
            generation=touched.generation,
        )


def _cells(warehouse: Warehouse, query: MetricQuery) -> dict[Key, float | None]:
    result = warehouse.answer(query, _EVERYTHING)
    return {_key(result, row): _value(row) for row in result.rows}


def _key(result: Result, row: Row) -> Key:
    assert row.period is not None
    dimension = result.query.by[0] if result.query.by else ""
    return (dimension, row.members[0] if row.members else "", row.period.start, row.period.end)


def _value(row: Row) -> float | None:
    """Hidden and missing numbers are none: the ledger must not tell what pages do not."""
    cell = row.cells[0]
    return cell.value if cell.state is CellState.VALUE else None
