"""Where a database stands and which table is read: the keys that `postgres` and `mysql` share."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from etl import notation
from etl.connectors._secrets import SecretFile, refuse_written, secret_file
from etl.declaration import Declaration

_KEYS = (
    "kind",
    "host",
    "port",
    "database",
    "user",
    "password_file",
    "tls",
    "ca_file",
    "table",
    "cursor",
    "key",
    "columns",
    "look_back",
    "page_rows",
    "statement_timeout",
    "totals",
)
_REFUSED = ("password", "query")
"""Known only so that the problem noted for them says what to do instead."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HOST = re.compile(r"/.+|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]+")
_LOOK_BACK = "10m"
_PAGE_ROWS, _MOST_ROWS = 50_000, 1_000_000
_TIMEOUT = "60s"


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """One table, or view, of one database."""

    host: str
    """A name, an address, or the absolute path of a socket."""
    port: int
    database: str
    user: str
    password: SecretFile | None
    """None: the socket tells who asks."""
    is_verified: bool
    """TLS, and the certificate must be good for the host; never off but on this machine."""
    ca_file: Path | None
    """Who signs certificates. None: whom this machine trusts."""
    table: tuple[str, ...]
    """Its name, or the schema's and its name."""
    cursor: str
    """Column that only grows."""
    key: tuple[str, ...]
    """Columns that, with the cursor, name a row."""
    columns: tuple[str, ...]
    """What is asked for. Empty: every column this account may read."""
    look_back_seconds: int
    """Of a cursor that is a time: how late a row may be committed."""
    look_back_number: int | None
    """Of a cursor that is a number: how far behind the highest one a row may be committed."""
    page_rows: int
    timeout_seconds: int
    """Of one statement."""
    has_totals: bool
    """The server counts the rows of each page too, and both counts must agree."""
    happened: str
    """Their column for `occurred_at`, by which a range is read again; empty without one."""
    zone: str
    """Of times without offset."""

    @property
    def is_socket(self) -> bool:
        return self.host.startswith("/")

    @property
    def name(self) -> str:
        return ".".join(self.table)

    @property
    def place(self) -> str:
        """For messages."""
        host = self.host if self.is_socket else f"{self.host}:{self.port}"
        return f"{host}: {self.database}: {self.name}"


def read_table(declaration: Declaration, env: Mapping[str, str], port: int) -> TableOptions:
    """The table `[connector]`; mistakes are noted in the declaration. `port`: where none is."""
    declaration.table(("connector",), (*_KEYS, *_REFUSED))
    refuse_written(declaration, ("connector",), ("password",))
    if declaration.value(("connector", "query")) is not None:
        declaration.problem(
            ("connector", "query"), "is not allowed. Name a table or a view of theirs as table."
        )
    _check_identity(declaration)
    host = str(declaration.checked(("connector", "host"), _host) or "")
    declaration.typed(("connector", "host"), str, required=True)
    seconds, number = _look_back(declaration)
    return TableOptions(
        host=host,
        port=_whole(declaration, "port", port, 65_535),
        database=declaration.text(("connector", "database"), required=True),
        user=declaration.text(("connector", "user"), required=True),
        password=secret_file(
            declaration,
            ("connector", "password_file"),
            env,
            required=not host.startswith("/"),
        ),
        is_verified=_is_verified(declaration, host),
        ca_file=_ca_file(declaration, env),
        table=_table(declaration),
        cursor=declaration.text(("connector", "cursor"), required=True),
        key=_key(declaration),
        columns=declaration.texts(("connector", "columns")),
        look_back_seconds=seconds,
        look_back_number=number,
        page_rows=_whole(declaration, "page_rows", _PAGE_ROWS, _MOST_ROWS),
        timeout_seconds=_timeout(declaration),
        has_totals=declaration.flag(("connector", "totals"), False),
        happened=str(declaration.value(("columns", "occurred_at")) or ""),
        zone=_zone(declaration),
    )


def _check_identity(declaration: Declaration) -> None:
    """A row that is read again, in another page, must be recognised."""
    if declaration.value(("identity", "by")) is not None:
        declaration.problem(
            ("identity", "by"), "cannot tell rows of a table apart. List identity.columns instead."
        )


def _host(text: str) -> str:
    if _HOST.fullmatch(text) is None:
        raise ValueError(
            "is no host. Write a name or an address alone, as in 'db.example', or the path of a"
            " socket; port, database and user have keys of their own."
        )
    return text


def _whole(declaration: Declaration, key: str, default: int, most: int) -> int:
    found = declaration.typed(("connector", key), int)
    if found is None:
        return default
    if not 1 <= found <= most:
        declaration.problem(("connector", key), f"must be from 1 to {most:,}, not {found:,}.")
        return default
    return int(found)


def _is_verified(declaration: Declaration, host: str) -> bool:
    text = declaration.text(("connector", "tls"), "verify")
    if text not in ("verify", "off"):
        declaration.problem(("connector", "tls"), f"{text!r} is not known. Write 'verify'.")
    if text == "off" and not (host.startswith("/") or host in _LOOPBACK):
        declaration.problem(
            ("connector", "tls"),
            "may be off only on this machine. Write 'verify', and ca_file if the server's"
            " certificate is signed by an authority of your own.",
        )
    return text != "off" and not host.startswith("/")


def _ca_file(declaration: Declaration, env: Mapping[str, str]) -> Path | None:
    path = ("connector", "ca_file")
    text = declaration.checked(path, lambda written: notation.environment(written, env))
    if not text:
        return None
    file = (declaration.file.parent / Path(text).expanduser()).absolute()
    if not file.is_file():
        declaration.problem(path, f"{file} is no file. Put the authority's certificate there.")
    return file


def _table(declaration: Declaration) -> tuple[str, ...]:
    text = declaration.text(("connector", "table"), required=True)
    parts = tuple(text.split("."))
    if text and (len(parts) > 2 or not all(parts)):
        declaration.problem(
            ("connector", "table"), f"{text!r} is no name. Write 'table' or 'schema.table'."
        )
    return parts


def _key(declaration: Declaration) -> tuple[str, ...]:
    path = ("connector", "key")
    if declaration.value(path) in (None, []):
        declaration.problem(path, "is missing. List the columns of the table's primary key.")
    return declaration.texts(path)


def _look_back(declaration: Declaration) -> tuple[int, int | None]:
    """Seconds, for a time; how far, for a number, if it is told."""
    path = ("connector", "look_back")
    found = declaration.value(path)
    if isinstance(found, int) and not isinstance(found, bool):
        if found < 0:
            declaration.problem(path, f"{found} is negative. Write how far back to look.")
        return notation.duration(_LOOK_BACK), max(found, 0)
    return declaration.checked(path, notation.duration, _LOOK_BACK) or 0, None


def _timeout(declaration: Declaration) -> int:
    path = ("connector", "statement_timeout")
    return declaration.checked(path, notation.duration, _TIMEOUT) or 0


def _zone(declaration: Declaration) -> str:
    """As in `[time]`, whose reader says what is wrong with it."""
    text = declaration.value(("time", "zone"))
    try:
        return notation.zone(text).key if isinstance(text, str) else "UTC"
    except ValueError:
        return "UTC"
