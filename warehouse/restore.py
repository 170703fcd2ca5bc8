"""A home out of a backup: on an empty machine, with the master key alone.

The home counts once `CURRENT` is there; a restore that was interrupted leaves a mark that stops
everything else and lets the next one begin again.
"""

import json
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from warehouse import clock
from warehouse.across import mark_every
from warehouse.anchor import raise_anchor, read_anchor
from warehouse.backup import KIND, content_hash, copy_durably
from warehouse.backup_target import Target, register
from warehouse.certificates import KIND as CERTIFICATE
from warehouse.certificates import certificate_files, is_destroyed, read_certificate
from warehouse.datasets import LOAN_EVENT
from warehouse.errors import StorageError, Tampered
from warehouse.failpoints import reach
from warehouse.home import (
    key_context,
    live_file,
    published_books,
    published_files,
    restoring_file,
    storage_errors,
    write_durably,
)
from warehouse.keys import Keyring, keyring_file
from warehouse.manifest import (
    Manifest,
    PartitionFile,
    from_json,
    make_current,
    write_manifest,
)
from warehouse.partition_key import key_file
from warehouse.seals import opened, read_sealed
from warehouse.settings import Settings
from warehouse.stamps import Stamps, stamp_of, write_stamps
from warehouse.writer import Writer

_OWN = ("live", "published", "spill", "certificates", "web", "requests")


@dataclass(frozen=True, kw_only=True)
class Restored:
    generation: int
    files: int
    destroyed: tuple[str, ...]
    """`dataset month` of what the backup held and was destroyed since."""


def restore(settings: Settings, target: Target) -> Restored:
    """Put the newest backup of `target` into the empty home of `settings`.

    Raises `StorageError` when the home is not empty or the backup is not whole, `WrongKey`
    without the master key of the warehouse.
    """
    file = next(iter(target.records()), None)
    if file is None:
        raise StorageError(f"There is no backup in {target.place}: name the folder it was made to.")
    _begin(settings)
    _place(
        target, str(_unsealed(file)["content"]["home"]["keys/keyring.json"]), keyring_file(settings)
    )
    keyring = Keyring.open(settings)
    record = _sealed(keyring, file)
    reach("restore_begun")
    for name, sha256 in record["home"].items():
        _place(target, sha256, settings.home / name)
    _bring_certificates(settings, keyring, target)
    manifest, gone = _manifest(settings, keyring, target, record)
    stamps = {}
    for part in manifest.files:
        _place(target, part.sha256, published_files(settings) / part.file)
        live = _place_live(settings, target, part)
        stamps[f"{part.dataset}/{part.month}"] = (stamp_of(live), part.sha256)
    for part in manifest.books:
        _place(target, part.sha256, published_books(settings) / part.file)
        _place_live(settings, target, part)
    reach("restore_files")
    register(settings, keyring, target, *_others(record))
    write_stamps(settings, keyring, Stamps(generation=manifest.generation, files=stamps))
    write_manifest(settings, keyring, manifest)
    reach("restore_manifest")
    make_current(settings, manifest.generation)
    raise_anchor(settings, keyring, manifest.generation)
    restoring_file(settings).unlink()
    if any(name.startswith(f"{LOAN_EVENT.name} ") for name in gone):
        with closing(Writer(settings, keyring)) as writer:
            mark_every(settings, writer)
    return Restored(generation=manifest.generation, files=len(manifest.files), destroyed=gone)


def _begin(settings: Settings) -> None:
    """Refuse a home that is in use; begin again what was interrupted."""
    mark = restoring_file(settings)
    if mark.exists():
        with storage_errors(settings.home):
            for name in _OWN:
                shutil.rmtree(settings.home / name, ignore_errors=True)
            keyring_file(settings).unlink(missing_ok=True)
    elif keyring_file(settings).exists() or any(settings.live.rglob("*.duckdb")):
        raise StorageError(
            f"{settings.home} holds a warehouse: move it away, or set COCKPIT_HOME to an empty"
            " folder."
        )
    write_durably(mark, b"\n")


def _unsealed(file: Path) -> dict[str, Any]:
    """To find the keyring, with which the seal is checked before anything else is believed."""
    try:
        return dict(json.loads(file.read_bytes()))
    except ValueError as error:
        raise Tampered(f"{file} is damaged: remove it to restore the backup before.") from error


def _sealed(keyring: Keyring, file: Path) -> Mapping[str, Any]:
    try:
        return opened(keyring, KIND, file.read_bytes())
    except ValueError as error:
        raise Tampered(f"{file} {error}: remove it to restore the backup before.") from error


def _bring_certificates(settings: Settings, keyring: Keyring, target: Target) -> None:
    """What was destroyed after the backup was made stays destroyed."""
    for file in target.certificates.glob("*.json"):
        if read_sealed(keyring, CERTIFICATE, file) is not None:
            write_durably(settings.home / "certificates" / file.name, file.read_bytes())


def _manifest(
    settings: Settings, keyring: Keyring, target: Target, record: Mapping[str, Any]
) -> tuple[Manifest, tuple[str, ...]]:
    """The generation to be, with its keys; above every one that was ever published."""
    listed: Manifest = from_json(Manifest, record["manifest"])
    gone = tuple(f for f in listed.files if is_destroyed(settings, f.dataset, f.month))
    lost = _lost_books(settings, keyring)
    left = (f for f in listed.files if f not in gone and f.wrapped_key not in lost)
    files = tuple(_with_key(keyring, target, f) for f in left)
    books = tuple(_with_key(keyring, target, f) for f in listed.books if f.wrapped_key not in lost)
    number = max(listed.generation, read_anchor(settings, keyring).generation) + 1
    manifest = replace(
        listed,
        generation=number,
        created_at=clock.now(),
        versions=dict.fromkeys(listed.versions, number),
        files=files,
        books=books,
    )
    return manifest, tuple(f"{f.dataset} {f.month}" for f in gone)


def _lost_books(settings: Settings, keyring: Keyring) -> frozenset[str]:
    """Names of keys of files that held originals of a destroyed month; they start empty."""
    found = (read_certificate(keyring, file) or {} for file in certificate_files(settings))
    return frozenset(name for content in found for name in content["original_key_ids"])


def _with_key(keyring: Keyring, target: Target, part: PartitionFile) -> PartitionFile:
    """In a backup the name of the key stands in the place of the key."""
    file = target.key(part.wrapped_key)
    if not file.exists():
        raise StorageError(
            f"The key of {part.dataset} {part.month} is not in {target.keys}: say where the keys"
            " of this backup lie with --keys."
        )
    wrapped = file.read_text(encoding="ascii").strip()
    keyring.unwrap(wrapped, key_context(part.dataset, part.month))
    return replace(part, wrapped_key=wrapped)


def _place_live(settings: Settings, target: Target, part: PartitionFile) -> Path:
    live = live_file(settings, part.dataset, part.month)
    write_durably(key_file(live), f"{part.wrapped_key}\n".encode())
    _place(target, part.sha256, live)
    return live


def _place(target: Target, sha256: str, to: Path) -> None:
    blob = target.blob(sha256)
    if not blob.exists():
        raise Tampered(f"{blob} is missing from the backup: restore another one.")
    with storage_errors(to):
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        copy_durably(blob, to)
        if content_hash(to) != sha256:
            raise Tampered(f"{blob} is damaged: restore another backup.")


def _others(record: Mapping[str, Any]) -> tuple[Target, ...]:
    return tuple(Target(place=Path(t["place"]), keys=Path(t["keys"])) for t in record["targets"])
