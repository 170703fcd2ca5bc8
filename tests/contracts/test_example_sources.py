"""Each source of the example city: a good row passes, each broken one fails with its reason."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from etl import contract
from etl.city import CITY_FILE
from etl.formats.chunk import LINE
from etl.identity import Identifier
from etl.model import Source
from etl.sources import read_source
from warehouse.datasets import DIMENSIONS, Column, Kind
from warehouse.errors import ContractBroken
from warehouse.settings import ROOT

EVENT = datetime(2026, 3, 2, 9, 30)
FILES = sorted(f for f in (ROOT / "sources").glob("*.toml") if f.name != CITY_FILE)
SOURCES = {file.stem: read_source(file, {"COCKPIT_INBOX": "/inbox"}) for file in FILES}

each_source = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)


def number(text: str) -> int:
    return sum(text.encode())


def time_text(source: Source) -> str:
    match source.time_format:
        case "iso":
            return EVENT.isoformat()
        case "epoch_s":
            return str(int(EVENT.replace(tzinfo=UTC).timestamp()))
        case "epoch_ms":
            return str(int(EVENT.replace(tzinfo=UTC).timestamp()) * 1000)
        case pattern:
            return EVENT.strftime(pattern)


def good_text(source: Source, column: Column) -> str:
    """A value the source may deliver for a column of the contract."""
    named = [theirs for theirs in source.values.get(column.name, {}) if theirs not in ("", "*")]
    if named:
        return named[0]
    known = DIMENSIONS[column.name].members if column.kind is Kind.DIMENSION else None
    texts = {Kind.TIME: time_text(source), Kind.FLAG: "true", Kind.DIMENSION: "x"}
    return next(iter(known)) if known else texts.get(column.kind, "12")


def good_row(source: Source) -> dict[str, str]:
    row = dict.fromkeys((*source.identity, *source.dropped), "1")
    for name, theirs in source.columns.items():
        column = source.contract.column(name)
        assert column is not None
        row[theirs] = good_text(source, column)
    return row


def applied(source: Source, row: dict[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    frame = pl.DataFrame([row]).with_columns(pl.lit(2, dtype=pl.Int64).alias(LINE))
    identified = Identifier(source, number).identify(frame)
    return contract.apply(identified, source, pseudonym=number, zone=source.zone)


def broken_rows() -> list[tuple[Source, str, str, str]]:
    """Source, column of the contract, what is delivered in it, the reason expected."""
    cases = []
    for source in SOURCES.values():
        for name in source.columns:
            column = source.contract.column(name)
            assert column is not None
            if column.required and "" not in source.values.get(name, {}):
                cases.append((source, name, " ", "is empty but required"))
            if column.kind is Kind.TIME:
                cases.append((source, name, "soon", "is no time in the declared format"))
            if column.kind in (Kind.WHOLE, Kind.MONEY):
                cases.append((source, name, "-1", "is negative"))
            if name in source.values and "*" not in source.values[name]:
                cases.append((source, name, "no such value", "'no such value' is not mapped."))
    return cases


def test_every_declared_source_is_looked_at() -> None:
    assert len(SOURCES) >= 10
    assert {source.contract.name for source in SOURCES.values()} == {
        "service_event",
        "service_volume",
        "loan_event",
        "rating_event",
    }


@each_source
def test_good_row_of_the_source_loads(source: Source) -> None:
    rows, broken = applied(source, good_row(source))

    assert broken["reason"].to_list() == []
    assert len(rows) == 1


@pytest.mark.parametrize(
    ("source", "column", "text", "told"),
    broken_rows(),
    ids=[f"{s.name}-{c}-{t.strip() or 'empty'}" for s, c, t, _ in broken_rows()],
)
def test_broken_row_of_the_source_is_refused_with_its_reason(
    source: Source, column: str, text: str, told: str
) -> None:
    rows, broken = applied(source, {**good_row(source), source.columns[column]: text})

    assert rows.is_empty()
    assert broken["column_name"].to_list() == [column]
    assert broken["reason"][0].startswith(told)


@each_source
def test_missing_column_of_the_source_refuses_the_file(source: Source) -> None:
    names = list(good_row(source))
    gone = source.columns["occurred_at"]
    names.remove(gone)

    with pytest.raises(ContractBroken, match=f"no column '{gone}'"):
        contract.check_columns(names, source, is_sparse=True)


@each_source
def test_personal_values_of_the_source_are_never_kept_in_plain(source: Source) -> None:
    secret = "110101199001011234"
    row = {**good_row(source), **dict.fromkeys((*source.personal, *source.dropped), secret)}
    good, _ = applied(source, row)
    _, broken = applied(source, {**row, source.columns["occurred_at"]: "soon"})

    kept = [str(value) for frame in (good, broken) for line in frame.rows() for value in line]
    assert not [text for text in kept if secret in text]


@each_source
def test_path_of_the_source_lies_in_the_inbox(source: Source) -> None:
    assert source.connector.path == Path("/inbox") / source.name
