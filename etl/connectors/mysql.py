"""The connector `mysql`: a table or view of a MySQL or MariaDB server, read in pages."""

import json
import ssl
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pymysql
from pymysql import converters, cursors

from etl.connectors._database import TableOptions, read_table
from etl.connectors._session import Column, Kind, Row, Where
from etl.connectors._tables import TableConnector
from etl.declaration import Declaration
from warehouse.errors import CockpitError, ContractBroken, SourceUnavailable
from warehouse.sentences import say

_PORT = 3306
_CONNECT_SECONDS = 10

_KINDS = {
    "timestamp": Kind.INSTANT,
    "datetime": Kind.LOCAL,
    "date": Kind.LOCAL,
    "tinyint": Kind.NUMBER,
    "smallint": Kind.NUMBER,
    "mediumint": Kind.NUMBER,
    "int": Kind.NUMBER,
    "bigint": Kind.NUMBER,
    "decimal": Kind.NUMBER,
    "double": Kind.NUMBER,
}
_BINARY = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry", "bit")

_COLUMNS = """
SELECT column_name, data_type, is_nullable FROM information_schema.columns
WHERE table_schema = coalesce(%s, database()) AND table_name = %s ORDER BY ordinal_position
"""
_TABLES = """
SELECT CASE WHEN table_schema = database() THEN table_name
  ELSE concat(table_schema, '.', table_name) END
FROM information_schema.tables
WHERE table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')
"""
_ENCODERS: Any = {
    kind: encode for kind, encode in converters.conversions.items() if type(kind) is type
}
"""Values are written into statements; what comes back stays text."""

_TIMED_OUT = (1969, 3024)
_REFUSED = (1044, 1045, 1698)
_MISSING = (1054, 1146)
_NOT_GRANTED = (1142, 1143)


@dataclass(frozen=True, kw_only=True)
class MySql(TableConnector):
    """One table of one server."""

    options: TableOptions

    @contextmanager
    def session(self) -> Iterator["Session"]:
        """A read-only snapshot. Raises `SourceUnavailable` and `ContractBroken`."""
        with _told(self.options), _connection(self.options) as connection:
            yield Session(connection, self.options)


class Session:
    """A transaction that reads one snapshot and can write nothing."""

    def __init__(self, connection: Any, options: TableOptions) -> None:
        self._connection = connection
        self._options = options
        self._now = datetime.fromisoformat(self.one("SELECT utc_timestamp(6)")[0])
        self._run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def now(self) -> datetime:
        """Before the snapshot was taken."""
        return self._now.replace(tzinfo=UTC)

    def tables(self) -> list[str]:
        return [row[0] for row in self._run(_TABLES)]

    def columns(self) -> list[Column]:
        *schema, table = self._options.table
        return [
            Column(
                name=name, kind=_KINDS.get(kind, Kind.OTHER), type=kind, may_be_empty=empty == "YES"
            )
            for name, kind, empty in self._run(_COLUMNS, (schema[0] if schema else None, table))
        ]

    def quoted(self, *names: str) -> str:
        return ".".join("`" + name.replace("`", "``").replace("%", "%%") + "`" for name in names)

    def compared(self, column: Column, sign: str, text: str) -> Where:
        value = "unhex(%s)" if column.type in _BINARY else "%s"
        return Where(f"{self.quoted(column.name)} {sign} {value}", (_bound(column, text),))

    def not_before(self, column: Column, texts: Sequence[str], back: int) -> Where:
        is_number = column.kind is Kind.NUMBER
        value, less = (
            ("%s", "%s") if is_number else ("cast(%s AS datetime(6))", "INTERVAL %s SECOND")
        )
        least = ", ".join(value for _ in texts)
        bound = (*(_bound(column, text) for text in texts), back)
        return Where(f"{self.quoted(column.name)} >= least({least}) - {less}", bound)

    def after(self, columns: Sequence[Column], at: Sequence[str]) -> Where:
        """Column by column: for a comparison of rows these servers use no index."""
        (column, *columns), (text, *at) = columns, at
        behind = self.compared(column, ">", text)
        if not columns:
            return behind
        same, rest = self.compared(column, "=", text), self.after(columns, at)
        since = self.compared(column, ">=", text)
        values = (*since.values, *behind.values, *same.values, *rest.values)
        return Where(f"({since.text} AND ({behind.text} OR ({same.text} AND {rest.text})))", values)

    def one(self, statement: str, values: Sequence[object] = ()) -> tuple[str, ...]:
        found = self._run(statement, values)
        return tuple("" if value is None else str(value) for value in found[0]) if found else ()

    def rows(
        self, asked: Sequence[Column], named: Sequence[Column], where: Where, limit: int | None
    ) -> Iterator[Row]:
        order = ", ".join(self.quoted(column.name) for column in named)
        wanted = ", ".join(self._selected(column) for column in (*asked, *named))
        statement = (
            f"SELECT {wanted} FROM {self.quoted(*self._options.table)} WHERE {where.text}"
            f" ORDER BY {order}" + ("" if limit is None else f" LIMIT {limit}")
        )
        names = [column.name for column in asked]
        write = [_WRITTEN.get(column.type, str) for column in asked]
        cursor = self._connection.cursor(cursors.SSCursor)
        cursor.execute(statement, where.values)
        result = cursor._result
        try:
            while (row := cursor.fetchone()) is not None:
                values = (None if v is None else w(v) for w, v in zip(write, row, strict=False))
                line = json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False)
                yield line.encode(), row[len(names) :]
        finally:
            result.unbuffered_active = False  # else the rest would be read before it is forgotten
            cursor.close()

    def _selected(self, column: Column) -> str:
        name = self.quoted(column.name)
        if column.type in _BINARY:
            return f"hex({name})"
        return f"cast({name} AS double)" if column.type == "float" else name

    def _run(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, tuple(values))
            return list(cursor.fetchall())


def _bound(column: Column, text: str) -> object:
    """A number is compared as a number: as text it would lose digits."""
    if column.kind is not Kind.NUMBER:
        return text
    return float(text) if column.type == "double" else Decimal(text)


def _local(text: str) -> str:
    return text.replace(" ", "T")


def _instant(text: str) -> str:
    return _local(text) + "+00:00"


def _single(text: str) -> str:
    """The shortest number that is the same in 4 bytes, as people wrote it."""
    wanted = struct.pack("f", float(text))
    shown = (f"{float(text):.{digits}g}" for digits in range(6, 10))
    return next(number for number in shown if struct.pack("f", float(number)) == wanted)


_WRITTEN: dict[str, Callable[[str], str]] = {
    "timestamp": _instant,
    "datetime": _local,
    "float": _single,
}
"""How a value is written, where not as the server writes it. Bytes are written in hex."""


@contextmanager
def _connection(options: TableOptions) -> Iterator[Any]:
    """A session that can only read, closed with the context."""
    password = options.password.read().encode() if options.password else b""
    connection: Any = pymysql.connect(
        host=None if options.is_socket else options.host,
        port=options.port,
        unix_socket=options.host if options.is_socket else None,
        database=options.database,
        user=options.user,
        password=password,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=options.timeout_seconds + _CONNECT_SECONDS,
        write_timeout=_CONNECT_SECONDS,
        ssl=_tls(options),
        ssl_disabled=not options.is_verified,
        charset="utf8mb4",
        conv=_ENCODERS,
        autocommit=True,
        program_name="cockpit",
    )
    try:
        with connection.cursor() as cursor:
            for statement in _settings(options, connection.get_server_info()):
                cursor.execute(statement)
        yield connection
    finally:
        connection.close()


def _settings(options: TableOptions, version: str) -> tuple[str, ...]:
    seconds = options.timeout_seconds
    is_maria = "mariadb" in version.lower()
    limit = f"max_statement_time = {seconds}" if is_maria else f"max_execution_time = {seconds}000"
    return (
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        f"SET SESSION time_zone = '+00:00', sql_mode = '', {limit}",
    )


def _tls(options: TableOptions) -> ssl.SSLContext | None:
    """Raises `SourceUnavailable` for a file that holds no certificate."""
    if not options.is_verified:
        return None
    try:
        return ssl.create_default_context(cafile=options.ca_file)
    except OSError:
        raise SourceUnavailable(f"{options.ca_file}: {say('no_certificate')}.") from None


@contextmanager
def _told(options: TableOptions) -> Iterator[None]:
    """Says errors of the server as ours. Its words are left out where they may hold values."""
    try:
        yield
    except pymysql.MySQLError as error:
        raise _ours(error, options) from None


def _ours(error: Any, options: TableOptions) -> CockpitError:
    place, code = options.place, error.args[0] if error.args else 0
    if code in _TIMED_OUT:
        return SourceUnavailable(
            f"{place}: {say('statement_slow', seconds=options.timeout_seconds)}."
        )
    if code in _REFUSED:
        return SourceUnavailable(f"{place}: {say('login_user', user=options.user, code=code)}.")
    if code in _NOT_GRANTED:
        return SourceUnavailable(f"{place}: {say('not_granted', user=options.user)}.")
    if code in _MISSING:
        return ContractBroken(f"{place}: {say('table_changed')}.")
    words = " ".join(str(error.args[-1] if error.args else error).split())[:300]
    if "certificate" in words:
        return SourceUnavailable(f"{place}: {say('server_certificate', why=words)}.")
    if isinstance(error, pymysql.OperationalError | pymysql.InterfaceError):
        return SourceUnavailable(f"{place}: {say('lost_again', why=code)}.")
    return SourceUnavailable(f"{place}: {say('server_failed', code=f'error {code}')}.")


def read(declaration: Declaration, env: Mapping[str, str]) -> MySql:
    """The table `[connector]`; mistakes are noted in the declaration."""
    return MySql(options=read_table(declaration, env, _PORT))
