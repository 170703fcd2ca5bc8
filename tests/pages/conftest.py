"""The town, asked through the real warehouse."""

from collections.abc import Callable, Iterator

import pytest

from pages._ui.filters import Filters
from pages._ui.panel import Drawing, Panel
from tests.pages.operations import RECORDS, RESTATED
from tests.pages.town import NOW, build_town
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.model import Role, Scope, Viewer
from warehouse.settings import Settings


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return build_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="session")
def warehouse(town: Settings) -> Iterator[Warehouse]:
    opened = Warehouse.open(town)
    yield opened
    opened.close()


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.frozen_at(NOW):
        yield


Ask = Callable[..., Drawing]


@pytest.fixture
def drawing_of(warehouse: Warehouse, noon: None) -> Ask:
    """(panel, search, role, theme) -> what the panel may draw from, asked for real."""

    def ask(
        panel: Panel, search: str = "", role: Role = Role.ADMIN, theme: str = "light"
    ) -> Drawing:
        viewer = Viewer(name="somebody", role=role, scope=Scope(everything=True))
        filters = Filters.from_search(
            search, warehouse.horizon(viewer), clock.today(warehouse.zone)
        )
        pivot = warehouse.pivot(panel.pivot(filters), viewer) if panel.pivot else None
        total = () if pivot is None else (pivot.result,)
        return Drawing(
            results=(*total, *(warehouse.answer(q, viewer) for q in panel.questions(filters))),
            pivot=pivot,
            filters=filters,
            now=clock.now(),
            zone=warehouse.zone,
            theme=theme,
            label=lambda dimension, code: warehouse.label(dimension, code, viewer).zh,
            sources=warehouse.sources(viewer),
            city=warehouse.city(viewer),
            role=role,
            records=RECORDS,
            restated=RESTATED,
        )

    return ask
