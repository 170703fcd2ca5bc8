"""The content of a delivery as rows of text: decrypted, unpacked, taken apart, piece by piece."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import BinaryIO, cast

import pyarrow as pa  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidTag

from etl.delivery import Content, Format, Layout
from etl.failpoints import step
from etl.formats.chunk import Chunk, regroup
from etl.formats.csv import read_csv
from etl.formats.json_document import check_json, read_json
from etl.formats.jsonl import read_jsonl
from etl.formats.lines import check_lines
from etl.formats.parquet import check_parquet, read_parquet
from etl.landing import open_landed
from warehouse.errors import ContractBroken, ReaderEnded, SourceUnavailable
from warehouse.sentences import say

ROWS = 10_000
"""Rows of a piece; a batch is a piece."""

_ENDINGS = {
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".parquet": Format.PARQUET,
}
_PACKED = (".gz", ".zst")
_PARQUET_IN_MEMORY = 256 << 20
"""The most a packed Parquet file may unfold to: it cannot be read as a stream, and a plain
copy of personal values must not touch the disk."""


def read_content(content: Content, rows: int = ROWS) -> Iterator[Chunk]:
    """The rows of one delivery, `rows` at a time; memory does not grow with it.

    Raises `SourceUnavailable` for content that is empty, truncated, damaged or changed while it
    was read, `ContractBroken` for a header or name that cannot be used, `ReaderEnded` when another
    try may pass. All name the item.
    """
    with _explained(content):
        kind = _format(content)
        with _open(content, kind) as stream, step("parse"):
            for chunk in regroup(_chunks(stream, kind, content.layout, rows), rows):
                _check_unchanged(content)
                yield chunk


def check_content(content: Content) -> None:
    """Raises as `read_content` would for content that is damaged somewhere, much faster.

    Called before anything is loaded, because a truncated file shows only at its end.
    """
    with _explained(content):
        kind = _format(content)
        with _open(content, kind) as stream:
            if kind is Format.PARQUET:
                check_parquet(stream, ROWS)
            elif kind is Format.JSON:
                check_json(stream, content.layout.records)
            else:
                check_lines(stream, may_be_empty=content.may_be_empty)


def _chunks(stream: BinaryIO, kind: Format, layout: Layout, rows: int) -> Iterator[Chunk]:
    match kind:
        case Format.CSV:
            return read_csv(
                stream,
                delimiter=layout.delimiter,
                encoding=layout.encoding,
                header=layout.header,
            )
        case Format.JSONL:
            return read_jsonl(stream)
        case Format.JSON:
            return read_json(stream, layout.records)
        case Format.PARQUET:
            return read_parquet(stream, rows)


def _format(content: Content) -> Format:
    if content.layout.format is not None:
        return content.layout.format
    endings = [e for e in PurePath(content.name).suffixes if e not in _PACKED]
    kind = _ENDINGS.get(endings[-1].lower()) if endings else None
    if kind is None:
        raise ContractBroken(say("no_format", endings=", ".join(_ENDINGS)))
    return kind


@contextmanager
def _open(content: Content, kind: Format) -> Iterator[BinaryIO]:
    with _raw(content) as raw:
        stream = _unfolded(raw, PurePath(content.name).suffix)
        if kind is Format.PARQUET and stream is not raw:
            stream = _in_memory(stream)
        yield stream


def _raw(content: Content) -> BinaryIO:
    if content.key is None:
        return content.path.open("rb")
    with step("decrypt"):
        return open_landed(content.path, content.key)


def _unfolded(raw: BinaryIO, ending: str) -> BinaryIO:
    if ending == ".gz":
        return cast(BinaryIO, gzip.open(raw, "rb"))
    if ending == ".zst":
        return cast(BinaryIO, pa.CompressedInputStream(raw, "zstd"))
    return raw


def _in_memory(stream: BinaryIO) -> BinaryIO:
    content = stream.read(_PARQUET_IN_MEMORY + 1)
    if len(content) > _PARQUET_IN_MEMORY:
        raise SourceUnavailable(say("unfolds", most=_PARQUET_IN_MEMORY >> 20))
    return io.BytesIO(content)


def _check_unchanged(content: Content) -> None:
    """Before its rows are used: what is stored under the name of a content must be that content."""
    if content.stamp is None:
        return
    status = content.path.stat()
    if (status.st_size, status.st_mtime_ns) != content.stamp:
        raise SourceUnavailable(say("changed_read"))


@contextmanager
def _explained(content: Content) -> Iterator[None]:
    """Puts the item's name before what went wrong with it."""
    try:
        yield
    except (SourceUnavailable, ContractBroken) as error:
        raise type(error)(f"{content.name}: {error}.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceUnavailable(f"{content.name}: {say('damaged', why=error)}.") from error
    except InvalidTag as error:
        raise ReaderEnded(f"{content.name}: {say('changed_landed')}.") from error
    except OSError as error:
        raise ReaderEnded(f"{content.name}: {say('unreadable', why=error)}.") from error
