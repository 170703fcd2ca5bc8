"""The pipeline's own numbers and what operators see of it, published from the ETL's books."""

from pathlib import Path

from etl.checks import look_through
from etl.failpoints import step
from etl.load import Loader
from warehouse.certificates import is_destroyed
from warehouse.datasets import PIPELINE_RUN
from warehouse.home import BOOKS, WHOLE, live_file, storage_errors
from warehouse.operations import OPERATIONS
from warehouse.partition_key import key_file
from warehouse.schema import statements_of
from warehouse.settings import Settings

_RUN = PIPELINE_RUN.name
TABLES = (
    "run",
    "quarantine_reason",
    "sample",
    "restatement",
    "incident",
    "drift",
    "parked",
    "check_result",
    "request",
)
"""Each is filled by the SELECT of `sql/operations/<table>.sql`."""


def write_operations(loader: Loader) -> None:
    """Bring the runs' facts and the file `operations` up to the books.

    A file in which nothing has changed is not written. Costs the same however long the history.
    """
    _remove_whole(loader.settings)
    for book in BOOKS:  # a backup holds both from the first generation on
        loader.writer.attach(book, "")
    months = loader.state.months_to_publish(loader.settings.zone)
    with step("runs"):
        for month in months:
            if not is_destroyed(loader.settings, _RUN, month):
                _write_runs(loader, month)
    if months:
        with step("fold"):
            loader.state.fold()
    _look_through(loader)
    _write_tables(loader)


def _look_through(loader: Loader) -> None:
    """The data-quality checks of the partitions that were stored in since the last generation."""
    for dataset, month in sorted(key for key, batches in loader.stored.items() if batches):
        found = look_through(loader.writer, dataset, month)
        loader.state.checked(dataset, month, found)


def _remove_whole(settings: Settings) -> None:
    """An older cockpit kept all runs in one file; the books publish them again, month by month."""
    file = live_file(settings, _RUN, "")
    if file.stem == WHOLE and file.exists():
        with storage_errors(file):
            for part in (Path(f"{file}.wal"), file, key_file(file)):
                part.unlink(missing_ok=True)


def _write_runs(loader: Loader, month: str) -> None:
    """A run that is there already, because a kill came before the books noted it, stays one."""
    writer = loader.writer
    alias = writer.attach(_RUN, month)
    with writer.transaction():
        for statement in statements_of(f"rollup/{_RUN}", alias):
            sql = statement.replace("{zone}", loader.settings.zone.key).replace("{month}", month)
            writer.execute(sql)


def _write_tables(loader: Loader) -> None:
    """Reasons stand on the runs whose facts are published, so both come to the same total."""
    writer, state = loader.writer, loader.state.alias
    alias = writer.attach(OPERATIONS, "")
    changed = []
    for table in TABLES:
        (select,) = statements_of(f"operations/{table}", state)
        fresh = f"fresh_{table}"
        writer.execute(f"CREATE OR REPLACE TEMP TABLE {fresh} AS {select}")
        if writer.execute(
            f"(FROM {fresh} EXCEPT ALL FROM {alias}.{table}) UNION ALL"
            f" (FROM {alias}.{table} EXCEPT ALL FROM {fresh}) LIMIT 1"
        ):
            changed.append(table)
    if not changed:
        return
    with step("operations"), writer.transaction():
        for table in changed:
            writer.execute(f"DELETE FROM {alias}.{table}")
            writer.execute(f"INSERT INTO {alias}.{table} FROM fresh_{table}")
