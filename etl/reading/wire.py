"""Messages from a reading process: a JSON head and frames as Arrow streams behind it.

The process that reads what strangers deliver is not trusted: nothing it says is unpickled.
"""

import io
import json
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

import polars as pl

_HEAD = struct.Struct(">II")
_SIZE = struct.Struct(">I")
_MOST_HEAD = 16 << 20
_MOST_FRAME = 512 << 20


def send(out: BinaryIO, head: dict[str, Any], frames: Sequence[pl.DataFrame] = ()) -> None:
    """Write one message and flush it."""
    text = json.dumps(head, ensure_ascii=False).encode()
    out.write(_HEAD.pack(len(text), len(frames)))
    out.write(text)
    for frame in frames:
        content = io.BytesIO()
        frame.write_ipc_stream(content, compat_level=pl.CompatLevel.newest())
        out.write(_SIZE.pack(content.tell()))
        out.write(content.getbuffer())
    out.flush()


def receive(source: BinaryIO) -> tuple[dict[str, Any], list[pl.DataFrame]]:
    """The next message. Raises `EOFError` when there is none or it is cut off."""
    size, count = _HEAD.unpack(_exactly(source, _HEAD.size))
    if size > _MOST_HEAD:
        raise EOFError("a message without end")
    head = json.loads(_exactly(source, size))
    return head, [_frame(source) for _ in range(count)]


def _frame(source: BinaryIO) -> pl.DataFrame:
    (size,) = _SIZE.unpack(_exactly(source, _SIZE.size))
    if size > _MOST_FRAME:
        raise EOFError("a frame without end")
    return pl.read_ipc_stream(io.BytesIO(_exactly(source, size)))


def _exactly(source: BinaryIO, size: int) -> bytes:
    content = source.read(size)
    if len(content) < size:
        raise EOFError("cut off")
    return content
