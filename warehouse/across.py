"""What a month that is destroyed leaves in the rows of other months: they are made again without.

A loan application is one row in the month of its cohort, whatever month its events lie in. Before
the month goes, the applications it shares with other months are marked there; the ETL merges them
again before its next publication.
"""

from collections.abc import Iterator

from warehouse.certificates import is_destroyed
from warehouse.datasets import LOAN_EVENT
from warehouse.errors import StorageError
from warehouse.home import live_file
from warehouse.partition_key import key_file
from warehouse.settings import Settings
from warehouse.writer import Writer


def mark_shared(settings: Settings, writer: Writer, dataset: str, month: str) -> None:
    """Mark in the other months what `month` has a part in. May be done again; without the key of
    the month it has been done.
    """
    file = live_file(settings, dataset, month)
    if dataset != LOAN_EVENT.name or not file.exists() or not key_file(file).exists():
        return
    shared = _shared(writer, month)
    for other in _others(settings, month):
        _mark(writer, other, shared)


def mark_every(settings: Settings, writer: Writer) -> None:
    """Mark all applications: where months are missing that they were merged with."""
    for month in _others(settings, ""):
        _mark(writer, month, "")


def _mark(writer: Writer, month: str, narrowed: str) -> None:
    alias = writer.attach(LOAN_EVENT.name, month)
    with writer.transaction():
        writer.execute(
            f"INSERT INTO {alias}.dirty_application SELECT DISTINCT application"
            f" FROM {alias}.fact{narrowed} ANTI JOIN {alias}.dirty_application"
            " USING (application)"
        )


def _shared(writer: Writer, month: str) -> str:
    """What narrows the events of another month; nothing where the month cannot be read."""
    try:
        alias = writer.attach(LOAN_EVENT.name, month)
    except StorageError:  # damaged, which may be why it goes: then everything is made again
        return ""
    return f" SEMI JOIN {alias}.fact AS gone USING (application)"


def _others(settings: Settings, month: str) -> Iterator[str]:
    for file in sorted((settings.live / LOAN_EVENT.name).glob("*.duckdb")):
        if file.stem != month and not is_destroyed(settings, LOAN_EVENT.name, file.stem):
            yield file.stem
