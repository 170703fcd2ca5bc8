"""Pages that were read go when nothing runs, and only then."""

import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from warehouse import resting
from warehouse.connection import MEMORY_LIMIT, attach_file, connect
from warehouse.resting import let_go

RESTING_BYTES = 2_000_000
MOST = 3


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """An instance that has read a table of some 16 MB."""
    monkeypatch.setattr(resting, "RESTING_BYTES", RESTING_BYTES)
    connection = connect(tmp_path / "spill", tmp_path / "files")
    file = tmp_path / "files" / "a.duckdb"
    attach_file(connection, file, "a", bytes(range(32)))
    connection.execute("CREATE TABLE a.t AS SELECT random() AS x FROM range(2000000)")
    connection.execute("DETACH a")
    attach_file(connection, file, "a", bytes(range(32)), ", READ_ONLY")
    connection.execute("SELECT sum(x) FROM a.t").fetchall()
    yield connection
    connection.close()


def _pages(connection: duckdb.DuckDBPyConnection) -> int:
    (held,) = connection.execute(
        "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'BASE_TABLE'"
    ).fetchall()[0]
    return int(held)


def test_pages_when_nothing_runs_then_only_some_stay_and_the_limit_holds_again(
    reader: duckdb.DuckDBPyConnection,
) -> None:
    (limit,) = reader.execute("SELECT current_setting('memory_limit')").fetchall()
    slots = threading.BoundedSemaphore(MOST)
    assert _pages(reader) > 5 * RESTING_BYTES

    let_go(reader.cursor(), slots, MOST, MEMORY_LIMIT)

    assert _pages(reader) <= RESTING_BYTES
    assert reader.execute("SELECT current_setting('memory_limit')").fetchall() == [limit]
    assert reader.execute("SELECT count(x) FROM a.t").fetchall() == [(2_000_000,)]
    for _ in range(MOST):
        assert slots.acquire(blocking=False)


def test_pages_when_a_statement_runs_then_all_stay(reader: duckdb.DuckDBPyConnection) -> None:
    slots = threading.BoundedSemaphore(MOST)
    held = _pages(reader)
    with slots:
        let_go(reader.cursor(), slots, MOST, MEMORY_LIMIT)

    assert _pages(reader) == held
