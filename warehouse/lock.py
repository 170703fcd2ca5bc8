"""Locks of a home that end with their process, also by a kill."""

import fcntl
import os
from pathlib import Path

from warehouse.errors import Busy
from warehouse.home import storage_errors
from warehouse.settings import Settings


def hold(settings: Settings) -> int:
    """The right to write the live files, until the descriptor closes. Raises `Busy`."""
    return _hold(
        settings.live / "LOCK",
        f"{settings.home} is written by another process (pid {{pid}}): stop it first, or use"
        " another COCKPIT_HOME.",
    )


def hold_backups(settings: Settings) -> int:
    """The right to copy or destroy keys, one at a time. Raises `Busy`."""
    return _hold(
        settings.home / "backup.lock",
        f"A backup or destruction of {settings.home} is at work (pid {{pid}}): wait for its end.",
    )


def _hold(file: Path, message: str) -> int:
    with storage_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise Busy(message.format(pid=pid)) from None
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
