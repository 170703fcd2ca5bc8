"""The one writer: the ETL's instance over the live files."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from warehouse.connection import Rows, attach_file, connect, speak
from warehouse.errors import StorageError
from warehouse.failpoints import step
from warehouse.home import (
    Scratch,
    check_home,
    key_context,
    live_file,
    storage_errors,
    sync_folder,
)
from warehouse.keys import Keyring
from warehouse.partition_key import partition_key
from warehouse.relations import name
from warehouse.schema import create_statements
from warehouse.settings import Settings

THREADS = 1
"""A batch is small: more threads cost twice the CPU for it, and reading the next one needs it."""
MEMORY_LIMIT = "192MB"
"""Of DuckDB; what is more goes to the spill. With the reading process all stay below 600 MB."""
_NEWEST = pl.CompatLevel.newest()


class Writer:
    """The ETL's instance over the live files. One thread at a time; see `etl.load.Loader`."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        check_home(settings, create=True)
        self._spill = Scratch(settings.spill)
        self._settings = settings
        self._keyring = keyring
        self._connection = connect(
            self._spill.folder, settings.live, threads=THREADS, memory=MEMORY_LIMIT
        )
        self._aliases: dict[tuple[str, str], str] = {}

    def attach(self, dataset: str, month: str) -> str:
        """The quoted alias of a live partition, made with its key and tables when absent.

        Dataset `state` and `quarantine` are the ETL's own books beside the partitions.
        """
        alias = self._aliases.pop((dataset, month), None)
        if alias is None:
            alias = name(f"{dataset}_{month}" if month else dataset)
            file = live_file(self._settings, dataset, month)
            key = partition_key(file, key_context(dataset, month), self._keyring)
            if not file.exists():
                self._make(file, dataset, key)
            attach_file(self._connection, file, alias.strip('"'), key)
        self._aliases[dataset, month] = alias
        return alias

    def _make(self, file: Path, dataset: str, key: bytes) -> None:
        """A file with all its tables, made aside so that a kill leaves none or a whole one."""
        draft = file.with_suffix(".new")
        for left_over in (draft, Path(f"{draft}.wal")):
            left_over.unlink(missing_ok=True)
        attach_file(self._connection, draft, "draft", key)
        with self.transaction():
            for statement in create_statements(dataset, "draft"):
                self.execute(statement)
        self.execute("DETACH draft")
        with storage_errors(file), step("create"):
            os.replace(draft, file)
            sync_folder(file.parent)

    def copy_to(self, alias: str, file: Path, key: bytes) -> None:
        """Everything of an attached file in the new `file` under `key`, whole or not there."""
        draft = file.with_suffix(".new")
        for left_over in (draft, Path(f"{draft}.wal")):
            left_over.unlink(missing_ok=True)
        attach_file(self._connection, draft, "draft", key)
        self.execute(f"COPY FROM DATABASE {alias} TO draft")
        self.execute("DETACH draft")
        with storage_errors(file):
            os.replace(draft, file)
            sync_folder(file.parent)

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
        """What is open, the one used longest ago first."""
        return tuple(self._aliases)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. DuckDB lets a transaction write one attached file only."""
        self.execute("BEGIN TRANSACTION")
        with contextlib.ExitStack() as undo:
            undo.callback(self._roll_back)
            yield
            self.execute("COMMIT")
            undo.pop_all()

    def _roll_back(self) -> None:
        with contextlib.suppress(StorageError):  # the first error is the one to tell
            self.execute("ROLLBACK")

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        """Run one statement. Raises `NoSpace` or `StorageError`."""
        with speak(self._settings.live):
            return self._connection.execute(sql, list(parameters)).fetchall()

    @contextlib.contextmanager
    def registered(self, name: str, frame: pl.DataFrame) -> Iterator[None]:
        """Within, `frame` is readable as the view `name`."""
        with speak(self._settings.live):
            # Polars would copy its texts to Arrow's older form.
            self._connection.register(name, frame.to_arrow(compat_level=_NEWEST))
        try:
            yield
        finally:
            with speak(self._settings.live):
                self._connection.unregister(name)

    def reset(self) -> None:
        """Start again from the files. A full disk leaves DuckDB unable to use them until then.

        What was committed is there again, from the logs beside the files; temporary tables and
        registered frames are gone.
        """
        # After a write that failed, memory may miss blocks: a checkpoint from it crashed DuckDB.
        self.execute("PRAGMA disable_checkpoint_on_shutdown")
        self._connection.close()
        self._aliases.clear()
        self._connection = connect(
            self._spill.folder, self._settings.live, threads=THREADS, memory=MEMORY_LIMIT
        )

    def close(self) -> None:
        try:
            self.detach_all()
        finally:
            self._connection.close()
            self._spill.close()
