"""Every error the cockpit raises on purpose.

    CockpitError
    ├── SettingsError          a setting is missing, weak or unreadable
    ├── DefinitionError        a metric, page or policy is declared wrongly (a programmer's error)
    ├── QueryError             a question cannot be answered as asked (HTTP 400)
    │   ├── UnknownMetric
    │   ├── UnknownDimension
    │   ├── BadPeriod
    │   ├── UnknownHolidays    working days of a year whose holidays are not known
    │   ├── TooLarge           more cells or time than one question may take
    │   └── NotDecomposable    a change that cannot be split, or may not
    ├── Forbidden              the viewer may not see this (HTTP 403)
    │   └── Suppressed         it is hidden to protect the few people behind it
    ├── SourceError            a declared source is wrong: names file, key, line and remedy
    ├── ContractBroken         a batch cannot be loaded as a whole
    ├── SourceUnavailable      the outside cannot be reached or read
    │   └── ReaderEnded        the process that read a delivery died, hung or met its limits
    ├── Undelivered            an alarm did not reach its target
    └── StorageError           files of the warehouse
        ├── NotPublished       nothing has been published yet
        ├── WrongKey           the key does not open this warehouse
        ├── Tampered           a seal does not fit its file
        ├── NewerFormat        written by a newer cockpit
        ├── Busy               another process holds the warehouse
        └── NoSpace            the disk is full

Each carries one sentence a person can act on; callers catch a family, never `Exception`.
"""

import difflib
from collections.abc import Iterable


class CockpitError(Exception):
    """The family. `str(error)` is one sentence that names the place and the remedy."""


class SettingsError(CockpitError):
    pass


class DefinitionError(CockpitError):
    pass


class QueryError(CockpitError):
    pass


class UnknownMetric(QueryError):
    pass


class UnknownDimension(QueryError):
    pass


class BadPeriod(QueryError):
    pass


class UnknownHolidays(QueryError):
    pass


class TooLarge(QueryError):
    pass


class NotDecomposable(QueryError):
    """`zh` says to officials what the error's own text says."""

    def __init__(self, text: str, *, zh: str) -> None:
        super().__init__(text)
        self.zh = zh


class Forbidden(CockpitError):
    pass


class Suppressed(Forbidden):
    pass


class SourceError(CockpitError):
    pass


class ContractBroken(CockpitError):
    pass


class SourceUnavailable(CockpitError):
    pass


class ReaderEnded(SourceUnavailable):
    pass


class Undelivered(CockpitError):
    pass


class StorageError(CockpitError):
    pass


class NotPublished(StorageError):
    pass


class WrongKey(StorageError):
    pass


class Tampered(StorageError):
    pass


class NewerFormat(StorageError):
    pass


class Busy(StorageError):
    pass


class NoSpace(StorageError):
    pass


def nearest(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for the closest known name, or an empty string."""
    found = nearest_of(name, known)
    return f" Did you mean {str(found)!r}?" if found is not None else ""


def nearest_of(name: str, known: Iterable[str]) -> str | None:
    """The closest known name, if any is close."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return found[0] if found else None
