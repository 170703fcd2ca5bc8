"""What goes wrong between here and a database says where and what to do, and loses nothing."""

import importlib
import logging
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from etl.landing import Draft, Landing
from tests.connectors.servers import Server
from tests.connectors.tables import at, connector, create, reader
from warehouse.errors import CockpitError, ContractBroken, SourceError, SourceUnavailable
from warehouse.settings import ROOT

WIDE = "note varchar(4000)"


class Watched(Landing):
    """A landing that calls somebody once it was written to so many times."""

    def __init__(self, landing: Landing, writes: int, call: Callable[[], None]) -> None:
        self._inner, self._left, self._call = landing, writes, call

    def draft(self, name: str, most_bytes: int = 1 << 30) -> Draft:
        draft = self._inner.draft(name, most_bytes)
        write = draft.write

        def counted(piece: bytes) -> None:
            self._left -= 1
            if self._left == 0:
                self._call()
            write(piece)

        draft.write = counted  # type: ignore[method-assign]
        return draft


@pytest.fixture
def own(server: Server) -> Iterator[Server]:
    """The server, running again after a test that stops it."""
    yield server
    server.stop()
    server.start()


def test_server_when_it_dies_in_mid_page_then_nothing_is_lost_or_doubled(
    own: Server, tmp_path: Path
) -> None:
    create(own, WIDE)
    own.insert("card_events", [(n, at(9000 - n), "x" * 4000) for n in range(9000)])
    source, got = (
        connector(own, tmp_path, page_rows=4000, tls="off", host="127.0.0.1"),
        reader(tmp_path),
    )
    whole, got.landing = got.landing, Watched(got.landing, 4100, own.stop)
    with pytest.raises(SourceUnavailable, match="connection"):
        got.look(source)
    assert len(got.ids) == 4000
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        got.look(source)
    got.landing = whole
    own.start()
    got.look(source)
    assert got.ids == list(range(9000))
    left = [file for file in (tmp_path / "landing").rglob("*") if file.is_file()]
    assert [file.suffix for file in left] == [".lock"]


def test_table_when_it_is_locked_then_the_page_is_given_up(server: Server, tmp_path: Path) -> None:
    create(server)
    lock = server.connect()
    try:
        with lock.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "LOCK TABLE card_events IN ACCESS EXCLUSIVE MODE"
                if server.kind == "postgres"
                else "LOCK TABLES card_events WRITE"
            )
        with pytest.raises(SourceUnavailable, match="longer than 1 s"):
            reader(tmp_path).look(connector(server, tmp_path, statement_timeout="1s"))
    finally:
        lock.close()


def test_server_when_it_stands_still_then_the_page_is_given_up(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(server)
    module = importlib.import_module(f"etl.connectors.{server.kind}")
    monkeypatch.setattr(module, "_CONNECT_SECONDS", 1)
    monkeypatch.setattr(module, "_STATEMENTS", 1, raising=False)
    source = connector(server, tmp_path, statement_timeout="1s")
    try:
        lost = pytest.raises(SourceUnavailable, match="connection was lost")
        with lost, source.session() as session:  # type: ignore[attr-defined]
            server.stand_still()
            session.one("SELECT 1")
    finally:
        server.signal(signal.SIGCONT)


def test_password_when_wrong_then_refused_and_never_shown(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    create(server)
    (tmp_path / "wrong").write_text("hunter2-geheim")
    source = connector(server, tmp_path, password_file=str(tmp_path / "wrong"))
    with caplog.at_level(logging.DEBUG), pytest.raises(SourceUnavailable) as told:
        reader(tmp_path).look(source)
    assert "password_file" in str(told.value)
    assert "card_events: the server refuses the user" in str(told.value)
    everything = caplog.text + repr(source) + str(told.value) + repr(told.value.__cause__)
    assert "hunter2" not in everything + repr(pickle.dumps(source))


def test_place_when_it_is_not_there_then_the_error_names_it_and_a_remedy(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    wrong = [
        ({"table": "card_event"}, ContractBroken, "no such table.*Did you mean 'card_events'"),
        ({"cursor": "changed"}, ContractBroken, "no column 'changed'.*Did you mean 'changed_at'"),
        ({"columns": ["id", "amount"]}, ContractBroken, "no column 'amount'"),
        ({"database": "kards"}, SourceUnavailable, "kards"),
        ({"host": "127.0.0.1", "port": 1, "tls": "off"}, SourceUnavailable, "127.0.0.1:1: cards"),
        ({"host": "nowhere.invalid"}, SourceUnavailable, "nowhere.invalid.*Check host"),
    ]
    for options, kind, words in wrong:
        source = connector(server, tmp_path, **options)
        with pytest.raises(CockpitError, match=words) as told:
            reader(tmp_path).look(source)
        assert type(told.value) is kind, options
        assert "\n" not in str(told.value)


def test_table_when_reading_it_was_not_granted_then_it_says_so(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    if server.kind == "postgres":
        server.execute("REVOKE ALL ON card_events FROM cockpit")
        options = {}
    else:
        options = {"table": "mysql.user", "cursor": "x"}
    with pytest.raises(ContractBroken, match="'cockpit' may not read it"):
        reader(tmp_path).look(connector(server, tmp_path, **options))


def test_cursor_when_it_cannot_be_one_then_the_error_says_what_to_declare(
    server: Server, tmp_path: Path
) -> None:
    create(server, "card varchar(9)")
    wrong = [
        ({"cursor": "card"}, "Name a column that is a time or a number"),
        ({"cursor": "id"}, "Write look_back as a number"),
        ({"look_back": 1000}, "Write look_back as a duration"),
    ]
    for options, words in wrong:
        with pytest.raises(ContractBroken, match=words):
            reader(tmp_path).look(connector(server, tmp_path, **options))


def test_certificate_when_trusted_then_read_and_otherwise_refused(
    server: Server, tmp_path: Path
) -> None:
    create(server)
    server.insert("card_events", [(1, at(3))])
    ours = str(server.folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    (tmp_path / "none.pem").write_text("no certificate")
    assert reader(tmp_path).look(connector(server, tmp_path, host="localhost", ca_file=ours)) == 1
    for file in (str(tmp_path / "other.pem"), str(tmp_path / "none.pem"), None):
        with pytest.raises(SourceUnavailable, match="certificate"):
            reader(tmp_path).look(connector(server, tmp_path, host="localhost", ca_file=file))
    with pytest.raises(SourceUnavailable, match="certificate"):
        reader(tmp_path).look(connector(server, tmp_path, host="127.0.0.2", ca_file=ours))


def test_declaration_when_wrong_then_every_mistake_is_told_with_its_line(
    server: Server, tmp_path: Path
) -> None:
    wrong = {
        "host": "user:hunter2@db.example",
        "port": 0,
        "password": "hunter2",
        "tls": "of",
        "query": "SELECT 1",
        "table": "a.b.c",
        "key": [],
        "look_back": "soon",
        "page_rows": 2_000_000,
        "curser": "id",
        "ca_file": "nowhere.pem",
    }
    with pytest.raises(SourceError) as told:
        connector(server, tmp_path, **wrong)
    lines = str(told.value).splitlines()
    assert len(lines) == len(wrong), lines
    assert all(f".{key}:" in str(told.value) for key in wrong)
    assert "hunter2" not in str(told.value)
    with pytest.raises(SourceError, match="off only on this machine"):
        connector(server, tmp_path, tls="off", host="db.example")


_PEAK = """
import resource, sys
from pathlib import Path
from tests.connectors.servers import Server
from tests.connectors.tables import connector, reader
class There(Server):
    host = sys.argv[2]
    def __init__(self): self.folder = Path(sys.argv[4]); self.port = int(sys.argv[3])
    kind = sys.argv[1]
folder = Path(sys.argv[5])
source, got = connector(There(), folder), reader(folder)
peaks = []
for table in ("small", "card_events"):
    source = connector(There(), folder, table=table)
    fetched = next(source.deliveries({})).fetch(got.landing)
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
print(peaks[1] - peaks[0], fetched.content.path.stat().st_size >> 20)
"""


def test_page_when_its_rows_are_wide_then_memory_stays_small(
    server: Server, tmp_path: Path
) -> None:
    for table in ("small", "card_events"):
        create(server, "note text" if server.kind == "postgres" else "note longtext", table)
    server.insert("small", [(1, at(1), "x")])
    server.insert("card_events", [(n, at(500 - n), f"{n:08}" * 50_000) for n in range(300)])
    place = (server.kind, server.host, str(server.port), str(server.folder), str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, *place], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    grown, landed = map(int, done.stdout.split())
    assert landed > 100
    assert grown < 60
