"""Files as they land in an inbox: whole or not at all, each in its bureau's format."""

import gzip
import io
import os
from pathlib import Path

import polars as pl

from etl.demo.bureaus import Bureau


def deliver(rows: pl.DataFrame, folder: Path, stem: str, bureau: Bureau) -> Path:
    """Write `rows` as `<folder>/<stem><suffix>`; it appears under its name once complete."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{stem}{bureau.suffix}"
    part = target.with_name(target.name + ".part")
    part.write_bytes(_encoded(rows, bureau))
    os.replace(part, target)
    return target


def deliver_nothing(folder: Path, stem: str, bureau: Bureau) -> Path:
    """A file with the bureau's columns and no row: nothing has happened until now."""
    columns = {theirs: pl.String() for _, theirs in bureau.columns}
    return deliver(pl.DataFrame(schema=columns), folder, stem, bureau)


def _encoded(rows: pl.DataFrame, bureau: Bureau) -> bytes:
    buffer = io.BytesIO()
    if ".parquet" in bureau.suffix:
        rows.write_parquet(buffer, compression="zstd")
    elif ".jsonl" in bureau.suffix:
        rows.write_ndjson(buffer)
    else:
        rows.write_csv(buffer)
    content = buffer.getvalue() or b"\n"
    if bureau.encoding != "utf-8":
        content = content.decode("utf-8").encode(bureau.encoding)
    # Without a time inside, equal rows give equal files.
    return gzip.compress(content, 1, mtime=0) if bureau.suffix.endswith(".gz") else content
