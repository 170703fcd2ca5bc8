"""The connector `files`: CSV, JSON and Parquet, plain or packed, in a folder or alone."""

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from etl import notation
from etl.connectors._layout import LAYOUT_KEYS, layout_mark, read_layout
from etl.control import CONTROL_ENDING, control_totals
from etl.declaration import Declaration
from etl.delivery import Content, Delivery, Fetched, Item, Layout, Position, Window
from etl.landing import Landing
from warehouse.errors import SourceUnavailable, nearest
from warehouse.sentences import say

SETTLE_SECONDS = 2.0
"""A file touched more recently may still be being written."""

_KEYS = ("kind", "path", "pattern", "settle", "after", "done_folder", *LAYOUT_KEYS)
_UNFINISHED = (".part", ".tmp")


@dataclass(frozen=True, kw_only=True)
class Files:
    """Where the deliveries lie and how they are read."""

    path: Path
    """A file, or a folder (not searched recursively)."""
    pattern: str = "*"
    layout: Layout = field(default_factory=Layout)
    settle_seconds: float = SETTLE_SECONDS
    """0: whoever delivers renames a file into place when it is whole."""
    done_folder: Path | None = None
    """Where loaded files are moved. None: they stay and are remembered."""

    def deliveries(
        self, known: Mapping[str, Position], window: Window | None = None
    ) -> Iterator[Delivery]:
        """The files nobody writes to, in the order of their time of change."""
        settled = [file for file in self._files() if self._is_settled(file)]
        yield from sorted(settled, key=lambda file: (file.mtime_ns, file.name))

    def is_settling(self) -> bool:
        return not all(self._is_settled(file) for file in self._files())

    def finished(self, item: Item) -> None:
        """Moves the file away, where declared; one that changed since stays for the next run.

        Its control totals go first: a kill in between leaves the file, and so comes here again.

        Raises `SourceUnavailable`.
        """
        if self.done_folder is None:
            return
        folder = self.path if self.path.is_dir() else self.path.parent
        file = folder / item.name
        try:
            if file.exists() and self._version(file) == item.version:
                self.done_folder.mkdir(parents=True, exist_ok=True)
                totals = file.with_name(file.name + CONTROL_ENDING)
                if totals.exists():
                    os.replace(totals, self.done_folder / totals.name)
                os.replace(file, self.done_folder / item.name)
        except OSError as error:
            raise SourceUnavailable(
                f"{item.name}: {say('not_moved', folder=self.done_folder, why=error.strerror)}."
            ) from error

    def mark(self) -> str:
        return layout_mark(self.layout)

    def _files(self) -> list["File"]:
        """Delivered files. Names that start with a dot or end in .part or .tmp are a writer's own.

        Raises `SourceUnavailable` when the place does not exist or cannot be read.
        """
        try:
            if self.path.is_file():
                return [self._found(self.path.parent, self.path.name, self.path.stat())]
            if not self.path.is_dir():
                raise SourceUnavailable(f"{self.path}: {say('no_place')}.")
            with os.scandir(self.path) as entries:  # a tenth of a second for 10,000 files
                wanted = [e for e in entries if self._is_wanted(e.name) and e.is_file()]
            return [self._found(self.path, entry.name, entry.stat()) for entry in wanted]
        except OSError as error:
            raise SourceUnavailable(
                f"{self.path}: {say('unreadable', why=error.strerror)}."
            ) from error

    def _version(self, file: Path) -> str:
        return self._found(file.parent, file.name, file.stat()).item.version

    def _found(self, folder: Path, name: str, state: os.stat_result) -> "File":
        return File(
            folder=folder,
            name=name,
            size=state.st_size,
            mtime_ns=state.st_mtime_ns,
            layout=self.layout,
        )

    def _is_wanted(self, name: str) -> bool:
        return fnmatchcase(name, self.pattern) and not (
            name.startswith(".") or name.endswith((*_UNFINISHED, CONTROL_ENDING))
        )

    def _is_settled(self, file: "File") -> bool:
        """A time in the future counts as settled."""
        age = time.time() - file.mtime_ns / 1e9
        return age >= self.settle_seconds or age < -self.settle_seconds


@dataclass(frozen=True, kw_only=True)
class File:
    """One delivered file as it was found."""

    folder: Path
    name: str
    size: int
    mtime_ns: int
    layout: Layout

    @property
    def path(self) -> Path:
        return self.folder / self.name

    @property
    def item(self) -> Item:
        return Item(
            name=self.name,
            version=f"{self.size}:{self.mtime_ns}",
            size=self.size,
            written_at=datetime.fromtimestamp(self.mtime_ns / 1e9, UTC),
        )

    def fetch(self, landing: Landing) -> Fetched:
        """The file stays where it lies; it is read once to name its content."""
        try:
            with self.path.open("rb") as stream:
                sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
                status = os.fstat(stream.fileno())
        except OSError as error:
            raise SourceUnavailable(f"{self.path.name}: {say('unreadable', why=error)}.") from error
        if (status.st_size, status.st_mtime_ns) != (self.size, self.mtime_ns):
            raise SourceUnavailable(f"{self.path.name}: {say('changed_read')}.")
        content = Content(
            path=self.path,
            name=self.path.name,
            layout=self.layout,
            sha256=sha256,
            stamp=(self.size, self.mtime_ns),
        )
        return Fetched(content=content, totals=control_totals(self.path))


def read(declaration: Declaration, env: Mapping[str, str]) -> Files:
    """The table `[connector]`; mistakes are noted in the declaration."""
    declaration.table(("connector",), _KEYS)
    text = declaration.text(("connector", "path"), required=True)
    return Files(
        path=_place(declaration, "path", text, env),
        pattern=declaration.text(("connector", "pattern"), "*"),
        layout=read_layout(declaration),
        settle_seconds=_settle(declaration),
        done_folder=_done_folder(declaration, env),
    )


def _place(declaration: Declaration, key: str, text: str, env: Mapping[str, str]) -> Path:
    path = declaration.checked(("connector", key), lambda t: notation.environment(t, env))
    return (declaration.file.parent / Path(path or text).expanduser()).resolve()


def _settle(declaration: Declaration) -> float:
    text = declaration.text(("connector", "settle"), "2s")
    if text == "0s":
        return 0.0
    return float(declaration.checked(("connector", "settle"), notation.duration, "2s") or 0)


def _done_folder(declaration: Declaration, env: Mapping[str, str]) -> Path | None:
    after = declaration.text(("connector", "after"), "keep")
    folder = declaration.text(("connector", "done_folder"))
    if after not in ("keep", "move"):
        remedy = nearest(after, ("keep", "move")) or " Write keep or move."
        declaration.problem(("connector", "after"), f"{after!r} is not known.{remedy}")
    if (after == "move") != bool(folder):
        key = "done_folder" if after == "move" else "after"
        text = "is missing. Name the folder." if after == "move" else "must be 'move' for this."
        declaration.problem(("connector", key), text)
    return _place(declaration, "done_folder", folder, env) if folder else None
