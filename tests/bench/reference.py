"""The reference questions through the one door, against the same answers from raw rows.

`python -m tests.bench.reference EVENTS FOLDER` makes what is not there yet: two years of a large
city (`years.py`), and a home loaded with them through the declarations in `sources/`. Without
them it measures COCKPIT_HOME against the plain file BENCH_PLAIN. Both sides
are asked in turn in this process, with two threads each; CPU time of all threads counts. Ours is
asked with empty caches, and what keeps small cells hidden is counted within. Every number shown
must equal the raw one.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from tests.bench import changes, years
from tests.bench.questions import Asked, asked, unprepared
from tests.e2e.live import command, environment
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.connection import THREADS, Reader
from warehouse.keys import Keyring
from warehouse.model import CellState, Result, Role, Scope, Viewer
from warehouse.settings import ROOT, Settings

ROUNDS = 5
CITY = Viewer(name="bench", role=Role.OFFICIAL, scope=Scope(everything=True))
SOURCES = ROOT / "tests" / "bench" / "sources"

Key = tuple[date | None, tuple[str, ...]]
Numbers = Mapping[Key, tuple[float | None, ...]]


@dataclass(frozen=True, kw_only=True)
class Both:
    """The two sides, open."""

    settings: Settings
    reader: Reader
    raw: duckdb.DuckDBPyConnection
    end: date


def prepare(folder: Path, events: int) -> dict[str, str]:
    """The environment of a home that is loaded and published; made once a folder."""
    data, home = folder / "data", folder / "home"
    years.write(data, events)
    home.mkdir(parents=True, exist_ok=True)
    env = environment(home) | {"COCKPIT_SOURCES": str(SOURCES), "BENCH_DATA": str(data)}
    Keyring.open(Settings.from_env(env), create=True)
    command(env, "-m", "etl", "run", "usage", "loans")
    return env


def measure(events: int, folder: Path) -> Iterator[str]:
    env = prepare(folder, events)
    settings = Settings.from_env(env)
    yield from compare(settings, folder / "data" / "plain.duckdb")
    yield from changes.measure(settings)


def compare(settings: Settings, plain: Path, rounds: int = ROUNDS) -> Iterator[str]:
    """A line a question, then what they come to."""
    both = _open(settings, plain)
    instant = datetime.combine(both.end, datetime.min.time(), settings.zone)
    ratios = []
    with clock.frozen_at(instant.astimezone(UTC)):
        for one in asked(both.end):
            raw, ours, remark = _compared(both, one, rounds)
            ratios.append(ours / raw)
            yield _line(one.name, raw, ours, remark)
        raw, ours, remark = _compared(both, unprepared(both.end), rounds)
        yield (
            f"reference: {len(ratios)} questions, median {statistics.median(ratios):.1%} of raw"
            f" (goal 5 %), {sum(r > 1 for r in ratios)} above raw (goal 0)"
        )
        yield _line(unprepared(both.end).name, raw, ours, f"{remark} (goal 25 %)")
    both.reader.close()
    both.raw.close()


def _open(settings: Settings, plain: Path) -> Both:
    raw = duckdb.connect(str(plain), read_only=True, config={"threads": str(THREADS)})
    last: date = raw.execute("SELECT max(ts)::DATE FROM usage_events").fetchall()[0][0]
    return Both(
        settings=settings,
        reader=Reader(settings, Keyring.open(settings)),
        raw=raw,
        end=last + timedelta(days=1),
    )


def _line(name: str, raw: float, ours: float, remark: str) -> str:
    return f"{name}: raw {raw:.1f} ms, ours {ours:.1f} ms, {ours / raw:.1%}{remark}"


def _compared(both: Both, one: Asked, rounds: int) -> tuple[float, float, str]:
    """Median CPU milliseconds of raw and of ours, and what is to be said about the answers."""
    rows = both.raw.execute(one.raw).fetchall()
    result = _ask(both, one)
    remark = _checked(one, rows, result)
    raws, ours = [], []
    for _ in range(rounds):
        raws.append(_milliseconds(lambda: both.raw.execute(one.raw).fetchall()))
        ours.append(_milliseconds(lambda: _ask(both, one)))
    return statistics.median(raws), statistics.median(ours), remark


def _ask(both: Both, one: Asked) -> Result:
    """With empty caches; the files stay attached, and what was made of them stays made."""
    return Warehouse(both.settings, both.reader).answer(one.query, CITY)


def _checked(one: Asked, rows: list[tuple[object, ...]], result: Result) -> str:
    """Says how much is hidden. Raises where a number shown is not the raw one."""
    raw = _raw_numbers(one, rows)
    seen: set[Key] = set()
    hidden = 0
    for row in result.rows:
        key = (row.period.start if row.period else None, row.members)
        expected = raw.get(key)
        seen.add(key)
        for place, cell in enumerate(row.cells):
            if cell.state is CellState.SUPPRESSED:
                hidden += 1
                continue
            wanted = None if expected is None else expected[place]
            _must_equal(one, key, cell.value, wanted)
            if one.with_base and expected is not None:
                _must_equal(one, key, cell.base, expected[len(row.cells)])
    missing = set(raw) - seen
    assert not missing, f"{one.name}: {len(missing)} rows are missing, such as {min(missing)}"
    cells = sum(len(row.cells) for row in result.rows)
    return f" ({hidden:,} of {cells:,} cells hidden)" if hidden else ""


def _raw_numbers(one: Asked, rows: list[tuple[object, ...]]) -> Numbers:
    width = 1 + len(one.query.by)
    return {
        (row[0], tuple(map(str, row[1:width]))): tuple(  # type: ignore[misc]
            None if value is None else float(value) * one.factor  # type: ignore[arg-type]
            for value in row[width:]
        )
        for row in (_renamed(row, width) for row in rows)
    }


def _renamed(row: tuple[object, ...], width: int) -> tuple[object, ...]:
    """The members as the declarations in `sources/` call them."""
    members = (_NAMES.get(str(member), member) for member in row[1:width])
    return (row[0], *members, *row[width:])


_NAMES = {
    "success": "completed",
    "timeout": "open",
    "kiosk_terminal": "terminal",
    "phone_line": "phone",
}


def _must_equal(one: Asked, key: Key, ours: float | None, raw: float | None) -> None:
    is_equal = abs((ours or 0) - (raw or 0)) <= one.tolerance + 1e-9 * abs(raw or 0)
    assert is_equal, f"{one.name}: {key} is {ours}, raw {raw}"


def _milliseconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return 1000 * (time.process_time() - before)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        lines = measure(int(sys.argv[1].replace("_", "")), Path(sys.argv[2]))
    else:
        lines = compare(Settings.from_env(), Path(os.environ["BENCH_PLAIN"]))
    for line in lines:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
