"""Published partitions: the sealed list of them, and whether all of it still holds."""

from warehouse.manifest import (
    Labels,
    Manifest,
    PartitionFile,
    from_json,
    read_manifest,
    to_json,
    write_manifest,
)

__all__ = [
    "Labels",
    "Manifest",
    "PartitionFile",
    "from_json",
    "read_manifest",
    "to_json",
    "write_manifest",
]
