"""Published copies of the live files: made of what changed, and only of what is sound.

Files are copied only while no DuckDB holds them (a plain open and close in this process would
drop DuckDB's lock), under a name made of their content, so an unchanged file is neither copied
nor read again.
"""

import hashlib
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from etl.failpoints import reach, step
from etl.load import Loader
from warehouse.certificates import destroyed_months
from warehouse.datasets import CONTRACTS, PUBLISHED
from warehouse.errors import StorageError, Tampered
from warehouse.home import (
    BOOKS,
    WHOLE,
    live_file,
    published_books,
    published_file_name,
    published_files,
    storage_errors,
    sync_folder,
)
from warehouse.manifest import Manifest, PartitionFile, published_file, verify_file
from warehouse.partition_key import key_file
from warehouse.schema import checks_of
from warehouse.settings import Settings
from warehouse.stamps import Stamps, read_stamps, stamp_of, write_stamps

log = logging.getLogger(__name__)

_CHUNK = 1 << 20


def copy_changed(
    loader: Loader, before: Manifest | None, generation: int
) -> tuple[PartitionFile, ...]:
    """Every live partition as a published file; copies those that changed since `before`.

    A published file that is damaged is made again, under another name, from its live one.
    Raises `Tampered` for a live file that is not the one that was loaded.
    """
    settings = loader.settings
    old = {(f.dataset, f.month): f for f in before.files} if before else {}
    stamps = read_stamps(settings, loader.keyring)
    fresh = dict[str, tuple[tuple[int, int, int], str]]()
    files: list[PartitionFile] = []
    with storage_errors(settings.published):
        published_files(settings).mkdir(parents=True, exist_ok=True)
        for dataset, month in _live(settings):
            last, key = old.get((dataset, month)), f"{dataset}/{month}"
            made = last
            stamp = stamp_of(live_file(settings, dataset, month))
            is_published = last is not None and stamps.files.get(key) == (stamp, last.sha256)
            if made is None or not is_published or not _is_whole(loader, made):
                counts = (0, 0) if is_published else _counts(loader, dataset, month, last)
                made = _copy(loader, dataset, month, generation)
                made = replace(made, batches=counts[0], rows=counts[1])
                if is_published and last is not None:
                    made = replace(made, batches=last.batches, rows=last.rows)
                _is_whole(loader, made)
            fresh[key] = (stamp, made.sha256)
            files.append(made)
        sync_folder(published_files(settings))
    if fresh != stamps.files:
        with step("stamps"):
            write_stamps(settings, loader.keyring, Stamps(generation=generation, files=fresh))
    loader.stored.clear()
    loader.merged.clear()
    return tuple(files)


def _live(settings: Settings) -> Iterator[tuple[str, str]]:
    for dataset in PUBLISHED:
        gone = destroyed_months(settings, dataset)
        for file in sorted((settings.live / dataset).glob("*.duckdb")):
            if file.stem in gone:
                log.error("%s was destroyed and is not published: remove it.", file)
                continue
            if Path(f"{file}.wal").exists():
                raise StorageError(f"{file} is still open: stop what holds it and publish again.")
            yield dataset, "" if file.stem == WHOLE else file.stem


# --- is it sound? ---------------------------------------------------------------------------


def _counts(
    loader: Loader, dataset: str, month: str, last: PartitionFile | None
) -> tuple[int, int]:
    """Batches and rows of the ledger of a live file that changed. Raises `Tampered`.

    An older copy that was put back knows fewer batches than were published and stored since.
    What changed without this process having stored in it is counted through.
    """
    if dataset not in CONTRACTS:
        return 0, 0
    writer = loader.writer
    alias = writer.attach(dataset, month)
    batches, rows = writer.execute(
        f"SELECT count(*), coalesce(sum(rows_loaded), 0)::BIGINT FROM {alias}.ledger"
    )[0]
    stored = loader.stored[dataset, month]
    wrong = last is not None and (batches < last.batches + stored or rows < last.rows)
    problems = ["an older copy of what was loaded"] if wrong else []
    if not stored and (dataset, month) not in loader.merged:
        problems += _problems(loader, alias, dataset, month)
    writer.detach_all()
    if problems:
        raise Tampered(
            f"{live_file(loader.settings, dataset, month)} is not sound ({problems[0]}): put the"
            " right file back, or restore the newest backup."
        )
    return int(batches), int(rows)


def _problems(loader: Loader, alias: str, dataset: str, month: str) -> list[str]:
    def whole(table: str) -> str:
        gone = destroyed_months(loader.settings, dataset)
        files = sorted((loader.settings.live / dataset).glob("*.duckdb"))
        opened = [loader.writer.attach(dataset, f.stem) for f in files if f.stem not in gone]
        return "(" + " UNION ALL ".join(f"SELECT * FROM {a}.{table}" for a in opened) + ")"

    found = []
    for statement in checks_of(dataset, alias, month, whole):
        what, count = loader.writer.execute(statement)[0]
        if count:
            found.append(str(what))
    return found


def _is_whole(loader: Loader, partition: PartitionFile) -> bool:
    """Whether a published file has its content; read again only when it was touched."""
    file = published_file(loader.settings, partition)
    stamp = (*stamp_of(file), file.stat().st_ctime_ns) if file.exists() else ()
    if stamp and loader.verified.get(partition.file) == stamp:
        return True
    try:
        verify_file(loader.settings, partition)
    except Tampered:
        return False
    loader.verified[partition.file] = stamp
    return True


# --- copying --------------------------------------------------------------------------------


def _copy(loader: Loader, dataset: str, month: str, generation: int) -> PartitionFile:
    """Copy one detached live file under its content's name.

    Where a damaged file has that name it gets another: a reader may have the damaged one open.
    """
    folder = published_files(loader.settings)
    draft = folder / f"{dataset}-{month or WHOLE}.tmp"
    source = live_file(loader.settings, dataset, month)
    digest, size = _copy_content(source, draft)
    name = published_file_name(dataset, month, digest)
    made = _partition(source, dataset, month, (name, digest, size))
    if (folder / name).exists() and not _is_whole(loader, made):
        made = replace(made, file=published_file_name(dataset, month, f"{generation}-{digest}"))
    with step("publish_rename"):
        os.replace(draft, folder / made.file)
    return made


def _copy_content(source: Path, draft: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    reach("publish_copy.before")
    with open(source, "rb") as incoming, open(draft, "wb") as out:
        while chunk := incoming.read(_CHUNK):
            digest.update(chunk)
            size += out.write(chunk)
        reach("publish_copy.after")  # not written out yet
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest(), size


def _partition(
    source: Path, dataset: str, month: str, content: tuple[str, str, int]
) -> PartitionFile:
    name, digest, size = content
    return PartitionFile(
        dataset=dataset,
        month=month,
        file=name,
        sha256=digest,
        size=size,
        wrapped_key=key_file(source).read_text(encoding="ascii").strip(),
    )


def copy_books(settings: Settings) -> tuple[PartitionFile, ...]:
    """The ETL's own files, detached, as they belong to this generation."""
    folder = published_books(settings)
    files = []
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for book in BOOKS:
            source = live_file(settings, book, "")
            digest, size = _copy_content(source, folder / f"{book}.tmp")
            name = published_file_name(book, "", digest)
            os.replace(folder / f"{book}.tmp", folder / name)
            files.append(_partition(source, book, "", (name, digest, size)))
        sync_folder(folder)
    return tuple(files)
