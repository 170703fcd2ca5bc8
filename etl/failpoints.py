"""Named places where a test can kill this process, to show that nothing is lost or doubled."""

from warehouse.failpoints import reach

__all__ = ["NAMES", "reach"]

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
    "fold",
    "operations",
    "publish_copy",
    "publish_rename",
    "manifest",
    "current",
    "prune",
)
