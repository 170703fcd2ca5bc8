"""Originals of broken rows that belong to a destroyed month, as far as it can be told.

A broken row has no trusted time, so its text is searched for the month as dates are written. What
is left is copied into a new file under a new key: the old key, in the home and in backups, goes
with the month, for the old file keeps what was overwritten in it.
"""

import os
import secrets

from warehouse.failpoints import reach
from warehouse.home import key_context, live_file, storage_errors, sync_folder, write_durably
from warehouse.keys import Keyring
from warehouse.overwrite import overwrite
from warehouse.partition_key import key_file
from warehouse.relations import name
from warehouse.settings import Settings
from warehouse.writer import Writer

NOTHING = "{}"
"""What is kept in the place of an original: JSON without columns."""
BOOK = "quarantine"

_OF_MONTH = (
    " WHERE original <> $1 AND source IN (SELECT source FROM {state}.run WHERE dataset = $2)"
    " AND regexp_matches(original, $3)"
)


def has_originals(settings: Settings, writer: Writer, dataset: str, month: str) -> bool:
    """Whether the month can be read in an original of the dataset's sources."""
    if not live_file(settings, BOOK, "").exists():
        return False
    book, where = _attached(writer)
    sql = f"SELECT 1 FROM {book}.original{where} LIMIT 1"
    found = bool(writer.execute(sql, [NOTHING, dataset, _written(month)]))
    _detach(writer)
    return found


def forget_originals(
    settings: Settings, keyring: Keyring, writer: Writer, dataset: str, month: str
) -> None:
    """May be done again after a kill anywhere; nothing may be attached."""
    _take_over(settings)
    if not has_originals(settings, writer, dataset, month):
        return
    book, where = _attached(writer)
    parameters = [NOTHING, dataset, _written(month)]
    writer.execute(f"UPDATE {book}.original SET original = $1{where}", parameters)
    _detach(writer)
    _renew(settings, keyring, writer)
    _take_over(settings)


def _attached(writer: Writer) -> tuple[str, str]:
    where = _OF_MONTH.replace("{state}", writer.attach("state", ""))
    return writer.attach(BOOK, ""), where


def _detach(writer: Writer) -> None:
    writer.detach(BOOK, "")
    writer.detach("state", "")


def _renew(settings: Settings, keyring: Keyring, writer: Writer) -> None:
    """The same tables in `quarantine.fresh.duckdb`, which is there only when it is whole."""
    old = live_file(settings, BOOK, "")
    fresh = old.with_name(f"{BOOK}.fresh.duckdb")
    key = secrets.token_bytes(32)
    wrapped = keyring.wrap(key, key_context(BOOK, ""))
    write_durably(key_file(fresh), wrapped.encode() + b"\n")
    writer.attach(BOOK, "")
    writer.copy_to(name(BOOK), fresh, key)
    writer.detach(BOOK, "")


def _take_over(settings: Settings) -> None:
    """Put the fresh file and its key in the place of the old ones, also half-way after a kill."""
    old = live_file(settings, BOOK, "")
    fresh = old.with_name(f"{BOOK}.fresh.duckdb")
    reach("destroy_fresh")
    with storage_errors(old):
        if not fresh.exists():
            key_file(fresh).unlink(missing_ok=True)
            return
        if key_file(fresh).exists():
            overwrite(key_file(old))
            reach("destroy_old_key")
            os.replace(key_file(fresh), key_file(old))
            sync_folder(old.parent)
            reach("destroy_new_key")
        os.replace(fresh, old)
        sync_folder(old.parent)


def _written(month: str) -> str:
    year, number = month.split("-")
    one = f"0?{number.lstrip('0')}"
    return (
        rf"{year}[-/.年]{one}(\D|$)|{year}{number}(\D|\d\d|$)"
        rf"|(^|\D){one}[-/.](\d\d?[-/.])?{year}"
    )
