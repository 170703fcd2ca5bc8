"""Named places where a test can kill this process, to show that nothing is lost or doubled."""

from warehouse.failpoints import reach, step

__all__ = ["NAMES", "READING", "STEPS", "reach", "step"]

READING = ("survey", "decrypt", "parse", "contract")
"""Steps of the reading process."""

STEPS = (
    "start_run",
    "extract",
    "land",
    *READING,
    "mark_late",
    "stage",
    "next_partition",
    "create",
    "begin",
    "write",
    "ledger",
    "commit",
    "quarantine",
    "position",
    "finish",
    "end_run",
    "replay",
    "settle",
    "rollup",
    "sum",
    "moved",
    "firsts",
    "gaps",
    "runs",
    "fold",
    "operations",
    "publish_copy",
    "publish_rename",
    "stamps",
    "restated",
    "books",
    "manifest",
    "current",
    "anchor",
    "prune",
)
"""Everything that happens between a delivery and its answers, in this order."""

NAMES = tuple(f"{name}.{side}" for name in STEPS for side in ("before", "after"))
