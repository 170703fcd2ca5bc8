"""Late, doubled and shuffled events: the same answers, bit for bit, as if all had come in order."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from etl.load import Loader
from etl.publish import publish
from tests.soundness.conftest import EVERYTHING
from tests.soundness.history import FIRST, service_events
from tests.tiny import tiny_batch, tiny_settings, tiny_source
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.connection import Reader
from warehouse.datasets import ENDS, LEVELS, STEPS
from warehouse.keys import Keyring
from warehouse.metrics import CATALOGUE
from warehouse.metrics.model import BY_STEP
from warehouse.model import City, District, Grain, Label, MetricQuery, Period, Row
from warehouse.partitions import verify
from warehouse.relations import alias_of, name
from warehouse.settings import Settings

LATEST = timedelta(days=90)
NOW = datetime(2024, 7, 20, tzinfo=UTC)
PERIOD = Period(start=date(2023, 11, 1), end=date(2024, 5, 1))
SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0))
CITY = City(
    label=Label(zh="示例市", en="Example City"),
    districts=tuple(
        District(code=code, label=Label(zh=code, en=code), population=500, outline=SQUARE)
        for code in ("north", "south")
    ),
)
SUMS = {
    "service_event": ("fact", "usage_day", "person_day"),
    "loan_event": ("fact", "application"),
    "rating_event": ("fact",),
    "service_volume": ("fact",),
}
Event = dict[str, Any]


def events() -> dict[str, list[Event]]:
    """Dataset -> its events in the order they happened."""
    dice = Random(7)
    visits = service_events(7, 900)
    loans = [step for number in range(80) for step in _loan(dice, number)]
    ratings = [
        {
            "occurred_at": _moment(dice),
            "person": f"p{n % 90}",
            "scene": "tax",
            "district": dice.choice(("north", "south")),
            "level": dice.choice(tuple(LEVELS)),
        }
        for n in range(250)
    ]
    volumes = [
        {
            "occurred_at": _moment(dice),
            "scene": "fund",
            "district": dice.choice(("north", "south")),
            "volume": dice.randrange(1, 90),
        }
        for _ in range(120)
    ]
    found = {
        "service_event": visits,
        "loan_event": loans,
        "rating_event": ratings,
        "service_volume": volumes,
    }
    for dataset, rows in found.items():
        rows.sort(key=lambda row: row["occurred_at"])
        for number, row in enumerate(rows):
            row["identity"] = f"{dataset}-{number}"
    return found


def _moment(dice: Random) -> datetime:
    return FIRST + timedelta(seconds=dice.randrange(150 * 86_400))


def _loan(dice: Random, number: int) -> Iterator[Event]:
    """The steps of an application, weeks apart, some in the same second."""
    at = _moment(dice)
    names = [*STEPS] if dice.random() < 0.7 else ["applied", dice.choice(tuple(ENDS))]
    for step in names:
        yield {
            "occurred_at": at,
            "application": f"loan {number}",
            "person": f"p{number}",
            "step": step,
            "product": dice.choice(("car", "shop")),
            "district": dice.choice(("north", "south", None)),
            "channel": dice.choice(("bank", "web")),
            "reason": "income" if step == "declined" else "",
            "amount": dice.randrange(10_000, 900_000),
            "manual": dice.random() < 0.3,
        }
        at += timedelta(seconds=dice.choice((0, 45, 86_400 * dice.randrange(1, 20))))


# --- deliveries -----------------------------------------------------------------------------

Delivered = tuple[str, list[Event]]


def in_order(known: dict[str, list[Event]]) -> list[Delivered]:
    return [(dataset, rows) for dataset, rows in known.items()]


def late(known: dict[str, list[Event]], dice: Random) -> list[Delivered]:
    """By when each event arrives: at once, or up to 90 days late; some of them twice or more."""
    arrivals: list[tuple[datetime, int, str, Event]] = []
    for dataset, rows in known.items():
        for row in rows:
            for _ in range(dice.choices((1, 2, 3), (8, 2, 1))[0]):
                delay = LATEST * dice.random() if dice.random() < 0.4 else timedelta(0)
                arrivals.append((row["occurred_at"] + delay, len(arrivals), dataset, row))
    arrivals.sort(key=lambda arrival: arrival[:2])
    batches: list[Delivered] = []
    while arrivals:
        size = dice.randrange(1, 1200)
        part, arrivals = arrivals[:size], arrivals[size:]
        for dataset in known:
            rows = [row for _, _, named, row in part if named == dataset]
            dice.shuffle(rows)
            if rows:
                batches.append((dataset, rows))
    return batches


def built(settings: Settings, batches: Sequence[Delivered], dice: Random) -> Settings:
    """A home that the batches came into, published now and then."""
    keyring = Keyring.open(settings, create=True)
    with Loader(settings, keyring) as loader:
        for number, (dataset, rows) in enumerate(batches):
            source = tiny_source(dataset)
            loader.load(tiny_batch(source, rows, keyring, batch_id=f"batch {number}"))
            if dice.random() < 0.15:
                publish(loader, (), {}, CITY)
        publish(loader, (), {}, CITY)
    assert verify(settings, keyring).problems == ()
    return settings


def tables(settings: Settings) -> dict[tuple[str, str, str], list[Any]]:
    """Every published row of facts and sums, sorted."""
    reader = Reader(settings, Keyring.open(settings))
    snapshot = reader.snapshot()
    found = {
        (file.dataset, file.month, table): snapshot.select(
            f"SELECT * FROM {name(alias_of(file))}.main.{table} ORDER BY ALL"
        )
        for file in snapshot.manifest.files
        for table in SUMS.get(file.dataset, ())
    }
    reader.close()
    return found


def answers(settings: Settings) -> dict[tuple[str, tuple[str, ...]], tuple[Row, ...]]:
    """Every metric of the catalogue by month, and by district where it can be."""
    warehouse = Warehouse.open(settings)
    found = {}
    for metric in CATALOGUE.values():
        if metric.dataset == "pipeline_run":
            continue  # counts the deliveries themselves
        for by in ((), ("district",)):
            if set(by) <= set(metric.dimensions):
                if isinstance(metric.measure, BY_STEP):
                    by = (*by, "step")
                by = (*by, *metric.apart)
                query = MetricQuery(
                    metrics=(metric.name,), period=PERIOD, grain=Grain.MONTH, by=by, where=()
                )
                found[metric.name, by] = warehouse.answer(query, EVERYTHING).rows
    warehouse.close()
    return found


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = tiny_settings(tmp_path_factory.mktemp("ordered"))
    with clock.frozen_at(NOW):
        return built(settings, in_order(events()), Random(0))


@pytest.mark.parametrize("seed", [1, 2])
def test_events_when_late_shuffled_and_doubled_then_all_answers_are_the_same(
    ordered: Settings, tmp_path: Path, seed: int
) -> None:
    settings, dice = tiny_settings(tmp_path), Random(seed)
    shutil.copytree(  # the same pseudonyms
        ordered.home / "keys", settings.home / "keys", ignore=shutil.ignore_patterns("*.anchor")
    )
    with clock.frozen_at(NOW):
        built(settings, late(events(), dice), dice)
        wanted, found = tables(ordered), tables(settings)
        assert wanted.keys() == found.keys()
        for key, rows in wanted.items():
            assert found[key] == rows, key
        expected = answers(ordered)
        assert any(cell.value for rows in expected.values() for row in rows for cell in row.cells)
        assert answers(settings) == expected
