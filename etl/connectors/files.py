"""The connector `files`: CSV, JSON lines and Parquet, plain or compressed, in a folder or alone."""

import gzip
import hashlib
import io
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa  # type: ignore[import-untyped]

from etl.formats.chunk import Chunk, regroup
from etl.formats.csv import read_csv
from etl.formats.jsonl import read_jsonl
from etl.formats.lines import EMPTY, check_lines
from etl.formats.parquet import check_parquet, read_parquet
from etl.model import FilesOptions, Format
from warehouse.errors import ContractBroken, SourceUnavailable

ROWS = 50_000
SETTLED_SECONDS = 2.0
"""A file touched more recently may still be being written."""

_UNFINISHED = (".part", ".tmp")
_ENDINGS = {
    ".csv": Format.CSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".parquet": Format.PARQUET,
}
_COMPRESSED = (".gz", ".zst")
_PARQUET_IN_MEMORY = 512 << 20
"""The most a compressed Parquet file may unfold to: it cannot be read as a stream, and a plain
copy of personal values must not touch the disk."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One delivered file as it was found."""

    name: str
    path: Path
    size: int
    mtime_ns: int

    def age_seconds(self) -> float:
        return time.time() - self.mtime_ns / 1e9


def list_items(options: FilesOptions) -> tuple[Item, ...]:
    """Delivered files by name, those still being written left out unless only young.

    Names that start with a dot or end in .part or .tmp are a writer's own. Raises
    `SourceUnavailable` when the place does not exist or cannot be read.
    """
    path = options.path
    try:
        if path.is_file():
            return (_item(path),)
        found = [file for file in path.glob(options.pattern) if file.is_file()]
        if not path.is_dir():
            raise SourceUnavailable(
                f"{path}: there is no such file or folder. Check connector.path and the delivery."
            )
        return tuple(_item(file) for file in sorted(found) if not _is_unfinished(file))
    except OSError as error:
        raise SourceUnavailable(f"{path}: cannot be read ({error.strerror}).") from error


def _is_unfinished(file: Path) -> bool:
    return file.name.startswith(".") or file.name.endswith(_UNFINISHED)


def _item(file: Path) -> Item:
    state = file.stat()
    return Item(name=file.name, path=file, size=state.st_size, mtime_ns=state.st_mtime_ns)


def is_settled(item: Item) -> bool:
    """No one has written to it for `SETTLED_SECONDS`. A time in the future counts as settled."""
    age = item.age_seconds()
    return age >= SETTLED_SECONDS or age < -SETTLED_SECONDS


def fingerprint(item: Item) -> str:
    """SHA-256 of the file's bytes, in hex. Raises `SourceUnavailable`."""
    with _explained(item), item.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_item(item: Item, options: FilesOptions, rows: int = ROWS) -> Iterator[Chunk]:
    """The rows of one file, `rows` at a time; memory does not grow with the file.

    Raises `SourceUnavailable` for a file that is empty, truncated, damaged or changed while it
    was read, `ContractBroken` for one whose header or name cannot be used. Both name the file.
    """
    with _explained(item):
        if item.size == 0:
            raise SourceUnavailable(EMPTY)
        kind = options.format or _format(item)
        with _open(item, kind) as stream:
            yield from regroup(_chunks(stream, kind, options, rows), rows)
        if _item(item.path) != item:
            raise SourceUnavailable("changed while it was read. It is read again in the next run")


def check_item(item: Item, options: FilesOptions) -> None:
    """Raises as `read_item` would for a file that is damaged somewhere, much faster.

    Called before anything is loaded, because a truncated file shows only at its end.
    """
    with _explained(item):
        kind = options.format or _format(item)
        with _open(item, kind) as stream:
            if kind is Format.PARQUET:
                check_parquet(stream, ROWS)
            else:
                check_lines(stream)


def _chunks(stream: BinaryIO, kind: Format, options: FilesOptions, rows: int) -> Iterator[Chunk]:
    match kind:
        case Format.CSV:
            return read_csv(
                stream,
                delimiter=options.delimiter,
                encoding=options.encoding,
                header=options.header,
            )
        case Format.JSONL:
            return read_jsonl(stream)
        case Format.PARQUET:
            return read_parquet(stream, rows)


def _format(item: Item) -> Format:
    endings = [ending for ending in item.path.suffixes if ending not in _COMPRESSED]
    kind = _ENDINGS.get(endings[-1].lower()) if endings else None
    if kind is None:
        raise ContractBroken(
            f"its name does not tell the format; end it in {', '.join(_ENDINGS)}"
            " or set connector.format"
        )
    return kind


@contextmanager
def _open(item: Item, kind: Format) -> Iterator[BinaryIO]:
    with item.path.open("rb") as raw:
        stream = _unfolded(raw, item.path.suffix)
        if kind is Format.PARQUET and stream is not raw:
            stream = _in_memory(stream)
        yield stream


def _unfolded(raw: BinaryIO, ending: str) -> BinaryIO:
    if ending == ".gz":
        return cast(BinaryIO, gzip.open(raw, "rb"))
    if ending == ".zst":
        return cast(BinaryIO, pa.CompressedInputStream(raw, "zstd"))
    return raw


def _in_memory(stream: BinaryIO) -> BinaryIO:
    content = stream.read(_PARQUET_IN_MEMORY + 1)
    if len(content) > _PARQUET_IN_MEMORY:
        raise SourceUnavailable(
            "unfolds to more than 512 MiB. Deliver Parquet with its own compression"
        )
    return io.BytesIO(content)


@contextmanager
def _explained(item: Item) -> Iterator[None]:
    """Puts the file's name before what went wrong with it."""
    try:
        yield
    except (SourceUnavailable, ContractBroken) as error:
        raise type(error)(f"{item.name}: {error}.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceUnavailable(
            f"{item.name}: the compressed file is truncated or damaged ({error})."
            " Have it delivered again."
        ) from error
    except OSError as error:
        raise SourceUnavailable(f"{item.name}: cannot be read ({error}).") from error
