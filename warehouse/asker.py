"""One viewer's questions on one generation: from a checked question to its rows."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta

from warehouse import clock
from warehouse.block import Block, Sides, block
from warehouse.cache import Cache
from warehouse.compare import Bases, bases, days, per_workday
from warehouse.compile import Slice, Tables, Window
from warehouse.connection import Snapshot
from warehouse.editions import joined, stretches, uses
from warehouse.errors import TooLarge
from warehouse.freshness import edge, standing_on
from warehouse.funnel import Funnel
from warehouse.measures import Ground
from warehouse.members import ordered
from warehouse.metrics import CATALOGUE
from warehouse.metrics.model import Penetration
from warehouse.model import Cell, Compare, Days, Grain, Period, Result, Row, Viewer
from warehouse.pattern import MOST_CELLS, Decided, Pattern, decide, pattern
from warehouse.policy import Members, has_district, visible_where
from warehouse.question import Question, depends_on_the_instant
from warehouse.rest import Asked, Cut, rest_row
from warehouse.rows import Standing, arrange, combinations, count_suppressed, kept, standing
from warehouse.settings import Settings
from warehouse.windows import Edge


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Computes; what it computes again and again is kept in the caches it is given."""

    settings: Settings
    snapshot: Snapshot
    viewer: Viewer
    tables: Tables
    """The snapshot, with the rows that were read of it before."""
    patterns: Cache[Pattern]
    decided: Cache[Decided]
    extents: Cache[Period | None]

    # --- what an answer stands on -----------------------------------------------------------

    def version(self, dataset: str) -> int:
        return self.snapshot.manifest.versions.get(dataset, 0)

    def smallest_cell(self, dataset: str) -> int:
        return smallest_cell(self.settings, dataset)

    def data_version(self, datasets: Sequence[str]) -> str:
        return "-".join(f"{dataset}:{self.version(dataset)}" for dataset in datasets)

    def key(self, question: Question) -> Hashable:
        """Everything an answer depends on beside the question itself."""
        end = self.edge(question.datasets)
        needs_city = any(isinstance(metric.measure, Penetration) for metric in question.metrics)
        return (
            self.viewer,
            self.data_version(question.datasets),
            clock.today(self.settings.zone),
            end.at if depends_on_the_instant(question) else (end.at.date(), end.last_day),
            self.snapshot.manifest.city if needs_city else None,
        )

    def edge(self, datasets: Sequence[str]) -> Edge:
        sources = standing_on(self.snapshot.manifest.sources, datasets)
        return edge(sources, clock.now(), self.settings.zone)

    def extent(self, dataset: str) -> Period | None:
        """From the first to after the last day that has data; None without any."""
        key = (dataset, self.version(dataset))
        return self.extents.get(key, lambda: self._extent(dataset))

    def _extent(self, dataset: str) -> Period | None:
        months = self.snapshot.months(dataset)
        first = self._edge_day(dataset, months, "min")
        last = self._edge_day(dataset, months[::-1], "max")
        if first is None or last is None:
            return None
        return Period(start=first, end=last + timedelta(days=1))

    def _edge_day(self, dataset: str, months: Sequence[str], which: str) -> date | None:
        """The least or largest day of the first of `months` that has rows: one file is enough."""
        for month in months:
            start = date.fromisoformat(f"{month}-01")
            period = Period(start=start, end=Grain.MONTH.shift(start, 1))
            table = self.tables.table(dataset, "fact", period=period, columns=("day",))
            day: date | None = self.tables.select(f'SELECT {which}("day") FROM {table}')[0][0]
            if day is not None:
                return day
        return None

    def period(self, datasets: Sequence[str]) -> Period:
        """All days that have data; today where there are none."""
        extents = [extent for dataset in datasets if (extent := self.extent(dataset))]
        if not extents:
            today = clock.today(self.settings.zone)
            return Period(start=today, end=today + timedelta(days=1))
        return Period(start=min(e.start for e in extents), end=max(e.end for e in extents))

    def _covered(self, dataset: str) -> Period | None:
        """The days known to have no more records than we hold, up to the watermark's."""
        extent = self.extent(dataset)
        if extent is None:
            return None
        known = self.edge((dataset,)).last_day + timedelta(days=1)
        return Period(start=extent.start, end=max(extent.end, known))

    # --- answering --------------------------------------------------------------------------

    def answer(self, question: Question) -> Result:
        return self._result(question, self.cut(question).rows)

    def cut(self, question: Question) -> Cut:
        """The rows of a question, and the members that its limit leaves to the rest."""
        for dataset in question.datasets:  # forbidden before anything is read
            visible_where(self.viewer, dataset)
        if self._sees_nothing(question):
            return Cut(rows=())
        query, asked = question.query, self._asked(question)
        rows = self._rows(asked)
        places = self._standing(question, rows)
        chosen = kept(query, rows, places)
        beyond = asked.members - {row.members for row in chosen}
        if query.rest and beyond:
            chosen += self._rest(asked, beyond, {row.period for row in rows})
        return Cut(rows=arrange(query, chosen, places), beyond=beyond)

    def _standing(self, question: Question, rows: Sequence[Row]) -> Standing | None:
        """The order of the members over the whole period, where the question needs one."""
        query = question.query
        if not query.by or (query.limit is None and query.sort is None):
            return None
        whole = self._rows(self._asked(question.whole())) if question.has_units else rows
        return standing(query, [*whole, *rows], self._display)

    def _display(self, dimension: str, codes: Collection[str]) -> tuple[str, ...]:
        return ordered(self.snapshot.manifest, dimension, codes)

    def _rest(
        self, asked: Asked, beyond: AbstractSet[Members], units: Collection[Period | None]
    ) -> list[Row]:
        """One row a unit for all members `beyond` the limit, counted anew."""
        question = asked.question
        (dimension,) = question.query.by
        anew = self._asked(question.only(dimension, (code for (code,) in beyond)))
        rows = [row for row in self._rows(anew) if row.period in units]
        k = {dataset: smallest_cell(self.settings, dataset) for dataset in question.datasets}
        return [rest_row(asked, row, beyond, k) for row in rows]

    def sides(self, question: Question, compare: Compare) -> Sides:
        """The first unit of the question and its base, with the members of both."""
        for dataset in question.datasets:
            visible_where(self.viewer, dataset)
        at, unit = self.edge(question.datasets), question.window.units[0]
        if self._sees_nothing(question):
            return Sides(now={}, base={}, is_partial=at.is_partial(unit))
        asked: list[Mapping[str, Block]] = []

        def ask(window: Window) -> Mapping[str, Block]:
            asked.append(self._blocks(question, window))
            return asked[-1]

        now, base = ask(question.window), bases(question.window, compare, at, ask)
        members = sorted({m for blocks in asked for made in blocks.values() for m in made.members})
        names = [metric.name for metric in question.metrics]
        return Sides(
            now={m: tuple(now[name].cell(name, unit, m) for name in names) for m in members},
            base={m: tuple(base.cell(name, unit, m) for name in names) for m in members},
            is_partial=at.is_partial(unit),
        )

    def _sees_nothing(self, question: Question) -> bool:
        """No district of the question is the viewer's: no rows, rather than zeros."""
        scope = self.viewer.scope
        asked = dict(question.where).get("district")
        seen = scope.districts if asked is None else scope.districts.intersection(asked)
        has_districts = any(has_district(dataset) for dataset in question.datasets)
        return has_districts and not scope.everything and not seen

    def _result(self, question: Question, rows: tuple[Row, ...]) -> Result:
        return Result(
            query=question.query,
            rows=rows,
            as_of=None,
            data_version=self.data_version(question.datasets),
            suppressed=count_suppressed(rows),
            editions=uses(question.window, question.metrics),
        )

    def _blocks(self, question: Question, window: Window) -> Mapping[str, Block]:
        """By metric, the block that holds it."""
        found: dict[str, list[tuple[Window, Block]]] = {}
        for dataset in question.datasets:
            for stretch, metrics in stretches(window, question.of(dataset)).items():
                part = self.part(question, dataset, stretch)
                ground, covered = self.ground(question, dataset), self._covered(dataset)
                made = block(ground, part, metrics, self.pattern, covered)
                for metric in metrics:
                    found.setdefault(metric.name, []).append((stretch, made))
        return {name: joined(name, blocks) for name, blocks in found.items()}

    def part(self, question: Question, dataset: str, window: Window) -> Slice:
        """What a question reads of one of its datasets."""
        return Slice(
            dataset=dataset,
            window=window,
            viewer=self.viewer,
            zone=self.settings.zone,
            by=question.query.by,
            where=question.where,
        )

    def pattern(self, part: Slice) -> Pattern:
        """What `part` hides; the same for each metric of its dataset."""
        k = smallest_cell(self.settings, part.dataset)
        key = (part, k, self.version(part.dataset))
        return self.patterns.get(key, lambda: pattern(self.snapshot, part, k, self._decide))

    def _decide(self, whole: Slice) -> Decided:
        k = smallest_cell(self.settings, whole.dataset)
        key = (whole, k, self.version(whole.dataset))
        return self.decided.get(key, lambda: decide(self.snapshot, whole, k))

    def ground(self, question: Question, dataset: str) -> Ground:
        """What values of a dataset stand on beside its rows."""
        extent = self.extent(dataset)
        return Ground(
            tables=self.tables,
            since=date.max if extent is None else extent.start,
            complete=self.edge((dataset,)).at,
            city=self.snapshot.manifest.city,
            goal_growth=self.settings.goal_growth,
            goal_from=self.settings.goal_day(clock.today(self.settings.zone)),
            smallest_cell=smallest_cell(self.settings, dataset),
            zone=self.settings.zone,
            funnel=question.query.funnel or Funnel(),
            loan_objective=self.settings.loan_objective,
        )

    def _bases(self, question: Question, compare: Compare) -> Bases:
        at = self.edge(question.datasets)
        return bases(question.window, compare, at, lambda w: self._blocks(question, w))

    def _asked(self, question: Question) -> Asked:
        blocks = self._blocks(question, question.window)
        compare = question.query.compare
        base = None if compare is None else self._bases(question, compare)
        return Asked(question=question, blocks=blocks, base=base)

    def _rows(self, asked: Asked) -> list[Row]:
        question, blocks, base = asked.question, asked.shown, asked.base
        at = self.edge(question.datasets)
        members = {found for made in blocks.values() for found in made.members}
        units = _units(question, blocks)
        if len(units) * len(members) > MOST_CELLS:
            raise TooLarge(
                f"The question has {len(units) * len(members):,} rows, more than {MOST_CELLS:,}."
                " Choose a coarser grain, a shorter period or fewer dimensions."
            )
        behind = _days(question, units, at, base)
        rows = []
        for unit, combination in combinations(units, members):
            is_partial, is_late = _waits(blocks, at, unit, combination)
            against_it = None if is_late else base  # no part of a later unit stands against it
            row = Row(
                members=combination,
                cells=_cells(question, blocks, against_it, unit, combination, behind.get(unit)),
                period=unit if question.has_units else None,
                is_partial=is_partial,
                days=behind.get(unit),
            )
            rows.append(row)
        return rows


def _units(question: Question, blocks: Mapping[str, Block]) -> tuple[Period, ...]:
    """The units to show. Where no period was asked: from the first to the last with a record."""
    units = question.window.units
    if question.query.period is not None:
        return units
    starts = {start for b in blocks.values() for column in b.values.values() for start, _ in column}
    if not starts:
        return units[:1]
    return tuple(unit for unit in units if min(starts) <= unit.start <= max(starts))


def _days(
    question: Question, units: Sequence[Period], at: Edge, base: Bases | None
) -> Mapping[Period, Days]:
    """The days behind each unit, where the answer depends on them."""
    counts_work = question.query.per_workday
    if base is None and not counts_work:
        return {}
    return {unit: days(unit, at, base, counts_work=counts_work) for unit in units}


def _waits(
    blocks: Mapping[str, Block], at: Edge, unit: Period, members: Members
) -> tuple[bool, bool]:
    """Whether a cell of the row waits for a unit to end, and whether for a later one only."""
    ends = {made.ends(metric, unit, members) for metric, made in blocks.items()}
    is_partial = any(at.is_partial(end) for end in ends)
    return is_partial, is_partial and not at.is_partial(unit)


def _cells(
    question: Question,
    blocks: Mapping[str, Block],
    base: Bases | None,
    unit: Period,
    members: Members,
    behind: Days | None,
) -> tuple[Cell, ...]:
    cells = [blocks[m.name].cell(m.name, unit, members) for m in question.metrics]
    if base is not None:
        pairs = zip(question.metrics, cells, strict=True)
        cells = [base.beside(metric, cell, unit, members) for metric, cell in pairs]
    if question.query.per_workday and behind is not None:
        cells = [per_workday(cell, behind) for cell in cells]
    return tuple(cells)


def smallest_cell(settings: Settings, dataset: str) -> int:
    """One k for a dataset, so that all of its metrics hide the same cells."""
    own = (m.smallest_cell or 0 for m in CATALOGUE.values() if m.dataset == dataset)
    return max(settings.small_cell, *own)
