"""Numbers that were published and change: the ledger says which, from what, to what and why."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from etl.load import Loader
from etl.publish import publish
from tests.tiny import load_rows, tiny_settings, tiny_source
from warehouse.keys import Keyring
from warehouse.manifest import Manifest, manifests
from warehouse.model import City, Label, SourceStatus
from warehouse.operations import Restatement

CITY = City(label=Label(zh="示例市", en="Example City"))
SOURCE = tiny_source("service_event")
DAY = date(2026, 3, 2)


def event(day: int, number: int, district: str = "d1", **more: Any) -> dict[str, Any]:
    at = datetime(2026, 3, day, 3, tzinfo=UTC)
    return {
        "identity": f"{day}-{number}",
        "occurred_at": at,
        "person": f"citizen {number}",
        "scene": "tax",
        "district": district,
        "channel": "web",
        "outcome": "completed",
        **more,
    }


@pytest.fixture
def loader(tmp_path: Path) -> Iterator[Loader]:
    settings = tiny_settings(tmp_path)
    with Loader(settings, Keyring.open(settings, create=True)) as loader:
        yield loader


def load(loader: Loader, *rows: dict[str, Any]) -> SourceStatus:
    status = load_rows(loader, SOURCE, rows)
    return replace(status, watermark=loader.state.watermark(SOURCE.name))


def published(loader: Loader, status: SourceStatus, **more: bool) -> Manifest:
    return publish(loader, (status,), {}, CITY, **more)


def numbers(loader: Loader, metric: str) -> set[tuple[Any, ...]]:
    found: tuple[Restatement, ...] = loader.state.restatements()
    return {
        (each.member, each.start, (each.end - each.start).days, each.old, each.new)
        for each in found
        if each.metric == metric
    }


def test_number_when_rows_come_for_a_day_that_was_over_then_it_is_restated(
    loader: Loader,
) -> None:
    published(loader, load(loader, *(event(2, n) for n in range(20)), event(5, 1)))
    late = [event(2, 100 + n, "d2") for n in range(15)]

    after = published(loader, load(loader, *late, event(6, 1)))

    assert numbers(loader, "usage.events") == {
        ("", DAY, 1, 20, 35),
        ("d2", DAY, 1, None, 15),
    }
    (first, *_) = loader.state.restatements()
    assert (first.cause, first.sources, first.rows) == ("late", (SOURCE.name,), 15)
    assert first.generation == after.generation
    assert loader.state.lates() == ()


def test_number_when_rows_come_for_a_day_that_is_not_over_then_nothing_is_restated(
    loader: Loader,
) -> None:
    published(loader, load(loader, event(2, 1)))
    published(loader, load(loader, event(2, 2), event(3, 1)))

    assert loader.state.restatements() == ()


def test_number_when_the_same_rows_come_again_then_nothing_is_restated(loader: Loader) -> None:
    rows = [event(2, n) for n in range(20)]
    published(loader, load(loader, *rows, event(5, 1)))

    published(loader, load(loader, *rows))

    assert loader.state.restatements() == ()


def test_month_when_it_was_over_then_it_is_restated_too(loader: Loader) -> None:
    after = {"occurred_at": datetime(2026, 4, 3, tzinfo=UTC), "identity": "april"}
    published(loader, load(loader, *(event(2, n) for n in range(20)), event(5, 1) | after))

    published(loader, load(loader, *(event(3, n) for n in range(30))))

    assert numbers(loader, "usage.events") >= {
        ("", date(2026, 3, 3), 1, 0, 30),
        ("", date(2026, 3, 1), 31, 20, 50),
        ("d1", date(2026, 3, 1), 31, 20, 50),
    }


def test_number_when_few_people_are_behind_it_then_the_ledger_hides_it(loader: Loader) -> None:
    published(loader, load(loader, *(event(2, n) for n in range(20)), event(5, 1)))

    published(loader, load(loader, *(event(2, 100 + n, "d2") for n in range(3))))

    shown = {value for each in loader.state.restatements() for value in (each.old, each.new)}
    assert 3 not in shown


def test_late_rows_when_they_trickle_in_then_they_are_compared_with_what_was_published_first(
    loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = published(loader, load(loader, *(event(2, n) for n in range(20)), event(5, 1)))
    monkeypatch.setattr("etl.publish.KEEP_SECONDS", -1)
    for number in range(5):
        status = load(loader, event(2, 100 + number), event(5, 10 + number))
        published(loader, status, restates_at_once=False)
    assert loader.state.restatements() == ()
    assert first.generation in manifests(loader.settings), "kept for the comparison"

    last = published(loader, status)

    assert ("", DAY, 1, 20, 25) in numbers(loader, "usage.events")
    assert first.generation not in manifests(loader.settings)
    assert last.generation > first.generation
