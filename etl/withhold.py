"""Rows that may not be stored: of a destroyed month, or older than their dataset is kept.

They are counted and told with their reason, and nothing else of them is kept.
"""

from dataclasses import replace

import polars as pl

from etl.model import Batch, Replayed
from warehouse import clock
from warehouse.certificates import destroyed_months
from warehouse.originals import NOTHING
from warehouse.reasons import words
from warehouse.retention import oldest_kept
from warehouse.settings import Settings


def withhold(settings: Settings, batch: Batch) -> Batch:
    """The batch with such rows among the broken ones, without their originals."""
    marked = _marked(settings, batch)
    if marked is None:
        return batch
    withheld = marked.filter(pl.col("reason").is_not_null()).select(
        pl.col("line"),
        pl.lit("occurred_at").alias("column_name"),
        pl.col("reason"),
        pl.lit(NOTHING).alias("original"),
        pl.lit(None, dtype=pl.String).alias("identity"),
    )
    return replace(
        batch,
        rows=_good(marked),
        quarantined=pl.concat([batch.quarantined, withheld.select(batch.quarantined.columns)]),
    )


def withhold_replayed(settings: Settings, replayed: Replayed) -> Replayed:
    """Such rows stay in quarantine as they are."""
    batch = replayed.batch
    marked = _marked(settings, batch)
    if marked is None:
        return replayed
    rows = _good(marked)
    kept = set(marked.filter(pl.col("reason").is_not_null())["line"])
    return replace(
        replayed,
        batch=replace(batch, rows=rows, read=len(rows) + len(batch.quarantined)),
        lines=tuple(line for line in replayed.lines if line not in kept),
    )


def _marked(settings: Settings, batch: Batch) -> pl.DataFrame | None:
    """The rows with the `reason` why they are withheld, or null; None when none is."""
    gone = destroyed_months(settings, batch.source.contract.name)
    keep = batch.source.keep_months
    if batch.rows.is_empty() or not (gone or keep):
        return None
    oldest = oldest_kept(clock.today(settings.zone), keep) if keep else ""
    month = pl.col("day").dt.strftime("%Y-%m")
    reason = (
        pl.when(month.is_in(sorted(gone)))
        .then(pl.lit(words("destroyed")))
        .when(month < oldest)
        .then(pl.lit(words("too_old")))
    )
    marked = batch.rows.with_columns(reason=reason)
    return None if marked["reason"].is_null().all() else marked


def _good(marked: pl.DataFrame) -> pl.DataFrame:
    return marked.filter(pl.col("reason").is_null()).drop("reason")
