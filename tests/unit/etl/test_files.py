"""Every format, compression and damage of a delivered file."""

import csv
import gzip
import io
import os
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from etl.connectors.files import Files
from etl.delivery import Content, Format, Layout
from etl.formats import lines as lines_module
from etl.formats.chunk import LINE, Chunk
from etl.reading.content import check_content, read_content
from tests.unit.etl.declared import contents_in, settled
from warehouse.errors import ContractBroken, SourceUnavailable

CSV = "a,b\n1,甲\n2,乙\n3,丙\n"
ROWS = [{"a": "1", "b": "甲"}, {"a": "2", "b": "乙"}, {"a": "3", "b": "丙"}]


def zst_file(file: Path, content: bytes) -> Path:
    with pa.OSFile(str(file), "wb") as raw, pa.CompressedOutputStream(raw, "zstd") as stream:
        stream.write(content)
    return settled(file, file.read_bytes())


def content_of(file: Path, **layout: object) -> Content:
    return contents_in(Files(path=file, layout=Layout(**layout)))[0]  # type: ignore[arg-type]


def chunks_of(file: Path, rows: int = 50_000, **layout: object) -> list[Chunk]:
    return list(read_content(content_of(file, **layout), rows))


def rows_of(file: Path, **options: object) -> list[dict[str, str]]:
    frame = pl.concat(chunk.frame for chunk in chunks_of(file, **options))
    return frame.drop(LINE).to_dicts()


# --- formats --------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_same_rows_come_out_of_every_format_and_compression(
    tmp_path: Path, kind: str, ending: str
) -> None:
    frame, out = pl.DataFrame(ROWS), io.BytesIO()
    match kind:
        case "csv":
            frame.write_csv(out)
        case "jsonl":
            frame.write_ndjson(out)
        case "parquet":
            frame.write_parquet(out)
    file = tmp_path / f"rows.{kind}{ending}"
    if ending == ".zst":
        zst_file(file, out.getvalue())
    else:
        settled(file, gzip.compress(out.getvalue()) if ending else out.getvalue())

    assert rows_of(file) == ROWS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_in_its_declared_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    file = settled(tmp_path / "a.csv", CSV.encode(encoding))

    assert rows_of(file, encoding=encoding.removesuffix("-sig")) == ROWS


def test_windows_line_ends_and_a_missing_last_one_are_read(tmp_path: Path) -> None:
    file = settled(tmp_path / "a.csv", CSV.strip().replace("\n", "\r\n"))

    assert rows_of(file) == ROWS


def test_file_without_header_gets_numbered_columns(tmp_path: Path) -> None:
    file = settled(tmp_path / "a.csv", "1;甲\n2;乙\n")

    assert rows_of(file, header=False, delimiter=";") == [
        {"column_1": "1", "column_2": "甲"},
        {"column_1": "2", "column_2": "乙"},
    ]


def test_quoted_fields_hold_delimiters_quotes_and_line_ends(tmp_path: Path) -> None:
    file = settled(tmp_path / "a.csv", 'a,b\n1,"x,""y""\nz"\n2,plain\n')

    (chunk,) = chunks_of(file)

    assert chunk.frame.rows() == [("1", 'x,"y"\nz', 2), ("2", "plain", 4)]


def test_declared_format_wins_over_the_name(tmp_path: Path) -> None:
    file = settled(tmp_path / "export.txt", CSV)

    assert rows_of(file, format=Format.CSV) == ROWS
    with pytest.raises(ContractBroken, match=r"export\.txt: its name does not tell the format"):
        chunks_of(file)


def test_json_values_become_the_text_they_were_written_as(tmp_path: Path) -> None:
    text = '{"a":13085.0,"b":12.30,"c":true,"d":null,"e":["x"],"f":9007199254740993}\n\n{"a":"z"}\n'
    (chunk,) = chunks_of(settled(tmp_path / "a.jsonl", text))

    first, second = chunk.frame.to_dicts()
    assert chunk.is_sparse
    assert first == {
        "a": "13085",
        "b": "12.30",
        "c": "true",
        "d": None,
        "e": '["x"]',
        "f": "9007199254740993",
        LINE: 1,
    }
    assert (second["a"], second["b"], second[LINE]) == ("z", None, 3)


def test_parquet_types_become_text(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "id": [13085.0, None],
            "share": [0.25, float("nan")],
            "day": [date(2026, 3, 2), None],
            "local": [datetime(2026, 3, 2, 9, 30), None],
            "instant": [datetime(2026, 3, 2, 1, 30, tzinfo=UTC), None],
            "money": [Decimal("12.30"), None],
            "yes": [True, None],
            "many": [["x"], None],
        }
    )
    file = tmp_path / "a.parquet"
    frame.write_parquet(file)

    first, second = rows_of(settled(file, file.read_bytes()))

    assert first == {
        "id": "13085",
        "share": "0.25",
        "day": "2026-03-02",
        "local": "2026-03-02T09:30:00.000000",
        "instant": "2026-03-02T01:30:00.000000+00:00",
        "money": "12.30",
        "yes": "true",
        "many": '["x"]',
    }
    assert second.pop("share") == "NaN"
    assert set(second.values()) == {None}


# --- rows that cannot be taken apart --------------------------------------------------------


def broken_of(file: Path, **options: object) -> list[tuple[int, str]]:
    return [(b.line, b.reason) for chunk in chunks_of(file, **options) for b in chunk.broken]


def test_lines_with_other_field_counts_are_broken_rows_and_others_load(tmp_path: Path) -> None:
    file = settled(tmp_path / "a.csv", "a,b\n1,x\n2\n3,y,z\n\n4,w\n")

    assert broken_of(file) == [
        (3, "has fewer fields than the header"),
        (4, "has more fields than the header"),
    ]
    assert [row["a"] for row in rows_of(file)] == ["1", "4"]


def test_quoted_and_plain_records_mixed_read_as_the_csv_module_reads_them(tmp_path: Path) -> None:
    chance = random.Random(5)
    fields = ["x", "", "甲乙", 'say "hi"', "a,b", "two\nlines", "three\n\nlines"]
    records = [[str(n), chance.choice(fields), chance.choice(fields)] for n in range(3000)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["n", "a", "b"], *records])
    file = settled(tmp_path / "a.csv", text.getvalue())

    found = [[row[name] or "" for name in ("n", "a", "b")] for row in rows_of(file)]
    assert found == records
    assert broken_of(file) == []


def test_forgotten_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    file = settled(tmp_path / "a.csv", 'a,b\n1,"x\n2,"y"\n3,z\n4,"w"q\n5,v\n')

    assert broken_of(file) == [
        (2, "has a quote in the wrong place"),
        (5, "has a quote in the wrong place"),
    ]
    assert [row["a"] for row in rows_of(file)] == ["2", "3", "5"]


def test_quote_open_to_the_end_costs_its_own_line_only(tmp_path: Path) -> None:
    file = settled(tmp_path / "a.csv", 'a,b\n1,x\n2,"y\n' + "3,z\n" * 5000)

    assert broken_of(file) == [(3, "opens a quote that is not closed")]
    assert len(rows_of(file)) == 5001


def test_line_in_another_encoding_is_a_broken_row(tmp_path: Path) -> None:
    content = b"a,b\n1,x\n" + "2,乙\n".encode("gb18030") + b"3,y\n"

    assert broken_of(settled(tmp_path / "a.csv", content)) == [(3, "holds bytes that are no utf-8")]


def test_lines_that_are_no_json_objects_are_broken_rows(tmp_path: Path) -> None:
    text = '{"a":"1"}\nnope\n[1]\n{"a":"\\ud800"}\n' + "[" * 100_000 + '\n{"a":"2"}\n'
    file = settled(tmp_path / "a.jsonl", text)

    assert [line for line, _ in broken_of(file)] == [2, 3, 4, 5]
    assert [row["a"] for row in rows_of(file)] == ["1", "2"]


def test_rows_read_in_small_blocks_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ['7,"a\nb"', "8,x", "9", '10,"p, q"', "11,y"] * 40
    file = settled(tmp_path / "a.csv", "a,b\n" + "\n".join(lines) + "\n")
    whole, broken = rows_of(file), broken_of(file)

    for size in (1, 7, 64):
        monkeypatch.setattr(lines_module, "BLOCK_BYTES", size)
        assert rows_of(file) == whole
        assert broken_of(file) == broken
    assert (len(whole), len(broken)) == (160, 40)


def test_chunks_hold_the_asked_rows_and_every_row_once(tmp_path: Path) -> None:
    file = settled(tmp_path / "a.csv", "a\n" + "".join(f"{n}\n" for n in range(2_500)))

    chunks = chunks_of(file, rows=1_000)

    assert [len(chunk.frame) for chunk in chunks] == [1_000, 1_000, 500]
    assert [int(n) for chunk in chunks for n in chunk.frame["a"]] == list(range(2_500))


# --- files that cannot be read --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", r"a\.csv: is empty \(0 bytes\)"),
        ("a.csv.gz", gzip.compress(CSV.encode() * 999)[:-30], "truncated or damaged"),
        ("a.csv.gz", b"no gzip at all", "truncated or damaged"),
        ("a.csv.zst", b"no zstd at all", r"a\.csv\.zst: cannot be read"),
        ("a.parquet", b"PAR1 and then nothing", "no readable Parquet"),
        ("a.csv", "甲,b\n1,2\n".encode("gb18030"), "set connector.encoding"),
        ("a.csv", b"a,a\n1,2\n", "names the column 'a' twice"),
        ("a.csv", b"a,b\n" + b"x" * (3 << 20), "longer than"),
    ],
    ids=["empty", "truncated", "no_gzip", "no_zstd", "parquet", "encoding", "twice", "long_line"],
)
def test_unreadable_file_is_refused_by_name(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    file = settled(tmp_path / name, content)

    with pytest.raises((SourceUnavailable, ContractBroken), match=told) as raised:
        check_content(content_of(file))
        chunks_of(file)

    assert str(raised.value).startswith(name)


def test_truncated_file_is_found_before_its_rows_are_read(tmp_path: Path) -> None:
    whole = gzip.compress(CSV.encode() * 99_999)
    file = settled(tmp_path / "a.csv.gz", whole[: len(whole) // 2])

    with pytest.raises(SourceUnavailable, match="Have it delivered again"):
        check_content(content_of(file))


def test_parquet_damaged_inside_is_found_before_its_rows_are_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    pl.DataFrame({"a": [str(n) * 9 for n in range(20_000)]}).write_parquet(out)
    content = bytearray(out.getvalue())
    content[1_000:3_000] = bytes(2_000)
    file = settled(tmp_path / "a.parquet", bytes(content))

    with pytest.raises(SourceUnavailable, match=r"a\.parquet: is no readable Parquet"):
        check_content(content_of(file))


def test_truncated_zstd_is_found_before_its_rows_are_read(tmp_path: Path) -> None:
    file = zst_file(tmp_path / "a.csv.zst", os.urandom(200_000).hex().encode())
    settled(file, file.read_bytes()[:-9_000])

    with pytest.raises(SourceUnavailable, match=r"a\.csv\.zst: "):
        check_content(content_of(file))


def test_file_changed_while_it_is_read_is_refused(tmp_path: Path) -> None:
    file = settled(tmp_path / "a.csv", CSV)
    content = content_of(file)
    settled(file, CSV + "4,丁\n")

    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        list(read_content(content))


# --- which files ----------------------------------------------------------------------------


def test_folder_lists_files_by_name_without_unfinished_ones(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", ".hidden.csv", "c.csv.part", "d.csv.tmp", "e.txt"):
        settled(tmp_path / name, CSV)
    (tmp_path / "folder.csv").mkdir()

    found = contents_in(Files(path=tmp_path, pattern="*.csv*"))

    assert [content.name for content in found] == ["a.csv", "b.csv"]


def test_file_just_written_is_left_for_later(tmp_path: Path) -> None:
    file, folder = tmp_path / "a.csv", Files(path=tmp_path)
    file.write_text(CSV, "utf-8")
    assert (contents_in(folder), folder.is_settling()) == ([], True)

    settled(file, CSV)
    assert (len(contents_in(folder)), folder.is_settling()) == (1, False)


def test_file_when_whoever_delivers_renames_it_then_is_taken_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV, "utf-8")

    assert len(contents_in(Files(path=tmp_path, settle_seconds=0.0))) == 1


def test_place_that_does_not_exist_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="no such file or folder"):
        contents_in(Files(path=tmp_path / "none"))


def test_fingerprint_follows_the_content_alone(tmp_path: Path) -> None:
    one, two = settled(tmp_path / "a.csv", CSV), settled(tmp_path / "b.csv", CSV)
    other = settled(tmp_path / "c.csv", CSV + "x")

    assert content_of(one).sha256 == content_of(two).sha256
    assert content_of(one).sha256 != content_of(other).sha256


# --- afterwards -----------------------------------------------------------------------------


def test_finished_file_when_a_kill_came_after_its_totals_then_is_moved(tmp_path: Path) -> None:
    place, done = tmp_path / "in", tmp_path / "done"
    connector = Files(path=place, done_folder=done)
    settled(place / "a.csv", CSV)
    settled(done / "a.csv.totals", '{"rows": 3}')

    connector.finished(next(connector.deliveries({})).item)
    assert os.listdir(place) == [] and sorted(os.listdir(done)) == ["a.csv", "a.csv.totals"]


def test_finished_file_is_moved_unless_a_new_delivery_has_its_name(tmp_path: Path) -> None:
    place, done = tmp_path / "in", tmp_path / "done"
    connector = Files(path=place, done_folder=done)
    settled(place / "a.csv", CSV)
    first = next(connector.deliveries({})).item
    settled(place / "a.csv", CSV + "4,丁\n")
    settled(place / "a.csv.totals", '{"rows": 4}')

    connector.finished(first)
    assert sorted(os.listdir(place)) == ["a.csv", "a.csv.totals"] and not done.exists()

    connector.finished(next(connector.deliveries({})).item)
    connector.finished(first)
    assert os.listdir(place) == [] and sorted(os.listdir(done)) == ["a.csv", "a.csv.totals"]
