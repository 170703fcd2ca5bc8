"""Parquet, row group by row group; every type becomes the text its value is written as."""

import json
from collections.abc import Iterator
from typing import BinaryIO

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from etl.formats.chunk import LINE, Chunk, check_width
from warehouse.errors import SourceUnavailable
from warehouse.sentences import say

_EXACT_FLOAT = 2.0**53


def read_parquet(stream: BinaryIO, rows: int) -> Iterator[Chunk]:
    """The rows of a Parquet file. Raises `SourceUnavailable` when it is damaged."""
    first = 1
    try:
        file = pq.ParquetFile(stream)
        check_width(len(file.schema_arrow.names))
        names = dict.fromkeys(file.schema_arrow.names, pl.String())
        yield Chunk(frame=pl.DataFrame(schema={**names, LINE: pl.Int64()}))
        for batch in file.iter_batches(batch_size=rows):
            frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch])))
            numbers = pl.int_range(first, first + len(frame), dtype=pl.Int64, eager=True)
            columns = [_as_text(column) for column in frame]
            yield Chunk(frame=pl.DataFrame([*columns, numbers.alias(LINE)]))
            first += len(frame)
    except (pa.ArrowException, OSError) as error:
        raise SourceUnavailable(say("no_parquet", why=_short(error))) from error


def check_parquet(stream: BinaryIO, rows: int) -> None:
    """Reads to the end. Raises `SourceUnavailable` for a damaged file."""
    try:
        for _ in pq.ParquetFile(stream).iter_batches(batch_size=rows):
            pass
    except (pa.ArrowException, OSError) as error:
        raise SourceUnavailable(say("no_parquet", why=_short(error))) from error


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _as_text(column: pl.Series) -> pl.Series:
    kind = column.dtype
    if kind == pl.String:
        return column
    if kind.is_float():
        return _float_as_text(column)
    if isinstance(kind, pl.Datetime):
        form = "%Y-%m-%dT%H:%M:%S%.6f" + ("%:z" if kind.time_zone else "")
        return column.dt.to_string(form)
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        texts = [None if v is None else json.dumps(v, default=str) for v in column.to_list()]
        return pl.Series(column.name, texts, dtype=pl.String)
    return column.cast(pl.String)


def _float_as_text(column: pl.Series) -> pl.Series:
    """Whole numbers lose the `.0` they got from a column with gaps: 13085.0 reads 13085."""
    name = column.name
    value = pl.col(name)
    is_whole = value.is_finite() & (value == value.round()) & (value.abs() < _EXACT_FLOAT)
    whole = pl.when(is_whole).then(value).cast(pl.Int64, strict=False).cast(pl.String)
    text = pl.when(is_whole).then(whole).otherwise(value.cast(pl.String))
    return column.to_frame().select(text.alias(name)).to_series()
