"""Facts that must hold in a partition before it may be published."""

from etl.rollup import DIRTY
from warehouse.errors import StorageError
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
            f"{dataset} {month} holds {facts} rows but its ledger counts {ledger}:"
            " restore the file from a backup."
        )
    if dataset in DIRTY and writer.execute(f"SELECT 1 FROM {alias}.{DIRTY[dataset][0]} LIMIT 1"):
        raise StorageError(f"{dataset} {month} is not summed up: publish again.")
