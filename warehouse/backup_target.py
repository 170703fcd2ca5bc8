"""A place for backups: what lies where in it, and which places a home has.

    files/<sha256>         encrypted partitions and small files, named by their content
    keys/<key id>.key      wrapped keys of partitions, or in a second place of their own
    backups/<N>-<when>.json the sealed list of one backup; without it nothing counts
    certificates/          of destroyed months, so that an older backup does not bring them back

Without the master key, which is never here, nobody can read any of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.errors import StorageError
from warehouse.home import storage_errors
from warehouse.keys import Keyring
from warehouse.seals import read_sealed, write_sealed
from warehouse.settings import Settings

REGISTRY = "backup places"


@dataclass(frozen=True, kw_only=True)
class Target:
    place: Path
    keys: Path

    @classmethod
    def at(cls, place: Path, keys: Path | None = None) -> "Target":
        place = place.expanduser().resolve()
        return cls(place=place, keys=keys.expanduser().resolve() if keys else place / "keys")

    @property
    def backups(self) -> Path:
        return self.place / "backups"

    @property
    def certificates(self) -> Path:
        return self.place / "certificates"

    def blob(self, sha256: str) -> Path:
        return self.place / "files" / sha256

    def key(self, key_id: str) -> Path:
        return self.keys / f"{key_id}.key"

    def records(self) -> tuple[Path, ...]:
        """The lists of the backups, the newest first."""
        return tuple(sorted(self.backups.glob("*.json"), reverse=True))

    def is_reachable(self) -> bool:
        return self.backups.is_dir() and self.keys.is_dir()

    def make(self) -> None:
        with storage_errors(self.place):
            for folder in (self.place / "files", self.backups, self.certificates, self.keys):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def registry_file(settings: Settings) -> Path:
    return settings.home / "backups.json"


def registered(settings: Settings, keyring: Keyring) -> tuple[Target, ...]:
    """Every place this home was backed up to, so that destroying reaches them all."""
    found = read_sealed(keyring, REGISTRY, registry_file(settings))
    return tuple(_targets([] if found is None else found["targets"]))


def register(settings: Settings, keyring: Keyring, *targets: Target) -> None:
    known = registered(settings, keyring)
    every = tuple(dict.fromkeys((*known, *targets)))
    if every != known:
        content = {"targets": [{"place": str(t.place), "keys": str(t.keys)} for t in every]}
        write_sealed(keyring, REGISTRY, content, registry_file(settings))


def _targets(entries: list[dict[str, Any]]) -> Iterator[Target]:
    for entry in entries:
        yield Target(place=Path(entry["place"]), keys=Path(entry["keys"]))


def check_outside(settings: Settings, target: Target) -> None:
    for folder in (target.place, target.keys):
        if folder.is_relative_to(settings.home):
            raise StorageError(
                f"{folder} lies in the home {settings.home}: choose a place on another disk."
            )
