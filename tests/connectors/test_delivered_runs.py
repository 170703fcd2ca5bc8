"""Runs over objects and remote files: every row accounted for, every delivery counted once."""

import gzip
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from etl.landing import Draft, Landing
from etl.load import Loader
from etl.model import RunReport, RunState, Source
from etl.run import Runner, run_source
from etl.sources import read_source, source_env
from tests.connectors import openssh, seaweed
from tests.connectors.openssh import OpenSsh
from tests.connectors.seaweed import Seaweed
from tests.unit.etl.declared import HEADER, declare, rows_text, settings_in
from warehouse.keys import Keyring
from warehouse.settings import Settings

LONG_AGO = 1_700_000_000


@dataclass(kw_only=True)
class Elsewhere:
    """A place that holds deliveries, and its declaration."""

    connector: str
    put: Callable[[str, bytes], object]
    names: Callable[[], list[str]]
    stop: Callable[[], None]
    start: Callable[[], None]


def objects(weed: Seaweed, folder: Path) -> Elsewhere:
    store, prefix = weed.store(), f"runs/{folder.name}"
    (folder / "access.key").write_text(seaweed.KEY)
    (folder / "secret.key").write_text(seaweed.SECRET)
    return Elsewhere(
        connector=f"""kind = "s3"
endpoint = "{weed.endpoint}"
bucket = "{seaweed.BUCKET}"
prefix = "{prefix}/in"
access_key_file = "{folder}/access.key"
secret_key_file = "{folder}/secret.key"
done_folder = "{prefix}/done"
""",
        put=lambda name, content: store.put(f"{prefix}/in/{name}", content),
        names=lambda: sorted(
            meta["path"].removeprefix(f"{prefix}/") for meta in store.list(prefix).collect()
        ),
        stop=weed.stop,
        start=weed.start,
    )


def remote_files(sshd: OpenSsh, folder: Path) -> Elsewhere:
    place = folder / "remote"
    (place / "in").mkdir(parents=True)

    def put(name: str, content: bytes) -> None:
        (place / "in" / name).write_bytes(content)
        at = LONG_AGO + len(os.listdir(place / "in"))
        os.utime(place / "in" / name, (at, at))

    return Elsewhere(
        connector=f"""kind = "sftp"
host = "127.0.0.1"
port = {sshd.port}
user = "{openssh.USER}"
folder = "{place}/in"
host_key = "{sshd.host_key}"
private_key_file = "{sshd.folder}/user_key"
done_folder = "{place}/done"
""",
        put=put,
        names=lambda: sorted(str(f.relative_to(place)) for f in place.rglob("*") if f.is_file()),
        stop=sshd.stop,
        start=sshd.start,
    )


@pytest.fixture(params=["s3", "sftp"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Elsewhere:
    if request.param == "s3":
        return objects(request.getfixturevalue("weed"), tmp_path)
    return remote_files(request.getfixturevalue("sshd"), tmp_path)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


def declared(home: Settings, elsewhere: Elsewhere, *, after: str = "keep") -> Source:
    files = 'kind = "files"\npath = "${COCKPIT_INBOX}/hall"\n'
    lines = elsewhere.connector.splitlines(keepends=True)
    kept = [line for line in lines if after == "move" or not line.startswith("done_folder")]
    change = (files, "".join(kept) + f'after = "{after}"\n')
    return read_source(declare(home.sources, change), source_env(home, {}))


def csv(first: int, count: int) -> bytes:
    return f"{HEADER}\n{rows_text(first, count)}".encode()


def jsonl(first: int, count: int) -> bytes:
    rows = [
        dict(zip(HEADER.split(","), line.split(","), strict=True))
        for line in rows_text(first, count).splitlines()
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def parquet(first: int, count: int) -> bytes:
    written = io.BytesIO()
    pl.read_csv(io.BytesIO(csv(first, count)), infer_schema=False).write_parquet(written)
    return written.getvalue()


def counts(report: RunReport) -> tuple[int, int, int, int]:
    assert report.read == report.loaded + report.duplicate + report.quarantined
    return report.read, report.loaded, report.duplicate, report.quarantined


def test_run_when_delivered_in_every_format_then_every_row_is_loaded(
    elsewhere: Elsewhere, home: Settings, loader: Loader
) -> None:
    elsewhere.put("a.csv", csv(0, 100))
    elsewhere.put("b.jsonl.gz", gzip.compress(jsonl(100, 100)))
    elsewhere.put("c.parquet", parquet(200, 100))

    report = run_source(declared(home, elsewhere), loader)

    assert (report.state, counts(report), report.message) == (RunState.DONE, (300, 300, 0, 0), "")
    assert not [file for file in home.landing.rglob("*") if file.is_file() and not file.suffix]


def test_run_when_nothing_changed_then_nothing_is_fetched(
    elsewhere: Elsewhere, home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.put("a.csv", csv(0, 100))
    source, runner = declared(home, elsewhere), Runner(loader)
    runner.run(source)

    def refuse(landing: Landing, name: str) -> Draft:
        raise AssertionError(f"{name} is fetched again")

    monkeypatch.setattr(Landing, "draft", refuse)

    assert runner.run_if_new(source) is None
    assert Runner(loader).run_if_new(source) is None  # as after a start


def test_content_when_it_comes_under_a_new_name_then_counts_once(
    elsewhere: Elsewhere, home: Settings, loader: Loader
) -> None:
    elsewhere.put("a.csv", csv(0, 100))
    source = declared(home, elsewhere)
    run_source(source, loader)
    elsewhere.put("b.csv", csv(0, 100))
    elsewhere.put("c.csv", csv(50, 100))

    again = run_source(source, loader)

    assert (again.state, counts(again)) == (RunState.DONE, (200, 50, 150, 0))


def test_place_when_down_then_the_run_fails_and_the_next_is_complete(
    elsewhere: Elsewhere, home: Settings, loader: Loader
) -> None:
    for number in range(5):
        elsewhere.put(f"{number}.csv", csv(number * 10, 10))
    source, runner = declared(home, elsewhere), Runner(loader)
    elsewhere.stop()
    try:
        failed = runner.run_if_new(source)
        again = runner.run_if_new(source)
    finally:
        elsewhere.start()

    assert failed is not None and failed.state is RunState.FAILED
    assert "cannot be reached, or broke off" in failed.message
    assert again is None  # said once
    assert counts(runner.run(source)) == (50, 50, 0, 0)


def test_item_when_changed_in_mid_fetch_then_loaded_by_the_next_run(
    elsewhere: Elsewhere, home: Settings, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.put("a.csv", csv(0, 100))
    write, waiting = Draft.write, [lambda: elsewhere.put("a.csv", csv(0, 150))]

    def meddled(draft: Draft, piece: bytes) -> None:
        write(draft, piece)
        while waiting:
            waiting.pop()()

    monkeypatch.setattr(Draft, "write", meddled)
    source, runner = declared(home, elsewhere), Runner(loader)

    failed, again = runner.run(source), runner.run(source)

    assert (failed.state, counts(failed)) == (RunState.FAILED, (0, 0, 0, 0))
    assert "changed while it was fetched" in failed.message
    assert (again.state, counts(again)) == (RunState.DONE, (150, 150, 0, 0))


def test_item_when_loaded_then_moved(elsewhere: Elsewhere, home: Settings, loader: Loader) -> None:
    elsewhere.put("a.csv", csv(0, 100))
    elsewhere.put("b.csv", b"")
    elsewhere.put("c.csv", csv(100, 100))

    report = run_source(declared(home, elsewhere, after="move"), loader)

    assert counts(report) == (200, 200, 0, 0)
    assert elsewhere.names() == ["done/a.csv", "done/c.csv", "in/b.csv"]


def test_item_when_killed_before_it_was_moved_then_moved_by_the_next_run(
    elsewhere: Elsewhere, home: Settings, loader: Loader
) -> None:
    elsewhere.put("a.csv", csv(0, 100))
    run_source(declared(home, elsewhere), loader)  # as if killed: read to its end, not moved

    again = Runner(loader).run_if_new(declared(home, elsewhere, after="move"))

    assert again is None
    assert elsewhere.names() == ["done/a.csv"]


def test_totals_when_delivered_beside_then_checked_and_moved_along(
    elsewhere: Elsewhere, home: Settings, loader: Loader
) -> None:
    elsewhere.put("a.csv.totals", b'{"rows": 100, "sums": {"ms": "4950"}}')
    elsewhere.put("a.csv", csv(0, 100))
    elsewhere.put("b.csv.totals", b'{"rows": 101}')
    elsewhere.put("b.csv", csv(100, 100))

    report = run_source(declared(home, elsewhere, after="move"), loader)

    assert (report.state, counts(report)) == (RunState.FAILED, (100, 100, 0, 0))
    assert "b.csv: 101 rows are announced, 100 came" in report.message
    assert elsewhere.names() == [
        "done/a.csv",
        "done/a.csv.totals",
        "in/b.csv",
        "in/b.csv.totals",
    ]
