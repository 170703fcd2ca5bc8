"""A published generation as a value, and its sealed file.

A generation is a list of immutable files with their hashes and wrapped keys, and what readers
need beside them: sources, labels, city. `CURRENT` names the manifest that counts; a manifest
carries a MAC over all of its content, so nobody without the key can add, exchange or roll back
a file unnoticed.
"""

import contextlib
import hashlib
import hmac
import json
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from warehouse.errors import NewerFormat, NotPublished, StorageError, Tampered
from warehouse.home import published_files, storage_errors, write_durably
from warehouse.keys import Keyring
from warehouse.model import City, Label, SourceStatus
from warehouse.seals import mac
from warehouse.settings import Settings

FORMAT = 1
Labels = Mapping[str, Mapping[str, Label]]
"""Dimension -> code -> label."""


@dataclass(frozen=True, kw_only=True)
class PartitionFile:
    dataset: str
    month: str
    """`YYYY-MM` in the reporting zone; empty for a dataset that is not cut into months."""
    file: str
    sha256: str
    size: int
    wrapped_key: str
    batches: int = 0
    """Lines of its ledger, and the rows they count: a live file with fewer is an older copy."""
    rows: int = 0


@dataclass(frozen=True, kw_only=True)
class Manifest:
    generation: int
    created_at: datetime
    time_zone: str
    versions: Mapping[str, int]
    """Dataset -> number that rises exactly when its files change."""
    files: tuple[PartitionFile, ...]
    sources: tuple[SourceStatus, ...]
    labels: Labels
    city: City
    books: tuple[PartitionFile, ...] = ()
    """The ETL's own files as they were at `books_at`: for backups, readers never open them."""
    books_at: datetime | None = None

    def partitions(self, dataset: str) -> tuple[PartitionFile, ...]:
        return tuple(file for file in self.files if file.dataset == dataset)


# --- values as JSON and back ----------------------------------------------------------------


def to_json(value: object) -> Any:
    """A frozen value as what `json` can write."""
    if is_dataclass(value):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value


def from_json(kind: Any, value: Any) -> Any:
    """The value of type `kind` that `to_json` wrote."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        return None if value is None else from_json(arguments[0], value)
    if origin is tuple:
        kinds = [arguments[0]] * len(value) if arguments[1:] == (...,) else arguments
        return tuple(from_json(k, item) for k, item in zip(kinds, value, strict=True))
    if origin is not None:
        return {key: from_json(arguments[1], item) for key, item in value.items()}
    if kind is datetime:
        return datetime.fromisoformat(value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: from_json(hints[name], item) for name, item in value.items()})
    return kind(value)


# --- the sealed file ------------------------------------------------------------------------


def current_file(settings: Settings) -> Path:
    return settings.published / "CURRENT"


def manifest_file(settings: Settings, generation: int) -> Path:
    return settings.published / f"manifest-{generation}.json"


def write_manifest(settings: Settings, keyring: Keyring, manifest: Manifest) -> None:
    """Write the sealed manifest. It counts only once `make_current` has named it."""
    content = {"format": FORMAT, **to_json(manifest)}
    content["mac"] = mac(keyring, content)
    # Not sorted: labels keep the order in which members were declared, which is how they show.
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    write_durably(manifest_file(settings, manifest.generation), text.encode())


def make_current(settings: Settings, generation: int) -> None:
    """From here on readers see `generation`."""
    write_durably(current_file(settings), f"{generation}\n".encode())


def read_manifest(settings: Settings, keyring: Keyring) -> Manifest:
    """The generation that counts now; the seal over the whole manifest is verified.

    Raises `NotPublished`, `NewerFormat`, `Tampered`.
    """
    try:
        number = current_file(settings).read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        raise NotPublished(
            f"Nothing has been published in {settings.home} yet: run `python -m etl run --all`."
        ) from None
    if not (number.isascii() and number.isdigit()):
        raise Tampered(f"{current_file(settings)} does not name a generation: publish again.")
    return open_manifest(settings, keyring, int(number))


def older_manifests(settings: Settings, keyring: Keyring) -> Iterator[Manifest]:
    """Every manifest of the home whose seal fits, the newest first, whatever `CURRENT` says."""
    for number in sorted(manifests(settings), reverse=True):
        with contextlib.suppress(Tampered, NewerFormat):  # the next one may be whole
            yield open_manifest(settings, keyring, number)


def manifests(settings: Settings) -> Mapping[int, Path]:
    """Generation -> its file, also of those a crash left without `CURRENT`."""
    numbered = {f.stem.removeprefix("manifest-"): f for f in settings.published.glob("manifest-*")}
    return {int(n): f for n, f in numbered.items() if n.isdigit() and f.suffix == ".json"}


def open_manifest(settings: Settings, keyring: Keyring, generation: int) -> Manifest:
    file = manifest_file(settings, generation)
    try:
        content = json.loads(file.read_bytes())
        seal = content.pop("mac")
        version = int(content["format"])
    except FileNotFoundError:
        raise Tampered(f"{file} is missing: restore it or publish again.") from None
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise Tampered(f"{file} is damaged: restore it or publish again.") from error
    if version > FORMAT:
        raise NewerFormat(f"{file} has format {version}, this cockpit knows {FORMAT}.")
    if not hmac.compare_digest(str(seal), mac(keyring, content)):
        raise Tampered(f"The seal of {file} does not fit it: restore it or publish again.")
    del content["format"]
    manifest: Manifest = from_json(Manifest, content)
    if manifest.generation != generation:
        raise Tampered(f"{file} holds generation {manifest.generation}: publish again.")
    return manifest


def key_id(wrapped_key: str) -> str:
    """A name for a key that says nothing about it."""
    return hashlib.sha256(wrapped_key.encode()).hexdigest()[:32]


def mark_of(keyring: Keyring) -> str:
    """Names the warehouse that these keys belong to, wherever its home lies."""
    return hmac.digest(keyring.key("manifest"), b"mark", "sha256").hex()[:12]


def published_file(settings: Settings, partition: PartitionFile) -> Path:
    return published_files(settings) / partition.file


def verify_file(settings: Settings, partition: PartitionFile) -> None:
    """Raises `Tampered` unless the published file is byte for byte the sealed one."""
    check_content(published_file(settings, partition), partition)


def check_content(file: Path, partition: PartitionFile) -> None:
    """Raises `Tampered` unless `file` has exactly the content of `partition`."""
    if not file.exists():
        raise Tampered(f"{file} is missing: restore it or publish again.")
    with storage_errors(file), open(file, "rb") as content:
        size = file.stat().st_size
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if size != partition.size or digest != partition.sha256:
        raise Tampered(f"{file} is not the file that was sealed: restore it or publish again.")


def read_stamp(settings: Settings) -> tuple[int, int] | None:
    """What changes with each generation, at the cost of one `stat`; None before the first."""
    try:
        status = current_file(settings).stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino


def check_follows(settings: Settings, manifest: Manifest, current: Manifest | None) -> None:
    """Raise `Tampered` on an older generation, `StorageError` on another time zone."""
    if current and manifest.generation < current.generation:
        raise Tampered(
            f"{settings.published} went back from generation"
            f" {current.generation} to {manifest.generation}: publish again."
        )
    if manifest.time_zone != settings.zone.key:
        raise StorageError(
            f"{settings.published} was published with COCKPIT_TIMEZONE="
            f"{manifest.time_zone}: set it back."
        )
