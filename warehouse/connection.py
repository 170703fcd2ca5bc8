"""DuckDB, hardened, and readers that follow the published generations.

The only module that imports duckdb. No text of a user ever becomes SQL here; what arrives was
compiled from closed sets of names, and values are bound.
"""

import contextlib
import importlib.util
import logging
import re
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from warehouse.attached import Attached
from warehouse.datasets import PUBLISHED
from warehouse.errors import DefinitionError, NoSpace, QueryError, StorageError, TooLarge, WrongKey
from warehouse.home import Scratch, check_home, published_files, storage_errors
from warehouse.keys import Keyring
from warehouse.manifest import Manifest, check_follows, read_stamp
from warehouse.model import Period
from warehouse.newest import newest_good
from warehouse.relations import empty_alias, name, text, union
from warehouse.resting import let_go
from warehouse.schema import create_statements
from warehouse.settings import Settings
from warehouse.watch import Watch

log = logging.getLogger(__name__)

if importlib.util.find_spec("pandas") is None:
    # DuckDB looks for it with every bound value, and not finding it takes 0.1 ms each time.
    sys.modules["pandas"] = None  # type: ignore[assignment]

MEMORY_LIMIT = "2GB"
SPILL_LIMIT = "20GB"
THREADS = 2
LOOK_EVERY_SECONDS = WATCH_EVERY_SECONDS = 10.0
"""So often a reader looks whether its files are untouched, asked or not, and lets go of memory."""
MOST_QUERIES = 16
"""Running at once in one reader; more wait, so that a crowd cannot exhaust memory."""

Rows = list[tuple[Any, ...]]


def connect(
    spill: Path, allowed: Path, *, threads: int = THREADS, memory: str = MEMORY_LIMIT
) -> duckdb.DuckDBPyConnection:
    """A hardened in-memory instance that can reach `allowed` and nothing else outside."""
    with storage_errors(allowed):
        allowed.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(
        config={
            "temp_directory": str(spill),
            "memory_limit": memory,
            "threads": str(threads),
            "extension_directory": str(spill / "extensions"),
            "autoload_known_extensions": "false",
            "autoinstall_known_extensions": "false",
            "python_enable_replacements": "false",
        }
    )
    load_openssl(connection)
    for setting in (
        "temp_file_encryption=true",
        f"max_temp_directory_size='{SPILL_LIMIT}'",
        "allow_community_extensions=false",
        "allow_persistent_secrets=false",
        "TimeZone='UTC'",
        f"allowed_directories=[{text(str(allowed) + '/')}]",
        "enable_external_access=false",
        "allowed_configs=['memory_limit']",  # see resting.py
        "lock_configuration=true",
    ):
        connection.execute(f"SET {setting}")
    return connection


def load_openssl(connection: duckdb.DuckDBPyConnection) -> None:
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


class Reader:
    """A process's view of the published generations; safe for many threads.

    One instance is kept for the life of the process. What is wrong with the newest generation
    never reaches an answer: the last good one goes on serving, and `health` says why.
    """

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        check_home(settings)
        self._spill = Scratch(settings.spill)
        self._settings = settings
        self.keyring = keyring
        self._connection = connect(self._spill.folder, published_files(settings))
        self._files = Attached(settings, keyring, self._attach, self._connection.execute)
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(MOST_QUERIES)
        self._stamp: tuple[int, int] | None = None
        self._look_at = 0.0
        self._watch: Watch | None = None  # made with the first question, so after any fork
        self._current: Snapshot | None = None
        self._problem: StorageError | None = None
        # Finalizers run inside any allocation, so they only note what became free.
        self._freed: deque[tuple[str, ...]] = deque()
        self._create_empty()

    def _attach(self, file: Path, alias: str, key: bytes) -> None:
        attach_file(self._connection, file, alias, key, ", READ_ONLY")

    def _create_empty(self) -> None:
        """Empty tables of every dataset: what `Snapshot.table` reads where no month fits."""
        for dataset in PUBLISHED:
            alias = name(empty_alias(dataset))
            self._connection.execute(f"ATTACH ':memory:' AS {alias}")
            for statement in create_statements(dataset, alias):
                self._connection.execute(statement)

    def snapshot(self) -> "Snapshot":
        """The newest good generation. Costs one `stat` when nothing is new.

        Raises `NotPublished`, `WrongKey`, `Tampered`, `NewerFormat` when there is no good one.
        """
        stamp = read_stamp(self._settings)
        with self._lock:
            if self._watch is None:
                self._watch = Watch(self._look_after, WATCH_EVERY_SECONDS)
            now = time.monotonic()
            if self._current is None or stamp != self._stamp or now >= self._look_at:
                self._files.look()
                held = self._current.manifest if self._current else None
                self._current, self._problem = newest_good(
                    self._settings, self.keyring, held, self._take
                )
                self._stamp, self._look_at = stamp, now + LOOK_EVERY_SECONDS
            self._detach_unused()
            current = self._current
            assert current is not None
            return current

    def _look_after(self) -> None:
        """What is done when nobody asks."""
        self.snapshot()
        with speak(self._spill.folder), contextlib.closing(self._connection.cursor()) as cursor:
            let_go(cursor, self._slots, MOST_QUERIES, MEMORY_LIMIT)

    @property
    def problem(self) -> str:
        """What is wrong with the newest generation, so that an older one serves; else empty."""
        return "" if self._problem is None else str(self._problem)

    def _take(self, manifest: Manifest) -> "Snapshot":
        """The generation in use, if it is this one and nobody has touched its files, or anew."""
        current = self._current
        if current is not None and current.manifest == manifest and self._files.are_good(manifest):
            return current
        return self._swap(manifest)

    def hold(self, manifest: Manifest) -> "Snapshot":
        """Exactly the files of `manifest`, whatever is current; for checking."""
        with self._lock:
            check_follows(self._settings, manifest, None)
            return self._swap(manifest)

    def _swap(self, manifest: Manifest) -> "Snapshot":
        aliases = self._files.use(manifest)
        most = self._settings.question_seconds
        snapshot = Snapshot(manifest, self._connection, self._slots, most)
        weakref.finalize(snapshot, self._freed.append, aliases).atexit = False
        return snapshot

    def _detach_unused(self) -> None:
        while self._freed:
            self._files.free(self._freed.popleft())
        self._files.detach_unused()

    def close(self) -> None:
        if self._watch is not None:
            self._watch.stop()
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
        seconds: float,
    ) -> None:
        self.manifest = manifest
        self._seconds = seconds
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
        self, sql: str, parameters: Sequence[object] = (), *, seconds: float | None = None
    ) -> Rows:
        """The rows of one SELECT, on a cursor of its own.

        Raises `DefinitionError` for all but one SELECT, `QueryError` on failure or too long a run.
        """
        return self._run(
            lambda cursor: cursor.execute(_one_select(cursor, sql), list(parameters)).fetchall(),
            self._seconds if seconds is None else seconds,
        )

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
