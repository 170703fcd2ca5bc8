"""Values come as exactly as the server has them, and errors say where and what to do."""

from pathlib import Path

import pytest

from etl.formats.jsonl import read_jsonl
from etl.landing import open_landed
from tests.connectors.servers import Server
from tests.connectors.tables import LOCAL, at, connector, create, reader
from warehouse.errors import SourceUnavailable

BINARY = {"postgres": "bytea", "mysql": "varbinary(9)"}
SINGLE = {"postgres": "real", "mysql": "float"}


def test_values_when_read_then_as_exact_as_the_server_has_them(
    server: Server, tmp_path: Path
) -> None:
    create(
        server,
        "名称 varchar(99), amount numeric(30,9), share double precision,"
        f" single_one {SINGLE[server.kind]}, sent {LOCAL[server.kind]}, day date,"
        f" raw {BINARY[server.kind]}, big bigint, `100%` int".replace(
            "`", '"`'[server.kind == "mysql"]
        ),
    )
    exact = "123456789012345678901.000000001"
    text = '水电费 "a\\b"\n\t\u0001😀'
    row = (1, "2026-03-01 12:00:00.123456", text, exact, 0.1, 1234567.9, "2026-03-01 20:00:00")
    server.insert(
        "card_events",
        [
            (*row, "2026-02-28", b"\x00\xff", 2**63 - 1, 7),
            (2, "2026-03-02 00:00:00", "", None, None, None, None, None, None, None, None),
        ],
    )
    got = reader(tmp_path)
    got.look(connector(server, tmp_path))
    first, second = got.pages[0]
    assert first["changed_at"] == "2026-03-01T12:00:00.123456+00:00"
    assert (first["名称"], first["amount"], first["share"]) == (text, exact, "0.1")
    assert float(first["single_one"]) == 1234567.9
    assert first["sent"][:19] == "2026-03-01T20:00:00"
    assert first["day"] == "2026-02-28"
    assert first["raw"].lower().removeprefix("\\x") == "00ff"
    assert (first["big"], first["100%"]) == (str(2**63 - 1), "7")
    assert second["名称"] == ""
    assert second["amount"] is None


def test_columns_when_listed_then_only_they_are_asked_for(server: Server, tmp_path: Path) -> None:
    create(server, "secret varchar(20), kept varchar(20)")
    server.insert("card_events", [(n, at(9), "身份证", "yes") for n in range(6)])
    source = connector(server, tmp_path, columns=["id", "kept"], page_rows=4)
    got = reader(tmp_path)
    got.look(source)
    assert got.ids == list(range(6))
    assert set(got.pages[0][0]) == {"id", "kept"}


def test_row_when_longer_than_a_line_then_it_alone_is_broken(
    server: Server, tmp_path: Path
) -> None:
    create(server, "note text" if server.kind == "postgres" else "note longtext")
    server.insert("card_events", [(1, at(3), "a"), (2, at(2), "长" * 400_000), (3, at(1), "b")])
    source, got = connector(server, tmp_path), reader(tmp_path)
    fetched = next(source.deliveries({})).fetch(got.landing)
    assert fetched.content.key is not None
    with open_landed(fetched.content.path, fetched.content.key) as stream:
        chunks = list(read_jsonl(stream))
    assert [row for chunk in chunks if len(chunk.frame) for row in chunk.frame["id"]] == ["1", "3"]
    assert [broken.line for chunk in chunks for broken in chunk.broken] == [2]


def test_session_when_it_writes_then_the_server_refuses(server: Server, tmp_path: Path) -> None:
    create(server)
    source = connector(server, tmp_path, key=["id"])
    with pytest.raises(SourceUnavailable, match=r"25006|1792"), source.session() as session:  # type: ignore[attr-defined]
        session.one("INSERT INTO card_events VALUES (1, now())")
    got = reader(tmp_path)
    assert got.look(source) == 0


def test_statement_when_it_takes_too_long_then_it_is_ended(server: Server, tmp_path: Path) -> None:
    create(server)
    slow = "pg_sleep(9)" if server.kind == "postgres" else "sleep(9)"
    source = connector(server, tmp_path, statement_timeout="1s")
    with pytest.raises(SourceUnavailable, match="longer than 1 s"), source.session() as session:  # type: ignore[attr-defined]
        session.one(f"SELECT {slow} FROM (SELECT 1) x")
