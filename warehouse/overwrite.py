"""Removing a small file so that its blocks do not keep what it held."""

import os
from pathlib import Path

from warehouse.home import storage_errors, sync_folder


def overwrite(file: Path) -> None:
    """Random bytes over the content, then gone; nothing where there is no file.

    File systems that write elsewhere (copy on write, flash) may keep old blocks for a while.
    """
    with storage_errors(file):
        if not file.exists():
            return
        file.chmod(0o600)
        with open(file, "r+b") as content:
            content.write(os.urandom(file.stat().st_size))
            content.flush()
            os.fsync(content.fileno())
        file.unlink()
        sync_folder(file.parent)
