"""The sealed, immutable generation that readers see.

Files are copied only while no DuckDB holds them (a plain open and close in this process would
drop DuckDB's lock), under a name made of their content, so an unchanged file is neither copied
nor read again. The order makes every crash harmless: copies, then the manifest, then `CURRENT`;
until `CURRENT` is renamed readers keep the generation before.
"""

import hashlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from etl.checks import check_partition
from etl.failpoints import reach
from etl.load import Loader
from warehouse import clock
from warehouse.datasets import DATASETS, PIPELINE_RUN
from warehouse.errors import NotPublished, StorageError
from warehouse.home import (
    WHOLE,
    live_file,
    published_files,
    storage_errors,
    sync_folder,
    write_durably,
)
from warehouse.manifest import (
    Labels,
    Manifest,
    PartitionFile,
    make_current,
    read_manifest,
    write_manifest,
)
from warehouse.model import City, SourceStatus
from warehouse.partition_key import key_file
from warehouse.schema import statements_of
from warehouse.settings import Settings

log = logging.getLogger(__name__)

KEEP_GENERATIONS = 3
KEEP_SECONDS = 60
_CHUNK = 1 << 20
_RUN = PIPELINE_RUN.name


def publish(
    loader: Loader, sources: tuple[SourceStatus, ...], labels: Labels, city: City
) -> Manifest:
    """Publish what is loaded. Returns the generation that counts afterwards.

    When nothing at all has changed it is the one before. Raises `StorageError` family; then the
    generation before stays.
    """
    with loader.working():
        loader.roll_up()
        _write_runs(loader)
        _take_up_logs(loader)
        loader.writer.detach_all()
        before = _before(loader)
        files = _copy_changed(loader, before)
        after = Manifest(
            generation=_next_number(loader.settings, before),
            created_at=clock.now(),
            time_zone=loader.settings.zone.key,
            versions=_versions(before, files),
            files=files,
            sources=sources,
            labels=labels,
            city=city,
        )
        if before is not None and _is_same(before, after):
            return before
        write_manifest(loader.settings, loader.keyring, after)
        reach("manifest")
        make_current(loader.settings, after.generation)
        reach("current")
        prune(loader.settings, after)
        log.info("Published generation %d with %d files", after.generation, len(after.files))
        return after


def _before(loader: Loader) -> Manifest | None:
    try:
        return read_manifest(loader.settings, loader.keyring)
    except NotPublished:
        return None


def _take_up_logs(loader: Loader) -> None:
    """Check what a killed process left with a log; detaching then writes it into its file."""
    for dataset in DATASETS:
        for log_file in sorted((loader.settings.live / dataset).glob("*.duckdb.wal")):
            month = log_file.name.removesuffix(".duckdb.wal")
            loader.writer.attach(dataset, "" if month == WHOLE else month)
            if dataset != _RUN:
                check_partition(loader.writer, dataset, month)


def _write_runs(loader: Loader) -> None:
    """Bring the pipeline's own dataset up to the books, if a run has ended.

    The reasons stand on the deliveries of the runs in it, so both come to the same total.
    """
    writer = loader.writer
    writer.attach("state", "")
    writer.attach("quarantine", "")
    alias = writer.attach(_RUN, "")
    if not writer.execute("SELECT 1 FROM state.ended LIMIT 1"):
        return
    with writer.transaction():
        for statement in statements_of(f"rollup/{_RUN}", alias):
            writer.execute(statement.replace("{zone}", loader.settings.zone.key))
    reach("runs")
    writer.execute("DELETE FROM state.ended")


# --- files ----------------------------------------------------------------------------------


def _copy_changed(loader: Loader, before: Manifest | None) -> tuple[PartitionFile, ...]:
    """Every live partition as a published file; copies those that changed since `before`."""
    settings = loader.settings
    old = {(f.dataset, f.month): f for f in before.files} if before else {}
    stamps = _read_stamps(settings)
    files: list[PartitionFile] = []
    fresh: dict[str, list[object]] = {}
    with storage_errors(settings.published):
        published_files(settings).mkdir(parents=True, exist_ok=True)
        for dataset, month in _live(settings):
            source = live_file(settings, dataset, month)
            stamp = _stamp(source)
            last = old.get((dataset, month))
            name = f"{dataset}/{month}"
            if last is None or stamps.get(name) != [*stamp, last.sha256]:
                last = _copy(settings, dataset, month)
            fresh[name] = [*stamp, last.sha256]
            files.append(last)
        sync_folder(published_files(settings))
    if fresh != stamps:
        write_durably(_stamps_file(settings), json.dumps(fresh).encode())
    return tuple(files)


def _live(settings: Settings) -> Iterator[tuple[str, str]]:
    for dataset in DATASETS:
        for file in sorted((settings.live / dataset).glob("*.duckdb")):
            if Path(f"{file}.wal").exists():
                raise StorageError(f"{file} is still open: stop what holds it and publish again.")
            yield dataset, "" if file.stem == WHOLE else file.stem


def _copy(settings: Settings, dataset: str, month: str) -> PartitionFile:
    """Copy one detached live file under its content's name."""
    source = live_file(settings, dataset, month)
    draft = published_files(settings) / f"{dataset}-{month or WHOLE}.tmp"
    digest, size = hashlib.sha256(), 0
    with open(source, "rb") as incoming, open(draft, "wb") as out:
        while chunk := incoming.read(_CHUNK):
            digest.update(chunk)
            size += out.write(chunk)
        reach("publish_copy")
        out.flush()
        os.fsync(out.fileno())
    name = f"{dataset}-{month or WHOLE}-{digest.hexdigest()[:12]}.duckdb"
    os.replace(draft, draft.with_name(name))
    reach("publish_rename")
    return PartitionFile(
        dataset=dataset,
        month=month,
        file=name,
        sha256=digest.hexdigest(),
        size=size,
        wrapped_key=key_file(source).read_text(encoding="ascii").strip(),
    )


def _stamp(file: Path) -> tuple[int, int, int]:
    """What changes whenever DuckDB writes the file; only saves hashing it again."""
    status = file.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _stamps_file(settings: Settings) -> Path:
    return settings.live / "published.json"


def _read_stamps(settings: Settings) -> dict[str, list[object]]:
    try:
        stamps = json.loads(_stamps_file(settings).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return dict(stamps)


# --- generations ----------------------------------------------------------------------------


def _next_number(settings: Settings, before: Manifest | None) -> int:
    """Above every number ever written, also one that a crash left without `CURRENT`."""
    used = [int(f.stem.removeprefix("manifest-")) for f in _manifests(settings)]
    return max([before.generation if before else 0, *used]) + 1


def _versions(before: Manifest | None, files: tuple[PartitionFile, ...]) -> Mapping[str, int]:
    versions = {}
    for dataset in sorted({f.dataset for f in files}):
        now = {f.file for f in files if f.dataset == dataset}
        old = {f.file for f in before.partitions(dataset)} if before else set()
        last = before.versions.get(dataset, 0) if before else 0
        versions[dataset] = last + (now != old)
    return versions


def _is_same(before: Manifest, after: Manifest) -> bool:
    return before == replace(after, generation=before.generation, created_at=before.created_at)


def _manifests(settings: Settings) -> list[Path]:
    return [
        f
        for f in settings.published.glob("manifest-*.json")
        if f.stem.removeprefix("manifest-").isdigit()
    ]


def prune(settings: Settings, current: Manifest) -> None:
    """Remove what no reader can still want.

    Kept: the newest generations and all younger than `KEEP_SECONDS`, with their files. A
    manifest above the current one was never made current: a crash left it.
    """
    numbered = {int(f.stem.removeprefix("manifest-")): f for f in _manifests(settings)}
    kept = sorted((n for n in numbered if n <= current.generation), reverse=True)
    oldest = time.time() - KEEP_SECONDS
    with storage_errors(settings.published):
        for number, file in numbered.items():
            is_wanted = number in kept[:KEEP_GENERATIONS] or file.stat().st_mtime > oldest
            if number > current.generation or not is_wanted:
                file.unlink(missing_ok=True)
        reach("prune")
        _prune_files(settings)


def _prune_files(settings: Settings) -> None:
    wanted = set()
    for file in _manifests(settings):
        wanted |= {part["file"] for part in json.loads(file.read_bytes())["files"]}
    for file in published_files(settings).iterdir():
        if file.name not in wanted:
            file.unlink(missing_ok=True)
