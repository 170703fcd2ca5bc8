"""Names of what is delivered: the same file and declaration always give the same ones."""

import hashlib

from etl.connectors.files import ROWS, Item, fingerprint
from etl.delivery import Position
from etl.model import Source


def declaration_mark(source: Source) -> str:
    """Changes when the same file would load otherwise, so that it is read again."""
    means = (
        source.contract.name,
        sorted(source.columns.items()),
        sorted(source.constants.items()),
        sorted((name, sorted(values.items())) for name, values in source.values.items()),
        (source.zone.key, source.time_format, source.identity, source.personal, source.dropped),
        (source.connector.format, source.connector.delimiter, source.connector.encoding),
        source.connector.header,
    )
    return hashlib.sha256(repr(means).encode()).hexdigest()[:16]


def is_read(item: Item, known: Position | None, mark: str) -> bool:
    """Whether the item was read to its end as it is now, by the declaration as it is now."""
    return (
        known is not None and known.version == _version(item) and known.sha256.endswith(f":{mark}")
    )


def position_of(source: Source, item: Item) -> Position:
    """Where the source stands once the item is loaded. Reads the whole file."""
    content = f"{fingerprint(item)}:{declaration_mark(source)}"
    return Position(item=item.name, version=_version(item), sha256=content)


def _version(item: Item) -> str:
    return f"{item.size}:{item.mtime_ns}"


def batch_id(source: Source, position: Position, ordinal: int) -> str:
    """Names the `ordinal`-th piece of a delivery; pieces of another size are other pieces."""
    named = f"{source.name}\x1f{position.sha256}\x1f{ROWS}\x1f{ordinal}"
    return hashlib.sha256(named.encode()).hexdigest()[:32]
