"""Named places where a test can kill this process, to show that nothing is lost or doubled."""

import os
import signal

NAMES = (
    "anchor",
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


def reach(name: str) -> None:
    """Die here, without any clean-up, if `COCKPIT_FAILPOINT` says so.

    `COCKPIT_FAILPOINT` is `name` or `name:N` for the N-th time it is reached.
    """
    wanted = os.environ.get("COCKPIT_FAILPOINT")
    if not wanted:
        return
    place, _, count = wanted.partition(":")
    if place != name:
        return
    if count and int(count) > 1:
        os.environ["COCKPIT_FAILPOINT"] = f"{place}:{int(count) - 1}"
        return
    os.kill(os.getpid(), signal.SIGKILL)
