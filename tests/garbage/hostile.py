"""What nobody should deliver: each a file's name and its content."""

import functools
import gzip
import io
import json
import struct
from collections.abc import Callable

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]

from tests.unit.etl.declared import HEADER, rows_text

MIB = 1 << 20
GOOD = rows_text(0, 3)
Made = Callable[[], bytes]


def row(number: str = "N1", at: str = "2026-03-02 09:00:00", ms: str = "5", who: str = "11") -> str:
    return f"{number},{at},{who},app,成功,{ms},李\n"


def gz(content: bytes) -> bytes:
    return gzip.compress(content, 1, mtime=0)


def zst(content: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as packing:
        packing.write(content)
    return bytes(out.getvalue())


@functools.cache
def bomb(pack: Callable[[bytes], bytes]) -> bytes:
    """One GiB of zeros in few bytes: packed content may follow packed content."""
    return pack(bytes(64 * MIB)) * 16


def parquet() -> bytes:
    out = io.BytesIO()
    columns = {name: ["x"] * 50 for name in HEADER.split(",")}
    pl.DataFrame(columns).write_parquet(out)
    return out.getvalue()


def hostile_footer(length: int) -> bytes:
    """A Parquet file whose last words lie about how long its footer is."""
    return parquet()[:-8] + struct.pack("<I", length) + b"PAR1"


def wide(count: int) -> str:
    return ",".join(f"c{n}" for n in range(count))


REFUSED: dict[str, Made] = {
    "bomb.csv.gz": lambda: bomb(gz),
    "bomb.jsonl.gz": lambda: bomb(gz),
    "bomb.json.gz": lambda: bomb(gz),
    "bomb.parquet.gz": lambda: bomb(gz),
    "bomb.csv.zst": lambda: bomb(zst),
    "nested.csv.gz": lambda: gz(gz(bomb(gz))),
    "empty.csv": lambda: b"",
    "empty.parquet": lambda: b"",
    "cut.csv.gz": lambda: gzip.compress(f"{HEADER}\n{GOOD}".encode())[:-9],
    "cut.parquet": lambda: parquet()[:-20],
    "footer.parquet": lambda: hostile_footer(0x7FFFFFFF),
    "footer_zero.parquet": lambda: hostile_footer(0),
    "footer_damaged.parquet": lambda: parquet().replace(b"schema", b"\xff\xff\xff\xff\xff\xff"),
    "text.parquet": lambda: GOOD.encode(),
    "utf16.csv": lambda: f"{HEADER}\n{GOOD}".encode("utf-16"),
    "wide.csv": lambda: f"{wide(100_000)}\n{wide(100_000)}\n".encode(),
    "twice.csv": lambda: f"{HEADER},no\n{GOOD}".encode(),
    "long.csv": lambda: f"{HEADER}\n{row(who='9' * 10 * MIB)}".encode(),
    "long.jsonl": lambda: json.dumps({"no": "x" * 10 * MIB}).encode(),
    "no_json.json": lambda: b"[{]",
    "deep.json": lambda: b"[" * 100_000,
    "picture.csv": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 500,
}
"""Nothing of it counts as read; the run says why in one sentence."""

_OBJECT = {"no": "N1", "at": "2026-03-02 09:00:00", "citizen": "1", "channel": "app"}

BROKEN: dict[str, tuple[Made, int]] = {
    "encoding.csv": (lambda: f"{HEADER}\n{row()}".encode("gb18030"), 1),
    "nul.csv": (lambda: f"{HEADER}\n{row(number='')}".replace("app", "a\0p").encode(), 1),
    "nan.csv": (lambda: f"{HEADER}\n{row('A', ms='NaN')}{row('B', ms='Infinity')}".encode(), 2),
    "huge.csv": (lambda: f"{HEADER}\n{row('A', ms='1e308')}{row('B', ms='9' * 400)}".encode(), 2),
    "negative.csv": (lambda: f"{HEADER}\n{row('A', ms='-1e30')}".encode(), 1),
    "year.csv": (
        lambda: (
            f"{HEADER}\n{row('A', '0001-01-01 00:00:00')}{row('B', '9999-12-31 23:59:59')}"
        ).encode(),
        2,
    ),
    "quote.csv": (lambda: f"{HEADER}\n{row(chr(34) + 'A')}{row('B', ms='x')}".encode(), 2),
    "fields.csv": (lambda: f"{HEADER}\n{wide(5000)}\n,\n".encode(), 2),
    "keys.jsonl": (
        lambda: json.dumps(_OBJECT | {"at": ""} | {f"k{n}": n for n in range(60_000)}).encode(),
        1,
    ),
    "deep.jsonl": (lambda: (json.dumps(_OBJECT)[:-1] + ', "x": ' + "[" * 100_000).encode(), 1),
    "half.jsonl": (lambda: b'{"no": "\\ud800"}\n', 1),
    "list.jsonl": (lambda: b"[1, 2]\nnull\n7\n", 3),
}
"""Every row of it goes to quarantine, with a reason."""
