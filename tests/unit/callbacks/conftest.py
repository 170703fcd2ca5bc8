"""Services over a real small warehouse, for a viewer that each test chooses."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from callbacks.services import Services
from tests.pages.town import NOW, build_town
from warehouse import clock
from warehouse.accounts import Accounts
from warehouse.answer import Warehouse
from warehouse.model import Role, Scope, Viewer
from warehouse.operations import Request
from warehouse.settings import Settings
from warehouse.views import Views

ServicesFor = Callable[[Role], Services]


def _nothing_is_asked(**_wanted: Any) -> Request:
    raise AssertionError("a test asked the ETL for something")


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return build_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="session")
def town_warehouse(town: Settings) -> Iterator[Warehouse]:
    opened = Warehouse.open(town)
    yield opened
    opened.close()


@pytest.fixture
def services_for(town: Settings, town_warehouse: Warehouse) -> Iterator[ServicesFor]:
    def make(role: Role, scope: Scope | None = None) -> Services:
        viewer = Viewer(name="somebody", role=role, scope=scope or Scope(everything=True))
        return Services(
            settings=town,
            warehouse=town_warehouse,
            accounts=Accounts(town),
            views=Views(town),
            viewer=lambda: viewer,
            ask=_nothing_is_asked,
        )

    with clock.frozen_at(NOW):
        yield make
