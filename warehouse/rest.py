"""The rest (其他): all members beyond the limit in one row, counted anew over exactly these."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property

from warehouse.block import SUPPRESSED, Block
from warehouse.compare import Bases
from warehouse.measures import hides_alone
from warehouse.metrics.model import Metric
from warehouse.model import REST, Period, Row, Sort, Unit
from warehouse.policy import Members, is_safe
from warehouse.question import Question


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question with the cells it needs, in its own window and in those it compares with."""

    question: Question
    blocks: Mapping[str, Block]
    """By metric, the block that holds it."""
    base: Bases | None

    @cached_property
    def members(self) -> frozenset[Members]:
        """The combinations that occur, also those of the base alone."""
        return frozenset(m for made in self.blocks.values() for m in made.members) | self._before

    @cached_property
    def _before(self) -> frozenset[Members]:
        based = () if self.base is None else self.base.blocks.values()
        return frozenset(m for blocks in based for made in blocks.values() for m in made.members)

    @property
    def shown(self) -> Mapping[str, Block]:
        """The blocks rows are made of: by change, who has gone stands there too, with zero."""
        if self.question.query.sort is not Sort.CHANGE:
            return self.blocks
        return {
            name: replace(made, members=made.members | self._before)
            for name, made in self.blocks.items()
        }


@dataclass(frozen=True, kw_only=True)
class Cut:
    """The rows of a question, and what lies beyond its limit."""

    rows: tuple[Row, ...]
    beyond: frozenset[Members] = frozenset()


def rest_row(
    asked: Asked, row: Row, beyond: AbstractSet[Members], smallest: Mapping[str, int]
) -> Row:
    """`row`, the cells of the members `beyond`, as the row of the rest.

    Cells stay hidden where they, or the total they are a part of, would tell of a member that
    only its own kind of measure hides; what the dataset's pattern hides, the filter of the rest
    has taken care of. `smallest` is k by dataset.
    """
    unit = row.period or asked.question.window.period
    within, without = beyond, asked.members - beyond
    cells = []
    for metric, cell in zip(asked.question.metrics, row.cells, strict=True):
        k = smallest[metric.dataset]
        if _tells(asked.blocks[metric.name], metric, unit, (within, without), k):
            cell = SUPPRESSED
        elif cell.base is not None and _base_tells(asked, metric, unit, (within, without), k):
            cell = replace(cell, base=None)
        cells.append(cell)
    return replace(row, members=(REST,), cells=tuple(cells))


def _base_tells(
    asked: Asked, metric: Metric, unit: Period, sides: Iterable[Iterable[Members]], k: int
) -> bool:
    base = asked.base
    if base is None or unit not in base.units:
        return False
    made = base.blocks[base.windows[unit]][metric.name]
    return _tells(made, metric, base.units[unit], sides, k)


def _tells(
    made: Block, metric: Metric, unit: Period, sides: Iterable[Iterable[Members]], k: int
) -> bool:
    """Whether the sum of what is hidden on one of the sides tells on anyone."""
    if not hides_alone(metric.measure):
        return False
    return any(_is_unsafe(made, metric, unit, side, k) for side in sides)


def _is_unsafe(made: Block, metric: Metric, unit: Period, side: Iterable[Members], k: int) -> bool:
    hidden = [members for members in side if made.cell(metric.name, unit, members) == SUPPRESSED]
    if metric.unit is not Unit.PEOPLE:
        return bool(hidden)
    numbers = made.values[metric.name]
    return not is_safe([int(numbers.get((unit.start, members)) or 0) for members in hidden], k)
