"""Prepared static files: compressed once, then sent as they are.

`python -m gate build` fills `build/static` with each file plain, as `.br` and as `.gz`, and a
list of their fingerprints. Dash would compress its 1 MB of scripts again on every load. Our own
`assets/` are small and change while one works on them: those are compressed when first asked for
and again when they change.
"""

import gzip
import hashlib
import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import brotli
from dash.fingerprint import check_fingerprint
from flask import Response, request

from warehouse.settings import ROOT

BUILT = ROOT / "build" / "static"
OWN = ROOT / "gate" / "static"
TOKENS = "tokens.css"
LIST = "files.json"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Content encoding -> how its file name ends; the better one first."""

COMPRESSED = frozenset({".js", ".css", ".svg", ".json", ".map", ".html", ".txt"})
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"
"""Kept, but asked for with its fingerprint: for addresses that do not change with the file."""

_SUITES = "/_dash-component-suites/"


class PreparedFile(Response):
    """An answer that holds nothing about anybody, so that a browser may keep it."""

    is_prepared_file = True


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Bytes by content encoding ("" plain) and what identifies them."""

    bodies: Mapping[str, bytes]
    etag: str
    mimetype: str


class Shelf:
    """The prepared files by the address they are asked for."""

    def __init__(self, built: Path = BUILT, assets: Path = ROOT / "assets") -> None:
        self._built, self._assets = built, assets
        self._etags = _read_list(built)

    def static(self, name: str) -> Response | None:
        """A file below `/static/`; None when there is none."""
        found = self._prepared(name)
        return None if found is None else _answer(found, lasting="v" in request.args)

    def serve(self, path: str) -> Response | None:
        """A component script or an asset; None leaves the answer to Dash."""
        if path.startswith(_SUITES):
            name, has_fingerprint = check_fingerprint(  # type: ignore[no-untyped-call]
                path.removeprefix(_SUITES)
            )
            found = self._built_file(f"suites/{name}")
            return None if found is None else _answer(found, lasting=has_fingerprint)
        asset = _kept(self._assets, path.removeprefix("/assets/"))
        return None if asset is None else _answer(asset, lasting="m" in request.args)

    def version(self, name: str) -> str:
        """`?v=…` for a file below `/static/`, so that its address changes with it."""
        found = self._prepared(name)
        return "" if found is None else f"?v={found.etag[:12]}"

    def _prepared(self, name: str) -> Prepared | None:
        if name == TOKENS:
            return _kept(self._assets, name)
        return _kept(OWN, name) or self._built_file(f"static/{name}")

    def _built_file(self, name: str) -> Prepared | None:
        etag = self._etags.get(name)
        return None if etag is None else _read_built(self._built, name, etag)


def _kept(folder: Path, name: str) -> Prepared | None:
    """A file of ours below `folder`; None for anything that leads out of it."""
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        return None
    return _compress(file, file.stat().st_mtime_ns)


def _read_list(built: Path) -> Mapping[str, str]:
    file = built / LIST
    if not file.exists():
        return {}
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["files"]
    return found


@lru_cache(maxsize=256)
def _read_built(built: Path, name: str, etag: str) -> Prepared:
    bodies = {"": (built / name).read_bytes()}
    for encoding, suffix in ENCODINGS.items():
        file = built / f"{name}{suffix}"
        if file.exists():
            bodies[encoding] = file.read_bytes()
    return Prepared(bodies=bodies, etag=etag, mimetype=mimetype_of(name))


@lru_cache(maxsize=64)
def _compress(file: Path, _changed_ns: int) -> Prepared:
    plain = file.read_bytes()
    return Prepared(
        bodies=compressed(file.name, plain, 9), etag=etag_of(plain), mimetype=mimetype_of(file.name)
    )


def compressed(name: str, plain: bytes, quality: int) -> dict[str, bytes]:
    """The bytes by encoding; formats that are compressed already stay plain only."""
    if Path(name).suffix not in COMPRESSED:
        return {"": plain}
    return {
        "": plain,
        "br": brotli.compress(plain, quality=quality),
        "gzip": gzip.compress(plain, 9, mtime=0),
    }


def etag_of(plain: bytes) -> str:
    return hashlib.sha256(plain).hexdigest()[:24]


def mimetype_of(name: str) -> str:
    if name.endswith(".js"):
        return "text/javascript"
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _answer(file: Prepared, *, lasting: bool) -> Response:
    encoding = next((e for e in ENCODINGS if e in file.bodies and _accepts(e)), "")
    etag = f"{file.etag}-{encoding}" if encoding else file.etag
    if request.if_none_match.contains_weak(etag):
        response: Response = PreparedFile(status=304)
    else:
        response = PreparedFile(file.bodies[encoding], mimetype=file.mimetype)
        if encoding:
            response.headers["Content-Encoding"] = encoding
    response.set_etag(etag)
    response.headers["Cache-Control"] = FOREVER if lasting else ASK_AGAIN
    response.headers["Vary"] = "Accept-Encoding"
    return response


def _accepts(encoding: str) -> bool:
    return request.accept_encodings.quality(encoding) > 0
