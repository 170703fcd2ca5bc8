"""The connector `postgres`: a table or view of a PostgreSQL server, read in pages."""

import os
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Timer
from typing import Any

import psycopg
from psycopg import IsolationLevel, errors

from etl.connectors._database import TableOptions, read_table
from etl.connectors._session import Column, Kind, Row, Where
from etl.connectors._tables import TableConnector
from etl.declaration import Declaration
from warehouse.errors import CockpitError, ContractBroken, SourceUnavailable
from warehouse.sentences import say

Connection = psycopg.Connection[tuple[Any, ...]]

_PORT = 5432
_CONNECT_SECONDS = 10
_ROWS_AT_A_TIME = 50
_STATEMENTS = 6
"""At most, of one page; so long it may take when each uses its time up."""

_KINDS = {
    "timestamptz": Kind.INSTANT,
    "timestamp": Kind.LOCAL,
    "date": Kind.LOCAL,
    "int2": Kind.NUMBER,
    "int4": Kind.NUMBER,
    "int8": Kind.NUMBER,
    "numeric": Kind.NUMBER,
    "float8": Kind.NUMBER,
}
_WIDER = {"date": "timestamp", "int2": "int8", "int4": "int8"}
"""Where the least of something less something would not fit; an index serves both."""

_COLUMNS = """
SELECT a.attname, coalesce(b.typname, t.typname), NOT a.attnotnull
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_type b ON b.oid = t.typbasetype
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
  AND has_column_privilege(a.attrelid, a.attnum, 'SELECT')
ORDER BY a.attnum
"""
_TABLES = """
SELECT CASE WHEN pg_table_is_visible(c.oid) THEN c.relname ELSE n.nspname || '.' || c.relname END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""
_NOW = """
SELECT CASE WHEN pg_is_in_recovery()
  THEN coalesce(pg_last_xact_replay_timestamp(), to_timestamp(0)) ELSE now() END
"""
"""A replica knows only what it has replayed."""

_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}


@dataclass(frozen=True, kw_only=True)
class Postgres(TableConnector):
    """One table of one server."""

    options: TableOptions

    @contextmanager
    def session(self) -> Iterator["Session"]:
        """A read-only snapshot. Raises `SourceUnavailable` and `ContractBroken`."""
        with _told(self.options), _connection(self.options) as connection:
            yield Session(connection, self.options)


class Session:
    """A transaction that reads one snapshot and can write nothing."""

    def __init__(self, connection: Connection, options: TableOptions) -> None:
        self._connection = connection
        self._options = options

    def now(self) -> datetime:
        """When the transaction began; the snapshot is taken by its first statement."""
        return datetime.fromisoformat(self.one(_NOW)[0])

    def tables(self) -> list[str]:
        return [row[0] for row in self._connection.execute(_TABLES.encode())]

    def columns(self) -> list[Column]:
        name = ".".join(_quoted(part) for part in self._options.table)
        return [
            Column(name=column, kind=_KINDS.get(type_, Kind.OTHER), type=type_, may_be_empty=empty)
            for column, type_, empty in self._connection.execute(_COLUMNS.encode(), [name])
        ]

    def quoted(self, *names: str) -> str:
        return ".".join(_quoted(name).replace("%", "%%") for name in names)

    def compared(self, column: Column, sign: str, text: str) -> Where:
        return Where(f"{self.quoted(column.name)} {sign} %s", (text,))

    def not_before(self, column: Column, texts: Sequence[str], back: int) -> Where:
        type_ = _WIDER.get(column.type, column.type)
        least = ", ".join(f"%s::{type_}" for _ in texts)
        number = column.kind is Kind.NUMBER
        less = f"%s::{type_}" if number else "%s * interval '1 second'"
        name = self.quoted(column.name)
        return Where(f"{name} >= LEAST({least}) - {less}", (*texts, back))

    def after(self, columns: Sequence[Column], at: Sequence[str]) -> Where:
        """As one comparison of rows, which an index over the columns serves."""
        names = ", ".join(self.quoted(column.name) for column in columns)
        values = ", ".join("%s" for _ in at)
        return Where(f"(({names}) > ({values}))", tuple(at))

    def one(self, statement: str, values: Sequence[object] = ()) -> tuple[str, ...]:
        found = self._connection.execute(statement.encode(), values).fetchone()
        return () if found is None else tuple("" if v is None else str(v) for v in found)

    def rows(
        self, asked: Sequence[Column], named: Sequence[Column], where: Where, limit: int | None
    ) -> Iterator[Row]:
        """The server writes the objects, so numbers and times are as exact as it has them."""
        order = ", ".join(self.quoted(column.name) for column in named)
        wanted = ", ".join(dict.fromkeys(self.quoted(c.name) for c in (*asked, *named)))
        inner = (
            f"SELECT {wanted} FROM {self.quoted(*self._options.table)} WHERE {where.text}"
            f" ORDER BY {order}" + ("" if limit is None else f" LIMIT {limit}")
        )
        fields = ", ".join(f"t.{self.quoted(column.name)}" for column in asked)
        places = ", ".join(f"t.{self.quoted(column.name)}::text" for column in named)
        outer = ", ".join(f"t.{self.quoted(column.name)}" for column in named)  # not their texts
        statement = (
            f"SELECT (SELECT row_to_json(r) FROM (SELECT {fields}) r)::text, {places}"
            f" FROM ({inner}) t ORDER BY {outer}"
        )
        with self._connection.cursor() as cursor:
            for line, *place in cursor.stream(
                statement.encode(), where.values, size=_ROWS_AT_A_TIME
            ):
                yield line.encode(), tuple(place)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _connection(options: TableOptions) -> Iterator[Connection]:
    """A transaction that is over, and its connection closed, when the context is."""
    password = options.password.read() if options.password else None
    connection = psycopg.connect(
        host=options.host,
        port=options.port,
        dbname=options.database,
        user=options.user,
        password=password,
        connect_timeout=_CONNECT_SECONDS,
        sslmode="verify-full" if options.is_verified else "disable",
        sslrootcert=_authorities(options),
        gssencmode="disable",
        client_encoding="utf8",
        application_name="cockpit",
        prepare_threshold=None,
    )
    cut = Timer(_STATEMENTS * options.timeout_seconds + _CONNECT_SECONDS, _cut, [connection])
    cut.daemon = True
    cut.start()
    try:
        with connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            for name, value in _settings(options).items():
                connection.execute(b"SELECT set_config(%s, %s, true)", [name, value])
            yield connection
    finally:
        cut.cancel()
        connection.close()


def _settings(options: TableOptions) -> dict[str, str]:
    """Of the transaction only: the connection may be one of a pool."""
    return {**_SETTINGS, "statement_timeout": str(options.timeout_seconds * 1000)}


def _cut(connection: Connection) -> None:
    """Ends a connection to a server that neither answers nor goes away."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)


def _authorities(options: TableOptions) -> str | None:
    """Their certificates. The library's own idea of the system's is that of the machine it was
    built on, so Python's is taken."""
    if not options.is_verified:
        return None
    return str(options.ca_file or ssl.get_default_verify_paths().cafile or "system")


@contextmanager
def _told(options: TableOptions) -> Iterator[None]:
    """Says errors of the server as ours. Its words are left out where they may hold values."""
    try:
        yield
    except psycopg.Error as error:
        raise _ours(error, options) from None
    except UnicodeDecodeError:
        raise ContractBroken(
            f"{options.place}: holds text that is not in the database's encoding. Have it mended."
        ) from None


def _ours(error: psycopg.Error, options: TableOptions) -> CockpitError:
    place = options.place
    if isinstance(error, errors.QueryCanceled):
        return SourceUnavailable(
            f"{place}: {say('statement_slow', seconds=options.timeout_seconds)}."
        )
    if isinstance(error, errors.InsufficientPrivilege):
        return SourceUnavailable(f"{place}: {say('not_granted', user=options.user)}.")
    if isinstance(error, errors.UndefinedTable | errors.UndefinedColumn):
        return ContractBroken(f"{place}: {say('table_changed')}.")
    if isinstance(error, psycopg.OperationalError):
        return SourceUnavailable(f"{place}: {_connection_words(error)}")
    return SourceUnavailable(f"{place}: {say('server_failed', code=f'SQLSTATE {error.sqlstate}')}.")


def _connection_words(error: psycopg.OperationalError) -> str:
    if not isinstance(error, psycopg.errors.ConnectionTimeout) and error.sqlstate is not None:
        return say("ended", code=error.sqlstate) + "."
    words = " ".join(str(error).split())[:300]
    if "password" in words:
        return say("login", why=words) + "."
    if "certificate" in words:
        return say("server_certificate", why=words) + "."
    return say("lost", why=words) + "."


def read(declaration: Declaration, env: Mapping[str, str]) -> Postgres:
    """The table `[connector]`; mistakes are noted in the declaration."""
    return Postgres(options=read_table(declaration, env, _PORT))
