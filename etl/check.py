"""What a declared source would load, without a warehouse: for whoever writes the declaration."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from etl import contract
from etl.connectors.files import Item, check_item, list_items, read_item
from etl.declaration import Declaration
from etl.formats.chunk import Chunk
from etl.identity import Identifier
from etl.model import Source
from etl.sources import read_source
from warehouse.errors import ContractBroken, SourceUnavailable

SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The beginning of one delivered file as it would load.

    Pseudonyms are made without the warehouse's key: they show that a value is there, no more.
    """

    item: str
    rows: pl.DataFrame
    broken: pl.DataFrame
    complaints: tuple[str, ...]
    """`file:line: key: …` for the first broken rows."""
    new_columns: tuple[str, ...]


def check_source(file: Path, env: Mapping[str, str], zone: ZoneInfo) -> tuple[Source, Sample]:
    """Reads the declaration and the beginning of its newest delivered file.

    Raises `SourceError` for the declaration, `SourceUnavailable` or `ContractBroken` for what was
    delivered.
    """
    source = read_source(file, env)
    item = _newest(source)
    check_item(item, source.connector)
    chunk = next(read_item(item, source.connector))
    names = chunk.frame.columns
    try:
        contract.check_columns(names, source, is_sparse=chunk.is_sparse)
    except ContractBroken as error:
        raise ContractBroken(f"{item.name}: {error}.") from error
    rows, broken = _apply(source, chunk, zone)
    return source, Sample(
        item=item.name,
        rows=rows,
        broken=broken,
        complaints=_complaints(source, item, broken),
        new_columns=contract.new_columns(names, source),
    )


def _newest(source: Source) -> Item:
    items = list_items(source.connector)
    if not items:
        raise SourceUnavailable(
            f"{source.connector.path}: nothing that fits {source.connector.pattern!r} is there yet."
        )
    return max(items, key=lambda item: item.mtime_ns)


def _apply(source: Source, chunk: Chunk, zone: ZoneInfo) -> tuple[pl.DataFrame, pl.DataFrame]:
    frame = Identifier(source, _number).identify(chunk.frame)
    rows, broken = contract.apply(frame, source, pseudonym=_number, zone=zone)
    return rows, pl.concat([broken, contract.broken_lines(chunk.broken, source)])


def _number(text: str) -> int:
    """A stand-in for the keyed pseudonym; short, so that nobody takes it for the real one."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:2], "big")


def _complaints(source: Source, item: Item, broken: pl.DataFrame) -> tuple[str, ...]:
    declaration = Declaration(source.file)
    found = []
    for row in broken.sort("line").head(SHOWN).iter_rows(named=True):
        keys = _keys(source, row["column_name"])
        place = f"{source.file}:{declaration.line(keys)}: {'.'.join(keys) or 'connector'}"
        found.append(f"{place}: line {row['line']} of {item.name}: {row['reason']}")
    return tuple(found)


def _keys(source: Source, column: str) -> tuple[str, ...]:
    """The key of the declaration that decides about a column of the contract."""
    if column in source.values:
        return ("values", column)
    return ("columns", column) if column in source.columns else (column,) if column else ()
