"""Published partitions: the sealed list of them, and whether all of it still holds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from warehouse.anchor import check_anchored, read_anchor
from warehouse.connection import Reader, Snapshot
from warehouse.datasets import CONTRACTS, DATASETS
from warehouse.errors import StorageError, Tampered
from warehouse.keys import Keyring
from warehouse.manifest import (
    Labels,
    Manifest,
    PartitionFile,
    from_json,
    read_manifest,
    to_json,
    verify_file,
    write_manifest,
)
from warehouse.relations import alias_of, name
from warehouse.rollups import CUTS, REACH_DAYS
from warehouse.schema import checks_of, statements_of
from warehouse.settings import Settings

__all__ = [
    "Labels",
    "Manifest",
    "PartitionFile",
    "Report",
    "from_json",
    "read_manifest",
    "to_json",
    "verify",
    "write_manifest",
]

CHECK_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Report:
    """What `verify` found. Sound exactly when `problems` is empty."""

    generation: int
    files: int
    rows: int
    """Rows of facts in the files that could be opened."""
    problems: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not self.problems


def verify(settings: Settings, keyring: Keyring) -> Report:
    """Check the published generation: seals, hashes, ledgers, and sums against their facts.

    A damaged file is a problem of the report and the others are still checked. Raises what
    `read_manifest` raises: without a manifest that holds there is nothing to compare with.
    """
    anchor = read_anchor(settings, keyring)
    manifest = read_manifest(settings, keyring)
    problems: list[str] = []
    try:
        check_anchored(settings, manifest, anchor)
    except Tampered as error:
        problems.append(str(error))
    whole = []
    for partition in manifest.files:
        try:
            verify_file(settings, partition)
            whole.append(partition)
        except StorageError as error:
            problems.append(str(error))
    reader = Reader(settings, keyring)
    try:
        snapshot = reader.hold(replace(manifest, files=tuple(whole)))
        rows = sum(_count(snapshot, p) for p in whole if p.dataset in DATASETS)
        for partition in whole:
            problems += _problems(snapshot, partition)
        problems += _across_months(snapshot)
    finally:
        reader.close()
    return Report(
        generation=manifest.generation,
        files=len(manifest.files),
        rows=rows,
        problems=tuple(problems),
    )


def _count(snapshot: Snapshot, partition: PartitionFile) -> int:
    rows = snapshot.select(f"SELECT count(*) FROM {name(alias_of(partition))}.main.fact")
    return int(rows[0][0])


def _problems(snapshot: Snapshot, partition: PartitionFile) -> Iterator[str]:
    if partition.dataset not in CONTRACTS:
        return

    def whole(table: str) -> str:
        return snapshot.table(partition.dataset, table, period=None)

    alias = f"{name(alias_of(partition))}.main"
    for sql in checks_of(partition.dataset, alias, partition.month, whole):
        what, count = snapshot.select(sql, seconds=CHECK_SECONDS)[0]
        if count:
            yield f"{partition.file}: {what} ({count}). Load the month again from its source."


def _across_months(snapshot: Snapshot) -> Iterator[str]:
    """What service events sum across months, against all of their days at once."""
    sources = {
        table: snapshot.table("service_event", table, period=None)
        for table in ("person_day", "gap_day", "person_first")
    }
    for cut in CUTS:
        for statement in statements_of("checks/service_event_months", ""):
            sql = statement.format(**sources, cut=cut, member=cut or "''", reach=REACH_DAYS)
            what, count = snapshot.select(sql, seconds=CHECK_SECONDS)[0]
            if count:
                where = f" by {cut}" if cut else ""
                yield f"service_event: {what}{where} ({count}). Load its months again."
