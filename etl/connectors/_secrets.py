"""Secrets of connectors: files named by a declaration, read at use, never kept or shown."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from etl import notation
from etl.declaration import Declaration, Keys
from warehouse.errors import SourceUnavailable
from warehouse.sentences import say

_LONGEST_BYTES = 64 << 10
"""Room for a private key; a longer file is none of the secrets asked for."""

_NOT_FOR_OTHERS = 0o027
"""The group may read, as systemd's credentials have it; nobody else may do anything."""


@dataclass(frozen=True, kw_only=True)
class SecretFile:
    """A file that holds one secret. Its path may be shown, its content never."""

    path: Path
    is_strict: bool = False
    """In production a file that every account of the machine may use is refused."""

    def read(self) -> str:
        """The secret as it is now, without the line end, so that it can be changed while running.

        Raises `SourceUnavailable` when the file cannot be read, is empty, no text, or open to all.
        """
        try:
            text = self.read_bytes().decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise SourceUnavailable(f"{self.path}: {say('secret_no_text')}.") from None
        if not text:
            raise SourceUnavailable(f"{self.path}: {say('secret_empty')}.")
        return text

    def read_bytes(self) -> bytes:
        """The content as it is, for keys. Raises `SourceUnavailable` as `read` does."""
        try:
            with open(self.path, "rb") as file:
                self._check_mode(stat.S_IMODE(os.fstat(file.fileno()).st_mode))
                content = file.read(_LONGEST_BYTES + 1)
        except OSError as error:
            raise SourceUnavailable(
                f"{self.path}: {say('secret_unreadable', why=error.strerror)}."
            ) from error
        if len(content) > _LONGEST_BYTES:
            raise SourceUnavailable(f"{self.path}: {say('secret_long')}.")
        return content

    def _check_mode(self, mode: int) -> None:
        if self.is_strict and mode & _NOT_FOR_OTHERS:
            raise SourceUnavailable(f"{self.path}: {say('secret_open')}.")


def secret_file(
    declaration: Declaration, path: Keys, env: Mapping[str, str], *, required: bool = False
) -> SecretFile | None:
    """The file named at `path`, relative to the declaration; it need not exist yet.

    None, and a problem noted where one is, when nothing usable stands there.
    """
    if declaration.value(path) is None and not required:
        return None
    declaration.text(path, required=required)
    text = declaration.checked(path, lambda written: notation.environment(written, env))
    if not text:
        return None
    place = (declaration.file.parent / Path(text).expanduser()).absolute()
    return SecretFile(path=place, is_strict=env.get("COCKPIT_PROFILE") == "production")


def refuse_written(declaration: Declaration, table: Keys, names: tuple[str, ...]) -> None:
    """Notes a problem for each of `names` in `table`: a secret does not stand in a declaration.

    The value itself is not repeated. Add `names` to the keys that `Declaration.table` knows.
    """
    for name in names:
        if declaration.value((*table, name)) is not None:
            declaration.problem(
                (*table, name),
                "a secret does not stand in a declaration. Write it into a file that only this"
                f" account can read, name that file as {name}_file, and change the secret.",
            )
