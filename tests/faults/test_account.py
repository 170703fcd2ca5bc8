"""Whatever happens in whatever order, every book agrees with every other after each step."""

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from etl.load import Loader
from etl.model import Declared, RunReport, RunState, Source
from etl.publication import publish_all
from etl.reading.job import Job
from etl.run import Runner
from etl.shell import days
from etl.sources import read_source, source_env
from tests.faults.account import check_account
from tests.unit.etl.declared import HEADER, declare, settings_in, settled
from warehouse import clock
from warehouse.errors import StorageError
from warehouse.keys import Keyring
from warehouse.model import City, Label
from warehouse.settings import Settings

STEPS = 30
SEEDS = [int(n) for n in os.environ.get("ACCOUNT_SEEDS", "1 2").split()]
"""`ACCOUNT_SEEDS="3 4 5"` tells others."""
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MENDED = ('"失败" = "failed"', '"失败" = "failed"\n"退回" = "abandoned"')
ROW = "N{n},2026-0{month}-{day:02d} 10:00:00,110{p},app,{result},{n},李\n"
BROKEN = (
    "half a row\n",
    "X{n},never,1101,app,成功,1,李\n",
    ",2026-03-01 09:00:00,1,app,成功,1,李\n",
)
DATASET = "service_event"
PLACES = (
    "etl.state.State.record",
    "etl.state.State.record_replay",
    "etl.state.State.mark_late",
    "etl.state.State.end_run",
    "etl.quarantine.Quarantine.keep",
    "etl.quarantine.Quarantine.take_out",
    "etl.quarantine.Quarantine.forget_replays",
    "etl.load.Loader._write_month",
    "etl.books.folding.Folding.fold",
    "etl.publish.make_current",
)
"""Before or after each of these a process may be killed."""


class Story:
    """A source, its deliveries and one ETL after the other."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = Random(seed)
        self.home: Settings = settings_in(folder)
        self.ring = Keyring.open(self.home, create=True)
        self.inbox = self.home.inbox / "hall"
        self.inbox.mkdir(parents=True)
        self.numbers = 0
        self.is_mended = False
        self.good: dict[str, set[int]] = {}
        """File -> the rows that are good by any declaration; `odd`: by the mended one alone."""
        self.odd: dict[str, set[int]] = {}
        self.delivered: set[int] = set()
        self.expected: set[int] = set()
        self.set_aside: set[int] = set()
        self.is_published = False
        self._open()

    def _open(self) -> None:
        self.loader = Loader(self.home, self.ring)
        self.runner = Runner(self.loader)

    def source(self) -> Source:
        changes = [MENDED] if self.is_mended else []
        return read_source(declare(self.home.sources, *changes), source_env(self.home, {}))

    # --- what may happen --------------------------------------------------------------------

    def deliver(self) -> None:
        """A new file, or another content for one that was there."""
        name = f"{self.chance.choice('abcdef')}.csv"
        good, odd, text = set[int](), set[int](), ""
        for _ in range(self.chance.randint(1, 25)):
            kind = self.chance.random()
            old = self.numbers > 0 and self.chance.random() < 0.3
            number = self.chance.randrange(self.numbers) if old else self.numbers
            self.numbers = max(self.numbers, number + 1)
            if kind < 0.15:
                text += self.chance.choice(BROKEN).format(n=number)
                continue
            result = "退回" if number % 5 == 0 else "成功"
            month, day = 3 + number % 3, 1 + number % 28
            text += ROW.format(n=number, month=month, day=day, p=number % 7, result=result)
            (odd if number % 5 == 0 else good).add(number)
        self._put(name, f"{HEADER}\n{text}", good, odd)

    def _put(self, name: str, text: str, good: set[int], odd: set[int]) -> None:
        file = settled(self.inbox / name, text)
        at = (NOW - timedelta(days=1)).timestamp() + self.chance.random() * 1000
        os.utime(file, (at, at))
        self.good[name], self.odd[name] = good, odd
        self.delivered |= good | odd

    def copy(self) -> None:
        if self.good:
            name = self.chance.choice(sorted(self.good))
            text = (self.inbox / name).read_text("utf-8")
            self._put(f"copy-{self.numbers}.csv", text, self.good[name], self.odd[name])

    def remove(self) -> None:
        if self.good:
            name = self.chance.choice(sorted(self.good))
            (self.inbox / name).unlink()
            del self.good[name], self.odd[name]

    def change(self) -> None:
        self.is_mended = not self.is_mended

    def run(self) -> None:
        if self._worked(lambda: self.runner.run(self.source())):
            for name, good in self.good.items():
                self.expected |= good
                self.set_aside |= self.odd[name]
                if self.is_mended:
                    self.expected |= self.odd[name]

    def replay(self) -> None:
        if self._worked(lambda: self.runner.replay(self.source())) and self.is_mended:
            self.expected |= self.set_aside

    def backfill(self) -> None:
        start = date(2026, 3, 1) + timedelta(days=self.chance.randrange(60))
        window = days(start, start + timedelta(days=self.chance.randint(1, 40)), self.home.zone)
        self._worked(lambda: self.runner.backfill(self.source(), window))

    def publish(self) -> None:
        city = City(label=Label(zh="城", en="City"))
        declared = Declared(sources=(self.source(),), city=city, labels={})
        self.is_published = self._done(lambda: publish_all(declared, self.loader))

    def restart(self) -> None:
        self.loader.close()
        self._open()

    def fail(self) -> None:
        """Something of this goes wrong in the middle; often the process is gone after it."""
        with failing(self.chance.choice(PLACES), self.chance):
            self.chance.choice((self.run, self.replay, self.backfill, self.publish))()
        if self.chance.random() < 0.6:
            self.restart()

    def _worked(self, work: Callable[[], RunReport]) -> bool:
        reports: list[RunReport] = []
        self._done(lambda: reports.append(work()))
        return bool(reports) and reports[0].state is RunState.DONE

    def _done(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except StorageError:
            return False
        return True

    # --- what must hold ---------------------------------------------------------------------

    def check(self) -> None:
        facts = check_account(self.loader, DATASET, is_published=self.is_published)
        assert self.expected <= facts <= self.delivered


@contextmanager
def failing(place: str, chance: Random) -> Iterator[None]:
    """The storage goes away before or after what is done at `place`, at its first or third time."""
    left, is_before = chance.choice((1, 3)), chance.random() < 0.5
    plain = patch(place).get_original()[0]

    def broken(*args: object, **named: object) -> object:
        nonlocal left
        left -= 1
        if left == 0 and is_before:
            raise StorageError("the disk went away")
        result = plain(*args, **named)
        if left == 0:
            raise StorageError("the disk went away")
        return result

    with patch(place, broken):
        yield


@pytest.mark.parametrize("seed", SEEDS)
def test_books_when_anything_happens_in_any_order_then_all_agree(tmp_path: Path, seed: int) -> None:
    with patch("etl.take.Job", functools.partial(Job, rows=7)), clock.frozen_at(NOW):
        story = Story(tmp_path, seed)
        likely = (
            [story.deliver] * 5
            + [story.copy, story.remove, story.change, story.replay, story.backfill]
            + [story.run] * 4
            + [story.publish] * 2
            + [story.fail] * 5
        )
        told = []
        try:
            for _ in range(STEPS):
                step = story.chance.choice(likely)
                story.is_published = False
                told.append(step.__name__)
                step()
                story.check()
            story.restart()
            story.run()
            story.publish()
            story.check()
        except AssertionError as error:
            raise AssertionError(f"{error} after {told}") from error
        finally:
            story.loader.close()
