"""The least that loading could cost: the rows of a home inserted into one encrypted table.

Same columns, same order, batches of 10,000, each its own transaction, everything already in
memory; only the inserts and the closing of the file are measured. Prints CPU seconds.
"""

import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]

from warehouse.connection import attach_file, load_openssl
from warehouse.home import key_context, live_file
from warehouse.keys import Keyring
from warehouse.partition_key import partition_key
from warehouse.schema import create_statements
from warehouse.settings import Settings
from warehouse.writer import THREADS

BATCH_ROWS = 10_000
DATASET = "service_event"


def main() -> None:
    settings = Settings.from_env()
    with duckdb.connect(config={"threads": str(THREADS)}) as connection:
        load_openssl(connection)
        # As decimals, the 128-bit numbers would be converted by each insert.
        connection.execute("SET arrow_lossless_conversion = true")
        rows = _rows(connection, settings)
        with tempfile.TemporaryDirectory(dir=settings.home) as folder:
            sys.stdout.write(f"{_insert(connection, rows, Path(folder) / 'bare.duckdb'):.3f}\n")


def _rows(connection: duckdb.DuckDBPyConnection, settings: Settings) -> pa.Table:
    """The facts of every month in the order they were stored."""
    keyring = Keyring.open(settings)
    parts = []
    for month in sorted(file.stem for file in (settings.live / DATASET).glob("*.duckdb")):
        file = live_file(settings, DATASET, month)
        key = partition_key(file, key_context(DATASET, month), keyring)
        attach_file(connection, file, "part", key, ", READ_ONLY")
        parts.append(connection.execute("SELECT * FROM part.fact").to_arrow_table())
        connection.execute("DETACH part")
    return pa.concat_tables(parts).combine_chunks()


def _insert(connection: duckdb.DuckDBPyConnection, rows: pa.Table, file: Path) -> float:
    """CPU seconds for the inserts, until the file is closed."""
    batches = [rows.slice(start, BATCH_ROWS) for start in range(0, len(rows), BATCH_ROWS)]
    attach_file(connection, file, "bare", bytes(range(32)))
    connection.execute(create_statements(DATASET, "bare")[0])
    before = time.process_time()
    for batch in batches:
        connection.register("batch", batch)
        connection.execute("INSERT INTO bare.fact SELECT * FROM batch")
    connection.execute("DETACH bare")
    return time.process_time() - before


if __name__ == "__main__":
    main()
