"""Sums of people that break an identity of growth accounting are not published."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etl.identities import check_identities
from etl.load import Loader
from etl.publish import publish
from tests.tiny import load_rows, tiny_settings, tiny_source
from warehouse.errors import StorageError
from warehouse.keys import Keyring
from warehouse.manifest import read_manifest
from warehouse.model import City, Label

CITY = City(label=Label(zh="市", en="City"))
MONTHS = ("2025-11", "2025-12", "2026-01")


def _visits(day: str, *people: int) -> list[dict[str, Any]]:
    at = datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC)
    row = {"occurred_at": at, "district": "d1", "channel": "web", "outcome": "completed"}
    return [
        {**row, "person": f"p{i}", "scene": "tax" if i % 2 else "fund", "identity": f"{day} {i}"}
        for i in people
    ]


ROWS = (
    _visits("2025-11-03", 1, 2, 3, 4)
    + _visits("2025-12-08", 1, 2, 5)
    + _visits("2025-12-30", 1, 6)
    + _visits("2026-01-02", 1, 3, 7)  # 3 comes back, 7 is new, 2 5 6 are gone
)


@pytest.fixture
def loader(tmp_path: Path) -> Any:
    home = tiny_settings(tmp_path)
    with Loader(home, Keyring.open(home, create=True)) as open_loader:
        load_rows(open_loader, tiny_source("service_event"), ROWS)
        publish(open_loader, (), {}, CITY)
        yield open_loader


def _plant(loader: Loader, month: str, statement: str) -> None:
    alias = loader.writer.attach("service_event", month)
    loader.writer.execute(statement.format(db=alias))


def test_identities_when_sums_are_right_then_hold(loader: Loader) -> None:
    check_identities(loader.settings, loader.writer, MONTHS)


@pytest.mark.parametrize(
    ("month", "wrong"),
    [
        ("2026-01", "UPDATE {db}.first_day SET new = new + 1 WHERE cut = ''"),
        ("2026-01", "UPDATE {db}.gap_day SET people = people + 1 WHERE cut = ''"),
        # somebody retained is taken for one who was never there before
        ("2026-01", "UPDATE {db}.gap_day SET before = NULL WHERE cut = ''"),
        # the first day of somebody is lost
        ("2025-11", "DELETE FROM {db}.person_first WHERE cut = ''"),
        ("2025-12", "DELETE FROM {db}.person_day WHERE day = DATE '2025-12-30'"),
    ],
)  # fmt: skip
def test_identities_when_a_table_is_wrong_then_refused(
    loader: Loader, month: str, wrong: str
) -> None:
    _plant(loader, month, wrong)
    with pytest.raises(StorageError, match=r"identities of growth do not hold in service_event"):
        check_identities(loader.settings, loader.writer, MONTHS)


def test_publication_when_an_identity_breaks_then_the_generation_before_stays(
    loader: Loader,
) -> None:
    before = read_manifest(loader.settings, loader.keyring).generation
    later = _visits("2026-01-20", 2, 8)
    load_rows(loader, tiny_source("service_event"), [{**row, "run": 2} for row in later])
    loader.roll_up()
    _plant(loader, "2026-01", "UPDATE {db}.first_day SET new = new - 1 WHERE cut = ''")
    for _ in range(2):  # trying again does not let it through
        with pytest.raises(StorageError, match="2026-01"):
            publish(loader, (), {}, CITY)
        assert read_manifest(loader.settings, loader.keyring).generation == before
    _plant(loader, "2026-01", "UPDATE {db}.first_day SET new = new + 1 WHERE cut = ''")
    assert publish(loader, (), {}, CITY).generation > before
