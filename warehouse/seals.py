"""Small files under a seal: JSON with a MAC, so that nobody without the keys can write or mend one.

The kind of a file is under its seal too: a certificate is never taken for an anchor. Content lies
apart from it, so that it may have a `kind` and a `mac` of its own.
"""

import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from warehouse.errors import Tampered
from warehouse.home import storage_errors, write_durably
from warehouse.keys import Keyring


def sealed(keyring: Keyring, kind: str, content: Mapping[str, object]) -> bytes:
    """`content` (plain JSON values) as the bytes of a sealed file."""
    body = {"kind": kind, "content": dict(content)}
    return json.dumps({**body, "mac": mac(keyring, body)}, ensure_ascii=False, indent=1).encode()


def write_sealed(keyring: Keyring, kind: str, content: Mapping[str, object], file: Path) -> None:
    write_durably(file, sealed(keyring, kind, content) + b"\n")


def read_sealed(keyring: Keyring, kind: str, file: Path) -> dict[str, Any] | None:
    """What was sealed as `kind`; None where there is no file. Raises `Tampered`."""
    try:
        with storage_errors(file):
            found = file.read_bytes() if file.exists() else None
        return None if found is None else opened(keyring, kind, found)
    except ValueError as error:
        raise Tampered(f"{file} {error}: put a copy of it back.") from error


def opened(keyring: Keyring, kind: str, found: bytes) -> dict[str, Any]:
    """Raises `ValueError` with the words for the end of a sentence."""
    try:
        body = dict(json.loads(found))
        own = str(body.pop("mac"))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("is damaged") from error
    if not hmac.compare_digest(own, mac(keyring, body)):
        raise ValueError("has a seal that does not fit it")
    if body.get("kind") != kind or not isinstance(body.get("content"), dict):
        raise ValueError(f"is no {kind}")
    return dict(body["content"])


def mac(keyring: Keyring, content: Mapping[str, object]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.digest(keyring.key("manifest"), text.encode(), "sha256").hex()
