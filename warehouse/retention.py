"""How long a dataset is kept: declared in `city.toml`, carried out month by month.

[retention]
service_event = "36 months"
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse import clock
from warehouse.certificates import is_destroyed
from warehouse.datasets import CONTRACTS
from warehouse.errors import SettingsError, nearest
from warehouse.keys import Keyring
from warehouse.settings import Settings

# The modules that destroy are loaded where that is done: who only reads declarations, as each
# start does, is spared half of its imports.
if TYPE_CHECKING:
    from warehouse.destroy import Wish

TABLE = "retention"


def months_of(text: object) -> int:
    """`36 months` or `3 years` in months. Raises `ValueError` with what would be right."""
    found = re.fullmatch(r"([1-9]\d{0,3}) (month|year)s?", str(text), re.ASCII)
    if found is None:
        raise ValueError('must be written as "36 months" or "3 years"')
    return int(found[1]) * (12 if found[2] == "year" else 1)


def oldest_kept(today: date, months: int) -> str:
    """The oldest month (YYYY-MM) that is kept; it holds the day `months` months ago."""
    number = today.year * 12 + today.month - 1 - months
    return f"{number // 12:04}-{number % 12 + 1:02}"


def read_retention(file: Path) -> Mapping[str, int]:
    """Dataset -> months, from `city.toml`; empty where nothing is declared."""
    if not file.exists():
        return {}
    try:
        declared = dict(tomllib.loads(file.read_text(encoding="utf-8")).get(TABLE, {}))
        for name in declared:
            if name not in CONTRACTS:
                raise ValueError(f"names no dataset: {name!r}.{nearest(name, CONTRACTS)}")
        return {name: months_of(text) for name, text in declared.items()}
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{file}: [{TABLE}] {error}") from error


def retain(
    settings: Settings, keyring: Keyring, kept: Mapping[str, int], *, unreachable: bool = False
) -> Iterator[Path]:
    """Destroy every month that is older than its dataset is kept; their certificates.

    Raises what `destroy` raises, then the months before are destroyed already.
    """
    from warehouse.destroy import destroy

    for wish in _too_old(settings, kept, unreachable):
        yield destroy(settings, keyring, wish)


def ask_to_retain(settings: Settings, keyring: Keyring, kept: Mapping[str, int]) -> None:
    """The same from inside the ETL, which does it before its next publication."""
    from warehouse.destroy import ask_to_destroy

    for wish in _too_old(settings, kept):
        ask_to_destroy(settings, keyring, wish)


def _too_old(
    settings: Settings, kept: Mapping[str, int], unreachable: bool = False
) -> "Iterator[Wish]":
    from warehouse.destroy import Wish

    today = clock.today(settings.zone)
    for dataset, months in kept.items():
        oldest = oldest_kept(today, months)
        for file in sorted((settings.live / dataset).glob("*.duckdb")):
            if file.stem < oldest and not is_destroyed(settings, dataset, file.stem):
                yield Wish(
                    dataset=dataset,
                    month=file.stem,
                    reason=f"kept for {months} months",
                    by="retention",
                    may_leave_unreachable=unreachable,
                )
