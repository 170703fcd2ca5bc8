"""`live/published.json`: which live files are published as they are, and with which generation.

Sealed, because it is also how the ETL knows that the live files were not put back with the rest.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.anchor import read_anchor
from warehouse.errors import Tampered
from warehouse.keys import Keyring
from warehouse.manifest import older_manifests
from warehouse.seals import read_sealed, write_sealed
from warehouse.settings import Settings

KIND = "stamps"

Stamp = tuple[int, int, int]
"""Size, time of change and inode: what changes whenever DuckDB writes the file."""


@dataclass(frozen=True, kw_only=True)
class Stamps:
    """`files`: `dataset/month` -> its stamp and the SHA-256 it had then."""

    generation: int = 0
    files: Mapping[str, tuple[Stamp, str]] = field(default_factory=dict)


def stamp_of(file: Path) -> Stamp:
    """Only saves hashing the file again."""
    status = file.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def stamps_file(settings: Settings) -> Path:
    return settings.live / "published.json"


def read_stamps(settings: Settings, keyring: Keyring) -> Stamps:
    """What was written last; nothing when it is lost or not ours: then all is hashed again."""
    found = None
    with contextlib.suppress(Tampered):
        found = read_sealed(keyring, KIND, stamps_file(settings))
    if found is None:
        return Stamps()
    files = {n: ((s[0], s[1], s[2]), str(h)) for n, (s, h) in dict(found["files"]).items()}
    return Stamps(generation=int(found["generation"]), files=files)


def write_stamps(settings: Settings, keyring: Keyring, stamps: Stamps) -> None:
    files = {name: [list(stamp), sha256] for name, (stamp, sha256) in stamps.files.items()}
    content = {"generation": stamps.generation, "files": files}
    write_sealed(keyring, KIND, content, stamps_file(settings))


def refuse_rollback(settings: Settings, keyring: Keyring) -> None:
    """Raises `Tampered` when the home as a whole is older than what it has published.

    Damaged manifests alone are no reason: the live files are newer and are published again.
    """
    anchored = read_anchor(settings, keyring).generation
    if read_stamps(settings, keyring).generation >= anchored:
        return
    newest = next((m.generation for m in older_manifests(settings, keyring)), 0)
    if newest < anchored:
        raise Tampered(
            f"{settings.home} is an older copy: it knows of generation {newest}, but {anchored} was"
            " published. Put the newest one back, or restore the newest backup with"
            " `python -m warehouse restore`."
        )
