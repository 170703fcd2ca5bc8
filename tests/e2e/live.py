"""A real cockpit in processes of its own: `etl serve` and gunicorn on a home of the test."""

import contextlib
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e import city
from warehouse.accounts import Accounts
from warehouse.keys import Keyring
from warehouse.model import Role, Scope
from warehouse.settings import ROOT, Settings

READY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Live:
    """A running cockpit and what a test needs to sign in and to deliver."""

    settings: Settings
    env: Mapping[str, str]
    passwords: Mapping[Role, str]
    web: "Server"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def answer(self, *arguments: str) -> str:
        """What `python -m warehouse answer` prints on this home."""
        return command(self.env, "-m", "warehouse", "answer", *arguments).stdout


class Server:
    """gunicorn, which a test may end and start again."""

    def __init__(self, env: Mapping[str, str], port: int, log: Path) -> None:
        self._env, self._port, self._log = env, port, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = start(
            self._env, self._log, "-m", "gunicorn", "app:server", "-c", "gunicorn.conf.py"
        )
        wait_for(lambda: is_healthy(self._port), f"the web server ({self._log})")

    def stop(self) -> None:
        if self._process is not None:
            end(self._process)
            self._process = None


@contextlib.contextmanager
def live(home: Path) -> Iterator[Live]:
    """A loaded home with one account a role, served until the block ends."""
    env = environment(home)
    settings = Settings.from_env(env)
    city.write_sources(settings.sources)
    city.write_history(settings.inbox, datetime.now(UTC))
    Keyring.open(settings, create=True)
    command(env, "-m", "etl", "run", "--all")
    passwords = _accounts(settings)
    web = Server(env, settings.port, home / "web.log")
    etl = start(env, home / "etl.log", "-m", "etl", "serve")
    try:
        web.start()
        yield Live(settings=settings, env=env, passwords=passwords, web=web)
    finally:
        web.stop()
        end(etl)


def environment(home: Path) -> dict[str, str]:
    """A clean environment for one home on a free port."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith("COCKPIT_")}
    return kept | {
        "COCKPIT_HOME": str(home),
        "COCKPIT_SOURCES": str(home / "sources"),
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
    }


def _accounts(settings: Settings) -> dict[Role, str]:
    accounts, passwords = Accounts(settings), {}
    for role in Role:
        passwords[role] = secrets.token_urlsafe(16)
        accounts.add(role.value, passwords[role], role, Scope(everything=True))
    one = Scope(districts=frozenset(city.districts()[:1]))
    accounts.add("local", passwords[Role.OFFICIAL], Role.OFFICIAL, one)
    return passwords


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def command(env: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of the cockpit that must succeed."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=dict(env), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done


def start(env: Mapping[str, str], log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", sys.executable, *arguments],
            cwd=ROOT,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process and its group, by force if it takes too long."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(holds: Callable[[], bool], what: str, seconds: float = READY_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(0.1)


def is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
