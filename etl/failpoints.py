"""Named places where a test can kill this process, to show that nothing is lost or doubled."""

import os
import signal

NAMES = (
    "stage",
    "begin",
    "write",
    "ledger",
    "commit",
    "next_partition",
    "quarantine",
    "position",
    "rollup",
    "runs",
    "publish_copy",
    "publish_rename",
    "manifest",
    "current",
    "prune",
)


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
