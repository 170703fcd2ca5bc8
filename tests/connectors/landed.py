"""What tests of connectors do with any of them: declare one, list it, fetch, read what landed."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from etl.declaration import Declaration
from etl.delivery import Connector, Delivery, Fetched, Position
from etl.landing import MOST_BYTES, Draft, Landing, open_landed
from warehouse.settings import ROOT


def declaration(folder: Path, options: str) -> Declaration:
    file = folder / "source.toml"
    file.write_text(f"[connector]\n{options}\n", "utf-8")
    return Declaration(file)


def landing_in(folder: Path) -> Landing:
    return Landing(folder / "home" / "landing")


def deliveries(connector: Connector, known: dict[str, Position] | None = None) -> list[Delivery]:
    return list(connector.deliveries(known or {}))


def names(connector: Connector) -> list[str]:
    return [delivery.item.name for delivery in deliveries(connector)]


def content(fetched: Fetched) -> bytes:
    assert fetched.content.key is not None
    with open_landed(fetched.content.path, fetched.content.key) as stream:
        return stream.read()


def landed_files(folder: Path) -> list[Path]:
    return [path for path in (folder / "home" / "landing").rglob("*") if path.is_file()]


class Meddling(Landing):
    """A landing where something happens elsewhere when the first piece of all arrives."""

    def __init__(self, folder: Path, meddle: Callable[[], object]) -> None:
        super().__init__(folder / "home" / "landing")
        self._meddles = [meddle]

    def draft(self, name: str, most_bytes: int = MOST_BYTES) -> Draft:
        return _Meddled(self._scratch.folder / "draft", name, most_bytes, self._meddles)


class _Meddled(Draft):
    def __init__(
        self, path: Path, name: str, most_bytes: int, waiting: list[Callable[[], object]]
    ) -> None:
        super().__init__(path, name, most_bytes)
        self._meddles = waiting

    def write(self, piece: bytes) -> None:
        super().write(piece)
        while self._meddles:
            self._meddles.pop()()


_FETCH = """
import sys
from pathlib import Path
from etl.connectors import {kind}
from etl.declaration import Declaration
from tests.connectors import landed
folder = Path(sys.argv[1])
connector = {kind}.read(Declaration(folder / "source.toml"), {{}})
for delivery in connector.deliveries({{}}):
    delivery.fetch(landed.landing_in(folder))
"""


@contextmanager
def fetching(folder: Path, kind: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that fetches everything of the source declared in `folder`."""
    process = subprocess.Popen(
        [sys.executable, "-c", _FETCH.format(kind=kind), str(folder)], cwd=ROOT
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def kill_in_mid_fetch(folder: Path, kind: str) -> list[Path]:
    """Fetches in a process of its own that is killed when something has landed: what it left."""
    with fetching(folder, kind) as process:
        until = time.monotonic() + 60
        while sum(file.stat().st_size for file in landed_files(folder)) < 1 << 20:
            assert process.poll() is None, "the fetch ended before it could be killed"
            assert time.monotonic() < until
            time.sleep(0.001)
    return [file for file in landed_files(folder) if file.suffix != ".lock"]
