"""Named places where a test can kill this process, to show that nothing is lost or doubled."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

NAMES = (
    "anchor.before",
    "anchor.after",
    "backup_registered",
    "backup_file",
    "backup_keys",
    "backup_sealed",
    "restore_begun",
    "restore_files",
    "restore_manifest",
    "destroy_intent",
    "destroy_decided",
    "destroy_backup_key",
    "destroy_manifest",
    "destroy_current",
    "destroy_older",
    "destroy_live_key",
    "destroy_files",
    "destroy_fresh",
    "destroy_old_key",
    "destroy_new_key",
    "destroy_originals",
    "destroy_certificate",
)
"""Those of the warehouse itself; `etl.failpoints` has those of loading and publishing."""

_READER = "reader/"


@contextmanager
def step(name: str) -> Iterator[None]:
    """What is done within can be killed at `name.before` and `name.after`."""
    reach(f"{name}.before")
    yield
    reach(f"{name}.after")


def reach(name: str) -> None:
    """Die here, without any clean-up, if `COCKPIT_FAILPOINT` says so.

    `COCKPIT_FAILPOINT` is `name` or `name:N` for the N-th time it is reached. In a reading process
    the ETL that started it dies first; as `reader/name` only the reading process does.
    """
    wanted = os.environ.get("COCKPIT_FAILPOINT")
    if not wanted:
        return
    place, _, count = wanted.partition(":")
    if place.removeprefix(_READER) != name:
        return
    if count and int(count) > 1:
        os.environ["COCKPIT_FAILPOINT"] = f"{place}:{int(count) - 1}"
        return
    writer = os.environ.get("COCKPIT_WRITER")
    if writer and not place.startswith(_READER):
        os.kill(int(writer), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
