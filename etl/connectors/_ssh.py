"""One account on an SSH server, and the connection to it. Nothing of `~/.ssh`, no agent, no host
that is not the pinned one."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import asyncssh
import stamina

from etl.connectors._secrets import SecretFile
from warehouse.errors import SourceUnavailable
from warehouse.sentences import say

log = logging.getLogger(__name__)

T = TypeVar("T")

Work = Callable[[asyncssh.SFTPClient], Awaitable[T]]

_SILENT_SECONDS = 10
_TRIES = 3
_TRIED_FOR = timedelta(seconds=20)
_SMALLEST_RSA_BITS = 2048
# What is left out signs or sums with SHA-1, or is too short.
_KEX = "-*-sha1,gss-*,rsa2048-*,*@ssh.com"
_MACS = "-*sha1*,umac-64*,*@ssh.com"
_SIGNATURES = "-ssh-rsa*,*@ssh.com"
_RSA = ["rsa-sha2-512", "rsa-sha2-256"]
_HOST_KEYS = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", *_RSA]
_PASSING = (
    asyncssh.ConnectionLost,
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    asyncssh.ServiceNotAvailable,
    ConnectionError,
    TimeoutError,
)
"""Errors of a moment; every other one is the same a second later."""

_here = threading.local()


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where to connect, as whom, and whom to expect."""

    host: str
    port: int
    user: str
    host_key: str
    """The server's public key as OpenSSH writes it: `ssh-ed25519 AAAA…`."""
    private_key: SecretFile | None = None
    password: SecretFile | None = None

    @property
    def place(self) -> str:
        return f"sftp://{self.user}@{self.host}:{self.port}"

    @contextmanager
    def open(self) -> Iterator["Session"]:
        """A connection; inside another one of this thread to the same door, that one."""
        outer: Session | None = getattr(_here, "session", None)
        if outer is not None and outer.door == self and not outer.is_closed:
            yield outer
            return
        session = Session(self)
        _here.session = session
        try:
            yield session
        finally:
            _here.session = outer
            session.close()


class Session:
    """One connection, made when it is first needed and again when it was lost."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.is_closed = False
        # A thread of its own: who calls may be in the middle of another event loop.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sftp")
        self._runner = asyncio.Runner()
        self._thread.submit(self._runner.get_loop).result().set_exception_handler(_noted)
        self._connection: asyncssh.SSHClientConnection | None = None
        self._client: asyncssh.SFTPClient | None = None

    def run(self, work: Work[T], about: str) -> T:
        """`work` done, tried again while only the connection fails, for 20 s at most.

        Raises `SourceUnavailable` with `about` in front.
        """
        try:
            return self._thread.submit(self._runner.run, self._tried(work)).result()
        except (asyncssh.Error, OSError, TimeoutError) as error:
            raise SourceUnavailable(f"{about}: {self._reason(error)}") from error

    def close(self) -> None:
        self.is_closed = True
        try:
            self._thread.submit(self._runner.run, self._drop()).result()
        finally:
            self._thread.submit(self._runner.close).result()
            self._thread.shutdown()

    async def _tried(self, work: Work[T]) -> T:
        tries = stamina.retry_context(on=_PASSING, attempts=_TRIES, timeout=_TRIED_FOR)
        async for attempt in tries:
            with attempt:
                try:
                    return await work(await self._connected())
                except _PASSING:
                    await self._drop()
                    raise
        raise AssertionError("the last try returns or raises")

    async def _connected(self) -> asyncssh.SFTPClient:
        if self._client is None:
            self._connection = await self._connect()
            self._client = await self._connection.start_sftp_client(
                path_encoding="utf-8", path_errors="surrogateescape"
            )
        return self._client

    async def _connect(self) -> asyncssh.SSHClientConnection:
        door = self.door
        key = asyncssh.import_public_key(door.host_key)
        return await asyncssh.connect(
            door.host,
            door.port,
            username=door.user,
            config=[],
            known_hosts=([key], [], []),
            server_host_key_algs=_host_key_algorithms(key),
            kex_algs=_KEX,
            mac_algs=_MACS,
            signature_algs=_SIGNATURES,
            agent_path=None,
            gss_kex=False,
            gss_auth=False,
            client_keys=self._client_keys(),
            password=door.password.read() if door.password else None,
            preferred_auth=["password", "keyboard-interactive"] if door.password else ["publickey"],
            disable_trivial_auth=True,
            connect_timeout=_SILENT_SECONDS,
            login_timeout=_SILENT_SECONDS,
            keepalive_interval=_SILENT_SECONDS / 2,
            keepalive_count_max=2,
        )

    def _client_keys(self) -> list[asyncssh.SSHKey] | None:
        file = self.door.private_key
        if file is None:
            return None
        try:
            return [asyncssh.import_private_key(file.read_bytes())]
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise SourceUnavailable(
                f"{file.path}: is no private key that opens without a passphrase. Put one there"
                " in the format of OpenSSH."
            ) from error

    async def _drop(self) -> None:
        connection, self._connection, self._client = self._connection, None, None
        if connection is not None:
            connection.abort()
            await connection.wait_closed()

    def _reason(self, error: Exception) -> str:
        match error:
            case asyncssh.HostKeyNotVerifiable():
                return say("sftp_other_key", place=self.door.place) + "."
            case asyncssh.KeyExchangeFailed():
                return (
                    f"{self.door.place} has no safe cipher in common with this machine. Have the"
                    " server brought up to date."
                )
            case asyncssh.PermissionDenied():
                secret = self.door.password or self.door.private_key
                file = secret.path if secret else "no file"
                return say("sftp_login", user=self.door.user, file=file) + "."
            case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath():
                return say("sftp_no_folder") + "."
            case asyncssh.SFTPPermissionDenied():
                return (
                    f"the server does not permit it. Let {self.door.user} read there, and for"
                    + (' after = "move" also write.')
                )
            case asyncssh.ChannelOpenError():
                return "the server offers no SFTP to this account. Ask who runs it."
            case asyncssh.SFTPError() if not isinstance(error, _PASSING):
                return f"the server refuses ({error.reason}). Ask who runs it."
        return say("sftp_away") + "."


def _noted(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A lost connection ends every read of a file that is under way; one of them tells it."""
    log.debug("ssh.task_failed", extra={"fields": {"why": str(context.get("exception"))}})


def _host_key_algorithms(key: asyncssh.SSHKey) -> list[str]:
    """The pinned kind first. A server without it shows another key, which is refused by name;
    with nothing else to choose from it would hang up without a word."""
    kind = key.get_algorithm()
    pinned = _RSA if kind == "ssh-rsa" else [kind]
    return [*pinned, *(other for other in _HOST_KEYS if other not in pinned)]


def host_key(text: str) -> str:
    """Checks a pinned public key, as in `ssh-ed25519 AAAA…`. Raises `ValueError`."""
    try:
        key = asyncssh.import_public_key(text)
    except asyncssh.KeyImportError as wrong:
        raise ValueError(
            "is no public key. Take the line from the server's /etc/ssh/ssh_host_ed25519_key.pub."
        ) from wrong
    bits = getattr(key.pyca_key, "key_size", _SMALLEST_RSA_BITS)
    if key.get_algorithm() == "ssh-dss" or (
        key.get_algorithm() == "ssh-rsa" and bits < _SMALLEST_RSA_BITS
    ):
        raise ValueError("is a weak key. Have the server use ed25519, and pin that key.")
    return " ".join(text.split()[:2])
