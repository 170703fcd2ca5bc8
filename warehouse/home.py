"""Where things lie in a home, what its files are called, and whether this cockpit may use it."""

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from warehouse.errors import NewerFormat, NoSpace, StorageError
from warehouse.settings import Settings

FORMAT = 1
WHOLE = "all"
"""File name of a dataset that is not cut into months (its month is the empty text)."""

BOOKS = ("state", "quarantine")
"""Files the ETL keeps for itself: never published."""


def check_home(settings: Settings, create: bool = False) -> None:
    """Refuse a home of a newer format or of another time zone; `create` marks a new one.

    The time zone is recorded because it decides which day and which file an event is in.
    """
    if restoring_file(settings).exists():
        raise StorageError(
            f"Restoring {settings.home} was interrupted: run `python -m warehouse restore` again."
        )
    file = settings.home / "home.json"
    if not file.exists():
        if create:
            note = {"format": FORMAT, "time_zone": settings.zone.key}
            write_durably(file, json.dumps(note).encode() + b"\n")
        return
    try:
        note = json.loads(file.read_text(encoding="utf-8"))
        version, zone = int(note["format"]), str(note["time_zone"])
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{file} is damaged: put a copy of it back.") from error
    if version > FORMAT:
        raise NewerFormat(
            f"{settings.home} has format {version}, this cockpit knows {FORMAT}:"
            " install the newer cockpit."
        )
    if zone != settings.zone.key:
        raise StorageError(
            f"{settings.home} was made with COCKPIT_TIMEZONE={zone}, now it is"
            f" {settings.zone.key}: set it back, or load into a new home."
        )


def restoring_file(settings: Settings) -> Path:
    """The mark of a restore that has not ended."""
    return settings.home / "RESTORING"


def live_file(settings: Settings, dataset: str, month: str) -> Path:
    """The live partition; its wrapped key lies beside it with the suffix `.key`."""
    if dataset in BOOKS:
        return settings.live / f"{dataset}.duckdb"
    return settings.live / dataset / f"{month or WHOLE}.duckdb"


def published_files(settings: Settings) -> Path:
    return settings.published / "files"


def published_books(settings: Settings) -> Path:
    """The ETL's books as they belong to a generation, beside the files readers may open."""
    return settings.published / "books"


def published_file_name(dataset: str, month: str, content: str) -> str:
    """`content` is the SHA-256 in hex; other content has another name."""
    return f"{dataset}-{month or WHOLE}-{content[:24]}.duckdb"


def key_context(dataset: str, month: str) -> str:
    """What a partition's key is bound to, so that keys cannot be exchanged between files."""
    return f"partition/{dataset}/{month or WHOLE}"


def write_durably(file: Path, content: bytes) -> None:
    """Replace `file` as one step that survives a power cut."""
    draft = file.with_name(file.name + ".tmp")
    with storage_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(draft, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, file)
        sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def storage_errors(place: Path) -> Iterator[None]:
    """Say errors of the file system as ours: `NoSpace`, else `StorageError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(f"The disk of {place} is full: free some space and start again.") from (
                error
            )
        raise StorageError(f"{place} cannot be used: {error.strerror or error}.") from error


class Scratch:
    """A folder for one process's passing files below `place`, gone when it closes.

    What a killed process left is wiped by the next one that starts: its lock is free then.
    """

    def __init__(self, place: Path) -> None:
        with storage_errors(place):
            place.mkdir(parents=True, exist_ok=True)
            _wipe(place)
            self.folder = place / secrets.token_hex(8)
            self._lock = os.open(_lock_of(self.folder), os.O_WRONLY | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            self.folder.mkdir()

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        _lock_of(self.folder).unlink(missing_ok=True)
        os.close(self._lock)


def wipe_spill(settings: Settings) -> None:
    """What killed processes spilled; those that live wipe their own."""
    if settings.spill.exists():
        _wipe(settings.spill)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + ".lock")


def _wipe(place: Path) -> None:
    for lock in place.glob("*.lock"):
        descriptor = os.open(lock, os.O_WRONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
