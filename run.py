"""`make run`: prepares a home, starts the ETL and the web server, and keeps both alive.

    check      port free, home writable, nobody else on it: one line each, exit code 1
    prepare    keys, the example city's history, its load, example accounts (demo profile only)
    supervise  `etl serve` and gunicorn as children in their own process groups

Each step may be killed at any moment; the next start goes on from there.
"""

import contextlib
import ctypes
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from etl.sources import read_sources, source_env
from warehouse import clock
from warehouse.accounts import Example, create_example_accounts
from warehouse.errors import Busy, CockpitError, SettingsError
from warehouse.home import storage_errors
from warehouse.keys import Keyring
from warehouse.settings import ROOT, Settings

if TYPE_CHECKING:
    from tqdm import tqdm

PREPARE = "prepare"
LOG_LIMIT_BYTES = 5_000_000
READY_SECONDS = 60.0
STOP_SECONDS = 8.0
CALM_SECONDS = 60.0
"""A child that ran this long starts with a clean record when it dies."""
BACK_OFF_SECONDS = (1.0, 2.0, 4.0, 8.0)
_PR_SET_PDEATHSIG = 1
_PROBE_BYTES = 64 * 1024
"""A full disk lets one make a file, but not write into it."""


class ChildFailed(CockpitError):
    pass


# --- check ----------------------------------------------------------------------------------


def check_port(settings: Settings) -> None:
    """Raises `SettingsError` where the web server could not listen."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror or error})."
            " Stop what uses it or choose another with HOST= and PORT=."
        ) from error


def check_home(settings: Settings) -> None:
    """Raises `SettingsError` where the home cannot be made or written."""
    probe = settings.home / ".writable"
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            probe.write_bytes(bytes(_PROBE_BYTES))
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(
            f"Cannot write to {settings.home} ({error.strerror})."
            " Choose another home with COCKPIT_HOME=."
        ) from error


@contextlib.contextmanager
def only_launcher(settings: Settings) -> Iterator[None]:
    """Holds the home against a second `make run`. Raises `Busy` when one is there."""
    with (settings.home / "RUN.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise Busy(
                f"A cockpit already runs on {settings.home} ({lock.read().strip() or 'starting'})."
                " Stop it or choose another home with COCKPIT_HOME=."
            ) from error
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {address(settings)}\n")
        lock.flush()
        yield


def address(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


# --- prepare --------------------------------------------------------------------------------


def prepare(settings: Settings) -> None:
    """Write and load the example city's history, in a process whose memory goes with it."""
    done = settings.home / "LOADED"
    if done.exists():
        return
    child = _start((sys.executable, str(Path(__file__)), PREPARE), signal.SIGKILL, None)
    try:
        code = child.wait()
    except KeyboardInterrupt:
        # Killing is safe: every step of the load survives it, and that is tested.
        child.kill()
        child.wait()
        raise
    if code:
        raise ChildFailed("The example city is not loaded. Start again to go on from there.")
    done.touch()


def load_example_city(settings: Settings) -> NoReturn:
    """What the preparing process does: deliver two years, then become the ETL and load them."""
    # Only here: the example city costs every later start a fifth of a second.
    from etl.demo import write_history
    from etl.demo.state import read_state

    if read_state(settings) is None:
        with _bar("Delivering", " files") as bar, storage_errors(settings.inbox):
            write_history(settings, clock.now(), lambda done, total: _show(bar, done, total))
    with _log(settings, "etl").open("ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
    os.execv(sys.executable, (sys.executable, "-m", "etl", "run", "--all"))


def _bar(what: str, unit: str) -> "tqdm[NoReturn]":
    """A progress bar on a terminal, nothing elsewhere."""
    from tqdm import tqdm

    return tqdm(desc=f"{what:<10}", unit=unit, disable=None, leave=False, dynamic_ncols=True)


def _show(bar: "tqdm[NoReturn]", done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)


# --- supervise ------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Child:
    """A process that should always run, and how its last starts went."""

    name: str
    command: tuple[str, ...]
    log: Path
    failures: int = 0
    started_at: float = 0.0
    start_after: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = _start(self.command, signal.SIGTERM, log.fileno())
        self.started_at = time.monotonic()

    def look(self) -> None:
        """Start again what died. Raises `ChildFailed` when that keeps happening."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_after:
                self.start()
            return
        if self.process.poll() is None:
            return
        if now - self.started_at > CALM_SECONDS:
            self.failures = 0
        if self.failures == len(BACK_OFF_SECONDS):
            raise ChildFailed(f"The {self.name} keeps stopping; {self.log} says why.")
        self.start_after = now + BACK_OFF_SECONDS[self.failures]
        self.failures += 1
        self.process = None

    def send(self, number: signal.Signals) -> None:
        """Signal the whole process group, as long as it has a member."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


def children(settings: Settings) -> tuple[Child, Child]:
    serve = ("serve",) if settings.is_production else ("serve", "--demo")
    gunicorn = ("gunicorn", "app:server", "-c", "gunicorn.conf.py", "--no-control-socket")
    return (
        Child(name="ETL", command=(sys.executable, "-m", "etl", *serve), log=_log(settings, "etl")),
        Child(
            name="web server", command=(sys.executable, "-m", *gunicorn), log=_log(settings, "web")
        ),
    )


def _log(settings: Settings, name: str) -> Path:
    """The log of a child; a large one is set aside first."""
    log = settings.home / "logs" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    return log


def _start(
    command: tuple[str, ...], when_parent_dies: signal.Signals, log: int | None
) -> subprocess.Popen[bytes]:
    """A child in its own session, so that Ctrl-C reaches the launcher alone."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=_dies_with_parent(when_parent_dies),
    )


def _dies_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Linux sends the child this signal even if the launcher is killed with -9."""
    libc = ctypes.CDLL(None, use_errno=True)
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0) and None


def wait_until_ready(settings: Settings, running: tuple[Child, ...]) -> None:
    """Returns when `/healthz` answers 200. Raises `ChildFailed` when it does not in time."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_healthy(settings):
        for child in running:
            child.look()
        if time.monotonic() > deadline:
            raise ChildFailed(f"The web server does not answer; {running[-1].log} says why.")
        time.sleep(0.1)


def is_healthy(settings: Settings) -> bool:
    host = address(settings).removeprefix("http://").rsplit(":", 1)[0].strip("[]")
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(running: tuple[Child, ...]) -> None:
    """End every process group: asked first, then forced."""
    for child in running:
        child.send(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for child in running:
        if child.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
    for child in running:
        child.send(signal.SIGKILL)
        if child.process is not None:
            child.process.wait()


# --- all together ---------------------------------------------------------------------------


def serve(settings: Settings, greeting: Callable[[], str]) -> None:
    """Start both children and keep them alive until somebody stops the launcher."""
    running = children(settings)
    try:
        for child in running:
            child.start()
        wait_until_ready(settings, running)
        print(greeting(), flush=True)
        while True:
            for child in running:
                child.look()
            time.sleep(0.3)
    finally:
        # A second Ctrl-C, or make passing on the first one, must not cut the clean-up short.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stop(running)


def run(settings: Settings) -> None:
    """Everything `make run` does. Returns when it was asked to stop."""
    check_home(settings)
    with only_launcher(settings):
        check_port(settings)
        Keyring.open(settings, create=True)
        if settings.is_production:
            serve(settings, lambda: f"The cockpit is ready at {address(settings)}")
            return
        # Read first: a wrong source is said before anything is written.
        declared = read_sources(settings.sources, source_env(settings, os.environ))
        districts = [district.code for district in declared.city.districts]
        prepare(settings)
        examples = create_example_accounts(settings, districts)
        serve(settings, lambda: greeting(settings, examples))


def greeting(settings: Settings, examples: Sequence[Example]) -> str:
    """The address and who may sign in there."""
    width = max(len(name) for name, _, _ in examples)
    accounts = (f"    {name:<{width}}  {password}  ({role})" for name, password, role in examples)
    return "\n".join(
        (
            f"The cockpit is ready at {address(settings)} . Example accounts and passwords:",
            *accounts,
            f"Logs are in {settings.home / 'logs'} . Ctrl-C stops everything.",
        )
    )


def main(arguments: Sequence[str]) -> int:
    # SIGINT too: a shell that starts us in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        settings = Settings.from_env()
        load_example_city(settings) if PREPARE in arguments else run(settings)
    except KeyboardInterrupt:
        print("Stopped.")
    except CockpitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
