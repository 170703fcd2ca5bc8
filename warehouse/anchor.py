"""The anchor: a small sealed file outside the home that shows when the whole home was put back.

Everything in a home can be exchanged for an older copy of itself, seals and all. So what only
ever rises is kept elsewhere too, beside the master key or in `COCKPIT_ANCHOR_FOLDER`: the number of
the newest generation, and which keys were destroyed.
"""

from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import Tampered
from warehouse.failpoints import step
from warehouse.keys import Keyring
from warehouse.manifest import Manifest, key_id, mark_of
from warehouse.seals import read_sealed, write_sealed
from warehouse.settings import Settings

KIND = "anchor"


@dataclass(frozen=True, kw_only=True)
class Anchor:
    generation: int = 0
    """At least this one was published; 0: nothing is known."""
    destroyed: frozenset[str] = frozenset()
    """Names of destroyed keys (`manifest.key_id`)."""


def anchor_file(settings: Settings, keyring: Keyring) -> Path:
    """One a warehouse: several homes may share a folder."""
    return settings.anchor_folder / f"cockpit-{mark_of(keyring)}.anchor"


def read_anchor(settings: Settings, keyring: Keyring) -> Anchor:
    """Raises `Tampered` for a damaged one."""
    found = read_sealed(keyring, KIND, anchor_file(settings, keyring))
    if found is None:
        return Anchor()
    return Anchor(generation=int(found["generation"]), destroyed=frozenset(found["destroyed"]))


def raise_anchor(
    settings: Settings,
    keyring: Keyring,
    generation: int = 0,
    destroyed: frozenset[str] = frozenset(),
) -> None:
    """Note a newer generation or more destroyed keys; it never goes back."""
    before = read_anchor(settings, keyring)
    after = Anchor(
        generation=max(before.generation, generation), destroyed=before.destroyed | destroyed
    )
    if after != before:
        content = {"generation": after.generation, "destroyed": sorted(after.destroyed)}
        with step("anchor"):
            write_sealed(keyring, KIND, content, anchor_file(settings, keyring))


def check_anchored(settings: Settings, manifest: Manifest, anchor: Anchor) -> None:
    """Raises `Tampered` for a generation that is older than the newest, or names a destroyed key.

    Read the anchor before the manifest: a publication writes them the other way round.
    """
    if manifest.generation < anchor.generation:
        raise Tampered(
            f"{settings.published} was put back to generation {manifest.generation}, generation"
            f" {anchor.generation} was published: start the ETL, or restore the newest backup."
        )
    for partition in manifest.files:
        if key_id(partition.wrapped_key) in anchor.destroyed:
            raise Tampered(
                f"Generation {manifest.generation} holds {partition.dataset} {partition.month},"
                " which was destroyed: remove it and start the ETL."
            )
