"""Replay and backfill as operators ask for them."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event

import pytest

from etl.asked import Asked
from etl.load import Loader
from etl.run import Runner
from etl.slots import Slots
from etl.sources import read_source
from tests.unit.etl.declared import HEADER, declare, rows_text, settings_in, settled
from warehouse.keys import Keyring
from warehouse.operations import Request, RequestState, RunKind
from warehouse.requests import ask, asked
from warehouse.settings import Settings

MENDED = ('"失败" = "failed"', '"成了" = "completed"')
AT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = settings_in(tmp_path)
    bad = rows_text(0, 1, day="2026-03-02").replace("成功", "成了")
    settled(settings.inbox / "hall" / "a.csv", f"{HEADER}\n{rows_text(1, 5)}{bad}")
    return settings


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


def request(number: int, kind: RunKind = RunKind.REPLAY, **more: object) -> Request:
    known = {"source": "hall", "asked_by": "op", "asked_at": AT, **more}
    return Request(request_id=str(number), kind=kind, **known)  # type: ignore[arg-type]


@pytest.fixture
def do(home: Settings, loader: Loader) -> Callable[..., list[Request]]:
    def do(*requests: Request) -> list[Request]:
        """Asks for all of them and does them; what became of each."""
        file = declare(home.sources, MENDED)
        source = read_source(file, {"COCKPIT_INBOX": str(home.inbox)})
        asked = Asked(loader, Runner(loader), Slots(2, 9))
        for one in requests:
            loader.state.take_request(one)
        while asked.do_next(lambda: {"hall": source}):
            continue
        return list(loader.state.requests())

    return do


def load(home: Settings, loader: Loader) -> None:
    file = declare(home.sources)
    report = Runner(loader).run(read_source(file, {"COCKPIT_INBOX": str(home.inbox)}))
    assert (report.loaded, report.quarantined) == (5, 1)


def test_replay_when_asked_for_then_done_once_with_the_name_of_who_asked(
    home: Settings, loader: Loader, do: Callable[..., list[Request]]
) -> None:
    load(home, loader)
    (done,) = do(request(1))

    assert done.state is RequestState.DONE
    run = loader.state.run(done.run_id)
    assert (run.kind, run.asked_by, run.loaded, run.quarantined) == (RunKind.REPLAY, "op", 1, -1)


def test_backfill_when_asked_for_then_reads_the_days_again(
    home: Settings, loader: Loader, do: Callable[..., list[Request]]
) -> None:
    load(home, loader)
    days = {"start": date(2026, 3, 2), "end": date(2026, 3, 3)}
    (done,) = do(request(1, RunKind.BACKFILL, **days))

    run = loader.state.run(done.run_id)
    assert (done.state, run.kind) == (RequestState.DONE, RunKind.BACKFILL)
    assert run.read == run.loaded + run.duplicate + run.quarantined == 6


def test_request_when_it_cannot_be_done_then_failed_with_the_reason(
    home: Settings, loader: Loader, do: Callable[..., list[Request]]
) -> None:
    gone, empty = do(
        request(1, source="gone"),
        request(2, RunKind.BACKFILL, start=date(2026, 3, 2), end=date(2026, 3, 2)),
    )
    assert gone.state is empty.state is RequestState.FAILED
    assert "no source 'gone'" in gone.message and "later end" in empty.message


def test_request_when_interrupted_then_done_by_the_next_start(
    home: Settings, loader: Loader, do: Callable[..., list[Request]]
) -> None:
    load(home, loader)
    stop = Event()
    stop.set()
    file = declare(home.sources, MENDED)
    source = read_source(file, {"COCKPIT_INBOX": str(home.inbox)})
    loader.state.take_request(request(1))
    Asked(loader, Runner(loader, stop=stop), Slots(2, 9)).do_next(lambda: {"hall": source})
    assert loader.state.requests()[0].state is RequestState.RUNNING
    (done,) = do()
    assert done.state is RequestState.DONE


def test_request_when_left_in_the_home_then_is_taken_in_and_done(
    loader: Loader, tmp_path: Path
) -> None:
    wish = asked(kind=RunKind.REPLAY, source="gone", asked_by="Li")
    left = ask(loader.settings, loader.keyring, wish)
    assert Asked(loader, Runner(loader), Slots(2, 9)).do_next(dict)
    (done,) = loader.state.requests()
    assert (done.request_id, done.state) == (left.request_id, RequestState.FAILED)
    assert not list((loader.settings.home / "requests").glob("*.json"))
