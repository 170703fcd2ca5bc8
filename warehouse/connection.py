"""DuckDB, hardened, and readers that follow the published generations.

The only module that imports duckdb. No text of a user ever becomes SQL here; what arrives was
compiled from closed sets of names, and values are bound.
"""

import contextlib
import itertools
import logging
import re
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from warehouse.datasets import DATASETS
from warehouse.errors import (
    DefinitionError,
    NoSpace,
    QueryError,
    StorageError,
    TooLarge,
    WrongKey,
)
from warehouse.home import (
    Scratch,
    check_home,
    key_context,
    published_files,
    storage_errors,
)
from warehouse.keys import Keyring
from warehouse.manifest import (
    Manifest,
    PartitionFile,
    check_follows,
    published_file,
    read_manifest,
    read_stamp,
    verify_file,
)
from warehouse.model import Period
from warehouse.prepared import Shelf
from warehouse.relations import alias_of, empty_alias, name, text, union
from warehouse.schema import create_statements
from warehouse.settings import Settings

log = logging.getLogger(__name__)

MEMORY_LIMIT = "2GB"
SPILL_LIMIT = "20GB"
THREADS = 2
STATEMENT_SECONDS = 20.0
MOST_QUERIES = 16
"""Queries running at once in one reader; more wait, so that a crowd cannot exhaust memory."""
MOST_PREPARED_ROWS = 5_000_000
"""From more rows no table is prepared in memory: each question reads what it needs."""

Rows = list[tuple[Any, ...]]
_NUMBERS = itertools.count(1)
"""Names of prepared tables are never used again, so that one names one content for ever."""


# --- opening --------------------------------------------------------------------------------


def connect(spill: Path, allowed: Path, *, threads: int = THREADS) -> duckdb.DuckDBPyConnection:
    """A hardened in-memory instance that can reach `allowed` and nothing else outside."""
    with storage_errors(allowed):
        allowed.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        config={
            "temp_directory": str(spill),
            "memory_limit": MEMORY_LIMIT,
            "threads": str(threads),
            "extension_directory": str(spill / "extensions"),
            "autoload_known_extensions": "false",
            "autoinstall_known_extensions": "false",
            "python_enable_replacements": "false",
        }
    )
    _load_openssl(connection)
    for setting in (
        "temp_file_encryption=true",
        f"max_temp_directory_size='{SPILL_LIMIT}'",
        "allow_community_extensions=false",
        "allow_persistent_secrets=false",
        "TimeZone='UTC'",
        f"allowed_directories=[{text(str(allowed) + '/')}]",
        "enable_external_access=false",
        "lock_configuration=true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def _load_openssl(connection: duckdb.DuckDBPyConnection) -> None:
    """Use the OpenSSL of the httpfs extension, without its network file systems.

    DuckDB refuses to write encrypted files without it, and reads them five times slower.
    """
    try:
        folder = Path(str(files("duckdb_extension_httpfs")))
        file = folder / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
        connection.execute(f"LOAD {text(str(file))}")
    except (ModuleNotFoundError, duckdb.Error) as error:
        raise StorageError(
            f"The httpfs extension of DuckDB {duckdb.__version__} cannot be loaded:"
            " install requirements.txt as it is locked."
        ) from error
    connection.execute(
        "SET disabled_filesystems='HTTPFileSystem,S3FileSystem,HuggingFaceFileSystem'"
    )


def attach_file(
    connection: duckdb.DuckDBPyConnection, file: Path, alias: str, key: bytes, mode: str = ""
) -> None:
    with speak(file):
        connection.execute(
            f"ATTACH {text(str(file))} AS {name(alias)} (ENCRYPTION_KEY '{key.hex()}'{mode})"
        )


@contextlib.contextmanager
def speak(place: Path) -> Iterator[None]:
    """Say DuckDB's errors as ours. Never repeats SQL: an ATTACH holds the key."""
    try:
        yield
    except duckdb.Error as error:
        message = str(error)
        if re.search(r"no space left|out of disk|max_temp_directory_size", message, re.I):
            raise NoSpace(f"The disk of {place} is full: free some space and start again.") from (
                error
            )
        if "ncryption key" in message:
            raise WrongKey(f"The key does not open {place}: restore the file or its key.") from (
                None
            )
        raise StorageError(f"{place}: {message.splitlines()[0]}") from error


# --- reading --------------------------------------------------------------------------------


class Reader:
    """A process's view of the published generations; safe for many threads.

    One instance is kept for the life of the process. A new generation attaches only the files
    that are new to it; files that no generation in use needs are detached.
    """

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        check_home(settings)
        self._spill = Scratch(settings.spill)
        self._settings = settings
        self._keyring = keyring
        self._connection = connect(self._spill.folder, published_files(settings))
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(MOST_QUERIES)
        self._stamp: tuple[int, int] | None = None
        self._current: Snapshot | None = None
        self._uses: dict[str, int] = {}
        # Finalizers run inside any allocation, so they only note what became free.
        self._freed: deque[tuple[str, ...]] = deque()
        self._dropped: deque[str] = deque()
        self._create_empty()

    def _create_empty(self) -> None:
        """Empty tables of every dataset: what `Snapshot.table` reads where no month fits."""
        for dataset in DATASETS:
            alias = name(empty_alias(dataset))
            self._connection.execute(f"ATTACH ':memory:' AS {alias}")
            for statement in create_statements(dataset, alias):
                self._connection.execute(statement)

    def snapshot(self) -> "Snapshot":
        """The newest published generation. Costs one `stat` when nothing is new.

        Raises `NotPublished`, `WrongKey`, `Tampered`, `NewerFormat`.
        """
        stamp = read_stamp(self._settings)
        with self._lock:
            if self._current is not None and stamp is not None and stamp == self._stamp:
                return self._current
            manifest = read_manifest(self._settings, self._keyring)
            if self._current is None or manifest != self._current.manifest:
                self._current = self._swap(manifest)
            self._stamp = stamp
            self._detach_unused()
            return self._current

    def hold(self, manifest: Manifest) -> "Snapshot":
        """Exactly the files of `manifest`, whatever is current; for checking."""
        with self._lock:
            return self._swap(manifest)

    def _swap(self, manifest: Manifest) -> "Snapshot":
        current = self._current
        check_follows(self._settings, manifest, current.manifest if current else None)
        fresh = [f for f in manifest.files if alias_of(f) not in self._uses]
        self._verify(fresh)
        for partition in fresh:
            self._open(partition)
        aliases = tuple(alias_of(f) for f in manifest.files)
        for alias in aliases:
            self._uses[alias] = self._uses.get(alias, 0) + 1
        shelf = Shelf(self._dropped)
        if current is not None:
            shelf = current.shelf.next(lambda files: set(files) <= set(aliases))
        snapshot = Snapshot(manifest, self._connection, self._slots, shelf)
        weakref.finalize(snapshot, self._freed.append, aliases).atexit = False
        return snapshot

    def _verify(self, partitions: Iterable[PartitionFile]) -> None:
        """Hash all new files before the first is attached; hashing leaves the GIL."""
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            for _ in pool.map(lambda p: verify_file(self._settings, p), partitions):
                pass

    def _open(self, partition: PartitionFile) -> None:
        context = key_context(partition.dataset, partition.month)
        key = self._keyring.unwrap(partition.wrapped_key, context)
        file = published_file(self._settings, partition)
        attach_file(self._connection, file, alias_of(partition), key, ", READ_ONLY")
        self._uses[alias_of(partition)] = 0

    def _detach_unused(self) -> None:
        while self._dropped:
            self._connection.execute(f"DROP TABLE {self._dropped.popleft()}")
        while self._freed:
            for alias in self._freed.popleft():
                self._uses[alias] -= 1
        for alias in [a for a, count in self._uses.items() if count == 0]:
            self._connection.execute(f"DETACH {name(alias)}")
            del self._uses[alias]

    def close(self) -> None:
        with self._lock:
            self._current = None
            self._connection.close()
            self._spill.close()


class Snapshot:
    """One generation, unchanging for as long as it is held."""

    def __init__(
        self,
        manifest: Manifest,
        connection: duckdb.DuckDBPyConnection,
        slots: threading.BoundedSemaphore,
        shelf: Shelf,
    ) -> None:
        self.manifest = manifest
        self.shelf = shelf
        self._connection = connection
        self._slots = slots

    def months(self, dataset: str) -> tuple[str, ...]:
        """The months that have a file, in order."""
        return tuple(sorted(f.month for f in self.manifest.partitions(dataset)))

    def table(
        self, dataset: str, table: str, *, period: Period | None, columns: tuple[str, ...] = ()
    ) -> str:
        """SQL for FROM: the rows of `table` in every month that `period` touches.

        Whole months: the caller still cuts days. Empty, but typed, when no month fits.
        """
        files = self.manifest.partitions(dataset)
        return union(files, dataset, table, period, columns)

    def select(
        self, sql: str, parameters: Sequence[object] = (), *, seconds: float = STATEMENT_SECONDS
    ) -> Rows:
        """The rows of one SELECT, on a cursor of its own.

        Raises `DefinitionError` for anything but one SELECT, `QueryError` when it takes longer
        than `seconds` or fails.
        """
        return self._run(
            lambda cursor: cursor.execute(_one_select(cursor, sql), list(parameters)).fetchall(),
            seconds,
        )

    def prepare(self, dataset: str, table: str, sql: str) -> str | None:
        """A table in memory with the rows of the SELECT `sql` over `table` of every month.

        Made once for the same files, dropped with the last generation that has them. None where
        `table` has too many rows to keep something of them in memory.
        """
        files = tuple(alias_of(f) for f in self.manifest.partitions(dataset))
        return self.shelf.table(files, sql, lambda: self._make(dataset, table, sql))

    def _make(self, dataset: str, table: str, sql: str) -> str | None:
        source = self.table(dataset, table, period=None)
        if self.select(f"SELECT count(*) FROM {source}")[0][0] > MOST_PREPARED_ROWS:
            return None
        made = f"memory.main.prepared_{next(_NUMBERS)}"

        def create(cursor: duckdb.DuckDBPyConnection) -> Rows:
            _one_select(cursor, sql)
            return cursor.execute(f"CREATE TABLE {made} AS {sql}").fetchall()

        self._run(create, STATEMENT_SECONDS)
        return made

    def _run(self, statement: Callable[[duckdb.DuckDBPyConnection], Rows], seconds: float) -> Rows:
        with self._slots:
            cursor = self._connection.cursor()
            timer = threading.Timer(seconds, cursor.interrupt)
            timer.daemon = True
            timer.start()
            try:
                return statement(cursor)
            except duckdb.InterruptException as error:
                raise TooLarge(
                    f"The question takes longer than {seconds:g} s: choose a shorter period"
                    " or fewer dimensions."
                ) from error
            except (duckdb.BinderException, duckdb.CatalogException) as error:
                raise DefinitionError(f"Wrong SQL: {str(error).splitlines()[0]}") from error
            except duckdb.Error as error:
                # DuckDB's words hold SQL and paths: they are for the log, not for who asks.
                log.error("a question failed: %s", str(error).splitlines()[0])
                raise QueryError(
                    "The question could not be computed: ask it again, or a smaller one."
                ) from error
            finally:
                timer.cancel()
                cursor.close()


def _one_select(cursor: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    try:
        statements = cursor.extract_statements(sql)
    except duckdb.ParserException as error:
        raise DefinitionError(f"Wrong SQL: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise DefinitionError("A question must be exactly one SELECT statement.")
    return statements[0]
