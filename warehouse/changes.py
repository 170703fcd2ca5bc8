"""A change of one number, asked of the warehouse and split over a dimension."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from warehouse import contribution
from warehouse.asker import Asker
from warehouse.block import Sides
from warehouse.contribution import Contribution, Pair, exact
from warehouse.editions import is_break
from warehouse.errors import NotDecomposable, QueryError
from warehouse.metrics.model import Count, Metric, Share
from warehouse.model import Cell, CellState, Compare, MetricQuery, Period, Unit
from warehouse.policy import Members
from warehouse.question import Question, named, resolve
from warehouse.windows import base_unit

_MOST_MEMBERS = 5_000
"""A split with more members is too long to be read."""


def narrowed(
    question: Question, unit: Period | None = None, members: Members | None = None
) -> Question:
    """The question of one number out of a question of many.

    unit     which unit of the grain; None: the last.
    members  one code for each dimension of `query.by`; None: the whole, whatever the member.
    Raises `QueryError` where the question has no such number.
    """
    query, units = question.query, question.window.units
    unit = unit or units[-1]
    if unit not in units:
        raise QueryError(f"{unit.start} to {unit.end} is no unit of the question.")
    where = dict(query.where)
    if members is not None and len(members) != len(query.by):
        raise QueryError("A number of a table needs one member for each of its dimensions.")
    for name, member in zip(query.by, members or (), strict=False):
        if member not in where.get(name, (member,)):
            raise QueryError(f"The question leaves out {name} {member!r}.")
        where[name] = (member,)
    one = MetricQuery(
        metrics=query.metrics,
        period=unit,
        grain=question.window.grain if question.has_units else None,
        where=tuple(sorted(where.items())),
        compare=query.compare,
        per_workday=query.per_workday,
        funnel=query.funnel,
    )
    return resolve(one, question.metrics, unit)


def check(query: MetricQuery, dimension: str) -> Metric:
    """The metric of a change that can be split. Raises `QueryError`, `NotDecomposable`."""
    if len(query.metrics) != 1 or query.by:
        raise QueryError("A split is of one number: name one metric and nothing to cut by.")
    (metric,) = named(replace(query, by=(dimension,)))
    contribution.check(metric.name, metric.measure, dimension)
    return metric


def split(asker: Asker, question: Question, dimension: str) -> Contribution:
    """Split the change of a question of one number, see `narrowed` and `check`.

    Values add up as records, so working days are left aside. Raises `NotDecomposable` where
    there is no change to split, or where the parts would tell what is hidden.
    """
    compare = question.query.compare or Compare.PREVIOUS
    question, unit = _of_one_edition(question, compare), question.window.units[0]
    counted = _counted(question)
    whole = asker.sides(counted, compare)
    if not whole.now or not whole.base:
        raise _nothing()
    total = [_total(now, base) for now, base in _cells(whole, ())]
    if len(total) == 2 and not all(total[1]):
        raise _nothing()
    parts = asker.sides(_by(counted, dimension), compare)
    if len(parts.now) > _MOST_MEMBERS:
        raise QueryError(f"{dimension} has more than {_MOST_MEMBERS:,} members. Choose another.")
    members = {cell[0]: _pairs(parts, cell) for cell in parts.now}
    _refuse_hidden(members, parts)
    return Contribution(
        query=replace(question.query, compare=compare),
        dimension=dimension,
        period=unit,
        base_period=base_unit(unit, question.window.grain, compare),
        is_partial=whole.is_partial,
        now=_value(total, 0),
        base=_value(total, 1),
        parts=_parts(question.metrics[0], total, members),
        hidden=sum(pairs is None for pairs in members.values()),
        data_version=asker.data_version(question.datasets),
    )


def _of_one_edition(question: Question, compare: Compare) -> Question:
    """The question as its unit and its base are defined, where both are defined alike."""
    (metric,), unit = question.metrics, question.window.units[0]
    if is_break(metric, unit, base_unit(unit, question.window.grain, compare)):
        raise NotDecomposable(
            f"The definition of {metric.name} changed between the period and the one it is"
            " compared with: their difference is no change of the city's.",
            zh="本期与对比期口径不同，其差额不是业务变化，不能拆分。",
        )
    return replace(question, metrics=(metric.by(metric.edition_on(unit.start)),))


def _counted(question: Question) -> Question:
    """The question, asking for both counts of a share instead of the share."""
    (metric,) = question.metrics
    query = replace(question.query, per_workday=False)
    if not isinstance(metric.measure, Share):
        return replace(question, query=query)
    kinds = {"test": metric.measure.test, "base": metric.measure.base}
    counts = tuple(
        replace(
            metric,
            name=f"{metric.name}.{name}",
            measure=Count(test=trait),
            unit=Unit.EVENTS,
            decimals=0,
        )
        for name, trait in kinds.items()
    )
    names = tuple(count.name for count in counts)
    return replace(question, query=replace(query, metrics=names), metrics=counts)


def _by(question: Question, dimension: str) -> Question:
    return replace(question, query=replace(question.query, by=(dimension,)))


def _cells(sides: Sides, members: Members) -> list[tuple[Cell, Cell]]:
    return list(zip(sides.now[members], sides.base[members], strict=True))


def _total(now: Cell, base: Cell) -> Pair:
    if CellState.SUPPRESSED in (now.state, base.state):
        raise NotDecomposable(
            "The number or the one it is compared with is hidden to protect people.",
            zh="本期或对比期的数值因样本过少已隐去，不能拆分。",
        )
    if now.value is None or base.value is None:
        raise _nothing()
    return exact(now.value), exact(base.value)


def _nothing() -> NotDecomposable:
    return NotDecomposable(
        "There is no number to compare with: choose a later period or another comparison.",
        zh="没有可对比的数值，请选择更晚的期间或其他对比方式。",
    )


def _pairs(sides: Sides, members: Members) -> tuple[Pair, ...] | None:
    """Now and base of each metric; None where one is hidden. No record means zero here."""
    cells = _cells(sides, members)
    if any(CellState.SUPPRESSED in (now.state, base.state) for now, base in cells):
        return None
    return tuple((exact(now.value or 0), exact(base.value or 0)) for now, base in cells)


def _refuse_hidden(members: Mapping[str, object], sides: Sides) -> None:
    """A single hidden member of a period would be told by what the others leave."""
    if members and all(pairs is None for pairs in members.values()):
        raise NotDecomposable(
            "Every member is hidden to protect people: split by another dimension.",
            zh="各成员均因样本过少隐去，请按其他维度拆分。",
        )
    for side in (sides.now, sides.base):
        hidden = [c for c in side.values() if any(x.state is CellState.SUPPRESSED for x in c)]
        if len(hidden) == 1:
            raise NotDecomposable(
                "A single member is hidden to protect people; the split would tell its number.",
                zh="只有一个成员因样本过少被隐去，拆分会暴露其数值，因此不予显示。",
            )


def _value(total: list[Pair], side: int) -> Fraction:
    """The number itself: the one value, or the share of its two counts."""
    if len(total) == 1:
        return total[0][side]
    return total[0][side] / total[1][side]


def _parts(
    metric: Metric, total: list[Pair], members: Mapping[str, tuple[Pair, ...] | None]
) -> tuple[contribution.Part, ...]:
    if isinstance(metric.measure, Share):
        both = {m: None if p is None else (p[0], p[1]) for m, p in members.items()}
        return contribution.split_shares(total[0], total[1], both)
    single = {m: None if p is None else p[0] for m, p in members.items()}
    if isinstance(metric.measure, contribution.PEOPLE):
        return contribution.split_people(total[0], single)
    return contribution.split_sums(total[0], single)
