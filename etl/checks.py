"""Facts that must hold in a partition before it may be published, and what is told if odd."""

from etl.rollup import MARKS
from warehouse.errors import StorageError
from warehouse.operations import Severity
from warehouse.quality import CHECKS
from warehouse.schema import statements_of
from warehouse.sentences import say
from warehouse.writer import Writer


def check_partition(writer: Writer, dataset: str, month: str) -> None:
    """Raises `StorageError` unless the rows the ledger counts are there and are summed."""
    alias = writer.attach(dataset, month)
    facts, ledger = writer.execute(
        f"SELECT (SELECT count(*) FROM {alias}.fact),"
        f" (SELECT coalesce(sum(rows_loaded), 0)::BIGINT FROM {alias}.ledger)"
    )[0]
    if facts != ledger:
        raise StorageError(
            say("ledger", dataset=dataset, month=month, facts=facts, ledger=ledger) + "."
        )
    for mark in MARKS.get(dataset, ()):
        if writer.execute(f"SELECT 1 FROM {alias}.{mark} LIMIT 1"):
            raise StorageError(say("not_summed", dataset=dataset, month=month) + ".")


def look_through(writer: Writer, dataset: str, month: str) -> dict[str, int]:
    """Check -> rows of the partition that break it. The blocking ones hold by now."""
    alias = writer.attach(dataset, month)
    found = {}
    for key, check in CHECKS.items():
        if dataset not in check.datasets:
            continue
        if check.severity is Severity.BLOCKING:
            found[key] = 0
            continue
        (select,) = statements_of(f"checks/quality/{key}", alias)
        found[key] = int(writer.execute(select)[0][0])
    return found
