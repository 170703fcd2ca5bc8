"""Rows that come for a day which their source had already published as over."""

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

import polars as pl

from warehouse.manifest import Manifest


def over_until(manifest: Manifest | None, zone: ZoneInfo) -> dict[str, date]:
    """Source -> the first local day that was not published as over."""
    if manifest is None:
        return {}
    return {
        source.name: source.watermark.astimezone(zone).date()
        for source in manifest.sources
        if source.watermark is not None
    }


def late_days(rows: pl.DataFrame, over: date | None) -> Mapping[date, int]:
    """Day -> 0 for every day of `rows` before `over`; counts are known once they are stored."""
    if over is None or rows.is_empty():
        return {}
    days = rows["day"].unique()
    return dict.fromkeys(days.filter(days < over).to_list(), 0)
