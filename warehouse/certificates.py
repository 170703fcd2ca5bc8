"""Certificates of destroyed months: sealed, and the list of what must never come back."""

from pathlib import Path
from typing import Any

from warehouse.keys import Keyring
from warehouse.seals import read_sealed, write_sealed
from warehouse.settings import Settings

KIND = "certificate"
DECIDED = ".decided"
"""Ending of a certificate to be: the destruction is not finished, and cannot be undone."""


def certificate_file(settings: Settings, dataset: str, month: str) -> Path:
    return settings.home / "certificates" / f"{dataset}-{month}.json"


def certificate_files(settings: Settings) -> tuple[Path, ...]:
    return tuple(sorted((settings.home / "certificates").glob("*.json")))


def write_certificate(
    settings: Settings, keyring: Keyring, content: dict[str, Any], *places: Path
) -> Path:
    """Write it into the home, and a copy into each of the folders `places`."""
    own = certificate_file(settings, content["dataset"], content["month"])
    for file in (*(place / own.name for place in places), own):
        write_sealed(keyring, KIND, content, file)
    return own


def read_certificate(keyring: Keyring, file: Path) -> dict[str, Any] | None:
    return read_sealed(keyring, KIND, file)


def destroyed_months(settings: Settings, dataset: str) -> frozenset[str]:
    """Months of which no row may be stored again, also while one is being destroyed.

    Costs one listing of a small folder.
    """
    names = {
        f.stem.removeprefix(f"{dataset}-")
        for f in (settings.home / "certificates").glob(f"{dataset}-*")
        if f.suffix in (".json", DECIDED)
    }
    return frozenset(names)


def is_destroyed(settings: Settings, dataset: str, month: str) -> bool:
    return month in destroyed_months(settings, dataset)
