"""Which generation serves: the newest good one, and what is wrong with a newer one."""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from warehouse.anchor import Anchor, check_anchored, read_anchor
from warehouse.errors import NotPublished, StorageError, Tampered, WrongKey
from warehouse.keys import Keyring
from warehouse.manifest import Manifest, check_follows, older_manifests, read_manifest
from warehouse.settings import Settings

log = logging.getLogger(__name__)

Taken = TypeVar("Taken")
Take = Callable[[Manifest], Taken]
"""Opens a generation; raises `StorageError` where one of its files is not the sealed one."""


def newest_good(
    settings: Settings, keyring: Keyring, held: Manifest | None, take: Take[Taken]
) -> tuple[Taken, StorageError | None]:
    """What `take` gives for the newest generation that is whole, and why a newer one is not.

    `held` is in use already. Raises the first problem when no generation is good.
    """
    anchor = read_anchor(settings, keyring)
    try:
        manifest = read_manifest(settings, keyring)
        check_follows(settings, manifest, held)
        check_anchored(settings, manifest, anchor)
        return take(manifest), None
    except StorageError as error:
        if isinstance(error, NotPublished) and held is None and not anchor.generation:
            raise
        log.error("an older generation goes on serving: %s", error)
        return _older(settings, keyring, held, anchor, take, error), error


def _older(
    settings: Settings,
    keyring: Keyring,
    held: Manifest | None,
    anchor: Anchor,
    take: Take[Taken],
    problem: StorageError,
) -> Taken:
    late = replace(anchor, generation=0)  # old is what we look for; destroyed never is
    kept = () if held is None else (held,)
    for manifest in (*kept, *older_manifests(settings, keyring)):
        with contextlib.suppress(Tampered, WrongKey):  # the next one may be whole
            check_follows(settings, manifest, None)
            check_anchored(settings, manifest, late)
            return take(manifest)
    raise problem
