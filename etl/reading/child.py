"""The reading process: `python -m etl.reading.child`, told what to do on its standard input.

It alone touches what strangers deliver, with limits on memory; plain personal values never leave
it. Whoever started it is trusted, so jobs come as pickles; answers go back as JSON and Arrow.
"""

import functools
import os
import pickle
import resource
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import BinaryIO

import polars as pl

from etl import contract
from etl.failpoints import step
from etl.formats.chunk import LINE, Chunk
from etl.identity import Identifier
from etl.pseudonyms import Pseudonym, remembered
from etl.reading.content import check_content, read_content
from etl.reading.job import Job
from etl.reading.shapes import shapes_of
from etl.reading.wire import send
from warehouse import clock
from warehouse.errors import ContractBroken, SourceUnavailable
from warehouse.keys import Pseudonymiser
from warehouse.sentences import say

MEMORY_BYTES = 1 << 30
"""Private memory; a delivery that needs more is hostile or has a line without end."""

AT_ONCE = 5
"""Pieces that go through their contract together: each of its steps costs to start."""

_SIZE = struct.Struct(">I")
_Frames = tuple[pl.DataFrame, pl.DataFrame]
"""Good rows and broken ones, as in `Piece`."""


def main() -> None:
    """Answers jobs until the standard input closes."""
    jobs, out = _channel()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    for nothing in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):  # no dump, no file of its own
        resource.setrlimit(nothing, (0, 0))
    while size := jobs.read(_SIZE.size):
        job: Job = pickle.loads(jobs.read(*_SIZE.unpack(size)))
        with clock.frozen_at(job.now):
            try:
                if job.is_survey:
                    with step("survey"):
                        _survey(job, out)
                else:
                    _read(job, out)
            except (ContractBroken, SourceUnavailable) as error:
                send(out, {"error": type(error).__name__, "text": str(error)})


def _channel() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for messages alone; whatever is printed goes to stderr."""
    jobs = os.fdopen(os.dup(0), "rb")
    out = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    os.dup2(2, 1)
    return jobs, out


# --- reading --------------------------------------------------------------------------------


def _read(job: Job, out: BinaryIO) -> None:
    for frames, chunk, is_last in _applied(job):
        pieces = _cut(chunk, frames, job.rows)
        for ordinal, (rows, broken) in enumerate(pieces, 1):
            head = {
                "read": len(rows) + len(broken),
                "columns": _columns(chunk),
                "is_sparse": chunk.is_sparse,
                "is_last": is_last and ordinal == len(pieces),
            }
            send(out, head, (rows, broken))


def _cut(chunk: Chunk, frames: _Frames, size: int) -> list[_Frames]:
    """What became of a chunk, `size` of its rows at a time; always the same cuts."""
    ends = chunk.frame[LINE][:-1].gather_every(size, size - 1)
    rows, broken = frames  # rows are in the order of their lines
    return list(zip(_cut_after(ends, rows), _cut_after(ends, broken.sort("line")), strict=True))


def _cut_after(ends: pl.Series, frame: pl.DataFrame) -> list[pl.DataFrame]:
    places = [0, *frame["line"].search_sorted(ends, side="right").to_list(), len(frame)]
    return [frame[start:end] for start, end in pairwise(places)]


def _applied(job: Job) -> Iterator[tuple[_Frames, Chunk, bool]]:
    """Each chunk after its contract: good rows and broken ones; and whether it is the last."""
    pseudonym = _pseudonym(job.pseudonym_key)
    identifier = Identifier(job.source, pseudonym)
    checked = False
    for chunk, is_last in _with_last(read_content(job.content, AT_ONCE * job.rows)):
        if not checked:
            _check_columns(job, chunk)
            checked = True
        frame = identifier.identify(chunk.frame)
        with step("contract"):
            rows, broken = contract.apply(frame, job.source, pseudonym=pseudonym, zone=job.zone)
        broken = pl.concat([broken, contract.broken_lines(chunk.broken, job.source)])
        yield (_within(job, rows), broken), chunk, is_last


@functools.lru_cache(1)
def _pseudonym(key: bytes) -> Pseudonym:
    """Kept from delivery to delivery, because the same people come again."""
    return remembered(Pseudonymiser(key))


def _within(job: Job, rows: pl.DataFrame) -> pl.DataFrame:
    """Of a range that is read again only what lies in it."""
    if job.window is None:
        return rows
    start, end = (_naive(t) for t in (job.window.start, job.window.end))
    at = pl.col("occurred_at")
    return rows.filter((at >= start) & (at < end))


def _naive(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)


def _check_columns(job: Job, chunk: Chunk) -> None:
    if chunk.is_sparse and chunk.frame.is_empty():
        return
    try:
        contract.check_columns(_columns(chunk), job.source, is_sparse=chunk.is_sparse)
    except ContractBroken as error:
        raise ContractBroken(f"{job.content.name}: {error}.") from error


def _columns(chunk: Chunk) -> list[str]:
    return [name for name in chunk.frame.columns if name != LINE]


def _with_last(chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, bool]]:
    """Each chunk, and whether it is the last one."""
    waiting: Chunk | None = None
    for chunk in chunks:
        if waiting is not None:
            yield waiting, False
        waiting = chunk
    if waiting is not None:
        yield waiting, True


# --- surveys --------------------------------------------------------------------------------


def _survey(job: Job, out: BinaryIO) -> None:
    if job.is_thorough:
        send(out, _all_of(job))
        return
    check_content(job.content)
    chunk = next(read_content(job.content, job.rows))
    _check_columns(job, chunk)
    send(out, _first_of(chunk))


def _first_of(chunk: Chunk) -> dict[str, object]:
    return {
        "columns": _columns(chunk),
        "is_sparse": chunk.is_sparse,
        "is_empty": chunk.read == 0,
        "shapes": shapes_of(chunk.frame),
    }


def _all_of(job: Job) -> dict[str, object]:
    found: dict[str, object] = {}
    rows, first_broken = 0, ""
    sums = dict.fromkeys(job.sums, Decimal(0))
    for (_, broken), chunk, _ in _applied(job):
        found = found or _first_of(chunk)
        rows += chunk.read
        first_broken = first_broken or _first_broken(broken)
        for name in sums:
            sums[name] += _sum(job, chunk, name)
    told = {name: f"{total.normalize():f}" for name, total in sums.items()}
    return {**found, "rows": rows, "sums": told, "first_broken": first_broken}


def _first_broken(broken: pl.DataFrame) -> str:
    if broken.is_empty():
        return ""
    first = broken.sort("line").row(0, named=True)
    what = f"{first['column_name']} {first['reason']}".strip()
    return f"line {first['line']}: {what}"


def _sum(job: Job, chunk: Chunk, name: str) -> Decimal:
    """Exact: as decimals. Texts that are no number are broken rows, which the count tells."""
    if name not in chunk.frame.columns:
        raise ContractBroken(f"{job.content.name}: {say('totals_column', name=name)}.")
    total = Decimal(0)
    for text in chunk.frame[name].drop_nulls().to_list():
        try:
            number = Decimal(text.strip() or 0)
        except InvalidOperation:
            continue
        total += number if number.is_finite() else 0
    return total


if __name__ == "__main__":
    main()
