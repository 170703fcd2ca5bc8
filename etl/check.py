"""What a declared source would load, without a warehouse: for whoever writes the declaration."""

import secrets
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from etl import contract
from etl.declaration import Declaration
from etl.delivery import Delivery, Item
from etl.landing import Landing
from etl.model import Source
from etl.reading.job import Job, Piece
from etl.reading.process import READERS
from etl.sources import read_source
from warehouse import clock
from warehouse.errors import SourceUnavailable

SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The beginning of one delivery as it would load.

    Pseudonyms are made with a key of the moment: they show that a value is there, no more.
    """

    item: str
    rows: pl.DataFrame
    broken: pl.DataFrame
    complaints: tuple[str, ...]
    """`file:line: key: …` for the first broken rows."""
    new_columns: tuple[str, ...]


def check_source(file: Path, env: Mapping[str, str], zone: ZoneInfo) -> tuple[Source, Sample]:
    """Reads the declaration and the beginning of its newest delivery.

    Raises `SourceError` for the declaration, `SourceUnavailable` or `ContractBroken` for what was
    delivered.
    """
    source = read_source(file, env)
    delivery = _newest(source)
    piece = _read(source, delivery, zone)
    return source, Sample(
        item=delivery.item.name,
        rows=piece.rows,
        broken=piece.quarantined,
        complaints=_complaints(source, delivery.item, piece.quarantined),
        new_columns=contract.new_columns(piece.columns, source),
    )


def _newest(source: Source) -> Delivery:
    """Of files the one delivered last; of a table or a service its first page."""
    found: Delivery | None = None
    for delivery in source.connector.deliveries({}):
        found = delivery
        if not delivery.item.version:
            break
    if found is None:
        raise SourceUnavailable(
            f"{source.file}: nothing that its [connector] would take was delivered yet."
        )
    return found


def _read(source: Source, delivery: Delivery, zone: ZoneInfo) -> Piece:
    with tempfile.TemporaryDirectory() as folder, closing(Landing(Path(folder))) as landing:
        content = delivery.fetch(landing).content
        job = Job(
            source=source,
            content=content,
            zone=zone,
            now=clock.now(),
            pseudonym_key=secrets.token_bytes(32),
        )
        READERS.survey(job.surveying(is_thorough=False, sums=()))
        pieces = READERS.read(job)
        first = next(pieces)
        pieces.close()
        return first


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
