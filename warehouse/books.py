"""How a backup asks the ETL for its books: a generation that has them as they are at its moment."""

from pathlib import Path

from warehouse.home import storage_errors, write_durably
from warehouse.manifest import Manifest
from warehouse.settings import Settings


def _wish(settings: Settings) -> Path:
    return settings.home / "requests" / "books"


def ask_for_books(settings: Settings) -> None:
    """The next publication of a running ETL takes it up."""
    write_durably(_wish(settings), b"\n")


def books_wanted(settings: Settings) -> bool:
    return _wish(settings).exists()


def books_given(settings: Settings, manifest: Manifest) -> None:
    """The generation that counts now has the books, if it has its own."""
    if manifest.books_at == manifest.created_at:
        with storage_errors(settings.home):
            _wish(settings).unlink(missing_ok=True)
