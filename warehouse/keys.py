"""Keys of a home: one master key that wraps all others, and the pseudonyms made with them.

The master key lies in `settings.master_key_file` (hex, 0400); everything else it protects may be
copied about freely. `keys/keyring.json` holds named random keys, each wrapped (AES-256-GCM, the
key's purpose as associated data); each partition keeps its own wrapped key beside its file.
"""

import base64
import binascii
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from warehouse.errors import NewerFormat, SettingsError, StorageError, WrongKey
from warehouse.home import storage_errors
from warehouse.settings import Settings

NAMES = ("pseudonym", "manifest", "session")
FORMAT = 1
_NONCE_BYTES = 12
_BLOCK_BYTES = 64
_KEY_BYTES = 32
_FEWEST_BYTES = 16
"""Different bytes of a key; 32 random ones have fewer once in 10^16 keys."""
_NOT_FOR_OTHERS = 0o027
"""The group may read: that is how a key reaches a service account."""


class Pseudonymiser:
    """Personal values to their keyed numbers: the first 64 bits of HMAC-SHA256, signed."""

    def __init__(self, key: bytes) -> None:
        # HMAC-SHA256 with the keyed halves hashed once: twice as fast for a million short values.
        block = key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def __call__(self, value: str) -> int:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value.encode())
        outer.update(inner.digest())
        return int.from_bytes(outer.digest()[:8], "big", signed=True)


class Keyring:
    """The opened keys of one home. Nothing of it may be logged or written."""

    def __init__(self, master: bytes, keys: Mapping[str, bytes]) -> None:
        self._master = AESGCM(master)
        self._keys = dict(keys)
        self._pseudonymiser = Pseudonymiser(self._keys["pseudonym"])

    @classmethod
    def open(cls, settings: Settings, create: bool = False) -> "Keyring":
        """The keys of `settings.home`.

        `create` makes what is missing: the keyring always, the master key only in the demo
        profile. Raises `WrongKey` if the master key is absent or does not fit the keyring.
        """
        with storage_errors(settings.home):
            return cls._open(settings, create)

    @classmethod
    def _open(cls, settings: Settings, create: bool) -> "Keyring":
        ring = keyring_file(settings)
        master = _read_master(settings.master_key_file, settings.is_production)
        if master is None:
            if ring.exists() or not create or settings.is_production:
                raise WrongKey(
                    f"There is no master key in {settings.master_key_file}: put the one of this"
                    " warehouse back, or make a new home with `make run`."
                )
            master = _make_master(settings.master_key_file)
        if not ring.exists():
            _make_ring(ring, AESGCM(master), settings, create)
        return cls(master, _read_ring(ring, AESGCM(master)))

    def key(self, name: str) -> bytes:
        """The 32 bytes of one of `NAMES`."""
        return self._keys[name]

    def wrap(self, key: bytes, context: str) -> str:
        """`key` as text that only this master key and the same `context` open again."""
        return _wrap(self._master, key, context)

    def unwrap(self, text: str, context: str) -> bytes:
        """The reverse of `wrap`. Raises `WrongKey` for another key, context or a changed text."""
        return _unwrap(self._master, text, context)

    def pseudonym(self, value: str) -> int:
        """The number that stands for a personal value; the same in every source of the home."""
        return self._pseudonymiser(value)


def keyring_file(settings: Settings) -> Path:
    return settings.home / "keys" / "keyring.json"


def _wrap(master: AESGCM, key: bytes, context: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return base64.b64encode(nonce + master.encrypt(nonce, key, context.encode())).decode()


def _unwrap(master: AESGCM, text: str, context: str) -> bytes:
    try:
        sealed = base64.b64decode(text, validate=True)
        return master.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise WrongKey(
            f"The master key does not open the key of {context}: set COCKPIT_MASTER_KEY_FILE"
            " to the master key this warehouse was made with."
        ) from error


def _read_master(file: Path, is_strict: bool) -> bytes | None:
    """The master key, None where there is no file. The text is hex so that it can be typed.

    `is_strict` refuses one that other users can read, and one that nobody has drawn at random.
    """
    try:
        text = file.read_text(encoding="ascii", errors="replace").strip()
        mode = stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WrongKey(f"The master key {file} cannot be read: {error.strerror}.") from error
    try:
        master = bytes.fromhex(text)
    except ValueError:
        master = b""
    if len(master) != _KEY_BYTES:
        raise WrongKey(f"{file} is no master key: it must hold 64 hexadecimal digits.")
    if is_strict:
        _check_strength(file, master, mode)
    return master


def _check_strength(file: Path, master: bytes, mode: int) -> None:
    if mode & _NOT_FOR_OTHERS:
        raise SettingsError(
            f"{file} has the mode {mode:04o}, so that others may read or change it:"
            f" `chmod 400 {file}`."
        )
    if len(set(master)) < _FEWEST_BYTES:
        raise SettingsError(
            f"{file} holds a weak key: make one with"
            ' `python -c "import secrets; print(secrets.token_hex(32))"`.'
        )


def _make_master(file: Path) -> bytes:
    _write_once(file, secrets.token_hex(_KEY_BYTES) + "\n", 0o400)
    master = _read_master(file, is_strict=False)
    assert master is not None
    return master


def _make_ring(ring: Path, master: AESGCM, settings: Settings, create: bool) -> None:
    """Make the named keys, never over a warehouse that already has data under others."""
    if any(settings.live.rglob("*.key")) or (settings.published / "CURRENT").exists():
        raise WrongKey(
            f"{ring} is missing but {settings.home} holds a warehouse: put the keyring back."
        )
    if not create:
        raise WrongKey(
            f"{settings.home} has no keys yet: the ETL makes them (`python -m etl serve`)."
        )
    wrapped = {n: _wrap(master, secrets.token_bytes(_KEY_BYTES), f"key/{n}") for n in NAMES}
    _write_once(ring, json.dumps({"format": FORMAT, "keys": wrapped}, indent=1) + "\n", 0o600)


def _read_ring(ring: Path, master: AESGCM) -> dict[str, bytes]:
    try:
        content = json.loads(ring.read_text(encoding="utf-8"))
        version, wrapped = int(content["format"]), dict(content["keys"])
    except (ValueError, KeyError, TypeError) as error:
        raise WrongKey(f"{ring} is damaged: put a copy of it back.") from error
    if version > FORMAT:
        raise NewerFormat(
            f"{ring} has format {version}, this cockpit knows {FORMAT}: install the newer one."
        )
    missing = [name for name in NAMES if name not in wrapped]
    if missing:
        raise WrongKey(f"{ring} lacks the key {missing[0]!r}: put a copy of it back.")
    return {name: _unwrap(master, wrapped[name], f"key/{name}") for name in NAMES}


def _write_once(file: Path, text: str, mode: int) -> None:
    """Write a file whole or not at all; if another process was first, its file stays."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.link(draft, file)
    except FileExistsError:
        return
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
