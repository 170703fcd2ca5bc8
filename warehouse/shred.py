"""The steps of destroying a month, each of which may be done again: keys first, then files.

What a file system keeps besides (snapshots, journals, copies nobody registered) is not in reach
here; without the keys it holds noise.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from warehouse import clock
from warehouse.across import mark_shared
from warehouse.anchor import raise_anchor, read_anchor
from warehouse.backup_target import Target
from warehouse.errors import StorageError
from warehouse.failpoints import reach
from warehouse.home import (
    live_file,
    published_books,
    published_files,
    storage_errors,
    wipe_spill,
)
from warehouse.keys import Keyring
from warehouse.manifest import (
    key_id,
    make_current,
    manifests,
    older_manifests,
    write_manifest,
)
from warehouse.originals import forget_originals
from warehouse.overwrite import overwrite
from warehouse.partition_key import key_file
from warehouse.settings import Settings
from warehouse.writer import Writer


def destroy_local(
    settings: Settings, keyring: Keyring, content: dict[str, Any], writer: Writer
) -> int:
    """Everything in the home; the number of the generation without the month (0: none before)."""
    dataset, month = str(content["dataset"]), str(content["month"])
    ids = frozenset(content["key_ids"])
    mark_shared(settings, writer, dataset, month)
    writer.detach_all()
    originals = frozenset(content["original_key_ids"])
    generation = _publish_without(settings, keyring, dataset, month, originals)
    raise_anchor(settings, keyring, generation, ids)
    _remove_manifests(settings, dataset, month, originals)
    overwrite(key_file(live_file(settings, dataset, month)))
    reach("destroy_live_key")
    with storage_errors(settings.home):
        for file in _files(settings, dataset, month):
            file.unlink(missing_ok=True)
        wipe_spill(settings)
    reach("destroy_files")
    forget_originals(settings, keyring, writer, dataset, month)
    reach("destroy_originals")
    return generation


def destroy_keys_of_backups(targets: Sequence[Target], ids: Sequence[str]) -> None:
    """Raises `StorageError` when a place went out of reach since it was looked for."""
    for target in targets:
        if not target.is_reachable():
            raise StorageError(
                f"The backup place {target.place} went away while a month was destroyed: bring it"
                " back and start the ETL, or destroy another month, to finish."
            )
        for name in ids:
            overwrite(target.key(name))
            reach("destroy_backup_key")


def _publish_without(
    settings: Settings, keyring: Keyring, dataset: str, month: str, originals: frozenset[str]
) -> int:
    """A generation without the month, if the newest one has it. Readers swap to it at once.

    What operators see is missing from it too where its key is among `originals`; the next
    publication brings it again.
    """
    before = next(older_manifests(settings, keyring), None)
    if before is None:
        return 0
    files = tuple(
        f
        for f in before.files
        if (f.dataset, f.month) != (dataset, month) and key_id(f.wrapped_key) not in originals
    )
    if len(files) == len(before.files):
        make_current(settings, before.generation)
        return before.generation
    number = max(read_anchor(settings, keyring).generation, *manifests(settings)) + 1
    after = replace(
        before,
        generation=number,
        created_at=clock.now(),
        versions={**before.versions, dataset: number},
        files=files,
        books=(),
        books_at=None,
    )
    write_manifest(settings, keyring, after)
    reach("destroy_manifest")
    make_current(settings, number)
    reach("destroy_current")
    return number


def _remove_manifests(
    settings: Settings, dataset: str, month: str, originals: frozenset[str]
) -> None:
    """They hold wrapped keys that go. A damaged one may, so it goes as well."""
    for file in manifests(settings).values():
        try:
            content = json.loads(file.read_bytes())
            is_clean = all(
                (f["dataset"], f["month"]) != (dataset, month)
                and key_id(f["wrapped_key"]) not in originals
                for f in (*content["files"], *content["books"])
            )
        except (ValueError, KeyError, TypeError):
            is_clean = False
        if not is_clean:
            overwrite(file)
            reach("destroy_older")


def _files(settings: Settings, dataset: str, month: str) -> Iterator[Path]:
    live = live_file(settings, dataset, month)
    yield from live.parent.glob(f"{month}.*")
    yield from published_files(settings).glob(f"{dataset}-{month}*")
    yield from (settings.published / "held").glob(f"*/{dataset}-{month}*")
    yield from published_books(settings).glob("*")  # they hold the originals of broken rows
