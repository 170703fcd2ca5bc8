"""The sealed, immutable generation that readers see.

The order makes every crash harmless: copies, then the manifest, then `CURRENT`, then the anchor;
until `CURRENT` is renamed readers keep the generation before.
"""

import contextlib
import json
import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from etl import people
from etl.books.restatements import Late
from etl.checks import check_partition
from etl.copies import copy_books, copy_changed
from etl.failpoints import step
from etl.identities import check_identities
from etl.load import Loader
from etl.operations import write_operations
from etl.restate import is_due, restatements
from warehouse import clock
from warehouse.anchor import raise_anchor, read_anchor
from warehouse.books import books_given, books_wanted
from warehouse.certificates import is_destroyed
from warehouse.datasets import CONTRACTS, PUBLISHED
from warehouse.destroy import are_asked
from warehouse.errors import DefinitionError, NotPublished, QueryError, Tampered
from warehouse.home import WHOLE, published_books, published_files, storage_errors
from warehouse.manifest import (
    Labels,
    Manifest,
    PartitionFile,
    make_current,
    manifests,
    older_manifests,
    open_manifest,
    read_manifest,
    write_manifest,
)
from warehouse.model import City, SourceStatus
from warehouse.settings import Settings
from warehouse.stamps import refuse_rollback

log = logging.getLogger(__name__)

KEEP_GENERATIONS = 3
KEEP_SECONDS = 60
BOOKS_EVERY = timedelta(minutes=5)
"""So often the ETL's books are sealed with a generation, besides when a backup asks for them."""


def publish(
    loader: Loader,
    sources: tuple[SourceStatus, ...],
    labels: Labels,
    city: City,
    *,
    restates_at_once: bool = True,
) -> Manifest:
    """Publish what is loaded. Returns the generation that counts afterwards.

    restates_at_once  else late rows that come within a minute are compared together.

    When nothing at all has changed it is the one before. Raises `StorageError` family; then the
    generation before stays.
    """
    with loader.working():
        refuse_rollback(loader.settings, loader.keyring)
        if are_asked(loader.settings):
            loader.writer.detach_all()
            loader.destroy_asked()
        loader.roll_up()
        months = {month for dataset, month in loader.merged if dataset == people.DATASET}
        check_identities(loader.settings, loader.writer, months)
        write_operations(loader)
        _take_up_logs(loader)
        loader.writer.detach_all()
        before, is_newest = _before(loader)
        number = _next_number(loader, before)
        files = copy_changed(loader, before, number)
        now = clock.now()
        after = Manifest(
            generation=number,
            created_at=now,
            time_zone=loader.settings.zone.key,
            versions=_versions(before, files, 0 if is_newest else number),
            files=files,
            sources=sources,
            labels=labels,
            city=city,
        )
        lates = loader.state.lates()
        if lates and (restates_at_once or is_due(lates, now)) and _restate(loader, lates, after):
            write_operations(loader)
            loader.writer.detach_all()
            files = copy_changed(loader, after, number)
            versions = _versions(before, files, 0 if is_newest else number)
            after, lates = replace(after, files=files, versions=versions), ()
        loader.writer.detach_all()
        after = replace(after, **_books(loader, before, now))
        if before is not None and is_newest and _is_same(before, after):
            raise_anchor(loader.settings, loader.keyring, before.generation)
            return before
        _make_current(loader, after, pinned={late.generation for late in lates})
        return after


def _restate(loader: Loader, lates: tuple[Late, ...], after: Manifest) -> bool:
    """Enter what late rows have changed into the books; False where it must be tried again."""
    settings, keyring = loader.settings, loader.keyring
    try:
        before = open_manifest(settings, keyring, min(late.generation for late in lates))
        found = restatements(loader, lates, before, after, after.created_at)
    except QueryError as error:
        log.error("Late rows are not compared yet: %s", error)
        return False
    except (Tampered, DefinitionError) as error:  # damaged, or of an earlier cockpit
        log.error("Late rows cannot be compared with what was published: %s", error)
        found = ()
    with step("restated"):
        loader.state.restated(found, lates)
    return True


def _make_current(loader: Loader, after: Manifest, pinned: set[int]) -> None:
    with step("manifest"):
        write_manifest(loader.settings, loader.keyring, after)
    with step("current"):
        make_current(loader.settings, after.generation)
    raise_anchor(loader.settings, loader.keyring, after.generation)
    books_given(loader.settings, after)
    loader.published(after)
    prune(loader.settings, after, pinned)
    log.info("Published generation %d with %d files", after.generation, len(after.files))


def _before(loader: Loader) -> tuple[Manifest | None, bool]:
    """The newest generation whose seal fits, and whether it is the one that counts."""
    settings, keyring = loader.settings, loader.keyring
    try:
        before = read_manifest(settings, keyring)
        if before.generation < read_anchor(settings, keyring).generation:
            raise Tampered(f"{settings.published} was put back to {before.generation}.")
        return before, True
    except (NotPublished, Tampered) as error:
        if not isinstance(error, NotPublished):
            log.error("Publishing again from the live files: %s", error)
        return next(older_manifests(settings, keyring), None), False


def _books(loader: Loader, before: Manifest | None, now: datetime) -> Any:
    """The sealed books of the generation: new when they are asked for or have grown old.

    Older ones than the partitions are safe all the same: as after a kill, batches come again.
    """
    at = before.books_at if before else None
    if before and at and now - at < BOOKS_EVERY and not books_wanted(loader.settings):
        return {"books": before.books, "books_at": at}
    with step("books"):
        return {"books": copy_books(loader.settings), "books_at": now}


def _take_up_logs(loader: Loader) -> None:
    """Check what a killed process left with a log; detaching then writes it into its file."""
    for dataset in PUBLISHED:
        for log_file in sorted((loader.settings.live / dataset).glob("*.duckdb.wal")):
            month = log_file.name.removesuffix(".duckdb.wal")
            if is_destroyed(loader.settings, dataset, month):
                continue
            loader.writer.attach(dataset, "" if month == WHOLE else month)
            if dataset in CONTRACTS:
                check_partition(loader.writer, dataset, month)


# --- generations ----------------------------------------------------------------------------


def _next_number(loader: Loader, before: Manifest | None) -> int:
    """Above every number ever written, also one that a crash left without `CURRENT`."""
    anchored = read_anchor(loader.settings, loader.keyring).generation
    used = manifests(loader.settings)
    return max([before.generation if before else 0, anchored, *used]) + 1


def _versions(
    before: Manifest | None, files: tuple[PartitionFile, ...], least: int
) -> Mapping[str, int]:
    """`least`: above every version there was, where the generation before is lost."""
    versions = {}
    for dataset in sorted({f.dataset for f in files}):
        now = {f.file for f in files if f.dataset == dataset}
        old = {f.file for f in before.partitions(dataset)} if before else set()
        last = before.versions.get(dataset, 0) if before else 0
        versions[dataset] = max(last + (now != old), least)
    return versions


def _is_same(before: Manifest, after: Manifest) -> bool:
    return before == replace(after, generation=before.generation, created_at=before.created_at)


def prune(settings: Settings, current: Manifest, pinned: Collection[int] = ()) -> None:
    """Remove what no reader can still want.

    pinned  generations that late rows are yet to be compared with.

    Kept besides: the newest generations and all younger than `KEEP_SECONDS`, with their files. A
    manifest above the current one was never made current: a crash left it.
    """
    numbered = manifests(settings)
    kept = sorted((n for n in numbered if n <= current.generation), reverse=True)
    oldest = time.time() - KEEP_SECONDS
    with storage_errors(settings.published):
        for number, file in numbered.items():
            is_young = file.stat().st_mtime > oldest
            is_wanted = number in kept[:KEEP_GENERATIONS] or number in pinned or is_young
            if number > current.generation or not is_wanted:
                file.unlink(missing_ok=True)
        with step("prune"):
            _prune_files(settings)


def _prune_files(settings: Settings) -> None:
    wanted = set()
    for file in manifests(settings).values():
        with contextlib.suppress(ValueError, KeyError):  # a damaged one names nothing
            content = json.loads(file.read_bytes())
            wanted |= {part["file"] for part in (*content["files"], *content.get("books", ()))}
    for folder in (published_files(settings), published_books(settings)):
        for file in folder.iterdir():
            if file.name not in wanted:
                file.unlink(missing_ok=True)
