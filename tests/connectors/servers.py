"""Real database servers of the tests: private ones, on a free port, as a user without rights."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import trustme

PASSWORD = "correct horse 电池"
_START_SECONDS = 30


class Server:
    """One server in a folder of its own. `boss` owns it, `cockpit` is whom connectors come as."""

    kind = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.authority = trustme.CA()
        self.authority.cert_pem.write_to_path(folder / "ca.pem")
        certificate = self.authority.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_pem.write_to_path(folder / "server.key")
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(folder / "server.pem", append=True)
        (folder / "password").write_text(PASSWORD + "\n")
        os.chmod(folder / "server.key", 0o600)
        for file in folder.iterdir():
            _give(file)
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Sets the server up and starts it."""
        raise NotImplementedError

    @property
    def host(self) -> str:
        """Of the socket."""
        raise NotImplementedError

    @property
    def door(self) -> str:
        """The socket itself."""
        return self.host

    def command(self) -> list[str]:
        raise NotImplementedError

    def connect(self, database: str = "cards") -> Any:
        """As `boss`, over the socket; each statement is committed."""
        raise NotImplementedError

    def start(self) -> None:
        """Again and again: what a killed server held may be free only a moment later."""
        self._spawn()
        _wait_for(self._answers, self.folder / "log")

    def _spawn(self) -> None:
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [*_as_nobody("KILL"), *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            self._spawn()
        with contextlib.suppress(psycopg.Error, pymysql.MySQLError, OSError):
            socket.create_connection(("127.0.0.1", self.port)).close()
            with socket.socket(socket.AF_UNIX) as knocking:
                knocking.connect(self.door)
            self.connect("").close()
            return True
        return False

    def stop(self) -> None:
        """As a power cut would."""
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self._process.wait(timeout=_START_SECONDS)
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """To all its processes: a server may be several, each a group of its own."""
        assert self._process is not None
        pid = self._process.pid
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for one in (pid, *map(int, children)):
                os.kill(one, number)

    def stand_still(self) -> None:
        """Until SIGCONT. A stopped process goes on until each of its threads has noticed."""
        assert self._process is not None
        self.signal(signal.SIGSTOP)
        tasks = Path(f"/proc/{self._process.pid}/task")
        _wait_for(lambda: all(_is_stopped(task) for task in tasks.iterdir()), self.folder / "log")

    def execute(self, statement: str, *values: object) -> None:
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)

    def insert(self, table: str, rows: list[tuple[object, ...]]) -> None:
        holes = ", ".join(["%s"] * len(rows[0]))
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} VALUES ({holes})", rows)


class Postgres(Server):
    kind = "postgres"
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/nowhere"))

    def create(self) -> None:
        _run(
            [
                str(self.programs / "initdb"),
                "-D",
                "home",
                "-U",
                "boss",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            self.folder,
        )
        rules = (
            "local all boss trust\nlocal all all scram-sha-256\nhost all all all scram-sha-256\n"
        )
        (self.folder / "home" / "pg_hba.conf").write_text(rules)
        self.start()
        with contextlib.closing(self.connect("postgres")) as boss:
            boss.execute("CREATE DATABASE cards")
            boss.execute(psycopg.sql.SQL("CREATE ROLE cockpit LOGIN PASSWORD {}").format(PASSWORD))
        self.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT ON TABLES TO cockpit")

    @property
    def host(self) -> str:
        return str(self.folder)

    @property
    def door(self) -> str:
        return f"{self.host}/.s.PGSQL.{self.port}"

    def command(self) -> list[str]:
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1,127.0.0.2",
            "unix_socket_directories": self.folder,
            "ssl": "on",
            "ssl_cert_file": self.folder / "server.pem",
            "ssl_key_file": self.folder / "server.key",
            "fsync": "off",
            "shared_buffers": "16MB",
            "max_connections": 20,
        }
        told = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.folder / "home"), *told]

    def connect(self, database: str = "cards") -> Any:
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user="boss",
            dbname=database or "postgres",
            autocommit=True,
        )


class MariaDb(Server):
    kind = "mysql"

    def create(self) -> None:
        _run(
            [
                "mariadb-install-db",
                "--no-defaults",
                f"--datadir={self.folder / 'home'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ],
            self.folder,
        )
        self.start()
        with contextlib.closing(self.connect("mysql")) as boss, boss.cursor() as cursor:
            cursor.execute("CREATE DATABASE cards CHARACTER SET utf8mb4")
            cursor.execute("CREATE USER cockpit@'%%' IDENTIFIED BY %s", [PASSWORD])
            cursor.execute("GRANT SELECT, INSERT ON cards.* TO cockpit")

    @property
    def host(self) -> str:
        return str(self.folder / "socket")

    def command(self) -> list[str]:
        return [
            "/usr/sbin/mariadbd",
            "--no-defaults",
            f"--datadir={self.folder / 'home'}",
            f"--socket={self.host}",
            f"--pid-file={self.folder / 'pid'}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1,127.0.0.2",
            "--skip-name-resolve",
            f"--ssl-cert={self.folder / 'server.pem'}",
            f"--ssl-key={self.folder / 'server.key'}",
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=32M",
        ]

    def connect(self, database: str = "cards") -> Any:
        return pymysql.connect(
            unix_socket=self.host,
            user="root",
            database=database or None,
            autocommit=True,
            charset="utf8mb4",
            ssl_disabled=True,
        )


@contextlib.contextmanager
def running(kind: Callable[[Path], Server]) -> Iterator[Server]:
    """A server that is stopped, and its folder gone, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="cockpit-server-"))
    _give(folder)
    server = None
    try:
        server = kind(folder)
        server.create()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _as_nobody(signal: str = "") -> list[str]:
    """These servers refuse to run as root. They end with the tests, even when those are killed."""
    died = ["--pdeathsig", signal] if signal else []
    if os.getuid():
        return ["setpriv", *died] if died else []
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *died]


def _give(path: Path) -> None:
    if os.getuid() == 0:
        shutil.chown(path, "nobody", "nogroup")


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        [*_as_nobody(), *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _is_stopped(task: Path) -> bool:
    return (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(condition: Callable[[], bool], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while not condition():
        assert time.monotonic() < until, log.read_text(errors="replace")[-2000:]
        time.sleep(0.05)
