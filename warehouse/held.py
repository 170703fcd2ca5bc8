"""One generation, whatever is current."""

from warehouse.connection import Reader, Snapshot
from warehouse.manifest import Manifest


class Held:
    """One generation of a reader, whatever is current: for comparing it with another."""

    problem = ""

    def __init__(self, reader: Reader, manifest: Manifest) -> None:
        self.keyring = reader.keyring
        self._snapshot = reader.hold(manifest)

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def close(self) -> None:
        """The reader is its owner's."""
