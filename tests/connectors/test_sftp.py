"""The connector `sftp` against a real OpenSSH server."""

import asyncio
import gzip
import io
import logging
import os
import pickle
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import asyncssh
import polars as pl
import pytest

from etl.connectors import _ssh
from etl.connectors.sftp import Sftp, read
from etl.delivery import Format, Layout
from etl.landing import Landing
from tests.connectors import openssh
from tests.connectors.landed import (
    Meddling,
    content,
    declaration,
    deliveries,
    kill_in_mid_fetch,
    landed_files,
    landing_in,
    names,
)
from tests.connectors.openssh import OpenSsh
from warehouse.errors import SourceError, SourceUnavailable

MARKER = b"citizen-4711,"
OTHER_KEY = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
LONG_AGO = 1_700_000_000.0


@pytest.fixture
def server(sshd: OpenSsh) -> OpenSsh:
    return sshd


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the deliveries, as the server has it."""
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


@pytest.fixture
def landing(tmp_path: Path) -> Iterator[Landing]:
    landing = landing_in(tmp_path)
    yield landing
    landing.close()


def place(server: OpenSsh, local: Path, more: str = "", **changed: object) -> Sftp:
    """The connector as its declaration makes it."""
    options = {
        "kind": "sftp",
        "host": "127.0.0.1",
        "port": server.port,
        "user": openssh.USER,
        "folder": str(local),
        "host_key": server.host_key,
        "private_key_file": str(server.folder / "user_key"),
        **changed,
    }
    text = "\n".join(
        f"{key} = {value}" if isinstance(value, int) else f'{key} = "{value}"'
        for key, value in options.items()
        if value is not None
    )
    declared = declaration(local.parent, f"{text}\n{more}")
    connector = read(declared, {})
    declared.finish()
    return connector


def put(file: Path, written: bytes, at: float = LONG_AGO) -> Path:
    file.write_bytes(written)
    os.utime(file, (at, at))
    return file


# --- what is delivered ----------------------------------------------------------------------


def test_files_when_fetched_then_land_byte_for_byte_in_order(
    server: OpenSsh, folder: Path, landing: Landing
) -> None:
    parquet = io.BytesIO()
    pl.DataFrame({"no": range(1000)}).write_parquet(parquet)
    sent = {
        "z.csv": b"no,at\n1,2024-01-01\n",
        "b.jsonl.gz": gzip.compress(b'{"no": 1}\n' * 1000),
        "c.parquet": parquet.getvalue(),
        "交易 1.csv": b"no\n1\n",
        "large.csv": b"0123456789abcdef" * (5 << 16),
    }
    for number, (name, written) in enumerate(sent.items()):
        put(folder / name, written, LONG_AGO + number)

    landed = {
        delivery.item.name: content(delivery.fetch(landing))
        for delivery in place(server, folder).deliveries({})
    }

    assert landed == sent
    assert list(landed) == list(sent)


def test_item_when_listed_then_tells_size_and_time(server: OpenSsh, folder: Path) -> None:
    put(folder / "a.csv", b"no\n1\n")

    (delivery,) = deliveries(place(server, folder))

    assert (delivery.item.size, delivery.item.version) == (5, f"5:{LONG_AGO:.0f}")
    assert delivery.item.written_at is not None
    assert delivery.item.written_at.timestamp() == LONG_AGO


def test_layout_when_declared_then_comes_with_the_content(
    server: OpenSsh, folder: Path, landing: Landing
) -> None:
    put(folder / "export", b"no;at\n")
    more = 'format = "csv"\ndelimiter = ";"\nencoding = "gb18030"\nheader = false'
    connector = place(server, folder, more)

    (layout,) = [d.fetch(landing).content.layout for d in connector.deliveries({})]

    assert layout == Layout(format=Format.CSV, delimiter=";", encoding="gb18030", header=False)
    assert connector.mark() != place(server, folder).mark()


def test_10000_files_when_listed_then_all_are_there(server: OpenSsh, folder: Path) -> None:
    for number in range(10_000):
        put(folder / f"{number:05}.csv", b"no\n1\n")

    start = time.perf_counter()
    found = names(place(server, folder))

    logging.getLogger(__name__).info("10,000 files: %.2f s", time.perf_counter() - start)
    assert found == [f"{number:05}.csv" for number in range(10_000)]


def test_unfinished_files_when_listed_then_left_alone(server: OpenSsh, folder: Path) -> None:
    for name in ("a.csv", "b.csv.part", "c.csv.tmp", ".d.csv", "f.txt"):
        put(folder / name, b"no\n")
    put(folder / "young.csv", b"no\n", time.time())
    (folder / "sub.csv").mkdir()
    (folder / "link.csv").symlink_to(folder / "f.txt")

    assert names(place(server, folder, 'pattern = "*.csv"')) == ["a.csv"]


@pytest.mark.parametrize(
    ("age", "settle", "is_listed"),
    [(5, "10s", False), (15, "10s", True), (0, "0s", True), (-86_400, "10s", True)],
)
def test_file_when_touched_then_waits_to_settle(
    server: OpenSsh, folder: Path, age: int, settle: str, is_listed: bool
) -> None:
    put(folder / "a.csv", b"no\n", time.time() - age)

    assert names(place(server, folder, f'settle = "{settle}"')) == ["a.csv"] * is_listed


def test_clock_when_the_server_is_ahead_then_its_newest_file_tells_it(
    server: OpenSsh, folder: Path
) -> None:
    ahead = time.time() + 600
    put(folder / "now.csv", b"no\n", ahead)
    put(folder / "just_before.csv", b"no\n", ahead - 5)
    put(folder / "before.csv", b"no\n", ahead - 15)

    assert names(place(server, folder)) == ["before.csv"]


def test_name_when_no_utf8_then_told_and_fetched_and_moved(
    server: OpenSsh, folder: Path, landing: Landing, tmp_path: Path
) -> None:
    put(folder / os.fsdecode("交易.csv".encode("gb18030")), b"no\n1\n")
    connector = place(server, folder, f'after = "move"\ndone_folder = "{tmp_path}/done"')

    for delivery in connector.deliveries({}):
        assert delivery.item.name == r"\xbd\xbb\xd2\xd7.csv"
        assert content(delivery.fetch(landing)) == b"no\n1\n"
        connector.finished(delivery.item)

    assert os.listdir(os.fsencode(tmp_path / "done")) == ["交易.csv".encode("gb18030")]


# --- what changes meanwhile -----------------------------------------------------------------


def test_file_when_changed_after_listing_then_refused_and_read_next_time(
    server: OpenSsh, folder: Path, landing: Landing
) -> None:
    connector = place(server, folder)
    put(folder / "a.csv", b"no\n1\n")
    (delivery,) = deliveries(connector)
    put(folder / "a.csv", b"no\n1\n2\n", LONG_AGO + 1)

    with pytest.raises(SourceUnavailable, match=r"a\.csv: changed while it was fetched"):
        delivery.fetch(landing)

    (again,) = [content(d.fetch(landing)) for d in connector.deliveries({})]
    assert again == b"no\n1\n2\n"


def test_file_when_appended_to_in_mid_fetch_then_refused_and_nothing_lands(
    server: OpenSsh, folder: Path, tmp_path: Path
) -> None:
    file = put(folder / "a.csv", b"old line\n" * (3 << 18))

    def append() -> None:
        with file.open("ab") as open_file:
            open_file.write(b"new line\n")

    meddling = Meddling(tmp_path, append)
    (listed,) = deliveries(place(server, folder))

    with pytest.raises(SourceUnavailable, match=r"a\.csv: changed while it was fetched"):
        listed.fetch(meddling)

    assert [left.suffix for left in landed_files(tmp_path)] == [".lock"]
    meddling.close()


def test_file_when_gone_after_listing_then_told(
    server: OpenSsh, folder: Path, landing: Landing
) -> None:
    file = put(folder / "a.csv", b"no\n")
    (delivery,) = deliveries(place(server, folder))
    file.unlink()

    with pytest.raises(SourceUnavailable, match=r"a\.csv: went away before it was fetched"):
        delivery.fetch(landing)


def test_connection_when_lost_in_mid_file_then_made_again_and_the_file_is_whole(
    server: OpenSsh, folder: Path, tmp_path: Path
) -> None:
    written = b"0123456789abcdef" * (5 << 17)
    put(folder / "a.csv", written)
    breaking = Meddling(tmp_path, server.break_off)

    (fetched,) = [d.fetch(breaking) for d in place(server, folder).deliveries({})]

    assert content(fetched) == written
    assert len(landed_files(tmp_path)) == 2  # the lock and the one whole file
    breaking.close()


def test_server_when_it_goes_down_in_mid_file_then_told_and_complete_when_it_is_back(
    server: OpenSsh, folder: Path, tmp_path: Path
) -> None:
    written = b"0123456789abcdef" * (5 << 17)
    put(folder / "a.csv", written)
    breaking = Meddling(tmp_path, server.stop)
    connector = place(server, folder)

    try:
        with pytest.raises(SourceUnavailable, match=r"a\.csv: .*cannot be reached, or broke off"):
            for delivery in connector.deliveries({}):
                delivery.fetch(breaking)
        assert [left.suffix for left in landed_files(tmp_path)] == [".lock"]
    finally:
        server.start()

    assert [content(d.fetch(breaking)) for d in connector.deliveries({})] == [written]
    breaking.close()


def test_fetch_when_killed_then_nothing_readable_is_left(
    server: OpenSsh, folder: Path, tmp_path: Path
) -> None:
    for number in range(4):
        put(folder / f"{number}.csv", MARKER * (2 << 20))
    place(server, folder)

    left = kill_in_mid_fetch(tmp_path, "sftp")

    assert left
    assert not [file for file in left if MARKER in file.read_bytes()]
    landing_in(tmp_path).close()
    assert not landed_files(tmp_path)


# --- afterwards -----------------------------------------------------------------------------


def test_finished_when_declared_to_move_then_moved_once_and_safe_to_repeat(
    server: OpenSsh, folder: Path
) -> None:
    connector = place(server, folder, f'after = "move"\ndone_folder = "{folder}/done/2024"')
    put(folder / "a.csv", b"no\n1\n")
    item = deliveries(connector)[0].item

    connector.finished(item)
    connector.finished(item)

    assert names(connector) == []
    assert (folder / "done/2024/a.csv").read_bytes() == b"no\n1\n"


def test_finished_when_a_new_delivery_has_the_name_then_it_stays(
    server: OpenSsh, folder: Path
) -> None:
    connector = place(server, folder, f'after = "move"\ndone_folder = "{folder}/done"')
    put(folder / "a.csv", b"no\n1\n")
    item = deliveries(connector)[0].item
    put(folder / "a.csv", b"no\n2\n", LONG_AGO + 1)

    connector.finished(item)

    assert names(connector) == ["a.csv"]


def test_finished_while_listing_then_needs_no_connection_of_its_own(
    server: OpenSsh, folder: Path
) -> None:
    connector = place(server, folder, f'after = "move"\ndone_folder = "{folder}/done"')
    for number in range(5):
        put(folder / f"{number}.csv", b"no\n1\n")
    before = (server.folder / "log").read_text().count("Accepted")

    for delivery in connector.deliveries({}):
        connector.finished(delivery.item)

    assert (server.folder / "log").read_text().count("Accepted") == before + 1
    assert len(list((folder / "done").iterdir())) == 5


# --- who may, and where ---------------------------------------------------------------------


def test_host_key_when_another_then_refused_before_anything_is_sent(
    server: OpenSsh, folder: Path
) -> None:
    put(folder / "a.csv", b"no\n")
    before = (server.folder / "log").read_text().count("Accepted")

    with pytest.raises(SourceUnavailable, match="shows another host key than the pinned one"):
        deliveries(place(server, folder, host_key=OTHER_KEY))

    assert (server.folder / "log").read_text().count("Accepted") == before


def test_host_key_when_of_a_kind_the_server_lacks_then_refused(
    server: OpenSsh, folder: Path
) -> None:
    key = asyncssh.generate_private_key("ecdsa-sha2-nistp256").export_public_key().decode().strip()

    with pytest.raises(SourceUnavailable, match="shows another host key"):
        deliveries(place(server, folder, host_key=key))


def test_key_when_not_authorized_then_told(server: OpenSsh, folder: Path) -> None:
    stranger = folder.parent / "stranger"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(stranger))

    with pytest.raises(SourceUnavailable, match=r"does not let \w+ in\. .*stranger\.$"):
        deliveries(place(server, folder, private_key_file=str(stranger)))


def test_key_when_unusable_then_told(server: OpenSsh, folder: Path) -> None:
    locked = folder.parent / "locked"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", locked], check=True)

    with pytest.raises(SourceUnavailable, match="opens without a passphrase"):
        deliveries(place(server, folder, private_key_file=str(locked)))


def test_password_when_wrong_then_told_without_it(server: OpenSsh, folder: Path) -> None:
    password = folder.parent / "password"
    password.write_text("hunter2\n")
    connector = place(server, folder, private_key_file=None, password_file=str(password))

    with pytest.raises(SourceUnavailable, match="does not let") as refused:
        deliveries(connector)

    assert "hunter2" not in str(refused.value) + repr(connector)


def test_password_when_right_then_let_in(server: OpenSsh, folder: Path, landing: Landing) -> None:
    put(folder / "a.csv", b"no\n1\n")
    password = folder.parent / "password"
    password.write_text("hunter2\n")
    with _password_server(server, "hunter2") as port:
        connector = place(
            server, folder, private_key_file=None, password_file=str(password), port=port
        )

        assert [content(d.fetch(landing)) for d in connector.deliveries({})] == [b"no\n1\n"]


@contextmanager
def _password_server(server: OpenSsh, password: str) -> Iterator[int]:
    """OpenSSH without PAM asks the machine's own accounts; this one has a password of its own."""

    class Asking(asyncssh.SSHServer):
        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, given: str) -> bool:
            return given == password

    found: list[int] = []
    ready, over = Event(), Event()

    async def serve() -> None:
        async with asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Asking,
            server_host_keys=[str(server.folder / "host_key")],
            sftp_factory=True,
            config=[],
        ) as listener:
            found.append(listener.get_port())
            ready.set()
            await asyncio.to_thread(over.wait, 20)

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield found[0]
    finally:
        over.set()
        thread.join(10)


def test_folder_when_missing_then_told(server: OpenSsh, folder: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"/no: there is no such file or folder"):
        deliveries(place(server, folder, folder=str(folder / "no")))


def test_server_when_nobody_listens_then_told(server: OpenSsh, folder: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"sftp://\w+@127\.0\.0\.1:9:.* cannot be reached"):
        deliveries(place(server, folder, port=9))


def test_configuration_of_the_account_when_there_then_does_not_count(
    server: OpenSsh, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text("Host *\n  Port 9\n  User nobody\n  ProxyCommand false\n")
    (tmp_path / ".ssh/known_hosts").write_text(f"[127.0.0.1]:{server.port} {OTHER_KEY}\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    put(folder / "a.csv", b"no\n")

    assert names(place(server, folder)) == ["a.csv"]


def test_connector_when_pickled_then_equal_and_without_secrets(
    server: OpenSsh, folder: Path
) -> None:
    connector = place(server, folder)

    assert pickle.loads(pickle.dumps(connector)) == connector
    assert "PRIVATE KEY" not in repr(connector)


# --- declared -------------------------------------------------------------------------------


def test_declaration_when_wrong_then_every_mistake_has_line_and_remedy(tmp_path: Path) -> None:
    declared = declaration(
        tmp_path,
        """kind = "sftp"
host_key = "ssh-ed25519 nonsense"
port = 70000
folder = "/in"
password = "hunter2"
private_key_file = "${NOWHERE}/key"
password_file = "password"
settle = "soon"
after = "move"
done_folder = "/in/"
format = "parquet"
header = true
usr = "x"
""",
    )
    read(declared, {})

    with pytest.raises(SourceError) as wrong:
        declared.finish()

    told = str(wrong.value)
    for line, key, words in (
        (1, "host", "is missing"),
        (1, "user", "is missing"),
        (3, "host_key", "is no public key. Take the line"),
        (4, "port", "70000 is no port"),
        (6, "password", "Write it into a file"),
        (7, "private_key_file", "is not set in the environment"),
        (8, "password_file", "stands beside private_key_file"),
        (9, "settle", "is no duration"),
        (11, "done_folder", "is the folder of the deliveries"),
        (13, "header", "has no meaning for parquet"),
        (14, "usr", "Did you mean 'user'?"),
    ):
        assert f"source.toml:{line}: connector.{key}: " in told
        assert words in told
    assert "hunter2" not in told


def test_host_key_when_weak_then_refused() -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=1024).export_public_key().decode()

    with pytest.raises(ValueError, match="is a weak key"):
        _ssh.host_key(key)
