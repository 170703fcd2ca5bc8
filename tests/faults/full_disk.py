"""A disk that fills up while loading: `unshare -Urm python -m tests.faults.full_disk FOLDER`.

Needs a mount namespace of its own, in which `FOLDER` becomes a small disk.
"""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from etl import load as loading
from etl.load import Loader
from etl.model import Batch
from etl.publish import publish
from tests.tiny import tiny_batch, tiny_settings, tiny_source
from warehouse.errors import NoSpace
from warehouse.keys import Keyring
from warehouse.model import City, Label
from warehouse.partitions import verify

SOURCE = tiny_source("service_event")
ROWS = 20_000
CITY = City(label=Label(zh="示例市", en="Example City"))


def batches(ring: Keyring) -> Iterator[Batch]:
    """Batches of the same month, each with its own rows."""
    at = datetime(2026, 4, 1, tzinfo=UTC)
    rows = [{"identity": str(n), "occurred_at": at, "scene": "tax"} for n in range(ROWS)]
    first = tiny_batch(SOURCE, rows, ring)
    for number in itertools.count():
        own = first.rows.with_columns(
            identity=f"{number}-" + pl.col("identity"),
            person=pl.col("line").hash(number).reinterpret(signed=True),
        )
        yield replace(first, batch_id=str(number), rows=own)


def main(folder: Path, ballast: int) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    settings = tiny_settings(folder)
    ring = Keyring.open(settings, create=True)
    loading.RESERVE_BYTES = -(1 << 40)  # let it run into the wall
    with Loader(settings, ring) as loader:
        stored, failed = fill(loader, folder / "ballast", ballast)
        again = loader.load(failed)
        assert again.loaded == ROWS, again
        manifest = publish(loader, (), {}, CITY)
    assert manifest.generation >= 1
    report = verify(settings, ring)
    assert report.problems == (), report
    assert report.rows == (stored + 1) * ROWS, report
    sys.stdout.write(f"stored {stored} batches before the disk was full\n")


def fill(loader: Loader, ballast: Path, size: int) -> tuple[int, Batch]:
    """Load until the disk is full, then free some. How many are stored, and which failed."""
    ballast.write_bytes(bytes(size))
    for number, batch in enumerate(batches(loader.keyring)):
        try:
            loader.load(batch)
        except NoSpace as error:
            sys.stdout.write(f"{error}\n")
            ballast.unlink()
            return number, batch
    raise AssertionError("the disk never filled up")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
