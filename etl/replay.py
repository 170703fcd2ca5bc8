"""Broken rows once more, by the declaration as it is now."""

import hashlib
import json
from collections.abc import Iterator

import polars as pl

from etl import contract
from etl.formats.chunk import LINE
from etl.identity import IDENTITY
from etl.load import Loader
from etl.model import Batch, Replayed, Source
from etl.times import known_until
from warehouse.reasons import read as read_reason

Kept = tuple[int, str, str, str | None]
"""Line, reason, original, event id."""


class Replay:
    """What lies in quarantine of one source, batch by batch as it came."""

    def __init__(self, loader: Loader, source: Source, run_id: str, mark: str) -> None:
        self._loader = loader
        self._source = source
        self._run_id = run_id
        self._mark = mark
        self.kept = 0
        """Rows looked at that are still broken, or cannot be replayed."""

    def batches(self, reason: str = "") -> Iterator[Replayed]:
        """Those with rows that are good now. `reason` is a code; empty: every reason."""
        quarantine = self._loader.quarantine
        with self._loader.working():
            origins = quarantine.origins(self._source.name)
        for origin, item in origins:
            with self._loader.working():
                is_counted = self._loader.state.times_broken(origin) > 0
                rows = quarantine.originals(self._source.name, origin)
            wanted = [row for row in rows if not reason or read_reason(row[1]).code == reason]
            whole = [row for row in wanted if is_counted and self._is_whole(row)]
            self.kept += len(wanted) - len(whole)
            if whole:
                yield from self._replayed(origin, item, whole)

    def _is_whole(self, row: Kept) -> bool:
        """Whether its fields are as the declaration takes them now: personal ones are numbers.

        One declared personal since then is kept as it came, and one that is no longer personal as
        its pseudonym: neither must be taken for the other. They wait for their file.
        """
        return row[3] is not None and all(
            isinstance(value, int) == (name in self._source.personal)
            for name, value in json.loads(row[2]).items()
            if value is not None and name in self._source.delivered
        )

    def _replayed(self, origin: str, item: str, rows: list[Kept]) -> Iterator[Replayed]:
        frame = _frame(rows)
        if set(self._source.columns.values()) - set(frame.columns):
            self.kept += len(rows)  # a column declared since then was not kept with them
            return
        good, broken = contract.apply(
            frame, self._source, pseudonym=int, zone=self._loader.settings.zone
        )
        self.kept += len(broken)
        if good.is_empty():
            return
        lines = tuple(good["line"].to_list())
        batch = Batch(
            batch_id=self._name(origin, lines),
            source=self._source,
            run_id=self._run_id,
            item=item,
            read=len(good),
            rows=good,
            quarantined=broken.clear(),
            has_event_ids=True,
            cause="replay",
            is_last=True,
            event_until=known_until(good, self._loader.settings.zone),
        )
        yield Replayed(batch=batch, origin=origin, lines=lines)

    def _name(self, origin: str, lines: tuple[int, ...]) -> str:
        """The same for the same rows, so that a replay that was killed counts once."""
        named = f"replay\x1f{origin}\x1f{self._mark}\x1f{lines}"
        return hashlib.sha256(named.encode()).hexdigest()[:32]


def _frame(rows: list[Kept]) -> pl.DataFrame:
    """The originals as they were delivered; personal values are pseudonyms, as numbers."""
    originals = [json.loads(row[2]) for row in rows]
    names = dict.fromkeys(name for original in originals for name in original)
    columns = [
        pl.Series(name, [_text(original.get(name)) for original in originals], dtype=pl.String)
        for name in names
    ]
    lines = pl.Series(LINE, [row[0] for row in rows], dtype=pl.Int64)
    events = pl.Series(IDENTITY, [row[3] for row in rows], dtype=pl.String)
    return pl.DataFrame([*columns, lines, events])


def _text(value: object) -> str | None:
    return None if value is None else str(value)
