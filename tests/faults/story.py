"""A short history of deliveries that a kill may interrupt anywhere.

`python -m tests.faults.story HOME RUN` plays it in a process of its own. Playing it again, from
wherever a kill left it, must end in the same warehouse.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from etl.delivery import Position
from etl.load import Loader
from etl.model import RunState
from etl.publish import publish
from tests.tiny import tiny_batch, tiny_settings, tiny_source
from warehouse import clock
from warehouse.keys import Keyring
from warehouse.model import City, Label
from warehouse.settings import Settings

NEW_YEAR = datetime(2025, 12, 31, 16, tzinfo=UTC)  # midnight in Shanghai: the month changes here
CITY = City(label=Label(zh="示例市", en="Example City"))
BROKEN = ({"line": 90, "reason": "no such scene"}, {"line": 91, "reason": "no time"})


def service(number: int) -> dict[str, Any]:
    return {
        "identity": f"E{number}",
        "occurred_at": NEW_YEAR + timedelta(hours=7 * (number - 9)),
        "person": None if number % 5 == 0 else f"citizen {number % 4}",
        "scene": ("tax", "housing")[number % 2],
        "district": f"d{number % 3}",
        "channel": "web",
        "outcome": ("completed", "failed")[number % 3 == 0],
    }


def loan(number: int) -> dict[str, Any]:
    return {
        "identity": f"L{number}",
        "occurred_at": NEW_YEAR + timedelta(hours=11 * (number - 5)),
        "application": f"loan {number // 3}",
        "person": f"citizen {number // 3}",
        "step": ("applied", "approved", "disbursed")[number % 3],
        "amount": 1000 * number,
    }


# Batch -> (dataset, rows, broken rows). Overlaps: within a batch, and between batches.
DELIVERIES: tuple[tuple[str, str, tuple[dict[str, Any], ...], tuple[dict[str, Any], ...]], ...] = (
    ("s1", "service_event", tuple(map(service, [*range(12), 3, 4])), BROKEN[:1]),
    ("s2", "service_event", tuple(map(service, range(8, 20))), BROKEN),
    ("l1", "loan_event", tuple(map(loan, range(7))), ()),
    ("l2", "loan_event", tuple(map(loan, range(5, 12))), ()),
)


def play(settings: Settings, run: str) -> None:
    """Deliver what is not known yet, publishing after every second delivery."""
    with Loader(settings, Keyring.open(settings, create=True)) as loader:
        for number, (name, dataset, *_) in enumerate(DELIVERIES):
            if name not in loader.state.positions(dataset):
                _deliver(loader, f"{run}-{name}", name, number)
            if number % 2:
                publish(loader, (), {}, CITY)


def _deliver(loader: Loader, run_id: str, name: str, number: int) -> None:
    _, dataset, rows, broken = DELIVERIES[number]
    source = tiny_source(dataset)
    loader.state.start_run(run_id, source.name, dataset, clock.now())
    batch = tiny_batch(source, rows, loader.keyring, batch_id=name, run_id=run_id, broken=broken)
    loader.load(batch, Position(item=name, version="1", sha256=name))
    loader.state.end_run(run_id, RunState.DONE)


if __name__ == "__main__":
    play(tiny_settings(Path(sys.argv[1])), sys.argv[2])
