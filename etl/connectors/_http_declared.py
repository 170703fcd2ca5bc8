"""The table `[connector]` of the kind `http`: its keys, and what is wrong with them."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from etl import notation
from etl.connectors._http_auth import BEARER_HEADER, SIGNATURE_HEADER, Bearer, Hmac
from etl.connectors._http_look import Increment, Pages, Paging, Question
from etl.connectors._http_page import Clock
from etl.connectors._http_session import Access
from etl.connectors._layout import LAYOUT_KEYS
from etl.connectors._secrets import SecretFile, refuse_written, secret_file
from etl.declaration import Declaration, Keys
from etl.delivery import Format, Layout
from warehouse.errors import nearest

_TABLE = ("connector",)
_AUTH = (*_TABLE, "auth")
_QUERY = (*_TABLE, "query")
_ONLY_FOR = {
    "cursor_field": Paging.CURSOR,
    "cursor_parameter": Paging.CURSOR,
    "link_field": Paging.LINK,
    "page_parameter": Paging.PAGE,
    "first_page": Paging.PAGE,
}
_SINCE = ("since_field", "since_format", "look_back", "until_parameter")
_KEYS = (
    "kind",
    "url",
    "paging",
    *_ONLY_FOR,
    "size_parameter",
    "page_rows",
    "most_pages",
    "since_parameter",
    *_SINCE,
    "auth",
    "query",
    "ca_file",
    "timeout",
    "most_bytes",
    *LAYOUT_KEYS,
)
_AUTH_KEYS = {
    "bearer": ("token_file", "header"),
    "hmac": ("secret_file", "key_id", "header"),
}
_SECRETS = ("token", "secret", "password")
_SECRET_PARAMETER = re.compile(r"(?i)token|secret|passw|signature|api_?-?key")
_OWN_HEADERS = ("host", "accept", "accept-encoding", "content-length", "connection", "user-agent")
_SIZES = {"KiB": 1 << 10, "MiB": 1 << 20}
_LARGEST = 256 << 20
"""A page is looked at as a whole."""


def read_question(declaration: Declaration, env: Mapping[str, str], layout: Layout) -> Question:
    """What is asked; mistakes are noted in the declaration."""
    declaration.table(_TABLE, _KEYS)
    declaration.text((*_TABLE, "url"), required=True)
    url = declaration.checked((*_TABLE, "url"), lambda text: _url(notation.environment(text, env)))
    pages = _pages(declaration, layout)
    increment = _increment(declaration)
    query = _query(declaration)
    _check_parameters(declaration, pages, increment, query)
    return Question(url=url or "", query=query, pages=pages, increment=increment)


def read_access(declaration: Declaration, env: Mapping[str, str], layout: Layout) -> Access:
    """How it is asked; mistakes are noted in the declaration."""
    kind = layout.format
    if kind not in (Format.JSON, Format.JSONL, Format.CSV):
        if kind or declaration.value((*_TABLE, "format")) is None:
            declaration.problem((*_TABLE, "format"), "must be 'json', 'jsonl' or 'csv'.")
        kind = Format.JSON
    return Access(
        format=kind,
        auth=_auth(declaration, env),
        ca_file=_ca_file(declaration, env),
        timeout_seconds=declaration.checked((*_TABLE, "timeout"), notation.duration) or 30,
        most_bytes=declaration.checked((*_TABLE, "most_bytes"), _size) or 64 << 20,
    )


def _url(text: str) -> str:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as wrong:
        raise ValueError(f"is no address ({wrong}).") from wrong
    if url.userinfo:
        raise ValueError("holds a name or password. Write them into a file: see connector.auth.")
    if not url.host or url.scheme not in ("https", "http"):
        raise ValueError(f"{text!r} is no address. Write it as in 'https://api.example/v1/events'.")
    if url.scheme == "http" and not _is_this_machine(url.host):
        raise ValueError(f"{text!r} would be asked without encryption. Write https://.")
    if url.query or url.fragment or "?" in text:
        raise ValueError("holds more than a path. Write parameters into [connector.query].")
    return str(url)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _pages(declaration: Declaration, layout: Layout) -> Pages:
    kind = _paging(declaration)
    for key, only in _ONLY_FOR.items():
        if kind is not only and declaration.value((*_TABLE, key)) is not None:
            declaration.problem((*_TABLE, key), f"has no meaning with paging {kind.value!r}.")
    cursor = kind is Paging.CURSOR
    following = declaration.text(
        (*_TABLE, "cursor_field" if cursor else "link_field"), required=cursor
    )
    if following and layout.format not in (Format.JSON, None):
        declaration.problem((*_TABLE, "paging"), "a cursor can only be read from format 'json'.")
    if kind is not Paging.NONE and declaration.value(("identity", "by")) == "occurrence":
        declaration.problem(
            ("identity", "by"),
            "cannot tell a row on two pages from a page that came twice. Name identity.columns.",
        )
    return Pages(
        kind=kind,
        following=following if kind in (Paging.CURSOR, Paging.LINK) else "",
        cursor_parameter=_name(declaration, "cursor_parameter", "cursor") if cursor else "",
        page_parameter=_name(declaration, "page_parameter", "page") if kind is Paging.PAGE else "",
        first_page=_number(declaration, "first_page", 1, least=0),
        size_parameter=_name(declaration, "size_parameter", ""),
        page_rows=_number(declaration, "page_rows", 1000),
        most_pages=_number(declaration, "most_pages", 10_000),
    )


def _paging(declaration: Declaration) -> Paging:
    text = declaration.text((*_TABLE, "paging"), Paging.NONE.value)
    if text in list(Paging):
        return Paging(text)
    remedy = nearest(text, list(Paging)) or f" One of: {', '.join(Paging)}."
    declaration.problem((*_TABLE, "paging"), f"{text!r} is not known.{remedy}")
    return Paging.NONE


def _increment(declaration: Declaration) -> Increment | None:
    parameter = _name(declaration, "since_parameter", "")
    if not parameter:
        for key in _SINCE:
            if declaration.value((*_TABLE, key)) is not None:
                declaration.problem((*_TABLE, key), "has no meaning without since_parameter.")
        return None
    checked: Callable[..., Any] = declaration.checked
    field = declaration.text((*_TABLE, "since_field"), required=True)
    zone = declaration.value(("time", "zone"))
    clock = Clock(
        field=field,
        form=checked((*_TABLE, "since_format"), notation.time_format, "iso") or "iso",
        zone=_zone(zone),
    )
    seconds = checked((*_TABLE, "look_back"), notation.duration, "10m") or 600
    return Increment(
        parameter=parameter,
        clock=clock,
        look_back=timedelta(seconds=seconds),
        until_parameter=_name(declaration, "until_parameter", ""),
    )


def _zone(text: object) -> ZoneInfo:
    """A mistake in `time.zone` is noted where that is read."""
    try:
        return notation.zone(str(text))
    except ValueError:
        return ZoneInfo("UTC")


def _query(declaration: Declaration) -> tuple[tuple[str, str], ...]:
    found = declaration.table(_QUERY)
    for name, value in found.items():
        if not isinstance(value, str | int) or isinstance(value, bool):
            declaration.problem((*_QUERY, name), "must be a text in quotes or a whole number.")
        if _SECRET_PARAMETER.search(name):
            declaration.problem(
                (*_QUERY, name), "a secret does not stand in an address. Use [connector.auth]."
            )
    return tuple((name, str(value)) for name, value in found.items())


def _check_parameters(
    declaration: Declaration,
    pages: Pages,
    increment: Increment | None,
    query: tuple[tuple[str, str], ...],
) -> None:
    """A parameter with two meanings would have one of them only."""
    named = {
        "cursor_parameter": pages.cursor_parameter,
        "page_parameter": pages.page_parameter,
        "size_parameter": pages.size_parameter,
        "since_parameter": increment.parameter if increment else "",
        "until_parameter": increment.until_parameter if increment else "",
    }
    taken = {name for name, _ in query}
    for key, name in named.items():
        if name and name in taken:
            declaration.problem((*_TABLE, key), f"{name!r} already stands for something else.")
        taken.add(name)


def _auth(declaration: Declaration, env: Mapping[str, str]) -> Bearer | Hmac | None:
    if declaration.value(_AUTH) is None or not declaration.typed(_AUTH, dict):
        return None
    kind = declaration.text((*_AUTH, "kind"), required=True)
    refuse_written(declaration, _AUTH, _SECRETS)
    if kind not in _AUTH_KEYS:
        if kind:
            remedy = nearest(kind, _AUTH_KEYS) or f" One of: {', '.join(_AUTH_KEYS)}."
            declaration.problem((*_AUTH, "kind"), f"{kind!r} is not known.{remedy}")
        return None
    declaration.table(_AUTH, ("kind", *_AUTH_KEYS[kind], *_SECRETS))
    nowhere = SecretFile(path=Path())
    if kind == "bearer":
        token = secret_file(declaration, (*_AUTH, "token_file"), env, required=True)
        header = _header(declaration, BEARER_HEADER)
        return Bearer(token_file=token or nowhere, header=header)
    secret = secret_file(declaration, (*_AUTH, "secret_file"), env, required=True)
    declaration.text((*_AUTH, "key_id"), required=True)
    key_id = declaration.checked((*_AUTH, "key_id"), _plain)
    header = _header(declaration, SIGNATURE_HEADER)
    return Hmac(secret_file=secret or nowhere, key_id=key_id or "", header=header)


def _header(declaration: Declaration, default: str) -> str:
    def check(text: str) -> str:
        if re.fullmatch(r"[A-Za-z0-9-]{1,60}", text) is None or text.lower() in _OWN_HEADERS:
            raise ValueError(f"{text!r} cannot be used as a header. Write it as in 'X-Api-Key'.")
        return text

    return str(declaration.checked((*_AUTH, "header"), check, default) or default)


def _plain(text: str) -> str:
    if re.fullmatch(r"[!-~]{1,200}", text) is None:
        raise ValueError("may only hold ASCII signs without spaces, at most 200 of them.")
    return text


def _ca_file(declaration: Declaration, env: Mapping[str, str]) -> Path | None:
    text = declaration.checked(
        (*_TABLE, "ca_file"), lambda written: notation.environment(written, env)
    )
    return (declaration.file.parent / Path(text).expanduser()).absolute() if text else None


def _name(declaration: Declaration, key: str, default: str) -> str:
    return declaration.text((*_TABLE, key), default)


def _number(declaration: Declaration, key: str, default: int, *, least: int = 1) -> int:
    path: Keys = (*_TABLE, key)
    found = declaration.typed(path, int)
    if found is not None and not least <= found <= 1_000_000:
        declaration.problem(path, f"must lie between {least} and 1,000,000.")
    return default if found is None else int(found)


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d{1,6}) ?(KiB|MiB)", text)
    size = int(found.group(1)) * _SIZES[found.group(2)] if found else 0
    if not 0 < size <= _LARGEST:
        raise ValueError(f"{text!r} is no size up to 256MiB. Write it as in '64MiB'.")
    return size
