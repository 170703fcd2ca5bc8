"""JSON documents: which rows they hold, which are broken, and which documents are refused."""

import io
import json
import tracemalloc
from pathlib import Path

import pytest

from etl.delivery import Content, Layout
from etl.formats.chunk import LINE, Chunk
from etl.formats.json_document import Document, check_json, read_json
from etl.reading.content import check_content, read_content
from warehouse.errors import ContractBroken


def _read(content: str | bytes, records: str = "") -> list[Chunk]:
    raw = content if isinstance(content, bytes) else content.encode()
    check_json(io.BytesIO(raw), records)
    return list(read_json(io.BytesIO(raw), records))


def _rows(content: str | bytes, records: str = "") -> list[dict[str, object]]:
    return [row for chunk in _read(content, records) for row in chunk.frame.to_dicts()]


def test_list_when_document_then_every_record_is_a_row() -> None:
    assert _rows('\ufeff [ {"a": "甲", "b": 1}, {"a": null}\n] \n') == [
        {"a": "甲", "b": "1", LINE: 1},
        {"a": None, "b": None, LINE: 2},
    ]


def test_records_when_deep_inside_then_found_among_other_values() -> None:
    content = (
        '{"meta": {"items": [0]}, "data": {"n": [1, {}], "items": [{"a": 1}], "x": 2}, "y": []}'
    )
    assert _rows(content, "data.items") == [{"a": "1", LINE: 1}]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12345678901234567890123", "12345678901234567890123"),
        ("0.10", "0.10"),
        ("13085.0", "13085"),
        ("1e308", "1e308"),
        ("NaN", "NaN"),
        ("true", "true"),
        ('{"x": [1, "二"]}', '{"x": ["1", "二"]}'),
        ('"\\ud83d\\ude00"', "😀"),
    ],
)
def test_values_when_read_then_text_as_written(written: str, read: str) -> None:
    assert _rows(f'[{{"a": {written}}}]') == [{"a": read, LINE: 1}]


def test_broken_records_when_among_good_then_set_apart_with_number() -> None:
    content = b'[{"a": 1}, 5, {"a": "\xff"}, {"a": "\\ud800"}, [], {"a": 2}]'
    (chunk,) = _read(content)
    assert chunk.frame["a"].to_list() == ["1", "2"]
    assert [(b.line, b.reason) for b in chunk.broken] == [
        (2, "is no JSON object"),
        (3, "holds bytes that are no utf-8"),
        (4, "is no JSON"),
        (5, "is no JSON object"),
    ]
    assert chunk.broken[1].text == '{"a": "\ufffd"}'


def test_record_when_ten_megabytes_then_broken_and_the_others_load() -> None:
    (chunk,) = _read(json.dumps([{"a": "x" * 10_000_000}, {"a": "y"}]))
    assert chunk.frame["a"].to_list() == ["y"]
    assert len(chunk.broken[0].text) == 10_000


@pytest.mark.parametrize("content", ["[]", " [ ]\n", '{"d": []}', '{"d": null}'])
def test_list_when_empty_then_one_chunk_without_rows(content: str) -> None:
    (chunk,) = _read(content, "d" if "d" in content else "")
    assert (chunk.read, chunk.is_sparse) == (0, True)


@pytest.mark.parametrize(
    ("content", "records", "words"),
    [
        ("", "", "has no list at its top"),
        ("<html>", "", "has no list at its top"),
        ('{"d": []}', "", "set connector.records"),
        ('{"d": []}', "e", "holds nothing at 'e'"),
        ('{"d": {"e": 1}}', "d.e", "has no list at 'd.e'"),
        ("[]", "d", "has no object at its top"),
        ('[{"a": 1},]', "", "cut off"),
        ('[{"a": 1} {"a": 2}]', "", "cut off"),
        ('[{"a": 1}, {"a"', "", "cut off (line 1, column "),
        ('{"d": [{}], "e"', "d", "is no JSON"),
        ('{"d": [{}],\n "e": tru}', "d", "line 2"),
        ("[] []", "", "goes on after its end"),
        ("[" + "[" * 100_000, "", "nests more deeply"),
        ('[{"a":' * 100_000, "", "nests more deeply"),
        ('{"b":' * 100_000, "d", "nests more deeply"),
    ],
)
def test_document_when_not_whole_then_refused_without_its_content(
    content: str, records: str, words: str
) -> None:
    with pytest.raises(ContractBroken) as refused:
        _read(content, records)
    assert words.partition(" (")[0] in str(refused.value)
    assert "html" not in str(refused.value)


def test_document_when_one_long_line_then_checked_and_read(tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text(json.dumps({"d": [{"a": "x" * 100}] * 20_000}))
    content = Content(path=file, name=file.name, layout=Layout(records="d"), sha256="")
    check_content(content)
    assert sum(chunk.read for chunk in read_content(content)) == 20_000
    file.write_text(file.read_text()[:-10])
    with pytest.raises(ContractBroken, match=r"events\.json: is no JSON, or is cut off"):
        check_content(content)


def test_values_when_wanted_beside_the_list_then_found() -> None:
    content = b'{"a": {"next": "n1"}, "d": {"items": [{}], "m": {"next": 7}}}'
    document = Document(io.BytesIO(content), "d.items", ("a.next", "d.m.next", "a.none"))
    assert len(list(document)) == 1
    assert document.found == {"a.next": "n1", "d.m.next": "7", "a.none": None}


def test_memory_when_many_records_then_only_chunks_are_held() -> None:
    content = json.dumps([{"id": n, "at": "2026-01-01T00:00:00Z"} for n in range(60_000)]).encode()
    tracemalloc.start()
    rows = sum(chunk.read for chunk in read_json(io.BytesIO(content), ""))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 60_000
    assert peak < 2 * len(content) + (8 << 20)
