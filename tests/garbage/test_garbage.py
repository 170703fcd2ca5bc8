"""Garbage is refused, parked or kept apart; the ETL stays small and other sources go on."""

import time
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.load import Loader
from etl.model import RunReport, RunState, Source
from etl.run import Runner
from etl.sources import read_source, source_env
from tests.garbage.hostile import BROKEN, REFUSED, gz, zst
from tests.unit.etl.declared import HEADER, TOML, declare, rows_text, settings_in, settled
from warehouse.keys import Keyring
from warehouse.settings import Settings

MOST_GROWTH = 120 << 20
"""Of the ETL process itself; what strangers deliver is taken apart elsewhere."""
MOST_SECONDS = 30.0
"""Of waiting; a busy machine is slow, a bomb that is unpacked to its end would be slower."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_in(tmp_path_factory.mktemp("garbage"))


@pytest.fixture(scope="module")
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


def declared(home: Settings, name: str) -> Source:
    """A source with a folder of its own."""
    (home.inbox / name).mkdir(parents=True, exist_ok=True)
    toml = TOML.replace('"${COCKPIT_INBOX}/hall"', f'"${{COCKPIT_INBOX}}/{name}"')
    return read_source(declare(home.sources, name=name, toml=toml), source_env(home, {}))


def run(loader: Loader, home: Settings, file: str, content: bytes) -> RunReport:
    """One run over the file alone, watched from within."""
    source = declared(home, f"of_{file.replace('.', '_')}".lower())
    settled(home.inbox / source.name / file, content)
    process = psutil.Process()
    before, began = process.memory_info().rss, time.monotonic()
    report = Runner(loader).run(source)
    assert time.monotonic() - began < MOST_SECONDS
    assert process.memory_info().rss - before < MOST_GROWTH
    assert report.read == report.loaded + report.duplicate + report.quarantined
    return report


@pytest.mark.parametrize("file", REFUSED)
def test_garbage_when_no_delivery_then_is_refused_with_a_sentence(
    file: str, home: Settings, loader: Loader
) -> None:
    report = run(loader, home, file, REFUSED[file]())
    assert (report.state, report.read) == (RunState.FAILED, 0)
    assert report.message.startswith(f"{file}: ")
    assert len(report.message) < 1000


@pytest.mark.parametrize("file", BROKEN)
def test_row_when_garbage_then_goes_to_quarantine_with_a_reason(
    file: str, home: Settings, loader: Loader
) -> None:
    made, count = BROKEN[file]
    report = run(loader, home, file, made())
    assert (report.state, report.read, report.quarantined) == (RunState.DONE, count, count)
    alias = loader.writer.attach("quarantine", "")
    reasons = loader.writer.execute(
        f"SELECT reason FROM {alias}.original WHERE source = ?", [report.source]
    )
    assert len(reasons) == count
    assert all(reason for (reason,) in reasons)


def test_source_when_another_delivers_garbage_then_goes_on(home: Settings, loader: Loader) -> None:
    source = declared(home, "sound")
    settled(home.inbox / "sound" / "a.csv", f"{HEADER}\n{rows_text(0, 20)}")
    report = Runner(loader).run(source)
    assert (report.state, report.loaded) == (RunState.DONE, 20)


_FORMATS = ("csv", "csv.gz", "jsonl", "jsonl.zst", "json", "parquet", "parquet.gz")
_PIECES = st.sampled_from(
    [b"\n", b",", b'"', b"\r", b"\0", b"{", b"}", b"[", b'"no":', HEADER.encode(), b"\xff\xfe"]
)
_GARBAGE = st.lists(st.one_of(st.binary(max_size=60), _PIECES), max_size=30).map(b"".join)


@pytest.mark.parametrize("ending", _FORMATS)
def test_bytes_when_delivered_at_random_then_never_end_the_etl(
    ending: str, home: Settings, loader: Loader
) -> None:
    source = declared(home, f"random_{ending.replace('.', '_')}")
    folder, runner = home.inbox / source.name, Runner(loader)

    @settings(max_examples=15, deadline=None, suppress_health_check=[*HealthCheck])
    @given(content=_GARBAGE)
    def deliver(content: bytes) -> None:
        file = settled(folder / f"x.{ending}", _packed(ending, content))
        report = runner.run(source)
        assert report.read == report.loaded + report.duplicate + report.quarantined
        assert report.state is RunState.DONE or report.message.startswith("x.")
        file.unlink()

    deliver()


def _packed(ending: str, content: bytes) -> bytes:
    """Half of it unpacked as it says, so that what is within is looked at too."""
    if not content or content[0] % 2:
        return content
    pack = {"gz": gz, "zst": zst}.get(ending.rpartition(".")[2])
    return pack(content) if pack else content


def test_folder_when_full_of_garbage_then_each_file_is_told(home: Settings, loader: Loader) -> None:
    source = declared(home, "heap")
    for number in range(40):
        settled(home.inbox / "heap" / f"{number}.csv", bytes([number + 128] * 50))
    settled(home.inbox / "heap" / "good.csv", f"{HEADER}\n{rows_text(100, 5)}")
    report = Runner(loader).run(source)
    assert (report.loaded, report.state) == (5, RunState.FAILED)
    assert report.message.count("\n") <= 40
