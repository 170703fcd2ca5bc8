"""The serving ETL on a disk that fills up: `unshare -Urm python -m tests.faults.full_disk_serving
FOLDER PLACE`, PLACE being `live`, `published`, `spill` or `landing`, which becomes a small disk.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from etl import load as loading
from etl import schedule
from etl.alarms.incidents import IncidentBook
from etl.load import Loader
from etl.schedule import Service
from etl.sources import read_sources, source_env
from tests.unit.etl.declared import HEADER, declare, rows_text, settings_in, settled
from warehouse import writer
from warehouse.connection import Reader
from warehouse.errors import StorageError
from warehouse.keys import Keyring
from warehouse.manifest import read_manifest
from warehouse.partitions import verify
from warehouse.settings import Settings

PATIENCE = 60.0
ROWS = 40_000
SPILLS = "32MB"
"""With so little memory DuckDB writes what it works on to `spill`."""

SIZES = {"spill": "160m"}
"""With that little memory a load needs some 40 MB of `spill`."""

OFTEN = ('every = "10s"', 'every = "1s"')
NEVER_LATE = ('promise = "15m"', 'promise = "900000h"')


class Web(ThreadingHTTPServer):
    """A web service that answers with all rows of a folder: what lies elsewhere lands first."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Rows)
        self.folder = folder
        self.connector = (
            f'kind = "http"\nurl = "http://127.0.0.1:{self.server_port}/rows"\nformat = "csv"'
        )
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Rows(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        texts = [file.read_text("utf-8") for file in sorted(self.server.folder.glob("*.csv"))]
        rows = "".join(text.split("\n", 1)[1] for text in texts)
        body = f"{HEADER}\n{rows}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


def main(folder: Path, place: str) -> None:
    settings = settings_in(folder)
    web = Web(settings.inbox / "hall")
    remote = ('kind = "files"\npath = "${COCKPIT_INBOX}/hall"', web.connector)
    declare(settings.sources, OFTEN, NEVER_LATE, *([remote] if place == "landing" else []))
    disk = getattr(settings, place)
    disk.mkdir(parents=True)
    size = f"size={SIZES.get(place, '24m')}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)], check=True)
    if place == "spill":
        writer.MEMORY_LIMIT = SPILLS
    loading.RESERVE_BYTES = -(1 << 40)  # let it run into the wall
    keyring = Keyring.open(settings, create=True)
    settled(settings.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(0, 10)}")
    with Loader(settings, keyring) as loader, served(settings, loader) as service:
        wait_until(lambda: rows(settings, keyring) == 10, "the first file")
        ballast = disk / "ballast"
        fill(ballast)
        check_paused(settings, keyring, service)
        ballast.unlink()
        freed = time.monotonic()
        wait_until(lambda: rows(settings, keyring) == ROWS + 10, "the second file")
        took = time.monotonic() - freed
        wait_until(lambda: kinds_in_books(loader) == ["disk"], "the incident in the books")
    problems = verify(settings, keyring).problems
    assert problems == (), problems
    sys.stdout.write(f"{place}: goes on {took:.1f} s after there is space\n")
    assert took < 60


def check_paused(settings: Settings, keyring: Keyring, service: Service) -> None:
    """Loading pauses and says why; who reads notices nothing."""
    settled(settings.inbox / "hall" / "b.csv", f"{HEADER}\n{rows_text(10, ROWS)}")
    wait_until(service._is_full.is_set, "the pause")
    wait_until(lambda: kinds_known(service) == ["disk"], "the incident")
    reader = Reader(settings, keyring)
    assert reader.snapshot().manifest.sources[0].rows_loaded == 10
    reader.close()


def kinds_known(service: Service) -> list[str]:
    return [incident.kind for incident in service._desk.watch.open_incidents()]


def kinds_in_books(loader: Loader) -> list[str]:
    return [incident.kind for incident in IncidentBook(loader).unfinished()[0]]


@contextmanager
def served(settings: Settings, loader: Loader) -> Iterator[Service]:
    service = Service(settings, read_sources(settings.sources, source_env(settings, {})), loader)
    service.start()
    try:
        yield service
    finally:
        service.stop()


def fill(ballast: Path) -> None:
    """Not a byte is left."""
    with open(ballast, "wb", buffering=0) as out:
        try:
            while out.write(bytes(1 << 12)):
                continue
        except OSError:
            os.fsync(out.fileno())


def rows(settings: Settings, keyring: Keyring) -> int:
    try:
        return read_manifest(settings, keyring).sources[0].rows_loaded
    except StorageError:
        return -1


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, f"no sign of {what}"
        time.sleep(0.05)


if __name__ == "__main__":
    schedule.LOOK_EVERY_SECONDS = 1
    main(Path(sys.argv[1]), sys.argv[2])
