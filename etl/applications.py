"""Loan applications, each merged from its events of every month into one row.

The row lies in the file of the month of the application's cohort day. A load marks what it
touched (`dirty_application`, in the file it writes). Here the marked ones are put together from
the facts of all months, stored where they belong now, one transaction a file, and last the marks
are removed. A kill anywhere leaves the marks, and so does all of it again.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from etl.failpoints import reach, step
from warehouse.certificates import is_destroyed
from warehouse.datasets import LOAN_EVENT
from warehouse.schema import statements_of
from warehouse.settings import Settings
from warehouse.writer import Writer

DATASET = LOAN_EVENT.name
MOST_EVENTS = 100_000
"""About so many events are merged together: they must fit the writer's memory."""
_MONTH = "strftime(day, '%Y-%m')"
_EVENTS = (
    "event_id, source, day, hour, occurred_at, application, person, step, product, audience,"
    " dealer, channel, district, reason, amount, credit_bureau, public_trust, judicial, manual"
)


Attach = Callable[[str, str], str]
"""Opens the partition (dataset, month); its alias."""


def merge(
    settings: Settings, writer: Writer, attach: Attach, parts: Iterable[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Merge what is marked in `parts` (dataset, month) again; the parts that were written."""
    files = _Files(settings=settings, writer=writer, attach=attach)
    marked = [month for dataset, month in sorted(parts) if dataset == DATASET]
    marked = [month for month in marked if files.has_marks(month)]
    if not marked:
        return set()
    written = set(marked)
    with step("rollup"):
        for _ in files.portions(marked):
            written |= files.merge_portion()
        for month in marked:
            with files.changed(month) as alias:
                writer.execute(f"DELETE FROM {alias}.dirty_application")
    for table in ("touched", "portion", "application_event", "merged"):
        writer.execute(f"DROP TABLE IF EXISTS temp.{table}")
    return {(DATASET, month) for month in written}


@dataclass(frozen=True, kw_only=True)
class _Files:
    settings: Settings
    writer: Writer
    attach: Attach

    @property
    def every(self) -> Iterator[str]:
        """All months that have a file."""
        for file in sorted((self.settings.live / DATASET).glob("*.duckdb")):
            if not is_destroyed(self.settings, DATASET, file.stem):
                yield file.stem

    @contextmanager
    def changed(self, month: str) -> Iterator[str]:
        """Within, the file of a month is written, in one transaction; its alias."""
        alias = self.attach(DATASET, month)
        with self.writer.transaction():
            yield alias

    def has_marks(self, month: str) -> bool:
        alias = self.attach(DATASET, month)
        return bool(self.writer.execute(f"SELECT 1 FROM {alias}.dirty_application LIMIT 1"))

    def portions(self, marked: Iterable[str]) -> Iterator[None]:
        """Makes `portion`, some of the marked applications, until each has been in one.

        Those of a portion are marked in the same month, so most of their rows lie in one file.
        """
        run = self.writer.execute
        run("CREATE OR REPLACE TEMP TABLE touched (application BIGINT, month VARCHAR)")
        for month in marked:
            alias = self.attach(DATASET, month)
            run(
                f"INSERT INTO touched SELECT DISTINCT application, '{month}'"
                f" FROM {alias}.dirty_application ANTI JOIN touched USING (application)"
            )
        for month in marked:
            parts = -(-self._events(month) // MOST_EVENTS)
            for part in range(parts):
                run(
                    "CREATE OR REPLACE TEMP TABLE portion AS SELECT application FROM touched"
                    f" WHERE month = '{month}' AND hash(application) % {parts} = {part}"
                )
                yield

    def _events(self, month: str) -> int:
        """About how many events the applications marked in a month have."""
        rows = f"(SELECT application FROM touched WHERE month = '{month}')"
        alias = self.attach(DATASET, month)
        own = f"SELECT count(*) FROM {alias}.fact SEMI JOIN {rows} USING (application)"
        return 2 * int(self.writer.execute(own)[0][0])

    def merge_portion(self) -> set[str]:
        """Merge the applications of `portion`; the months whose file was written."""
        reach("sum.before")
        before = self._gather()
        (select,) = statements_of("rollup/application", "temp")
        self.writer.execute(f"CREATE OR REPLACE TEMP TABLE merged AS {select}")
        now = self.writer.execute(f"SELECT DISTINCT {_MONTH} FROM merged")
        homes = before | {str(month) for (month,) in now}
        for month in sorted(homes):
            self._store(month, is_there=month in before)
            reach("sum.after")
        return homes

    def _gather(self) -> set[str]:
        """Fill `application_event` from the facts of every month; where rows are stored now."""
        stored = set()
        for number, month in enumerate(self.every):
            alias = self.attach(DATASET, month)
            put = "INSERT INTO" if number else "CREATE OR REPLACE TEMP TABLE"
            self.writer.execute(
                f"{put} application_event {'' if number else 'AS'} SELECT {_EVENTS}"
                f" FROM {alias}.fact SEMI JOIN portion USING (application)"
            )
            rows = f"{alias}.application SEMI JOIN portion USING (application)"
            if self.writer.execute(f"SELECT 1 FROM {rows} LIMIT 1"):
                stored.add(month)
        return stored

    def _store(self, month: str, *, is_there: bool) -> None:
        with self.changed(month) as alias:
            if is_there:
                self.writer.execute(
                    f"DELETE FROM {alias}.application WHERE application IN (SELECT * FROM portion)"
                )
            self.writer.execute(
                f"INSERT INTO {alias}.application SELECT * FROM merged"
                f" WHERE {_MONTH} = '{month}' ORDER BY day, application"
            )
