"""DuckDB, hardened: the one writer, and readers that follow the published generations.

The only module that imports duckdb. No text of a user ever becomes SQL here; what arrives was
compiled from closed sets of names, and values are bound.
"""

import contextlib
import hashlib
import logging
import re
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse.datasets import DATASETS
from warehouse.errors import (
    DefinitionError,
    NoSpace,
    QueryError,
    StorageError,
    Tampered,
    WrongKey,
)
from warehouse.home import (
    Spill,
    check_home,
    key_context,
    live_file,
    published_files,
    storage_errors,
)
from warehouse.keys import Keyring
from warehouse.manifest import (
    Manifest,
    PartitionFile,
    current_file,
    published_file,
    read_manifest,
)
from warehouse.model import Period
from warehouse.partition_key import partition_key
from warehouse.schema import create_statements
from warehouse.settings import Settings

log = logging.getLogger(__name__)

MEMORY_LIMIT = "2GB"
SPILL_LIMIT = "20GB"
THREADS = 2
STATEMENT_SECONDS = 20.0
MOST_QUERIES = 16
"""Queries running at once in one reader; more wait, so that a crowd cannot exhaust memory."""

Rows = list[tuple[Any, ...]]


# --- opening --------------------------------------------------------------------------------


def _connect(spill: Path, allowed: Path, *, writes: bool) -> duckdb.DuckDBPyConnection:
    """A hardened in-memory instance that can reach `allowed` and nothing else outside."""
    with storage_errors(allowed):
        allowed.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        config={
            "temp_directory": str(spill),
            "memory_limit": MEMORY_LIMIT,
            "threads": str(THREADS),
            "extension_directory": str(spill / "extensions"),
            "autoload_known_extensions": "false",
            "autoinstall_known_extensions": "false",
            "python_enable_replacements": "false",
        }
    )
    if writes:
        _load_openssl(connection)
    for setting in (
        "temp_file_encryption=true",
        f"max_temp_directory_size='{SPILL_LIMIT}'",
        "allow_community_extensions=false",
        "allow_persistent_secrets=false",
        "TimeZone='UTC'",
        f"allowed_directories=[{_text(str(allowed) + '/')}]",
        "enable_external_access=false",
        "lock_configuration=true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def _load_openssl(connection: duckdb.DuckDBPyConnection) -> None:
    """DuckDB writes encrypted files only with the OpenSSL of its httpfs extension."""
    try:
        folder = Path(str(files("duckdb_extension_httpfs")))
        file = folder / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
        connection.execute(f"LOAD {_text(str(file))}")
    except (ModuleNotFoundError, duckdb.Error) as error:
        raise StorageError(
            f"The httpfs extension of DuckDB {duckdb.__version__} cannot be loaded:"
            " install requirements.txt as it is locked."
        ) from error
    connection.execute(
        "SET disabled_filesystems='HTTPFileSystem,S3FileSystem,HuggingFaceFileSystem'"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _attach(
    connection: duckdb.DuckDBPyConnection, file: Path, alias: str, key: bytes, mode: str = ""
) -> None:
    with _speak(file):
        connection.execute(
            f"ATTACH {_text(str(file))} AS {_name(alias)} (ENCRYPTION_KEY '{key.hex()}'{mode})"
        )


@contextlib.contextmanager
def _speak(place: Path) -> Iterator[None]:
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


# --- writing --------------------------------------------------------------------------------


class Writer:
    """The ETL's instance over the live files. One thread at a time; see `etl.load.Loader`."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        check_home(settings, create=True)
        self._spill = Spill(settings)
        self._settings = settings
        self._keyring = keyring
        self._connection = _connect(self._spill.folder, settings.live, writes=True)
        self._aliases: dict[tuple[str, str], str] = {}

    def attach(self, dataset: str, month: str) -> str:
        """The quoted alias of a live partition, made with its key and tables when absent.

        Dataset `state` and `quarantine` are the ETL's own books beside the partitions.
        """
        alias = self._aliases.get((dataset, month))
        if alias is None:
            alias = _name(f"{dataset}_{month}" if month else dataset)
            file = live_file(self._settings, dataset, month)
            key = partition_key(file, key_context(dataset, month), self._keyring)
            _attach(self._connection, file, alias.strip('"'), key)
            self._create(alias, dataset)
            self._aliases[dataset, month] = alias
        return alias

    def _create(self, alias: str, dataset: str) -> None:
        """All tables in one step, so that a file either has none or all of them."""
        found = self.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = ?", [alias.strip('"')]
        )
        if found[0][0]:
            return
        with self.transaction():
            for statement in create_statements(dataset, alias):
                self.execute(statement)

    def detach(self, dataset: str, month: str) -> None:
        """Write everything into the file and close it, so that it may be copied."""
        alias = self._aliases.pop((dataset, month), None)
        if alias is not None:
            self.execute(f"DETACH {alias}")

    def detach_all(self) -> None:
        for dataset, month in tuple(self._aliases):
            self.detach(dataset, month)

    @property
    def attached(self) -> tuple[tuple[str, str], ...]:
        return tuple(self._aliases)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. DuckDB lets a transaction write one attached file only."""
        self.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            with contextlib.suppress(duckdb.Error):  # the first error is the one to tell
                self._connection.execute("ROLLBACK")
            raise
        self.execute("COMMIT")

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        """Run one statement. Raises `NoSpace` or `StorageError`."""
        with _speak(self._settings.live):
            return self._connection.execute(sql, list(parameters)).fetchall()

    def register(self, name: str, frame: pl.DataFrame) -> None:
        """Make `frame` readable as the view `name`; replaces one of the same name."""
        with _speak(self._settings.live):
            self._connection.register(name, frame)

    def unregister(self, name: str) -> None:
        self._connection.unregister(name)

    def checkpoint(self, dataset: str, month: str) -> None:
        self.execute(f"CHECKPOINT {self.attach(dataset, month)}")

    def close(self) -> None:
        try:
            self.detach_all()
        finally:
            self._connection.close()
            self._spill.close()


# --- reading --------------------------------------------------------------------------------


class Reader:
    """A process's view of the published generations; safe for many threads.

    One instance is kept for the life of the process. A new generation attaches only the files
    that are new to it; files that no generation in use needs are detached.
    """

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        check_home(settings)
        self._spill = Spill(settings)
        self._settings = settings
        self._keyring = keyring
        self._connection = _connect(self._spill.folder, published_files(settings), writes=False)
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(MOST_QUERIES)
        self._stamp: tuple[int, int] | None = None
        self._current: Snapshot | None = None
        self._uses: dict[str, int] = {}
        # Finalizers run inside any allocation, so they only note what became free.
        self._freed: deque[tuple[str, ...]] = deque()
        self._create_empty()

    def _create_empty(self) -> None:
        """Empty tables of every dataset: what `Snapshot.table` reads where no month fits."""
        for dataset in DATASETS:
            alias = _name(_empty(dataset))
            self._connection.execute(f"ATTACH ':memory:' AS {alias}")
            for statement in create_statements(dataset, alias):
                self._connection.execute(statement)

    def snapshot(self) -> "Snapshot":
        """The newest published generation. Costs one `stat` when nothing is new.

        Raises `NotPublished`, `WrongKey`, `Tampered`, `NewerFormat`.
        """
        stamp = self._read_stamp()
        with self._lock:
            if self._current is not None and stamp is not None and stamp == self._stamp:
                return self._current
            manifest = read_manifest(self._settings, self._keyring)
            if self._current is None or manifest != self._current.manifest:
                self._current = self._swap(manifest)
            self._stamp = stamp
            self._detach_unused()
            return self._current

    def _read_stamp(self) -> tuple[int, int] | None:
        try:
            status = current_file(self._settings).stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _swap(self, manifest: Manifest) -> "Snapshot":
        if self._current and manifest.generation < self._current.manifest.generation:
            raise Tampered(
                f"{self._settings.published} went back from generation"
                f" {self._current.manifest.generation} to {manifest.generation}: publish again."
            )
        if manifest.time_zone != self._settings.zone.key:
            raise StorageError(
                f"{self._settings.published} was published with COCKPIT_TIMEZONE="
                f"{manifest.time_zone}: set it back."
            )
        fresh = [f for f in manifest.files if _alias(f) not in self._uses]
        self._verify(fresh)
        for partition in fresh:
            self._open(partition)
        aliases = tuple(_alias(f) for f in manifest.files)
        for alias in aliases:
            self._uses[alias] = self._uses.get(alias, 0) + 1
        snapshot = Snapshot(manifest, self._connection, self._slots)
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
        _attach(self._connection, file, _alias(partition), key, ", READ_ONLY")
        self._uses[_alias(partition)] = 0

    def _detach_unused(self) -> None:
        while self._freed:
            for alias in self._freed.popleft():
                self._uses[alias] -= 1
        for alias in [a for a, count in self._uses.items() if count == 0]:
            self._connection.execute(f"DETACH {_name(alias)}")
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
    ) -> None:
        self.manifest = manifest
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
        wanted = ", ".join(_name(c) for c in columns) or "*"
        parts = [
            f"SELECT {wanted} FROM {_name(_alias(f))}.main.{_name(table)}"
            for f in sorted(self.manifest.partitions(dataset), key=lambda f: f.month)
            if _overlaps(f.month, period)
        ]
        if not parts:
            parts = [f"SELECT {wanted} FROM {_name(_empty(dataset))}.main.{_name(table)}"]
        return "(" + " UNION ALL ".join(parts) + ")"

    def select(
        self, sql: str, parameters: Sequence[object] = (), *, seconds: float = STATEMENT_SECONDS
    ) -> Rows:
        """The rows of one SELECT, on a cursor of its own.

        Raises `DefinitionError` for anything but one SELECT, `QueryError` when it takes longer
        than `seconds` or fails.
        """
        with self._slots:
            cursor = self._connection.cursor()
            timer = threading.Timer(seconds, cursor.interrupt)
            timer.daemon = True
            timer.start()
            try:
                return cursor.execute(_one_select(cursor, sql), list(parameters)).fetchall()
            except duckdb.InterruptException as error:
                raise QueryError(
                    f"The question takes longer than {seconds:g} s: choose a shorter period"
                    " or fewer dimensions."
                ) from error
            except (duckdb.BinderException, duckdb.CatalogException) as error:
                raise DefinitionError(f"Wrong SQL: {str(error).splitlines()[0]}") from error
            except duckdb.Error as error:
                raise QueryError(f"The question failed: {str(error).splitlines()[0]}") from error
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


def verify_file(settings: Settings, partition: PartitionFile) -> None:
    """Raises `Tampered` unless the published file is byte for byte the sealed one."""
    file = published_file(settings, partition)
    try:
        with open(file, "rb") as content:
            size = file.stat().st_size
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except FileNotFoundError:
        raise Tampered(f"{file} is missing: restore it or publish again.") from None
    if size != partition.size or digest != partition.sha256:
        raise Tampered(f"{file} is not the file that was sealed: restore it or publish again.")


def _alias(partition: PartitionFile) -> str:
    return partition.file.removesuffix(".duckdb")


def _empty(dataset: str) -> str:
    return f"empty-{dataset}"


def _overlaps(month: str, period: Period | None) -> bool:
    if not month or period is None:
        return True
    last = period.end.toordinal() - 1
    return f"{period.start:%Y-%m}" <= month <= f"{type(period.start).fromordinal(last):%Y-%m}"
