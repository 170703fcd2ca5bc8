"""A reader at rest gives back the memory that its statements left behind.

DuckDB keeps every page it has read, up to its limit; a worker that answered one long question
would hold gigabytes for nothing. Pages above `RESTING_BYTES` are let go while no statement runs.
They come back from the system's file cache, at the cost of being decrypted again.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

RESTING_BYTES = 48_000_000
"""The pages used last stay: more than the overview reads of two years."""

_HELD = """
SELECT coalesce(sum(memory_usage_bytes) FILTER (tag = 'BASE_TABLE'), 0)::BIGINT,
    coalesce(sum(memory_usage_bytes) FILTER (tag <> 'BASE_TABLE'), 0)::BIGINT
FROM duckdb_memory()
"""


def let_go(connection: Any, slots: threading.BoundedSemaphore, most: int, limit: str) -> None:
    """Shrink to what rests, unless one of the `most` slots for statements is taken.

    `connection` is a DuckDB cursor of its own; `limit` its memory limit, which holds again after.
    """
    with _all(slots, most) as is_idle:
        if not is_idle:
            return
        pages, others = connection.execute(_HELD).fetchall()[0]
        if pages > RESTING_BYTES:
            connection.execute(f"SET memory_limit = '{others + RESTING_BYTES}B'")
            connection.execute(f"SET memory_limit = '{limit}'")


@contextlib.contextmanager
def _all(slots: threading.BoundedSemaphore, most: int) -> Iterator[bool]:
    """Whether every slot was free; meanwhile statements wait, which takes some milliseconds."""
    taken = 0
    try:
        while taken < most and slots.acquire(blocking=False):
            taken += 1
        yield taken == most
    finally:
        for _ in range(taken):
            slots.release()
