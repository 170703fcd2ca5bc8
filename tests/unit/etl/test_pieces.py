"""Pieces of a delivery: the same cuts however many go through the contract together."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from etl.reading import child
from etl.reading.job import Job, Piece
from etl.reading.process import READERS
from tests.unit.etl.declared import HEADER, SHANGHAI, contents_in, rows_text, settled, source_in


def pieces_of(folder: Path, text: str, rows: int) -> list[Piece]:
    source = source_in(folder)
    settled(folder / "hall" / "a.csv", f"{HEADER}\n{text}")
    content = contents_in(source.connector)[0]  # type: ignore[arg-type]
    job = Job(
        source=source,
        content=content,
        zone=SHANGHAI,
        now=datetime(2026, 3, 3, tzinfo=UTC),
        pseudonym_key=bytes(32),
        rows=rows,
    )
    return list(READERS.read(job))


@pytest.mark.parametrize("count", [0, 1, 6, 7, 3 * child.AT_ONCE, 3 * child.AT_ONCE + 1])
def test_pieces_when_rows_are_broken_between_them_then_each_line_is_in_one(
    tmp_path: Path, count: int
) -> None:
    good = rows_text(0, count).splitlines()
    lines = [line for row in good for line in (row, "cut,off")]  # a broken line after each row
    text = "".join(f"{line}\n" for line in lines)

    pieces = pieces_of(tmp_path, text, 3)

    kept = [piece.rows["line"].to_list() for piece in pieces]
    broken = [piece.quarantined["line"].to_list() for piece in pieces]
    assert [line for piece in kept for line in piece] == list(range(2, 2 * count + 2, 2))
    assert [line for piece in broken for line in piece] == list(range(3, 2 * count + 3, 2))
    assert all(len(piece) == 3 for piece in kept[:-1])
    assert [piece.read for piece in pieces] == [
        len(k) + len(b) for k, b in zip(kept, broken, strict=True)
    ]
    assert [piece.is_last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
