"""Whatever a rollup answers, the facts answer alike: same cells, same numbers."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.soundness.conftest import EVERYTHING, Town
from warehouse.compile import Slice, Sql, Window, facts, fetch, stored
from warehouse.compile.slice import mask
from warehouse.connection import Reader, Snapshot
from warehouse.keys import Keyring
from warehouse.metrics import CATALOGUE
from warehouse.metrics.model import Count, Distinct, Share
from warehouse.model import Grain, Period
from warehouse.rollups import DIMENSIONS, FACT, PERSON_DAY, USAGE_DAY, route

ROUTED = [
    metric
    for metric in CATALOGUE.values()
    if metric.dataset == "service_event" and isinstance(metric.measure, Count | Distinct | Share)
]

WHERES: Any = [
    (),
    (("scene", ("fund", "fines")),),
    (("scene", ("fund",)),),
    (("district", ("north",)), ("age_band", ("18-30",))),
]


@pytest.fixture(scope="module")
def snapshot(town: Town) -> Any:
    reader = Reader(town.settings, Keyring.open(town.settings))
    yield reader.snapshot()
    reader.close()


def _subsets(names: frozenset[str]) -> list[tuple[str, ...]]:
    ordered = sorted(names)
    return list(chain.from_iterable(combinations(ordered, n) for n in range(3)))


def _rows(snapshot: Snapshot, sql: Sql) -> list[tuple[Any, ...]]:
    return sorted(fetch(snapshot, sql))


@given(
    metric=st.sampled_from(ROUTED),
    by=st.sampled_from(_subsets(DIMENSIONS[USAGE_DAY])),
    grain=st.sampled_from([None, *Grain]),
    start=st.one_of(st.dates(date(2023, 11, 20), date(2024, 3, 1)), st.just(date(2024, 1, 1))),
    days=st.sampled_from([1, 7, 31, 45, 60]),
    cut_after=st.sampled_from([None, None, 0.2, 0.7]),
    where=st.sampled_from(WHERES),
)
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_rollup_when_routed_to_then_equals_the_facts(
    town: Town,
    snapshot: Snapshot,
    metric: Any,
    by: Any,
    grain: Any,
    start: Any,
    days: int,
    cut_after: float | None,
    where: Any,
) -> None:
    end = start + timedelta(days=days)
    until = None
    if cut_after is not None:
        until = datetime.combine(start, time(7, 30)) + cut_after * (end - start)
    part = Slice(
        dataset="service_event",
        window=Window(period=Period(start=start, end=end), grain=grain, until=until),
        viewer=EVERYTHING,
        zone=town.settings.zone,
        by=by,
        where=where,
    )
    table = route("service_event", metric.measure, part.dims).table
    routed = _rows(snapshot, facts.statement(snapshot, part, [metric.measure], table))
    counted = _rows(snapshot, facts.statement(snapshot, part, [metric.measure], FACT))
    if metric.measure == Distinct(column="person"):
        # A cell of unknown people alone may have a row with zero or none: zero either way.
        routed, counted = ([row for row in rows if row[-1]] for rows in (routed, counted))
    assert routed == counted


def _counted(snapshot: Snapshot, sql: Sql) -> list[tuple[Any, ...]]:
    """In an order that members left out (NULL) do not disturb."""
    return sorted(fetch(snapshot, sql), key=lambda row: tuple(map(str, row[:-1])))


@given(by=st.sampled_from(_subsets(DIMENSIONS[PERSON_DAY])), grain=st.sampled_from([None, *Grain]))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_contributors_when_counted_from_rollups_then_equal_the_facts_and_keep_the_bound(
    town: Town, snapshot: Snapshot, by: tuple[str, ...], grain: Grain | None
) -> None:
    part = Slice(
        dataset="service_event",
        window=Window(period=Period(start=date(2023, 12, 1), end=date(2024, 3, 1)), grain=grain),
        viewer=EVERYTHING,
        zone=town.settings.zone,
        by=by,
    )
    choices = list(chain.from_iterable(combinations(by, n) for n in range(len(by) + 1)))
    fast = _counted(snapshot, facts.contributors(snapshot, part, choices, from_rollups=True))
    slow = _counted(snapshot, facts.contributors(snapshot, part, choices, from_rollups=False))
    assert fast == slow
    for choice in choices:  # all at once as each alone
        alone = replace(part, by=choice)
        one = fetch(snapshot, facts.contributors(snapshot, alone, [choice], from_rollups=False))
        telling = mask(by, choice)
        assert sorted((row[0], *row[1 : 1 + len(choice)], row[-1]) for row in one) == sorted(
            (row[0], *(m for m, name in zip(row[1:], by, strict=False) if name in choice), row[-1])
            for row in slow
            if row[-2] == telling
        )
        if stored.counts(alone):
            assert sorted(fetch(snapshot, facts.counted(snapshot, alone))) == sorted(
                (*row[:-2], row[-1]) for row in one
            )
    if set(by) <= DIMENSIONS[USAGE_DAY]:
        bound = _counted(snapshot, facts.bound(snapshot, part, choices))
        assert all(low[-1] <= exact[-1] for low, exact in zip(bound, slow, strict=True))
