"""Broken rows that belong to a destroyed month, as far as it can be told: originals and examples.

A broken row has no trusted time, so its text is searched for the month as dates are written. What
is left is copied into a new file under a new key: the old key, in the home and in backups, goes
with the month, for the old file keeps what was overwritten in it.

    quarantine.original   the rows as they came
    state.sample          a few of each reason in the books
    operations.sample     the same, as operators see them
"""

import os
import secrets
from pathlib import Path

from warehouse.failpoints import reach
from warehouse.home import key_context, live_file, storage_errors, sync_folder, write_durably
from warehouse.keys import Keyring
from warehouse.operations import OPERATIONS
from warehouse.overwrite import overwrite
from warehouse.partition_key import key_file
from warehouse.settings import Settings
from warehouse.writer import Writer

NOTHING = "{}"
"""What is kept in the place of an original: JSON without columns."""
_TABLES = {"quarantine": "original", "state": "sample", OPERATIONS: "sample"}
"""File -> its table with a column `original`."""

_OF_MONTH = (
    " WHERE original <> $1 AND source IN (SELECT source FROM {state}.run WHERE dataset = $2)"
    " AND regexp_matches(original, $3)"
)


def with_originals(settings: Settings, writer: Writer, dataset: str, month: str) -> tuple[str, ...]:
    """The files in which the month can be read in a row of the dataset's sources."""
    if not live_file(settings, "state", "").exists():
        return ()
    there = [book for book in _TABLES if live_file(settings, book, "").exists()]
    return tuple(book for book in there if _holds(writer, book, dataset, month))


def forget_originals(
    settings: Settings, keyring: Keyring, writer: Writer, dataset: str, month: str
) -> None:
    """May be done again after a kill anywhere; nothing may be attached."""
    for book in _TABLES:
        _take_over(settings, book)
    for book in with_originals(settings, writer, dataset, month):
        table, where = _attached(writer, book)
        parameters = [NOTHING, dataset, _written(month)]
        writer.execute(f"UPDATE {table} SET original = $1{where}", parameters)
        writer.detach_all()
        _renew(settings, keyring, writer, book)
        _take_over(settings, book)


def _holds(writer: Writer, book: str, dataset: str, month: str) -> bool:
    table, where = _attached(writer, book)
    sql = f"SELECT 1 FROM {table}{where} LIMIT 1"
    found = bool(writer.execute(sql, [NOTHING, dataset, _written(month)]))
    writer.detach_all()
    return found


def _attached(writer: Writer, book: str) -> tuple[str, str]:
    """The table of a file, and what finds the rows of the month in it."""
    where = _OF_MONTH.replace("{state}", writer.attach("state", ""))
    return f"{writer.attach(book, '')}.{_TABLES[book]}", where


def _fresh_file(settings: Settings, book: str) -> Path:
    file = live_file(settings, book, "")
    return file.with_name(f"{file.stem}-fresh.copy")  # never taken for a partition


def _renew(settings: Settings, keyring: Keyring, writer: Writer, book: str) -> None:
    """The same tables in a fresh file, which is there only when it is whole."""
    fresh = _fresh_file(settings, book)
    key = secrets.token_bytes(32)
    wrapped = keyring.wrap(key, key_context(book, ""))
    write_durably(key_file(fresh), wrapped.encode() + b"\n")
    writer.copy_to(writer.attach(book, ""), fresh, key)
    writer.detach_all()


def _take_over(settings: Settings, book: str) -> None:
    """Put the fresh file and its key in the place of the old ones, also half-way after a kill."""
    old, fresh = live_file(settings, book, ""), _fresh_file(settings, book)
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
