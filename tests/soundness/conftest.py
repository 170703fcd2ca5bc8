"""Two small cities, loaded once, beside the rows they were made of."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.soundness.history import service_events
from tests.soundness.oracle import Oracle
from tests.tiny import build_home
from warehouse.answer import Warehouse
from warehouse.model import Role, Scope, Viewer
from warehouse.settings import Settings

EVERYTHING = Viewer(name="all", role=Role.ANALYST, scope=Scope(everything=True))


@dataclass(frozen=True, kw_only=True)
class Town:
    settings: Settings
    warehouse: Warehouse
    oracle: Oracle


@pytest.fixture(scope="session", params=[(1, "Asia/Shanghai"), (2, "America/New_York")])
def town(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    seed, zone = request.param
    rows: list[dict[str, Any]] = service_events(seed)
    home = build_home(tmp_path_factory.mktemp("town"), service_events=rows, zone=zone)
    settings = replace(home, small_cell=3)  # so that most cells are shown
    warehouse = Warehouse.open(settings)
    yield Town(settings=settings, warehouse=warehouse, oracle=Oracle(rows, zone))
    warehouse.close()
