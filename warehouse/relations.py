"""Names of attached files and the SQL that reads a table over many of them. Pure text."""

from collections.abc import Iterable
from datetime import timedelta

from warehouse.manifest import PartitionFile
from warehouse.model import Period


def text(value: str) -> str:
    """`value` as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    """`value` as an SQL identifier."""
    return '"' + value.replace('"', '""') + '"'


def alias_of(partition: PartitionFile) -> str:
    """The name a published file is attached under; another content has another name."""
    return partition.file.removesuffix(".duckdb")


def empty_alias(dataset: str) -> str:
    """The name under which a reader keeps the empty tables of a dataset."""
    return f"empty-{dataset}"


def union(
    partitions: Iterable[PartitionFile],
    dataset: str,
    table: str,
    period: Period | None,
    columns: tuple[str, ...],
) -> str:
    """SQL for FROM: `table` in every month that `period` touches; typed and empty if none."""
    wanted = ", ".join(map(name, columns)) or "*"
    aliases = [
        alias_of(p) for p in sorted(partitions, key=lambda p: p.month) if touches(p.month, period)
    ]
    parts = [
        f"SELECT {wanted} FROM {name(alias)}.main.{name(table)}"
        for alias in aliases or [empty_alias(dataset)]
    ]
    return "(" + " UNION ALL ".join(parts) + ")"


def touches(month: str, period: Period | None) -> bool:
    """Whether a day of `month` (YYYY-MM; empty: any) lies in `period` (None: always)."""
    if not month or period is None:
        return True
    last = period.end - timedelta(days=1)
    return f"{period.start:%Y-%m}" <= month <= f"{last:%Y-%m}"
