"""Facts that must hold in a partition before it may be published, and what is told if odd."""

from datetime import date, timedelta

from etl.rollup import DIRTY
from warehouse.errors import StorageError
from warehouse.home import live_file
from warehouse.operations import Severity
from warehouse.quality import CHECKS
from warehouse.schema import statements_of
from warehouse.sentences import say
from warehouse.settings import Settings
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
    if dataset in DIRTY and writer.execute(f"SELECT 1 FROM {alias}.{DIRTY[dataset][0]} LIMIT 1"):
        raise StorageError(say("not_summed", dataset=dataset, month=month) + ".")


def look_through(settings: Settings, writer: Writer, dataset: str, month: str) -> dict[str, int]:
    """Check -> rows of the partition that break it. The blocking ones hold by now."""
    alias = writer.attach(dataset, month)
    before = _month_before(month)
    earlier = writer.attach(dataset, before) if _exists(settings, dataset, before) else alias
    found = {}
    for key, check in CHECKS.items():
        if dataset not in check.datasets:
            continue
        if check.severity is Severity.BLOCKING:
            found[key] = 0
            continue
        (select,) = statements_of(f"checks/quality/{key}", alias)
        found[key] = int(writer.execute(select.replace("{before}", earlier))[0][0])
    return found


def _month_before(month: str) -> str:
    first = date.fromisoformat(f"{month}-01")
    return f"{first - timedelta(days=1):%Y-%m}"


def _exists(settings: Settings, dataset: str, month: str) -> bool:
    return live_file(settings, dataset, month).exists()
