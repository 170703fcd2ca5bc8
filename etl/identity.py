"""What makes a row the same row when it is delivered again.

By columns: the values of the identity columns. By occurrence, for rows without an id: the whole
row and how often it has come before in the same delivery, so that repeats inside one delivery are
kept and the same rows in a later delivery are duplicates. The text holds a personal or dropped
value only as its keyed pseudonym, because what is stored is an unkeyed digest of it.
"""

import polars as pl

from etl.formats.chunk import LINE
from etl.model import Source
from etl.pseudonyms import Pseudonym, pseudonyms

IDENTITY = "#identity"
"""Column of the identity text; null where every identity column is empty."""

_UNIT = "\x1f"
_NULL = "\x00"
_SEED = 20240229


class Identifier:
    """Gives the rows of one delivery their identity; make a new one for each delivery.

    Remembers a 64-bit number and a count for each distinct row, not the row.
    """

    def __init__(self, source: Source, pseudonym: Pseudonym) -> None:
        self._source = source
        self._pseudonym = pseudonym
        self._seen: list[pl.DataFrame] = []

    def identify(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`frame` with the column `IDENTITY`."""
        if self._source.is_by_occurrence:
            return frame.with_columns(self._by_occurrence(self._keyed(frame)).alias(IDENTITY))
        return frame.with_columns(self._by_columns(self._keyed(frame)).alias(IDENTITY))

    def _keyed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The delivered columns, empty texts as null, secret values as their pseudonym."""
        wanted = self._source.identity or sorted(c for c in frame.columns if c != LINE)
        present = [name for name in wanted if name in frame.columns]
        texts = frame.select(pl.when(pl.col(n) != "").then(pl.col(n)).alias(n) for n in present)
        secret = {*self._source.personal, *self._source.dropped}
        keyed = [
            pseudonyms(texts[name], self._pseudonym).cast(pl.String).alias(name)
            for name in present
            if name in secret
        ]
        absent = [pl.lit(None, dtype=pl.String).alias(n) for n in wanted if n not in present]
        return texts.with_columns(*keyed, *absent).select(wanted)

    def _by_columns(self, texts: pl.DataFrame) -> pl.Series:
        marked = [pl.col(name).fill_null(_NULL) for name in texts.columns]
        is_empty = pl.all_horizontal(pl.col(name).is_null() for name in texts.columns)
        joined = pl.concat_str(marked, separator=_UNIT)
        return texts.select(pl.when(~is_empty).then(joined).alias(IDENTITY)).to_series()

    def _by_occurrence(self, texts: pl.DataFrame) -> pl.Series:
        """Empty fields are left out, so that a new column without values changes nothing."""
        fields = [pl.lit(name + "=") + pl.col(name) for name in texts.columns]
        row = texts.select(pl.concat_str(fields, separator=_UNIT, ignore_nulls=True).alias("row"))
        hashed = row.with_columns(hash=pl.col("row").hash(_SEED))
        before = self._before(hashed.select("hash"))
        numbered = hashed.with_columns(
            number=pl.int_range(pl.len(), dtype=pl.UInt32).over("hash") + before["count"]
        )
        return numbered.select(
            pl.concat_str("row", pl.col("number").cast(pl.String), separator=_UNIT)
        ).to_series()

    def _before(self, hashed: pl.DataFrame) -> pl.DataFrame:
        """How often each row came in the chunks before; then remembers this chunk."""
        fresh = hashed.group_by("hash").agg(count=pl.len().cast(pl.UInt32))
        wanted = fresh["hash"].implode()
        parts = [part.filter(pl.col("hash").is_in(wanted)) for part in self._seen]
        self._seen.append(fresh)
        if not parts:
            return hashed.select(count=pl.lit(0, dtype=pl.UInt32))
        known = pl.concat(parts).group_by("hash").agg(pl.col("count").sum())
        joined = hashed.join(known, on="hash", how="left", maintain_order="left")
        return joined.select(pl.col("count").fill_null(0).cast(pl.UInt32))
