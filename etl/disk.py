"""Is there space again, after a disk was full?"""

import os
import shutil
from pathlib import Path

from etl import load
from warehouse.errors import NoSpace
from warehouse.home import storage_errors
from warehouse.sentences import say
from warehouse.settings import Settings

PROBE_BYTES = 1 << 20


def check_space(settings: Settings) -> None:
    """Writes a little wherever the ETL writes. Raises `NoSpace`, `StorageError`."""
    for folder in (settings.live, settings.published, settings.spill, settings.landing):
        _probe(folder)
    with storage_errors(settings.live):
        free = shutil.disk_usage(settings.live).free
    if free < load.RESERVE_BYTES:
        raise NoSpace(
            say(
                "disk_low",
                place=settings.live,
                left=free // 2**20,
                needed=load.RESERVE_BYTES // 2**20,
            )
            + "."
        )


def _probe(folder: Path) -> None:
    """The content must reach the disk: some file systems find out only then."""
    file = folder / ".space"
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with open(file, "wb") as probe:
                probe.write(bytes(PROBE_BYTES))
                probe.flush()
                os.fsync(probe.fileno())
        finally:
            file.unlink(missing_ok=True)
