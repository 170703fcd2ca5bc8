"""A disk that fills up while loading: `unshare -Urm python -m tests.faults.full_disk FOLDER`.

Needs a mount namespace of its own, in which `FOLDER` becomes a small disk.
"""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from etl import load as loading
from etl.load import Loader
from etl.publish import publish
from tests.tiny import tiny_batch, tiny_settings, tiny_source
from warehouse.errors import NoSpace
from warehouse.keys import Keyring
from warehouse.model import City, Label
from warehouse.partitions import verify

SOURCE = tiny_source("service_event")
ROWS = 20_000
CITY = City(label=Label(zh="示例市", en="Example City"))


def rows(batch: int) -> list[dict[str, Any]]:
    start = datetime(2026, 4, 1, tzinfo=UTC)
    return [
        {
            "identity": f"{batch}-{n}",
            "occurred_at": start + timedelta(seconds=n),
            "person": f"{batch}-{n}",
            "scene": "tax",
        }
        for n in range(ROWS)
    ]


def main(folder: Path, ballast: int) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    settings = tiny_settings(folder)
    ring = Keyring.open(settings, create=True)
    loading.RESERVE_BYTES = -(1 << 40)  # let it run into the wall
    with Loader(settings, ring) as loader:
        stored = fill(loader, folder / "ballast", ballast)
        again = loader.load(tiny_batch(SOURCE, rows(stored), ring, batch_id=str(stored)))
        assert again.loaded == ROWS, again
        manifest = publish(loader, (), {}, CITY)
    assert manifest.generation >= 1
    report = verify(settings, ring)
    assert report.problems == (), report
    assert report.rows == (stored + 1) * ROWS, report
    print(f"stored {stored} batches before the disk was full")


def fill(loader: Loader, ballast: Path, size: int) -> int:
    """Load until the disk is full, then free some. How many batches are stored."""

    ballast.write_bytes(bytes(size))
    for number in range(100):
        try:
            loader.load(tiny_batch(SOURCE, rows(number), loader.keyring, batch_id=str(number)))
        except NoSpace as error:
            print(error)
            ballast.unlink()
            return number
    raise AssertionError("the disk never filled up")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
