"""Where one number comes from: records, people, the table that answered, runs, changes since."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from warehouse import clock, rollups
from warehouse.asker import Asker
from warehouse.compile.applications import STEP
from warehouse.datasets import COMPUTED_DIMENSIONS, DATASETS
from warehouse.explanation import Explanation, Known
from warehouse.freshness import as_of, standing_on
from warehouse.lineage import table_of
from warehouse.metrics.model import Count, Distinct, Metric, Percentile, Share, Sum
from warehouse.model import Cell, CellState, SourceStatus, Unit
from warehouse.operations import Restatement, Run
from warehouse.question import Question
from warehouse.rollups import Route

_RUNS = 2
"""So many runs of each source are named."""
_LOANS = "loan_event"
_SIMPLE = (Count, Sum, Distinct, Share, Percentile)


def explained(
    asker: Asker,
    question: Question,
    *,
    runs: Sequence[Run] | None,
    restated: Iterable[Restatement],
) -> Explanation:
    """Explain a question of one number, see `changes.narrowed`.

    runs  the newest runs, the newest first; None: the viewer may not see what breaks.
    """
    (metric,) = question.metrics
    result = asker.answer(question)
    row = result.rows[0] if result.rows else None
    cell = row.cells[0] if row else Cell(state=CellState.MISSING)
    sources = standing_on(asker.snapshot.manifest.sources, question.datasets)
    records, people = counted(asker, question)
    edition = metric.edition_on(question.window.units[0].start)
    return Explanation(
        known=Known(
            query=question.query,
            role=asker.viewer.role,
            scope=asker.viewer.scope,
            small_cell=asker.smallest_cell(metric.dataset),
            definitions=((metric.name, edition.since.isoformat()),),
            data_version=result.data_version,
            state=cell.state,
            value=cell.value,
        ),
        definition=metric,
        edition=edition,
        cell=cell,
        period=question.window.units[0],
        is_partial=row.is_partial if row else False,
        records=records,
        people=people,
        has_people=has_people(metric),
        route=route(question),
        as_of=as_of(sources),
        now=clock.now(),
        sources=sources if runs is not None else tuple(replace(s, last_error="") for s in sources),
        runs=last_runs(sources, runs or ()),
        restated=touching(question, restated),
        generation=asker.snapshot.manifest.generation,
    )


def has_people(metric: Metric) -> bool:
    """Whether its records name people; applications are counted instead of them."""
    return DATASETS[metric.dataset].column("person") is not None and metric.dataset != _LOANS


def counted(asker: Asker, question: Question) -> tuple[int | None, int | None]:
    """Records and different people of the question's number; None where hidden or not there."""
    (metric,) = question.metrics
    counts = [_as(metric, "records", Count(), Unit.EVENTS)]
    if has_people(metric):
        counts.append(_as(metric, "people", Distinct(column="person"), Unit.PEOPLE))
    apart = {STEP, *COMPUTED_DIMENSIONS}
    where = tuple((name, members) for name, members in question.where if name not in apart)
    query = replace(
        question.query,
        metrics=tuple(count.name for count in counts),
        where=where,
        compare=None,
        per_workday=False,
    )
    result = asker.answer(replace(question, query=query, metrics=tuple(counts), where=where))
    cells = result.rows[0].cells if result.rows else (Cell(value=0),) * len(counts)
    known = [_whole(cell) for cell in cells]
    people = known[1] if len(known) > 1 else None
    if people is not None and 0 < people < asker.smallest_cell(metric.dataset):
        people = None
    return known[0], people


def _as(metric: Metric, name: str, measure: Count | Distinct, unit: Unit) -> Metric:
    return replace(
        metric,
        name=f"{metric.name}.{name}",
        measure=measure,
        unit=unit,
        decimals=0,
        earlier=(),
    )


def _whole(cell: Cell) -> int | None:
    if cell.state is CellState.SUPPRESSED:
        return None
    return int(cell.value or 0)


def route(question: Question) -> Route:
    """The table that answered the number, with a named reason for each that could not."""
    (metric,) = question.metrics
    dims = [name for name, _ in question.query.where]
    if metric.dataset != _LOANS and isinstance(metric.measure, _SIMPLE):
        return rollups.route(metric.dataset, metric.measure, dims)
    return Route(table=table_of(metric, dims))


def last_runs(sources: Iterable[SourceStatus], runs: Sequence[Run]) -> tuple[Run, ...]:
    """The newest few runs of each source; `runs` has the newest first."""
    found: list[Run] = []
    for source in sources:
        found += [run for run in runs if run.source == source.name][:_RUNS]
    return tuple(found)


def touching(question: Question, changes: Iterable[Restatement]) -> tuple[Restatement, ...]:
    """The changed numbers that lie in the number's filter of districts."""
    chosen = dict(question.query.where).get("district", ())
    return tuple(one for one in changes if not chosen or one.member in chosen)
