"""A table of card events on a real server, its declaration, and a reader that keeps positions as
the ETL does."""

import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from etl.declaration import Declaration
from etl.delivery import Connector, Fetched, Position, Window
from etl.landing import Landing, open_landed
from tests.connectors.servers import Server

_begun = [datetime.now(UTC)]
ZONE = ZoneInfo("Asia/Shanghai")
INSTANT = {"postgres": "timestamptz", "mysql": "timestamp(6)"}
LOCAL = {"postgres": "timestamp", "mysql": "datetime(6)"}


def declare(server: Server, folder: Path, happened: str, options: dict[str, object]) -> Declaration:
    """Of the table `card_events`; None leaves an option out."""
    told: dict[str, object] = {
        "kind": server.kind,
        "host": server.host,
        "port": server.port,
        "database": "cards",
        "user": "cockpit",
        "password_file": "${CREDENTIALS}/password",
        "table": "card_events",
        "cursor": "changed_at",
        "key": ["id"],
        "look_back": "10m",
    }
    told.update(options)
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items() if value is not None]
    rest = f'[time]\nzone = "Asia/Shanghai"\n[columns]\noccurred_at = "{happened}"\n'
    file = folder / "cards.toml"
    file.write_text("\n".join(["[connector]", *lines, rest]), "utf-8")
    return Declaration(file)


def connector(server: Server, folder: Path, happened: str = "none", **options: object) -> Connector:
    declaration = declare(server, folder, happened, options)
    module = importlib.import_module(f"etl.connectors.{server.kind}")
    found: Connector = module.read(declaration, {"CREDENTIALS": str(server.folder)})
    declaration.finish()
    return found


def create(server: Server, columns: str = "", table: str = "card_events") -> None:
    server.execute(f"DROP TABLE IF EXISTS {table}")
    plain = f"id bigint PRIMARY KEY, changed_at {INSTANT[server.kind]} NOT NULL"
    server.execute(f"CREATE TABLE {table} ({plain}{', ' * bool(columns)}{columns})")


def begin() -> None:
    """A test begins: what it calls now is now, however long ago the tests were collected."""
    _begun[0] = datetime.now(UTC).replace(microsecond=0)


def now() -> datetime:
    """When the test began, in whole seconds."""
    return _begun[0]


def at(minutes: float) -> str:
    """So many minutes ago, as a server in UTC reads it."""
    return (now() - timedelta(minutes=minutes)).replace(tzinfo=None).isoformat(" ")


@dataclass(kw_only=True)
class Reader:
    """What the ETL keeps of one source: positions, and the rows it has by their identity."""

    landing: Landing
    known: dict[str, Position] = field(default_factory=dict)
    rows: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    pages: list[list[dict[str, Any]]] = field(default_factory=list)
    fetched: list[Fetched] = field(default_factory=list)

    def look(self, source: Connector, window: Window | None = None, most: int = 1000) -> int:
        """Reads what is new, at most so many pages; how many rows were new."""
        before = len(self.rows)
        for number, delivery in enumerate(source.deliveries(self.known, window)):
            if number == most:
                break
            self._keep(delivery.item.name, delivery.fetch(self.landing))
        return len(self.rows) - before

    def _keep(self, name: str, fetched: Fetched) -> None:
        page = list(lines(fetched))
        fetched.content.path.unlink()
        self.fetched.append(fetched)
        self.pages.append(page)
        for row in page:
            self.rows.setdefault(str(row["id"]), row)
        self.known[name] = Position(
            item=name, version="", sha256=fetched.content.sha256, cursor=fetched.cursor
        )

    @property
    def ids(self) -> list[int]:
        return sorted(map(int, self.rows))


def lines(fetched: Fetched) -> Iterator[dict[str, Any]]:
    assert fetched.content.key is not None
    with open_landed(fetched.content.path, fetched.content.key) as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line, parse_int=str, parse_float=str)


def reader(folder: Path) -> Reader:
    return Reader(landing=Landing(folder / "landing"))
