"""One small home for what only needs some rows."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.tiny import build_home
from warehouse.model import City, District, Label
from warehouse.settings import Settings

START = datetime(2024, 1, 10, 4, tzinfo=UTC)


def _name(text: str) -> Label:
    return Label(zh=f"{text}名", en=text)


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """January: 12 people use `fund`, of whom 11 use `tax` in February; one rare scene."""
    rows = [
        {
            "occurred_at": START + timedelta(days=31 * month),
            "person": f"p{i}",
            "scene": scene,
            "district": ("north", "south")[i % 2],
            "outcome": "completed",
        }
        for month, scene, count in ((0, "fund", 12), (1, "tax", 11), (1, "rare", 2))
        for i in range(count)
    ]
    return build_home(
        tmp_path_factory.mktemp("small"),
        service_events=rows,
        city=City(
            label=_name("city"),
            districts=(
                District(code="south", label=_name("south"), population=10),
                District(code="north", label=_name("north"), population=30),
            ),
        ),
        labels={"scene": {"tax": _name("tax"), "fund": _name("fund")}},
    )
