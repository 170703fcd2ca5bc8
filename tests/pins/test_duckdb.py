"""What this DuckDB does that the warehouse relies on. A new version must pass before it is used."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from warehouse.connection import connect, speak
from warehouse.errors import StorageError, WrongKey
from warehouse.settings import ROOT

KEY = "5a" * 32
MARKER = "citizen-110101199003070011-"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    (tmp_path / "spill").mkdir()
    return tmp_path


@pytest.fixture
def writer(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = connect(folder / "spill", folder / "files")
    yield connection
    connection.close()


def _attach(connection: duckdb.DuckDBPyConnection, file: Path, mode: str = "") -> None:
    connection.execute(f"ATTACH '{file}' AS a (ENCRYPTION_KEY '{KEY}'{mode})")


def test_duckdb_when_installed_then_is_the_version_with_an_openssl_wheel() -> None:
    assert duckdb.__version__ == "1.5.5"


def test_md5_number_when_computed_then_is_the_known_value() -> None:
    """Event ids are stored: another value would load every event a second time."""
    rows = duckdb.sql("SELECT md5_number('abc'), (md5_number('abc') >> 1)::HUGEINT").fetchall()
    assert rows == [
        (152195979970564155685860391459828531600, 76097989985282077842930195729914265800)
    ]


def test_file_when_encrypted_then_opens_only_with_its_key(
    folder: Path, writer: duckdb.DuckDBPyConnection
) -> None:
    file = folder / "files" / "a.duckdb"
    _attach(writer, file)
    writer.execute("CREATE TABLE a.t AS SELECT 1 AS x")
    writer.execute("DETACH a")
    for clause in (f" (ENCRYPTION_KEY '{secrets.token_hex(32)}')", ""):
        with pytest.raises((WrongKey, StorageError)), speak(file):
            writer.execute(f"ATTACH '{file}' AS b{clause}")
    _attach(writer, file)
    assert writer.execute("SELECT x FROM a.t").fetchall() == [(1,)]


def test_file_and_wal_when_written_then_hold_no_plain_text(
    folder: Path, writer: duckdb.DuckDBPyConnection
) -> None:
    file = folder / "files" / "a.duckdb"
    _attach(writer, file)
    fill = f"SELECT '{MARKER}' || range AS person FROM range(20000)"
    writer.execute(f"CREATE TABLE a.t AS {fill}")
    writer.execute("CHECKPOINT a")
    writer.execute(f"INSERT INTO a.t {fill} LIMIT 10")
    wal = Path(f"{file}.wal")
    assert wal.stat().st_size > 0
    for written in (file, wal):
        assert MARKER.encode() not in written.read_bytes()


def test_spill_when_forced_then_holds_no_plain_text(folder: Path) -> None:
    """Spilling is plain text unless `temp_file_encryption` is set before the lock."""
    connection = connect(folder / "spill", folder / "files")
    try:
        settings = connection.execute(
            "SELECT current_setting('temp_file_encryption'),"
            " current_setting('python_enable_replacements'),"
            " current_setting('autoload_known_extensions'),"
            " current_setting('autoinstall_known_extensions'),"
            " current_setting('allow_community_extensions'),"
            " current_setting('lock_configuration')"
        ).fetchone()
        assert settings == (True, False, False, False, False, True)
        connection.execute(
            f"CREATE TEMP TABLE big AS SELECT '{MARKER}' || hash(range) || hash(range + 1) AS p"
            " FROM range(1500000)"
        )
        result = connection.execute("SELECT * FROM big ORDER BY p")
        result.fetchone()
        spilled = [f for f in (folder / "spill").rglob("*") if f.is_file()]
        for file in spilled:
            assert MARKER.encode() not in file.read_bytes()
    finally:
        connection.close()


def test_file_when_held_by_a_writer_then_no_second_process_opens_it(
    folder: Path, writer: duckdb.DuckDBPyConnection
) -> None:
    file = folder / "files" / "a.duckdb"
    _attach(writer, file)
    writer.execute("CREATE TABLE a.t AS SELECT 1 AS x")
    code = (
        "import duckdb, sys\n"
        f"duckdb.connect().execute(\"ATTACH '{file}' AS a (ENCRYPTION_KEY '{KEY}', READ_ONLY)\")"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert other.returncode != 0
    assert "lock" in other.stderr


def test_attach_when_nothing_is_written_then_file_keeps_its_bytes(
    folder: Path, writer: duckdb.DuckDBPyConnection
) -> None:
    """Publishing takes an unchanged stamp for unchanged content."""
    file = folder / "files" / "a.duckdb"
    _attach(writer, file)
    writer.execute("CREATE TABLE a.t AS SELECT 1 AS x")
    writer.execute("DETACH a")
    before = file.read_bytes(), file.stat().st_mtime_ns
    _attach(writer, file)
    writer.execute("SELECT * FROM a.t")
    writer.execute("DETACH a")
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    assert not Path(f"{file}.wal").exists()


def test_instance_when_locked_then_reaches_its_folder_only(folder: Path) -> None:
    reader = connect(folder / "spill", folder / "files")
    (folder / "secret.txt").write_text("secret")
    (folder / "files_too").mkdir()
    (folder / "files" / "link").symlink_to(folder / "secret.txt")
    for sql in (
        f"SELECT * FROM read_text('{folder}/secret.txt')",
        f"SELECT * FROM read_text('{folder}/files/../secret.txt')",
        f"SELECT * FROM read_text('{folder}/files/link')",
        f"ATTACH '{folder}/files_too/x.duckdb' AS x",
        f"COPY (SELECT 1) TO '{folder}/x.csv'",
        f"LOAD '{folder}/files/x.duckdb_extension'",
        "INSTALL httpfs",
        "SET enable_external_access=true",
        "SET lock_configuration=false",
        "SET allowed_directories=['/']",
        "SET temp_file_encryption=false",
    ):
        with pytest.raises(duckdb.Error):
            reader.execute(sql)
    reader.close()


def test_reader_when_attached_read_only_then_cannot_write(
    folder: Path, writer: duckdb.DuckDBPyConnection
) -> None:
    file = folder / "files" / "a.duckdb"
    _attach(writer, file)
    writer.execute("CREATE TABLE a.t AS SELECT 1 AS x")
    writer.execute("DETACH a")
    reader = connect(folder / "spill", folder / "files")
    _attach(reader, file, ", READ_ONLY")
    assert reader.execute("SELECT x FROM a.t").fetchall() == [(1,)]
    with pytest.raises(duckdb.Error, match="read-only"):
        reader.execute("INSERT INTO a.t VALUES (2)")
    reader.close()


def test_instance_when_opened_then_has_openssl_but_no_network(folder: Path) -> None:
    """Without OpenSSL encrypted files cannot be written, and are read five times slower."""
    reader = connect(folder / "spill", folder / "files")
    loaded = "SELECT count(*) FROM duckdb_extensions() WHERE loaded AND extension_name = 'httpfs'"
    assert reader.execute(loaded).fetchall() == [(1,)]
    with pytest.raises(duckdb.Error, match="disabled by configuration"):
        reader.execute("SELECT * FROM read_text('https://localhost:1/x')")
    reader.close()


def test_transaction_when_it_writes_two_files_then_is_refused(
    folder: Path, writer: duckdb.DuckDBPyConnection
) -> None:
    """Why each partition has its own ledger."""
    for alias in "ab":
        file = folder / "files" / f"{alias}.duckdb"
        writer.execute(f"ATTACH '{file}' AS {alias} (ENCRYPTION_KEY '{KEY}')")
        writer.execute(f"CREATE TABLE {alias}.t (x INTEGER)")
    writer.execute("BEGIN")
    writer.execute("INSERT INTO a.t VALUES (1)")
    with pytest.raises(duckdb.Error, match="single attached database"):
        writer.execute("INSERT INTO b.t VALUES (1)")
    writer.execute("ROLLBACK")


def test_sum_when_of_bigint_then_is_a_hugeint() -> None:
    """Why every sum is cast."""
    assert duckdb.sql("SELECT typeof(sum(1::BIGINT))").fetchall() == [("HUGEINT",)]
