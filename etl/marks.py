"""Names of what is delivered: the same content and declaration always give the same ones."""

import hashlib

from etl.delivery import Fetched, Item, Position
from etl.model import Source
from etl.reading.content import ROWS


def declaration_mark(source: Source) -> str:
    """Changes when the same content would load otherwise, so that it is read again."""
    means = (
        source.contract.name,
        sorted(source.columns.items()),
        sorted(source.constants.items()),
        sorted((name, sorted(values.items())) for name, values in source.values.items()),
        (source.zone.key, source.time_format, source.identity, source.personal, source.dropped),
        source.connector.mark(),
    )
    return hashlib.sha256(repr(means).encode()).hexdigest()[:16]


def identity_mark(source: Source) -> str:
    """Changes when a row that is stored already would come as another one.

    A secret value stands in the identity as its pseudonym, so it counts which ones are secret.
    """
    secret = {*source.personal, *source.dropped}
    if source.identity:
        secret &= set(source.identity)
    means = (source.contract.name, source.identity, sorted(secret))
    return hashlib.sha256(repr(means).encode()).hexdigest()[:16]


def is_read(item: Item, known: Position | None, mark: str) -> bool:
    """Whether the item was read to its end as it is now, by the declaration as it is now."""
    return (
        known is not None
        and item.version != ""
        and known.version == item.version
        and known.sha256.endswith(f":{mark}")
    )


def position_of(item: Item, fetched: Fetched, mark: str) -> Position:
    """Where the source stands once the item is loaded."""
    return Position(
        item=item.name,
        version=item.version or fetched.version,
        sha256=f"{fetched.content.sha256}:{mark}",
        cursor=fetched.cursor,
    )


def batch_id(source: Source, position: Position, ordinal: int, asked: str = "") -> str:
    """Names the `ordinal`-th piece of a delivery; pieces of another size are other pieces.

    `asked` is the run of a range that is read again: its pieces are no second delivery.
    """
    named = f"{source.name}\x1f{position.sha256}\x1f{ROWS}\x1f{ordinal}{asked}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]
