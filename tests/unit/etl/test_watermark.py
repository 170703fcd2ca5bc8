"""The watermark never passes what is still missing, whatever else has come meanwhile."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from etl.books.attempts import MOST_TRIES
from etl.delivery import Content, Delivery, Fetched, Format, Item, Layout, Position, Window
from etl.landing import Landing
from etl.load import Loader
from etl.model import RunState, Source
from etl.run import Runner
from etl.shell import days
from etl.sources import read_source, source_env
from tests.unit.etl.declared import HEADER, declare, rows_text, settings_in, settled
from warehouse.errors import ContractBroken, SourceUnavailable
from warehouse.keys import Keyring
from warehouse.settings import Settings

FIRST, SECOND, THIRD = (datetime(2026, 3, day, 1, 0, 2, tzinfo=UTC) for day in (2, 3, 4))
"""The newest event of each day's three rows."""


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def loader(home: Settings) -> Iterator[Loader]:
    with Loader(home, Keyring.open(home, create=True)) as loader:
        yield loader


def declared(home: Settings, *changes: tuple[str, str]) -> Source:
    (home.inbox / "hall").mkdir(parents=True, exist_ok=True)
    return read_source(declare(home.sources, *changes), source_env(home, {}))


def rows(day: int) -> str:
    return f"{HEADER}\n" + rows_text(60 * 60 * day, 3, day=f"2026-03-0{day + 1}")


def deliver(home: Settings, name: str, text: str) -> Path:
    return settled(home.inbox / "hall" / name, text)


def watermark(loader: Loader) -> datetime | None:
    return loader.state.watermark("hall")


# --- files ----------------------------------------------------------------------------------


def test_watermark_when_a_file_is_refused_then_waits_for_it(home: Settings, loader: Loader) -> None:
    source, runner = declared(home), Runner(loader)
    deliver(home, "a.csv", rows(1))
    runner.run(source)
    deliver(home, "b.csv", "no,at\n1,2\n")
    runner.run(source)
    deliver(home, "c.csv", rows(3))
    assert runner.run(source).loaded == 3
    assert watermark(loader) == FIRST, "what b.csv holds is not known"

    deliver(home, "b.csv", "no,at\n1,2\n3,4\n")
    runner.run(source)
    assert watermark(loader) == FIRST, "refused anew, but missing since then"

    deliver(home, "b.csv", rows(2))
    runner.run(source)
    assert watermark(loader) == THIRD


def test_watermark_when_the_first_file_is_refused_then_nothing_is_known(
    home: Settings, loader: Loader
) -> None:
    source, runner = declared(home), Runner(loader)
    deliver(home, "a.csv", "no,at\n1,2\n")
    runner.run(source)
    deliver(home, "b.csv", rows(2))
    runner.run(source)
    assert watermark(loader) is None


def test_watermark_when_a_refused_file_goes_away_then_waits_no_more(
    home: Settings, loader: Loader
) -> None:
    source, runner = declared(home), Runner(loader)
    deliver(home, "a.csv", rows(1))
    odd = deliver(home, "b.csv", "no,at\n1,2\n")
    deliver(home, "c.csv", rows(3))
    runner.run(source)
    assert watermark(loader) == FIRST
    odd.unlink()
    assert runner.run_if_new(source) is None
    assert watermark(loader) == THIRD
    assert loader.state.parked("hall") == {}


def test_watermark_when_parked_files_are_asked_for_again_then_still_waits(
    home: Settings, loader: Loader
) -> None:
    source, runner = declared(home), Runner(loader)
    for name, text in (("a", rows(1)), ("b", "no,at\n1,2\n"), ("c", rows(3))):
        deliver(home, f"{name}.csv", text)
    runner.run(source)
    runner.replay(source)
    assert (watermark(loader), loader.state.parked("hall")) == (FIRST, {})
    runner.run(source)
    assert (watermark(loader), list(loader.state.parked("hall"))) == (FIRST, ["b.csv"])


def test_watermark_when_the_refused_file_is_what_it_was_again_then_waits_no_more(
    home: Settings, loader: Loader
) -> None:
    source, runner = declared(home), Runner(loader)
    deliver(home, "a.csv", rows(1))
    runner.run(source)
    deliver(home, "a.csv", "no,at\n1,2\n")
    deliver(home, "b.csv", rows(2))
    runner.run(source)
    assert watermark(loader) == FIRST
    deliver(home, "a.csv", rows(1))
    runner.run(source)
    assert watermark(loader) == SECOND


def test_watermark_when_a_range_is_read_again_then_stays(home: Settings, loader: Loader) -> None:
    source, runner = declared(home), Runner(loader)
    deliver(home, "a.csv", rows(1))
    runner.run(source)
    deliver(home, "b.csv", rows(2) + rows_text(9000, 3, day="2026-03-04"))
    report = runner.backfill(source, days(date(2026, 3, 4), date(2026, 3, 5), home.zone))
    assert report.loaded == 3
    assert watermark(loader) == FIRST, "the rows of the day between are not here yet"
    runner.run(source)
    assert watermark(loader) is not None
    assert watermark(loader).date() == THIRD.date()  # type: ignore[union-attr]


def test_file_when_it_was_refused_for_a_broken_row_then_another_rule_reads_it(
    home: Settings, loader: Loader
) -> None:
    deliver(home, "a.csv", rows(1) + "N9,never,1109,app,成功,1,李\n")
    stopping = declared(home, ('promise = "15m"', 'promise = "15m"\n\n[broken]\nrow = "stop"'))
    assert Runner(loader).run(stopping).state is RunState.FAILED
    report = Runner(loader).run(declared(home))
    assert (report.loaded, report.quarantined) == (3, 1)


# --- pages ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Pages in turn, as a service gives them; one of them cannot be had."""

    pages: tuple[str, ...]
    broken: int = -1
    error: type[ContractBroken] | type[SourceUnavailable] = SourceUnavailable

    def deliveries(
        self, known: Mapping[str, Position], window: Window | None = None
    ) -> Iterator[Delivery]:
        position = known.get("pages")
        for number in range(int(position.cursor) if position else 0, len(self.pages)):
            yield Page(feed=self, number=number)

    def is_settling(self) -> bool:
        return False

    def finished(self, item: Item) -> None:
        return None

    def mark(self) -> str:
        return ""


@dataclass(frozen=True, kw_only=True)
class Page:
    feed: Feed
    number: int

    @property
    def item(self) -> Item:
        return Item(name="pages", version="")

    def fetch(self, landing: Landing) -> Fetched:
        if self.number == self.feed.broken:
            raise self.feed.error(f"page {self.number}: is not there.")
        with landing.draft("pages") as draft:
            draft.write(self.feed.pages[self.number].encode())
            sha256 = draft.finish()
        layout = Layout(format=Format.CSV)
        content = Content(
            path=draft.path, name="pages", layout=layout, sha256=sha256, key=draft.key
        )
        return Fetched(content=content, cursor=str(self.number + 1))


@pytest.mark.parametrize("error", [SourceUnavailable, ContractBroken])
def test_watermark_when_a_page_cannot_be_had_then_waits_for_it(
    home: Settings, loader: Loader, error: type[ContractBroken] | type[SourceUnavailable]
) -> None:
    feed = Feed(pages=(rows(1), rows(2)), broken=1, error=error)
    source, runner = replace(declared(home), connector=feed), Runner(loader)
    for _ in range(MOST_TRIES + 1):
        runner.run(source)
    (attempt,) = loader.state.attempts("hall").values()
    assert (attempt.item, loader.state.parked("hall")) == ("pages", {}), "tried at every look"
    assert watermark(loader) == FIRST

    runner.backfill(source, days(date(2026, 3, 2), date(2026, 3, 5), home.zone))
    assert watermark(loader) == FIRST
    assert runner.run(replace(source, connector=replace(feed, broken=-1))).loaded == 3
    assert (watermark(loader), loader.state.attempts("hall")) == (SECOND, {})
