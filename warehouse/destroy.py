"""Destroying a month so that nobody can read it again: its keys go, everywhere, and then its files.

    asked     by a shell while the ETL runs; the ETL takes it up
    begun     what is to go is written down; a kill leaves everything as it was
    decided   from here on it is finished, whenever and by whomever the home is started next
    certificate

Each state is a sealed file in `certificates/`; the change from one to the next is a rename.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse import clock
from warehouse.backup_target import Target, registered
from warehouse.certificates import certificate_file, is_destroyed, write_certificate
from warehouse.datasets import CONTRACTS
from warehouse.errors import Busy, QueryError, StorageError, nearest
from warehouse.failpoints import reach
from warehouse.home import live_file, storage_errors, sync_folder
from warehouse.keys import Keyring
from warehouse.lock import hold, hold_backups
from warehouse.manifest import key_id, older_manifests
from warehouse.originals import with_originals
from warehouse.partition_key import key_file
from warehouse.seals import read_sealed, write_sealed
from warehouse.settings import Settings
from warehouse.shred import destroy_keys_of_backups, destroy_local
from warehouse.writer import Writer

KIND = "destruction"
WAIT_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants destroyed."""

    dataset: str
    month: str
    reason: str
    by: str = ""
    """Empty: whoever runs this process."""
    may_leave_unreachable: bool = False
    """Backups that cannot be reached are named on the certificate instead of stopping it."""


def destroy(
    settings: Settings,
    keyring: Keyring,
    wish: Wish,
    told: Callable[[str], None] = lambda words: None,
) -> Path:
    """Destroy a month for good; its certificate. Works beside a running ETL, which then does it:
    `told` hears so.

    Raises `QueryError` for what does not exist, `StorageError` before anything is done where a
    backup cannot be reached, `Busy` when the ETL does not take it up.
    """
    _check(settings, keyring, wish)
    try:
        held = hold(settings)
    except Busy:
        return _hand_over(settings, keyring, wish, told)
    try:
        recover(settings, keyring)
        _check(settings, keyring, wish)
        writer = Writer(settings, keyring)
        try:
            return _carry_out(settings, keyring, wish, writer)
        finally:
            writer.close()
    finally:
        os.close(held)


def _check(settings: Settings, keyring: Keyring, wish: Wish) -> None:
    if wish.dataset not in CONTRACTS:
        raise QueryError(
            f"There is no dataset {wish.dataset!r}.{nearest(wish.dataset, CONTRACTS)}"
            f" There are: {', '.join(CONTRACTS)}."
        )
    if not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", wish.month, re.ASCII):
        raise QueryError(f"{wish.month!r} is no month. Write it as YYYY-MM.")
    if not wish.reason.strip():
        raise QueryError("A destruction needs a reason for its certificate: --reason TEXT.")
    if is_destroyed(settings, wish.dataset, wish.month):
        raise QueryError(
            f"{wish.dataset} {wish.month} is destroyed already: see"
            f" {certificate_file(settings, wish.dataset, wish.month)}."
        )
    if not _key_ids(settings, keyring, wish):
        raise QueryError(f"There are no data of {wish.dataset} {wish.month} in {settings.home}.")
    if not wish.may_leave_unreachable:
        _reachable(settings, keyring)


def _reachable(settings: Settings, keyring: Keyring) -> None:
    for target in registered(settings, keyring):
        if not target.is_reachable():
            raise StorageError(
                f"The backup place {target.place} cannot be reached: bring it back, or give"
                " --unreachable to have it named on the certificate. Nothing was destroyed."
            )


# --- handing over ---------------------------------------------------------------------------


def ask_to_destroy(settings: Settings, keyring: Keyring, wish: Wish) -> None:
    """Leave it to the running ETL, which does it before its next publication.

    Raises what `destroy` raises before anything is done.
    """
    _check(settings, keyring, wish)
    write_sealed(keyring, KIND, _as_content(wish), _state_file(settings, wish, "asked"))


def _hand_over(
    settings: Settings, keyring: Keyring, wish: Wish, told: Callable[[str], None]
) -> Path:
    asked = _state_file(settings, wish, "asked")
    ask_to_destroy(settings, keyring, wish)
    told(f"The ETL runs: it was asked to destroy {wish.dataset} {wish.month}.")
    certificate = certificate_file(settings, wish.dataset, wish.month)
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        if certificate.exists():
            return certificate
        states = ("asked", "begun", "decided")
        is_waiting = any(_state_file(settings, wish, state).exists() for state in states)
        if not is_waiting and not certificate.exists():
            raise StorageError(
                f"The ETL refused to destroy {wish.dataset} {wish.month}: its log says why."
            )
        time.sleep(0.1)
    asked.unlink(missing_ok=True)
    raise Busy(
        f"{settings.home} is written by another process, which did not take up the request in"
        f" {WAIT_SECONDS:.0f} s: stop the ETL and ask again."
    )


def are_asked(settings: Settings) -> bool:
    """Whether a running ETL has something to destroy, or to finish."""
    folder = settings.home / "certificates"
    return any(f.suffix in (".asked", ".decided") for f in folder.glob("*"))


def carry_out_asked(
    settings: Settings, keyring: Keyring, writer: Writer, refused: Callable[[StorageError], None]
) -> tuple[tuple[str, str], ...]:
    """For the process that holds the home, with everything detached: what it destroyed.

    `refused` is told why a wish could not be fulfilled; the others go on.
    """
    done = []
    for file in sorted((settings.home / "certificates").glob("*.asked")):
        try:
            content = read_sealed(keyring, KIND, file)
            if content is None:
                continue  # taken back meanwhile
            wish = _as_wish(content)
            _check(settings, keyring, wish)
            _carry_out(settings, keyring, wish, writer)
            done.append((wish.dataset, wish.month))
        except Busy:
            continue  # a backup is being made: the next publication asks again
        except (QueryError, StorageError) as error:
            file.unlink(missing_ok=True)
            refused(StorageError(str(error)))
    try:
        done += recover(settings, keyring, writer)
    except StorageError as error:
        refused(error)
    return tuple(done)


def recover(
    settings: Settings, keyring: Keyring, writer: Writer | None = None
) -> list[tuple[str, str]]:
    """Undo what was begun and finish what was decided when a process was killed.

    Only for the process that holds the home. Raises `StorageError` when a backup is out of reach
    (then the month is gone from the home all the same) and `Busy`; both are for the next time.
    """
    folder, done = settings.home / "certificates", []
    for file in folder.glob("*.begun"):
        file.unlink()
    for file in sorted(folder.glob("*.decided")):
        content = read_sealed(keyring, KIND, file)
        if content is None:
            continue
        held = hold_backups(settings)
        own = writer or Writer(settings, keyring)
        try:
            _finish(settings, keyring, content, own)
        finally:
            os.close(held)
            if writer is None:
                own.close()
        done.append((str(content["dataset"]), str(content["month"])))
    return done


# --- doing it -------------------------------------------------------------------------------


def _carry_out(settings: Settings, keyring: Keyring, wish: Wish, writer: Writer) -> Path:
    held = hold_backups(settings)
    try:
        begun = _state_file(settings, wish, "begun")
        write_sealed(keyring, KIND, _inventory(settings, keyring, wish, writer), begun)
        _state_file(settings, wish, "asked").unlink(missing_ok=True)
        reach("destroy_intent")
        content = read_sealed(keyring, KIND, begun)
        assert content is not None
        with storage_errors(begun):
            os.replace(begun, _state_file(settings, wish, "decided"))
            sync_folder(begun.parent)
        reach("destroy_decided")
        return _finish(settings, keyring, content, writer)
    finally:
        os.close(held)


def _finish(settings: Settings, keyring: Keyring, content: dict[str, Any], writer: Writer) -> Path:
    """Everything after the decision; may be done again from its beginning at any time."""
    generation = destroy_local(settings, keyring, content, writer)
    targets = [
        Target(place=Path(b["place"]), keys=Path(b["keys"]))
        for b in content["backups"]
        if b["reached"]
    ]
    destroy_keys_of_backups(targets, [*content["key_ids"], *content["original_key_ids"]])
    certificate = {
        **content,
        "destroyed_at": clock.now().isoformat(),
        "generation_without": generation,
    }
    places = [target.certificates for target in targets]
    file = write_certificate(settings, keyring, certificate, *places)
    reach("destroy_certificate")
    _state_file(settings, _as_wish(content), "decided").unlink(missing_ok=True)
    return file


def _inventory(settings: Settings, keyring: Keyring, wish: Wish, writer: Writer) -> dict[str, Any]:
    """What there is, before anything of it goes: most of the certificate."""
    published = [
        part
        for manifest in older_manifests(settings, keyring)
        for part in manifest.files
        if (part.dataset, part.month) == (wish.dataset, wish.month)
    ]
    files = {p.file: {"file": p.file, "sha256": p.sha256, "bytes": p.size} for p in published}
    backups = [
        {"place": str(t.place), "keys": str(t.keys), "reached": t.is_reachable()}
        for t in registered(settings, keyring)
    ]
    return {
        **_as_content(wish),
        "asked_at": clock.now().isoformat(),
        "key_ids": _key_ids(settings, keyring, wish),
        "original_key_ids": _original_key_ids(settings, keyring, wish, writer),
        "rows": published[0].rows if published else None,
        "files": list(files.values()),
        "backups": backups,
    }


def _key_ids(settings: Settings, keyring: Keyring, wish: Wish) -> list[str]:
    live = key_file(live_file(settings, wish.dataset, wish.month))
    found = {key_id(live.read_text(encoding="ascii").strip())} if live.exists() else set()
    for manifest in older_manifests(settings, keyring):
        for part in manifest.partitions(wish.dataset):
            if part.month == wish.month:
                found.add(key_id(part.wrapped_key))
    return sorted(found)


def _original_key_ids(
    settings: Settings, keyring: Keyring, wish: Wish, writer: Writer
) -> list[str]:
    """Of the files with originals of the month, here and in backups; they go as well."""
    held = with_originals(settings, writer, wish.dataset, wish.month)
    live = [key_file(live_file(settings, book, "")) for book in held]
    found = {key_id(file.read_text(encoding="ascii").strip()) for file in live}
    for manifest in older_manifests(settings, keyring):
        parts = (*manifest.books, *manifest.files)
        found |= {key_id(p.wrapped_key) for p in parts if p.dataset in held}
    return sorted(found)


def _state_file(settings: Settings, wish: Wish, state: str) -> Path:
    return certificate_file(settings, wish.dataset, wish.month).with_suffix(f".{state}")


def _as_content(wish: Wish) -> dict[str, Any]:
    return {
        "dataset": wish.dataset,
        "month": wish.month,
        "reason": wish.reason,
        "by": wish.by or os.environ.get("USER", f"user {os.getuid()}"),
        "may_leave_unreachable": wish.may_leave_unreachable,
    }


def _as_wish(content: dict[str, Any]) -> Wish:
    return Wish(
        dataset=str(content["dataset"]),
        month=str(content["month"]),
        reason=str(content["reason"]),
        by=str(content["by"]),
        may_leave_unreachable=bool(content["may_leave_unreachable"]),
    )
