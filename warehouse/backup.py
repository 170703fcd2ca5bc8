"""Backups while everything runs: the newest generation, the ETL's books of its moment, accounts.

A generation never changes and its files are named by their content, so a backup copies what is
new since the last one, and needs nobody to stop. The list of it is sealed and written last.
"""

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

from warehouse import clock
from warehouse.backup_target import Target, check_outside, register, registered
from warehouse.books import ask_for_books
from warehouse.certificates import certificate_files
from warehouse.errors import Busy, StorageError, Tampered
from warehouse.failpoints import reach
from warehouse.home import (
    Scratch,
    key_context,
    published_books,
    published_files,
    storage_errors,
    sync_folder,
    write_durably,
)
from warehouse.keys import Keyring, keyring_file
from warehouse.lock import hold, hold_backups
from warehouse.manifest import Manifest, PartitionFile, key_id, mark_of, read_manifest, to_json
from warehouse.seals import read_sealed, write_sealed
from warehouse.settings import Settings

KIND = "backup"
FORMAT = 1
WAIT_SECONDS = 60.0
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Made:
    """What one backup came to. Sizes in bytes."""

    file: Path
    generation: int
    copied_files: int
    copied_bytes: int
    kept_files: int
    removed_backups: int


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A file to be in the backup, held still for as long as the backup takes."""

    source: Path
    sha256: str


def back_up(settings: Settings, keyring: Keyring, target: Target, keep: int | None = None) -> Made:
    """Make a backup and check it; with `keep` only so many newest ones stay in the place.

    Raises `Busy` while another backup or destruction runs, `NotPublished`, `StorageError`.
    """
    check_outside(settings, target)
    held = hold_backups(settings)
    try:
        target.make()
        register(settings, keyring, target)
        reach("backup_registered")
        manifest = _moment(settings, keyring)
        with _pinned(settings, keyring, manifest) as (pinned, partitions, small):
            sizes = [_bring(part, target) for part in (*partitions, *(part for _, part in small))]
            _bring_keys(keyring, pinned, target)
            file = _seal(settings, keyring, target, pinned, small)
        removed = prune_backups(keyring, target, keep) if keep else 0
        return Made(
            file=file,
            generation=pinned.generation,
            copied_files=sum(size is not None for size in sizes),
            copied_bytes=sum(size or 0 for size in sizes),
            kept_files=sum(size is None for size in sizes),
            removed_backups=removed,
        )
    finally:
        os.close(held)


# --- what belongs to it ---------------------------------------------------------------------


def _moment(settings: Settings, keyring: Keyring) -> Manifest:
    """The newest generation, with books of its own moment when the ETL runs and can publish.

    Older books are safe too: what came after them is delivered again and counts once.
    """
    asked = clock.now()
    until = time.monotonic() + WAIT_SECONDS
    if _etl_runs(settings):
        ask_for_books(settings)
        while time.monotonic() < until:
            manifest = read_manifest(settings, keyring)
            if manifest.books_at == manifest.created_at and manifest.created_at >= asked:
                return manifest
            time.sleep(0.1)
    manifest = read_manifest(settings, keyring)
    if not manifest.books:
        raise StorageError(
            f"The ETL's books are not sealed in {settings.home} yet: start the ETL or run"
            " `python -m etl run --all`, then back up."
        )
    return manifest


def _etl_runs(settings: Settings) -> bool:
    try:
        os.close(hold(settings))
    except Busy:
        return True
    return False


@contextmanager
def _pinned(
    settings: Settings, keyring: Keyring, manifest: Manifest
) -> Iterator[tuple[Manifest, list[_Part], list[tuple[str, _Part]]]]:
    """Links to the files of a generation, which the ETL may remove from their own place."""
    scratch = Scratch(settings.published / "held")
    try:
        for _ in range(5):
            try:
                yield_parts = _link(settings, manifest, scratch.folder)
                break
            except FileNotFoundError:  # a newer generation came, and this one was removed
                manifest = read_manifest(settings, keyring)
        else:
            raise Tampered(f"Files of {settings.published} are missing: start the ETL.")
        yield manifest, yield_parts, _small(settings, scratch.folder)
    finally:
        scratch.close()


def _link(settings: Settings, manifest: Manifest, folder: Path) -> list[_Part]:
    parts = []
    for place, files in (
        (published_files(settings), manifest.files),
        (published_books(settings), manifest.books),
    ):
        for file in files:
            link = folder / file.file
            link.unlink(missing_ok=True)
            os.link(place / file.file, link)
            parts.append(_Part(source=link, sha256=file.sha256))
    return parts


def _small(settings: Settings, folder: Path) -> list[tuple[str, _Part]]:
    """The other files of the home that count, by their path in it."""
    files = {"home.json": settings.home / "home.json", "keys/keyring.json": keyring_file(settings)}
    files |= {f"certificates/{f.name}": f for f in certificate_files(settings)}
    accounts = settings.web / "accounts.sqlite"
    if accounts.exists():
        files["web/accounts.sqlite"] = _copy_accounts(accounts, folder / "accounts.sqlite")
    return [
        (name, _Part(source=file, sha256=hashlib.sha256(file.read_bytes()).hexdigest()))
        for name, file in files.items()
    ]


def _copy_accounts(accounts: Path, copy: Path) -> Path:
    """A consistent copy; nobody is signed in after a restore."""
    try:
        with (
            closing(sqlite3.connect(accounts, timeout=10)) as source,
            closing(sqlite3.connect(copy)) as out,
        ):
            source.backup(out)
            out.execute("PRAGMA journal_mode = DELETE")
            with out:
                out.execute("DELETE FROM session")
                out.execute("DELETE FROM failure")
            out.execute("VACUUM")
    except sqlite3.Error as error:
        raise StorageError(f"{accounts} cannot be copied ({error}).") from error
    return copy


# --- copying --------------------------------------------------------------------------------


def _bring(part: _Part, target: Target) -> int | None:
    """Bytes copied; None where the content is there already and whole."""
    blob = target.blob(part.sha256)
    with storage_errors(blob):
        if blob.exists() and content_hash(blob) == part.sha256:
            return None
        size = copy_durably(part.source, blob)
        reach("backup_file")
        if content_hash(blob) != part.sha256:
            raise Tampered(f"{part.source} is not the file that was sealed: start the ETL.")
    return size


def content_hash(file: Path) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def copy_durably(source: Path, to: Path) -> int:
    """Copy as one step that survives a power cut; the bytes."""
    draft = to.with_name(to.name + ".tmp")
    with open(source, "rb") as incoming, open(draft, "wb") as out:
        shutil.copyfileobj(incoming, out, _CHUNK)
        out.flush()
        os.fsync(out.fileno())
        size = out.tell()
    os.replace(draft, to)
    sync_folder(to.parent)
    return size


def _bring_keys(keyring: Keyring, manifest: Manifest, target: Target) -> None:
    for partition in (*manifest.files, *manifest.books):
        keyring.unwrap(partition.wrapped_key, key_context(partition.dataset, partition.month))
        file = target.key(key_id(partition.wrapped_key))
        content = f"{partition.wrapped_key}\n".encode()
        if not file.exists() or file.read_bytes() != content:
            write_durably(file, content)
    reach("backup_keys")


def _seal(
    settings: Settings,
    keyring: Keyring,
    target: Target,
    manifest: Manifest,
    small: list[tuple[str, _Part]],
) -> Path:
    """Write the list, without any key, and read it back."""
    made_at = clock.now()
    hidden = replace(
        manifest, files=_without_keys(manifest.files), books=_without_keys(manifest.books)
    )
    content = {
        "format": FORMAT,
        "mark": mark_of(keyring),
        "made_at": made_at.isoformat(),
        "manifest": to_json(hidden),
        "home": {name: part.sha256 for name, part in small},
        "targets": [
            {"place": str(t.place), "keys": str(t.keys)} for t in registered(settings, keyring)
        ],
    }
    file = (
        target.backups / f"{manifest.generation:010}-{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"
    )
    write_sealed(keyring, KIND, content, file)
    reach("backup_sealed")
    if read_sealed(keyring, KIND, file) is None:
        raise Tampered(f"{file} is gone: the place of the backup does not keep files.")
    return file


def _without_keys(files: tuple[PartitionFile, ...]) -> tuple[PartitionFile, ...]:
    return tuple(replace(f, wrapped_key=key_id(f.wrapped_key)) for f in files)


# --- old ones -------------------------------------------------------------------------------


def prune_backups(keyring: Keyring, target: Target, keep: int) -> int:
    """Remove all but the `keep` newest backups and what only they need; how many went."""
    records = target.records()
    wanted = set[str]()
    for file in records[:keep]:
        content = read_sealed(keyring, KIND, file) or {}
        wanted |= set(content["home"].values())
        for part in (*content["manifest"]["files"], *content["manifest"]["books"]):
            wanted |= {part["sha256"], f"{part['wrapped_key']}.key"}
    with storage_errors(target.place):
        for file in records[keep:]:
            file.unlink()
        for file in (*(target.place / "files").iterdir(), *target.keys.glob("*.key")):
            if file.name not in wanted:
                file.unlink()
    return len(records[keep:])
