"""A real SSH server of its own: OpenSSH's `sshd` on loopback, all in a temporary folder."""

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin") or "/usr/sbin/sshd"
USER = getpass.getuser()
_READY_SECONDS = 10.0


class OpenSsh:
    """The server. `stop` and `start` keep its port, keys and files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.host_key = _key(folder / "host_key")
        _key(folder / "user_key")
        shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
        (folder / "sshd_config").write_text(_config(folder, self.port))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert self._process is None
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it gives up its rights
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "setpriv",
                    "--pdeathsig",
                    "KILL",
                    SSHD,
                    "-D",
                    "-e",
                    "-f",
                    str(self.folder / "sshd_config"),
                    *_patience(),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._await_ready()

    def stop(self) -> None:
        """Ends the server and, as a crash of the machine would, every connection to it."""
        if self._process is None:
            return
        for child in _children(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, 9)
        self._process.kill()
        self._process.wait(10)
        self._process = None

    def break_off(self) -> None:
        """Kills the connections, not the server."""
        assert self._process is not None
        for child in _children(self._process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, 9)

    def _await_ready(self) -> None:
        until = time.monotonic() + _READY_SECONDS
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as probe:
                    if probe.recv(4) == b"SSH-":
                        return
            except OSError:
                time.sleep(0.02)
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > until:
                told = (self.folder / "log").read_text(errors="replace")
                self.stop()
                raise AssertionError(f"sshd did not start:\n{told[-2000:]}")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[OpenSsh]:
    server = OpenSsh(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _config(folder: Path, port: int) -> str:
    return f"""
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
UseDNS no
MaxStartups 100
MaxAuthTries 20
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""


def _patience() -> list[str]:
    """Newer servers lock out who fails often; older ones do not know the word."""
    option = ["-o", "PerSourcePenalties=no"]
    known = subprocess.run([SSHD, "-T", "-f", "/dev/null", *option], capture_output=True)
    return [] if b"Unsupported" in known.stderr or b"Bad config" in known.stderr else option


def _key(file: Path) -> str:
    """Writes a key pair; the public half as text."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(file))
    file.chmod(0o600)
    key.write_public_key(f"{file}.pub")
    return file.with_name(file.name + ".pub").read_text().strip()


def _children(parent: int) -> list[int]:
    """All processes below `parent`, the deepest first."""
    found: list[int] = []
    for child in _parents().get(parent, []):
        found += [*_children(child), child]
    return found


def _parents() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(process.name))
    return children


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
