"""The published files an instance has open: verified before, watched while, closed when unused."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from warehouse.errors import Tampered
from warehouse.home import key_context
from warehouse.keys import Keyring
from warehouse.manifest import Manifest, PartitionFile, published_file, verify_file
from warehouse.relations import alias_of, name
from warehouse.settings import Settings

THREADS = 2

Attach = Callable[[Path, str, bytes], None]
"""Opens a file under an alias with its key."""
Stamp = tuple[int, int, int, int]


class Attached:
    """Used under its reader's lock only. Files are counted by the snapshots that need them."""

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring,
        attach: Attach,
        execute: Callable[[str], object],
    ) -> None:
        self._settings = settings
        self._keyring = keyring
        self._attach = attach
        self._execute = execute
        self._uses: dict[str, int] = {}
        self._seen: dict[str, tuple[PartitionFile, Stamp | None]] = {}
        self._bad: set[str] = set()

    def use(self, manifest: Manifest) -> tuple[str, ...]:
        """Attach what is new of a generation and count all of it; the aliases of its files.

        Raises `Tampered` or `WrongKey`; then nothing is counted.
        """
        if not self.are_good(manifest):
            raise Tampered(
                f"A file of generation {manifest.generation} in {self._settings.published} was"
                " changed after it was sealed: publish again."
            )
        fresh = [f for f in manifest.files if alias_of(f) not in self._uses]
        stamps = [self._stamp(partition) for partition in fresh]
        self._verify(fresh)
        for partition, stamp in zip(fresh, stamps, strict=True):
            self._open(partition)
            self._seen[alias_of(partition)] = (partition, stamp)
        aliases = tuple(alias_of(f) for f in manifest.files)
        for alias in aliases:
            self._uses[alias] = self._uses.get(alias, 0) + 1
        return aliases

    def are_good(self, manifest: Manifest) -> bool:
        """None of its files was found changed while it was open."""
        return self._bad.isdisjoint(alias_of(f) for f in manifest.files)

    def look(self) -> None:
        """Hash again every open file that was touched since it was verified."""
        for alias, (partition, before) in tuple(self._seen.items()):
            now = self._stamp(partition)
            if now == before or alias in self._bad:
                continue
            try:
                verify_file(self._settings, partition)
                self._seen[alias] = (partition, now)
            except Tampered:
                self._bad.add(alias)  # it stays open for running questions, for no new one

    def _stamp(self, partition: PartitionFile) -> Stamp | None:
        """What changes with every write, also with one that sets the time back."""
        file = published_file(self._settings, partition)
        if not file.exists():
            return None
        status = file.stat()
        return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino

    def _verify(self, partitions: Iterable[PartitionFile]) -> None:
        """Hash all new files before the first is attached; hashing leaves the GIL."""
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            for _ in pool.map(lambda p: verify_file(self._settings, p), partitions):
                pass

    def _open(self, partition: PartitionFile) -> None:
        context = key_context(partition.dataset, partition.month)
        key = self._keyring.unwrap(partition.wrapped_key, context)
        self._attach(published_file(self._settings, partition), alias_of(partition), key)
        self._uses[alias_of(partition)] = 0

    def free(self, aliases: tuple[str, ...]) -> None:
        for alias in aliases:
            self._uses[alias] -= 1

    def detach_unused(self) -> None:
        for alias in [a for a, count in self._uses.items() if count == 0]:
            self._execute(f"DETACH {name(alias)}")
            del self._uses[alias]
            self._seen.pop(alias, None)
            self._bad.discard(alias)
