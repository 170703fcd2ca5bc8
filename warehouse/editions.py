"""Definitions change on a date: each unit is counted by the edition in force on its first day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from warehouse.block import Block
from warehouse.compile import Window
from warehouse.metrics.model import Edition, Metric
from warehouse.model import Cell, EditionUse, Period
from warehouse.policy import Members


def stretches(window: Window, metrics: Iterable[Metric]) -> Mapping[Window, list[Metric]]:
    """The parts of the window that one edition counts, with the metrics as they are defined there.

    Most metrics have one edition, and so the window one part. A unit is never divided.
    """
    found: dict[Window, list[Metric]] = {}
    for metric in metrics:
        if not metric.earlier:
            found.setdefault(window, []).append(metric)
            continue
        for edition, units in _runs(window.units, metric):
            period = Period(start=units[0].start, end=units[-1].end)
            found.setdefault(replace(window, period=period), []).append(metric.by(edition))
    return found


def _runs(units: Sequence[Period], metric: Metric) -> list[tuple[Edition, list[Period]]]:
    runs: list[tuple[Edition, list[Period]]] = []
    for unit in units:
        edition = metric.edition_on(unit.start)
        if runs and runs[-1][0].number == edition.number:
            runs[-1][1].append(unit)
        else:
            runs.append((edition, [unit]))
    return runs


def uses(window: Window, metrics: Iterable[Metric]) -> tuple[EditionUse, ...]:
    """By which editions the units of a window are counted."""
    return tuple(use for metric in metrics for use in _uses(window, metric))


def _uses(window: Window, metric: Metric) -> Iterator[EditionUse]:
    if not metric.earlier:
        yield EditionUse(metric=metric.name, number=1, since=metric.since, period=window.period)
        return
    for edition, units in _runs(window.units, metric):
        yield EditionUse(
            metric=metric.name,
            number=edition.number,
            since=edition.since,
            period=Period(start=units[0].start, end=units[-1].end),
            overtaken=_overtaken(metric, units[-1]),
        )


def _overtaken(metric: Metric, unit: Period) -> date | None:
    inside = (e.since for e in metric.editions[1:] if unit.start < e.since < unit.end)
    return next(inside, None)


def is_break(metric: Metric, unit: Period, base: Period) -> bool:
    """Whether a unit and its base are counted by two editions."""
    if not metric.earlier:
        return False
    return metric.edition_on(unit.start).number != metric.edition_on(base.start).number


@dataclass(frozen=True, kw_only=True)
class Joined(Block):
    """The blocks of one metric whose definition changed within the window, in order of time."""

    parts: tuple[tuple[date, Block], ...]
    """First day and block of each stretch; a member of any is one of all."""

    def cell(self, metric: str, unit: Period, members: Members) -> Cell:
        own = [part for start, part in self.parts if start <= unit.start]
        return (own[-1] if own else self.parts[0][1]).cell(metric, unit, members)


def joined(metric: str, blocks: Sequence[tuple[Window, Block]]) -> Block:
    """The blocks of a metric as one."""
    if len(blocks) == 1:
        return blocks[0][1]
    members = frozenset().union(*(block.members for _, block in blocks))
    last = blocks[-1][1]
    return Joined(
        part=last.part,
        metrics=last.metrics,
        values={metric: {k: v for _, block in blocks for k, v in block.values[metric].items()}},
        hides={},
        members=members,
        covered=last.covered,
        parts=tuple((w.period.start, replace(block, members=members)) for w, block in blocks),
    )
