"""A city of three districts in which many cells are small, asked by people who see parts of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.soundness.history import service_events
from tests.soundness.oracle import Oracle
from tests.tiny import build_home
from warehouse.answer import Warehouse
from warehouse.model import City, District, Label, Role, Scope, Viewer
from warehouse.settings import Settings

ZONE = "Asia/Shanghai"
NAME = Label(zh="区", en="district")
EVERYTHING = Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True))


def viewer(*districts: str, role: Role = Role.OFFICIAL) -> Viewer:
    return Viewer(name="some", role=role, scope=Scope(districts=frozenset(districts)))


@dataclass(frozen=True, kw_only=True)
class Town:
    settings: Settings
    warehouse: Warehouse
    oracle: Oracle


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    rows = service_events(7, count=500)
    settings = build_home(
        tmp_path_factory.mktemp("private"),
        service_events=rows,
        zone=ZONE,
        city=City(
            label=NAME,
            districts=tuple(
                District(code=code, label=NAME, population=1000) for code in ("north", "south")
            ),
        ),
        loan_events=[
            {
                "occurred_at": row["occurred_at"],
                "application": f"a{i}",
                "step": ("applied", "approved", "declined", "disbursed")[i % 4],
                "district": row["district"],
                "product": row["scene"],
                "amount": 100_00,
            }
            for i, row in enumerate(rows[:120])
        ],
        volumes=[{"occurred_at": rows[0]["occurred_at"], "scene": "web", "volume": 2}],
        ratings=[
            {**row, "level": ("satisfied", "dissatisfied")[i % 2]}
            for i, row in enumerate(rows[:200])
        ],
    )
    warehouse = Warehouse.open(settings)
    yield Town(settings=settings, warehouse=warehouse, oracle=Oracle(rows, ZONE))
    warehouse.close()
