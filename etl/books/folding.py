"""What published runs leave behind: sums, reasons and a few examples instead of every batch."""

import json
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from etl.books.book import Book
from warehouse.schema import statements_of

MOST_SAMPLES = 5
"""For a source, reason and column; the newest stay."""
_LONGEST_VALUE = 200
_MOST_COLUMNS = 100

_CANDIDATES = """
SELECT source, reason, column_name, item, line, original, seen_at FROM fold_row
QUALIFY row_number() OVER (
    PARTITION BY source, reason, column_name ORDER BY seen_at DESC, item, line
) <= ?
"""
_SAMPLE = """
INSERT INTO {db}.sample
SELECT $1, $2, $3, $4, $5, $6, $7::TIMESTAMP
WHERE NOT EXISTS (
    FROM {db}.sample WHERE source = $1 AND reason = $2 AND column_name = $3
        AND item = $4 AND line = $5 AND seen_at = $7
)
"""
_TRIM = """
DELETE FROM {db}.sample WHERE rowid IN (
    SELECT rowid FROM {db}.sample
    QUALIFY row_number() OVER (
        PARTITION BY source, reason, column_name ORDER BY seen_at DESC, item, line
    ) > ?
)
"""

Shown = tuple[frozenset[str], datetime | None]
"""Columns that nobody is shown, and since when that is known for sure (None: always)."""


class Folding(Book):
    def months_to_publish(self, zone: ZoneInfo) -> tuple[str, ...]:
        """The months (of the reporting zone) of the runs that have ended and are not published."""
        rows = self._execute(
            "SELECT DISTINCT strftime(timezone(?, timezone('UTC', started_at)), '%Y-%m') AS month"
            " FROM {db}.ended ORDER BY month",
            zone.key,
        )
        return tuple(row[0] for row in rows)

    def fold(self) -> None:
        """The runs that have ended are published: keep their sums, drop their deliveries."""
        self._writer.attach("quarantine", "")
        with self._transaction():
            for statement in statements_of("books/fold", self.alias):
                self._execute(statement)
            self._keep_samples()
            for statement in statements_of("books/folded", self.alias):
                self._execute(statement)

    def _keep_samples(self) -> None:
        shown = {
            row[0]: (frozenset(row[1]), row[2])
            for row in self._execute("SELECT source, columns, since FROM {db}.personal")
        }
        rows = self._execute(_CANDIDATES, MOST_SAMPLES)
        for source, reason, column, item, line, original, seen_at in rows:
            kept = without_personal(original, seen_at, shown.get(source))
            self._execute(_SAMPLE, source, reason, column, item, line, kept, seen_at)
        if rows:
            self._execute(_TRIM, MOST_SAMPLES)


def without_personal(original: str | None, seen_at: datetime, shown: Shown | None) -> str:
    """The original as JSON without personal columns, long values cut; `{}` where it is not known
    which columns are personal."""
    if shown is None or not original:
        return "{}"
    hidden, since = shown
    if since is not None and seen_at < since:
        return "{}"
    try:
        content = json.loads(original)
    except ValueError:
        return "{}"
    if not isinstance(content, Mapping):
        return "{}"
    if hidden and content.keys() == {"text"}:
        return "{}"  # of a line that could not be taken apart, kept before anything was personal
    names = {_plain(name) for name in hidden}
    left = {
        name: value[:_LONGEST_VALUE] if isinstance(value, str) else value
        for name, value in list(content.items())[:_MOST_COLUMNS]
        if _plain(name) not in names
    }
    return json.dumps(left, ensure_ascii=False)


def _plain(name: str) -> str:
    return name.strip().casefold()
