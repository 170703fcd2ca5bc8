"""Counts of people that are stored answer as every day of every person does."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.soundness.history import service_events
from tests.tiny import build_home
from warehouse.compile import Slice, Sql, Tables, Window, facts, fetch, people, stored
from warehouse.connection import Reader, Snapshot
from warehouse.keys import Keyring
from warehouse.measures.people import PEOPLE
from warehouse.model import Grain, Period, Role, Scope, Viewer
from warehouse.rollups import PERSON_DAY
from warehouse.windows import previous

ZONE = "Asia/Shanghai"
VIEWERS = [
    Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True)),
    Viewer(name="one", role=Role.OFFICIAL, scope=Scope(districts=frozenset({"north"}))),
]


@pytest.fixture(scope="module", params=[3, 4])
def snapshot(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    settings = build_home(
        tmp_path_factory.mktemp("prepared"),
        service_events=service_events(request.param),
        zone=ZONE,
    )
    reader = Reader(settings, Keyring.open(settings))
    yield reader.snapshot()
    reader.close()


def _slices(dataset: str, dims: Sequence[str]) -> Iterator[Slice]:
    period = Period(start=date(2023, 12, 1), end=date(2024, 3, 1))
    month = Period(start=date(2024, 2, 1), end=date(2024, 3, 1))
    windows = [
        *(Window(period=period, grain=grain) for grain in (None, *Grain)),
        Window(period=month, grain=Grain.MONTH, until=datetime(2024, 2, 12, 9, 30)),
    ]
    cuts: list[Any] = [((), ()), ((dims[0],), ()), ((), ((dims[1], ("web", "unknown")),))]
    cuts.append(((dims[0],), (("district", ("north", "south")), (dims[1], ("web",)))))
    for window in windows:
        for viewer in VIEWERS:
            for by, where in cuts:
                yield Slice(
                    dataset=dataset,
                    window=window,
                    viewer=viewer,
                    zone=ZoneInfo(ZONE),
                    by=by,
                    where=where,
                )


def _rows(tables: Tables, sql: Sql) -> list[tuple[Any, ...]]:
    return sorted(fetch(tables, sql), key=repr)


def _since(part: Slice, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Nobody asks who of the unit before the window had been retained."""
    start = part.window.period.start
    return [row if row[0] >= start else row[:-1] for row in rows]


def test_people_when_counts_are_stored_then_as_counted_from_every_day(
    snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    since, seen = date(2023, 11, 14), 0
    for part in _slices("service_event", ("scene", "channel")):
        before = previous(part.window).period
        first = Period(start=before.start, end=part.window.period.start)
        accounts = partial(people.accounting, snapshot, part, first, since)
        served = partial(people.first_completed, snapshot, part, since)
        active = partial(facts.statement, snapshot, part, [PEOPLE], PERSON_DAY)
        for statement in (accounts, served, active):
            found = _rows(snapshot, statement())
            with monkeypatch.context() as unstored:
                unstored.setattr(stored, "cut_of", lambda part: None)
                unstored.setattr(stored, "firsts", lambda *_, **__: None)
                unstored.setattr(stored, "is_monthly", lambda part: False)
                direct = _rows(snapshot, statement())
            assert _since(part, found) == _since(part, direct)
            seen += len(found)
    assert seen > 100


def test_sketch_when_counted_then_never_above_the_people_and_seldom_below(
    snapshot: Snapshot,
) -> None:
    by = ("scene", "district", "channel", "age_band")
    part = replace(next(_slices("service_event", ("scene", "channel"))), by=by)
    choices = [by, by[:3], by[:1], ()]
    for choice in choices:
        low = fetch(snapshot, facts.sketch(snapshot, part, [choice], from_rollups=False))
        exact = fetch(snapshot, facts.contributors(snapshot, part, [choice], from_rollups=False))
        counts = {row[:-1]: row[-1] for row in exact}
        assert counts.keys() == {row[:-1] for row in low}
        for row in low:
            assert 0 < row[-1] <= counts[row[:-1]]
            assert row[-1] >= 0.6 * counts[row[:-1]]
