"""The own random key of each live partition."""

import secrets
from pathlib import Path

from warehouse.errors import WrongKey
from warehouse.home import storage_errors, write_durably
from warehouse.keys import Keyring


def key_file(file: Path) -> Path:
    return file.with_suffix(".key")


def partition_key(file: Path, context: str, keyring: Keyring) -> bytes:
    """The 32 bytes for the live `file`, made and written (wrapped) when both are absent.

    The key is written before the file exists; a key without a file is used for it.
    """
    wrapped = key_file(file)
    if wrapped.exists():
        with storage_errors(wrapped):
            return keyring.unwrap(wrapped.read_text(encoding="ascii").strip(), context)
    if file.exists():
        raise WrongKey(f"{wrapped} is missing, so {file} cannot be opened: put the key back.")
    key = secrets.token_bytes(32)
    write_durably(wrapped, keyring.wrap(key, context).encode() + b"\n")
    return key
