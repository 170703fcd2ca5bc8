"""Originals of broken rows that belong to a destroyed month, as far as it can be told."""

from warehouse.home import live_file
from warehouse.settings import Settings
from warehouse.writer import Writer

NOTHING = "{}"
"""What is kept in the place of an original: JSON without columns."""


def forget_originals(settings: Settings, writer: Writer, dataset: str, month: str) -> None:
    """Forget the originals of the dataset's sources in which the month can be read.

    A broken row has no trusted time, so its text is searched for the month as dates are written:
    2026-03, 2026/03, 202603, 03/2026 and without leading zeros.
    """
    if not live_file(settings, "quarantine", "").exists():
        return
    books, state = writer.attach("quarantine", ""), writer.attach("state", "")
    writer.execute(
        f"UPDATE {books}.original SET original = ? WHERE original <> ?"
        f" AND source IN (SELECT source FROM {state}.run WHERE dataset = ?)"
        " AND regexp_matches(original, ?)",
        [NOTHING, NOTHING, dataset, _written(month)],
    )
    writer.detach("quarantine", "")
    writer.detach("state", "")


def _written(month: str) -> str:
    year, number = month.split("-")
    one = f"0?{number.lstrip('0')}"
    return (
        rf"{year}[-/.年]{one}(\D|$)|{year}{number}(\D|\d\d|$)"
        rf"|(^|\D){one}[-/.](\d\d?[-/.])?{year}"
    )
