"""Where deliveries from elsewhere land before they are read: encrypted, and gone when read.

Each file has a random key of its own that is never written down, so what a killed process leaves
cannot be read by anybody; it is wiped at the next start and fetched again.
"""

import hashlib
import io
import os
import secrets
import struct
from pathlib import Path
from typing import BinaryIO, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from etl.failpoints import step
from warehouse.errors import SourceUnavailable
from warehouse.home import Scratch, storage_errors

FRAME_BYTES = 1 << 16
_TAG_BYTES = 16
_SEALED_BYTES = FRAME_BYTES + _TAG_BYTES
MOST_BYTES = 4 << 30
"""A larger delivery is a mistake of the source, or an attack."""


class Landing:
    """The landing folder of one process, below `place`."""

    def __init__(self, place: Path) -> None:
        self._scratch = Scratch(place)

    def draft(self, name: str, most_bytes: int = MOST_BYTES) -> "Draft":
        """A new file to write the content of the item `name` to."""
        return Draft(self._scratch.folder / secrets.token_hex(8), name, most_bytes)

    def close(self) -> None:
        self._scratch.close()


class Draft:
    """A landed file being written. As a context manager it removes the file on an error."""

    def __init__(self, path: Path, name: str, most_bytes: int) -> None:
        self.path = path
        self.name = name
        self.key = secrets.token_bytes(32)
        self.size = 0
        self._most = most_bytes
        self._digest = hashlib.sha256()
        self._cipher = AESGCM(self.key)
        self._waiting = bytearray()
        self._frames = 0
        with storage_errors(path):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = os.fdopen(descriptor, "wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.close()
        if kind is not None:
            self.path.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Raises `SourceUnavailable` when the item grows too large, `NoSpace`."""
        self.size += len(piece)
        if self.size > self._most:
            raise SourceUnavailable(f"{self.name}: is larger than {self._most // 2**20:,} MiB.")
        self._digest.update(piece)
        self._waiting += piece
        while len(self._waiting) >= FRAME_BYTES:
            self._seal(bytes(self._waiting[:FRAME_BYTES]))
            del self._waiting[:FRAME_BYTES]

    def finish(self) -> str:
        """Everything is written; the SHA-256 of the content in hex."""
        if self._waiting or self._frames == 0:
            self._seal(bytes(self._waiting))
        with storage_errors(self.path), step("land"):
            self._file.close()
        return self._digest.hexdigest()

    def _seal(self, frame: bytes) -> None:
        """A frame is bound to its place; the last one is the only one that may be short."""
        with storage_errors(self.path):
            self._file.write(self._cipher.encrypt(_nonce(self._frames), frame, None))
        self._frames += 1


def open_landed(path: Path, key: bytes) -> BinaryIO:
    """The content of a landed file, decrypted as it is read; seekable."""
    return io.BufferedReader(_Landed(path, key), buffer_size=FRAME_BYTES)


class _Landed(io.RawIOBase):
    def __init__(self, path: Path, key: bytes) -> None:
        self._file = os.fdopen(os.open(path, os.O_RDONLY), "rb", buffering=0)
        self._cipher = AESGCM(key)
        sealed = path.stat().st_size
        frames = -(-sealed // _SEALED_BYTES)
        self._size = sealed - frames * _TAG_BYTES
        self._at = 0
        self._number = -1
        self._frame = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, into: "memoryview") -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        number, start = divmod(self._at, FRAME_BYTES)
        if number != self._number:
            self._file.seek(number * _SEALED_BYTES)
            self._frame = self._cipher.decrypt(_nonce(number), self._file.read(_SEALED_BYTES), None)
            self._number = number
        piece = self._frame[start : start + len(into)]
        into[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


def _nonce(number: int) -> bytes:
    """Unique for a frame: no two files share a key."""
    return struct.pack(">4xQ", number)
