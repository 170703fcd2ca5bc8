"""What every part of the books stands on: the file `live/state.duckdb` and its times.

Times go in and come out aware, in UTC; the file holds them without an offset.
"""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import overload

from warehouse.connection import Rows
from warehouse.writer import Writer


class Book:
    """Used under the loader's lock only."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @property
    def alias(self) -> str:
        return self._writer.attach("state", "")

    def _execute(self, sql: str, *parameters: object) -> Rows:
        return self._writer.execute(sql.replace("{db}", self.alias), parameters)

    def _transaction(self) -> AbstractContextManager[None]:
        return self._writer.transaction()


@overload
def naive(instant: datetime) -> datetime: ...


@overload
def naive(instant: datetime | None) -> datetime | None: ...


def naive(instant: datetime | None) -> datetime | None:
    """An aware instant as the file stores it."""
    return None if instant is None else instant.astimezone(UTC).replace(tzinfo=None)


@overload
def aware(stored: datetime) -> datetime: ...


@overload
def aware(stored: datetime | None) -> datetime | None: ...


def aware(stored: datetime | None) -> datetime | None:
    return None if stored is None else stored.replace(tzinfo=UTC)
