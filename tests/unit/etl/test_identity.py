"""The same row is the same in every delivery; repeats inside one delivery are kept apart."""

from pathlib import Path

import polars as pl
import pytest

from etl.formats.chunk import LINE
from etl.identity import IDENTITY, Identifier
from etl.model import Source
from tests.unit.etl.declared import source_in


def number(text: str) -> int:
    return 1_000_000 + sum(text.encode())


def frame_of(*rows: dict[str, str | None]) -> pl.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    schema = dict.fromkeys(names, pl.String())
    frame = pl.DataFrame([{n: row.get(n) for n in names} for row in rows], schema=schema)
    return frame.with_columns(pl.int_range(len(rows), dtype=pl.Int64).alias(LINE))


def texts(source: Source, *frames: pl.DataFrame) -> list[str | None]:
    """The identities of one delivery that comes in these chunks."""
    identifier = Identifier(source, number)
    return [text for frame in frames for text in identifier.identify(frame)[IDENTITY]]


@pytest.fixture
def by_occurrence(tmp_path: Path) -> Source:
    return source_in(tmp_path, ('columns = ["no"]', 'by = "occurrence"'))


@pytest.fixture
def by_columns(tmp_path: Path) -> Source:
    return source_in(tmp_path, ('columns = ["no"]', 'columns = ["no", "part"]'))


def test_columns_that_differ_only_in_where_they_are_cut_stay_apart(by_columns: Source) -> None:
    found = texts(by_columns, frame_of({"no": "1", "part": "23"}, {"no": "12", "part": "3"}))

    assert len(set(found)) == 2


def test_empty_part_of_an_identity_differs_from_every_text(by_columns: Source) -> None:
    rows = ({"no": "1", "part": None}, {"no": "1", "part": "None"}, {"no": "1", "part": ""})
    found = texts(by_columns, frame_of(*rows))

    assert found[0] == found[2] != found[1]


def test_row_without_any_identity_value_has_none(by_columns: Source) -> None:
    assert texts(by_columns, frame_of({"no": "", "part": None})) == [None]


def test_repeats_inside_a_delivery_are_numbered_over_its_chunks(by_occurrence: Source) -> None:
    row = {"at": "2026-03-02", "channel": "app"}
    other = {"at": "2026-03-02", "channel": "web"}

    found = texts(by_occurrence, frame_of(row, row, other), frame_of(row), frame_of(other, row))

    assert len(set(found)) == 6


def test_same_rows_in_a_later_delivery_have_the_same_identities(by_occurrence: Source) -> None:
    row, other = {"at": "1", "channel": "app"}, {"at": "2", "channel": "app"}

    first = texts(by_occurrence, frame_of(row, row, other))
    later = texts(by_occurrence, frame_of(other), frame_of(row), frame_of(row))

    assert sorted(map(str, first)) == sorted(map(str, later))


def test_new_empty_column_changes_no_identity(by_occurrence: Source) -> None:
    before = texts(by_occurrence, frame_of({"at": "1", "channel": "app"}))
    after = texts(by_occurrence, frame_of({"memo": None, "channel": "app", "at": "1"}))

    assert before == after


def test_personal_and_dropped_values_are_only_there_as_pseudonyms(by_occurrence: Source) -> None:
    (found,) = texts(by_occurrence, frame_of({"at": "1", "citizen": "110X", "name": "李某"}))

    assert found is not None
    assert "110X" not in found and "李某" not in found
    assert str(number("110X")) in found and str(number("李某")) in found


def test_personal_identity_column_is_only_there_as_pseudonym(tmp_path: Path) -> None:
    source = source_in(tmp_path, ('columns = ["no"]', 'columns = ["citizen"]'))

    assert texts(source, frame_of({"citizen": "110X"})) == [str(number("110X"))]
