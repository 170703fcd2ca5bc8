"""The one door: `Warehouse.answer(query, viewer)`. Screen, wall, file and shell come through it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from warehouse import applications, changes, clock, outlook, pipeline, standing
from warehouse.applications import Applications
from warehouse.asker import Asker
from warehouse.cache import Cache
from warehouse.connection import Reader, Snapshot
from warehouse.contribution import Contribution
from warehouse.crosstab import Pivot, PivotQuery
from warehouse.datasets import CONTRACTS, KNOWN_DIMENSIONS
from warehouse.errors import Forbidden, QueryError, UnknownDimension, nearest
from warehouse.explanation import Explanation
from warehouse.freshness import as_of, standing_on
from warehouse.held import Held
from warehouse.keys import Keyring
from warehouse.members import collect, label_of, ordered
from warehouse.memo import Memo, Rows
from warehouse.model import (
    UNKNOWN,
    City,
    Label,
    Member,
    MetricQuery,
    Period,
    Result,
    Role,
    SourceStatus,
    Viewer,
)
from warehouse.operations import (
    CheckResult,
    Drift,
    Incident,
    Parked,
    Request,
    Restatement,
    Run,
    Sample,
)
from warehouse.outlook import Outlook
from warehouse.pattern import Decided, Pattern
from warehouse.pivot import compute, resolve_pivot
from warehouse.quarantine import QuarantineReason, read_reasons
from warehouse.question import Question, named, resolve, where
from warehouse.settings import Settings

_MOST_ROWS = 100_000
_MOST_CELLS = 300_000
"""What the caches of one process hold at most; a row takes some hundred bytes."""
_OPERATORS = frozenset({Role.OPERATOR, Role.ADMIN})


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the published files stand."""

    generation: int
    """The one that serves."""
    created_at: datetime
    problem: str
    """Why a newer generation cannot serve; empty when this is the newest."""

    @property
    def is_sound(self) -> bool:
        return not self.problem


class Warehouse:
    """Answers questions on the newest published generation; safe for many threads."""

    def __init__(self, settings: Settings, reader: Reader | Held) -> None:
        self._settings = settings
        self._reader = reader
        self._results: Cache[Result] = Cache(
            4096, weight=lambda result: len(result.rows), most=_MOST_ROWS
        )
        self._rows: Cache[Rows] = Cache(2048, weight=len, most=_MOST_ROWS)
        self._patterns: Cache[Pattern] = Cache(
            1024, weight=lambda pattern: len(pattern.hidden), most=_MOST_ROWS
        )
        self._decided: Cache[Decided] = Cache(
            256, weight=lambda decided: len(decided.cells), most=_MOST_CELLS
        )
        self._pivots: Cache[Pivot] = Cache(
            256, weight=lambda pivot: len(pivot.lines), most=_MOST_ROWS
        )
        self._extents: Cache[Period | None] = Cache(64)
        self._codes: Cache[tuple[str, ...]] = Cache(256)

    @classmethod
    def open(cls, settings: Settings) -> "Warehouse":
        """Raises `WrongKey` or `StorageError`; `NotPublished` comes with the first question."""
        return cls(settings, Reader(settings, Keyring.open(settings)))

    def close(self) -> None:
        self._reader.close()

    @property
    def zone(self) -> ZoneInfo:
        return self._settings.zone

    def answer(self, query: MetricQuery, viewer: Viewer) -> Result:
        """The numbers `viewer` may see. Equal questions on equal data are computed once.

        Raises `QueryError` (and its kinds) on a question that cannot be answered as asked, and
        `Forbidden` where the viewer may not ask it.
        """
        found = named(query)
        asked, query = query, replace(query, where=where(query))
        snapshot = self._reader.snapshot()
        asker = self._asker(snapshot, viewer)
        datasets = tuple(dict.fromkeys(metric.dataset for metric in found))
        question = resolve(query, found, query.period or asker.period(datasets))
        key = (query, question.where, question.window, asker.key(question))
        result = self._results.get(key, lambda: asker.answer(question))
        sources = standing_on(snapshot.manifest.sources, datasets)
        now = clock.now()
        return replace(
            result,
            query=asked,
            as_of=as_of(sources),
            stale=tuple(source for source in sources if source.is_stale(now)),
        )

    def contribution(self, query: MetricQuery, dimension: str, viewer: Viewer) -> Contribution:
        """The change of one number, split exactly over the members of a dimension.

        query  one metric, nothing to cut by; of several units the last; compared as it says,
               else with the period before.
        Raises as `answer`, and `NotDecomposable` where a split has no meaning or may not be.
        """
        changes.check(query, dimension)
        asker, question = self._asked(query, viewer)
        return changes.split(asker, changes.narrowed(question), dimension)

    def explain(
        self,
        query: MetricQuery,
        viewer: Viewer,
        unit: Period | None = None,
        members: Sequence[str] | None = None,
    ) -> Explanation:
        """Where one number of an answer comes from, as far as `viewer` may see it.

        query    one metric.
        unit     which unit of the grain; None: the last.
        members  one code for each dimension of `query.by`; None: the whole.
        Raises as `answer`.
        """
        asker, question = self._asked(query, viewer)
        if len(question.metrics) != 1:
            raise QueryError("An explanation is of one number: name one metric.")
        one = changes.narrowed(question, unit, None if members is None else tuple(members))
        return standing.explained(
            asker,
            one,
            runs=self.runs(viewer) if viewer.role in _OPERATORS else None,
            restated=self.restatements(viewer, one.query.metrics, one.query.period),
        )

    def _asked(self, query: MetricQuery, viewer: Viewer) -> tuple[Asker, Question]:
        found = named(query)
        asker = self._asker(self._reader.snapshot(), viewer)
        datasets = tuple(dict.fromkeys(metric.dataset for metric in found))
        checked = replace(query, where=where(query))
        return asker, resolve(checked, found, query.period or asker.period(datasets))

    def pivot(self, query: PivotQuery, viewer: Viewer) -> Pivot:
        """A table of two dimensions, or of one and time, with every total counted anew.

        Raises as `answer`, and `TooLarge` on more than `MOST_PIVOT_CELLS` cells.
        """
        snapshot = self._reader.snapshot()
        asker = self._asker(snapshot, viewer)
        question = resolve_pivot(asker, query)
        key = (query, question.where, question.window, asker.key(question))
        found = self._pivots.get(key, lambda: compute(asker, query, question))
        sources = standing_on(snapshot.manifest.sources, question.datasets)
        now = clock.now()
        return replace(
            found,
            as_of=as_of(sources),
            stale=tuple(source for source in sources if source.is_stale(now)),
        )

    def applications(
        self, query: MetricQuery, viewer: Viewer, limit: int = 200, after: int = 0
    ) -> Applications:
        """The applications behind one number, as many as the number says; see `applications.py`.

        query  one metric that counts applications; its cell by filters and period alone.
        after  how many to leave out: what the page before gave.
        Raises as `answer`, `Forbidden` for all but analysts and administrators, and `Suppressed`
        where the number is hidden from the viewer.
        """
        asker, question = self._asked(query, viewer)
        applications.check(viewer, question, limit, after)
        return applications.listed(asker, question, self._reader.keyring, limit, after)

    def outlook(self, viewer: Viewer, where: outlook.Where = ()) -> Outlook:
        """How the running month stands to the growth goal. Raises as `answer`."""
        asker = self._asker(self._reader.snapshot(), viewer)
        edge = asker.edge(("service_event",))
        chosen = dict(where).get("district")
        districts = (d for d in self.city(viewer).districts if not chosen or d.code in chosen)
        setting = outlook.Setting(
            day=edge.last_day,
            at=edge.at,
            population=sum(district.population for district in districts),
            growth=self._settings.goal_growth,
        )
        asked = outlook.questions(edge.last_day, where)
        return outlook.read([self.answer(query, viewer) for query in asked], setting)

    def members(self, dimension: str, viewer: Viewer) -> tuple[Member, ...]:
        """The members that occur in what the viewer may see, in display order."""
        if dimension not in KNOWN_DIMENSIONS:
            raise UnknownDimension(
                f"There is no dimension {dimension!r}.{nearest(dimension, KNOWN_DIMENSIONS)}"
                f" There are: {', '.join(KNOWN_DIMENSIONS)}."
            )
        snapshot = self._reader.snapshot()
        manifest, scope = snapshot.manifest, replace(viewer, name="")
        key = (dimension, scope, tuple(sorted(manifest.versions.items())))
        codes = self._codes.get(key, lambda: collect(snapshot, dimension, scope))
        return tuple(
            Member(code=code, label=label_of(manifest, dimension, code))
            for code in ordered(manifest, dimension, codes)
        )

    def label(self, dimension: str, code: str, viewer: Viewer) -> Label:
        """What a member is called; its own code where nobody named it or it is out of scope."""
        scope = viewer.scope
        if dimension == "district" and not (
            scope.everything or code in {*scope.districts, UNKNOWN}
        ):
            return Label(zh=code, en=code)
        return label_of(self._reader.snapshot().manifest, dimension, code)

    def sources(self, viewer: Viewer) -> tuple[SourceStatus, ...]:
        """How the declared sources stand. What broke is told only to those who can mend it."""
        found = self._reader.snapshot().manifest.sources
        if viewer.role in _OPERATORS:
            return found
        return tuple(replace(source, last_error="") for source in found)

    def quarantine(self, viewer: Viewer) -> tuple[QuarantineReason, ...]:
        """Why rows were set aside. Raises `Forbidden` for all but operators."""
        return read_reasons(self._operations(viewer))

    # --- what operators see -----------------------------------------------------------------

    def runs(self, viewer: Viewer, source: str = "", limit: int = 200) -> tuple[Run, ...]:
        """The newest runs first. Raises `Forbidden` for all but operators, as all below."""
        return pipeline.read_runs(self._operations(viewer), source, limit)

    def samples(self, viewer: Viewer) -> tuple[Sample, ...]:
        return pipeline.read_samples(self._operations(viewer))

    def incidents(self, viewer: Viewer) -> tuple[Incident, ...]:
        return pipeline.read_incidents(self._operations(viewer))

    def drifts(self, viewer: Viewer) -> tuple[Drift, ...]:
        return pipeline.read_drifts(self._operations(viewer))

    def parked(self, viewer: Viewer) -> tuple[Parked, ...]:
        return pipeline.read_parked(self._operations(viewer))

    def checks(self, viewer: Viewer) -> tuple[CheckResult, ...]:
        return pipeline.read_checks(self._operations(viewer))

    def requests(self, viewer: Viewer) -> tuple[Request, ...]:
        return pipeline.read_requests(self._operations(viewer))

    def restatements(
        self, viewer: Viewer, metrics: Sequence[str] = (), period: Period | None = None
    ) -> tuple[Restatement, ...]:
        """Published numbers that have changed, of those the viewer may see; for every role."""
        return pipeline.read_restatements(self._reader.snapshot(), viewer, metrics, period)

    def _operations(self, viewer: Viewer) -> Snapshot:
        if viewer.role not in _OPERATORS:
            raise Forbidden(
                f"The role {viewer.role} may not see how the pipeline works."
                " Ask for the role operator."
            )
        return self._reader.snapshot()

    # --- what everybody sees ----------------------------------------------------------------

    def city(self, viewer: Viewer) -> City:
        """The city, cut to the districts the viewer may see."""
        city = self._reader.snapshot().manifest.city
        if viewer.scope.everything:
            return city
        seen = tuple(d for d in city.districts if d.code in viewer.scope.districts)
        return replace(city, districts=seen)

    def horizon(self, viewer: Viewer) -> Period | None:
        """From the first to after the last day that has data; None where the viewer sees none."""
        if not viewer.scope.everything and not viewer.scope.districts:
            return None
        asker = self._asker(self._reader.snapshot(), viewer)
        known = [dataset for dataset in CONTRACTS if asker.extent(dataset) is not None]
        return asker.period(known) if known else None

    def data_version(self) -> str:
        """The generation and the version of each dataset: `12;loan_event:3;service_event:9`."""
        manifest = self._reader.snapshot().manifest
        versions = (f"{name}:{version}" for name, version in sorted(manifest.versions.items()))
        return ";".join((str(manifest.generation), *versions))

    def health(self) -> Health:
        """Which generation serves, and what is wrong with a newer one.

        Raises what the first question would: there may be no good generation at all.
        """
        snapshot = self._reader.snapshot()
        return Health(
            generation=snapshot.manifest.generation,
            created_at=snapshot.manifest.created_at,
            problem=self._reader.problem,
        )

    def _asker(self, snapshot: Snapshot, viewer: Viewer) -> Asker:
        return Asker(
            settings=self._settings,
            snapshot=snapshot,
            tables=Memo(snapshot, self._rows),
            viewer=replace(viewer, name=""),
            patterns=self._patterns,
            decided=self._decided,
            extents=self._extents,
        )
