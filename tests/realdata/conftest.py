"""One home a reporting zone, loaded once for all tests that only ask."""

from pathlib import Path

import pytest

from tests.realdata.home import Home


def _filled(folder: Path, zone: str, *files: str, sources: tuple[str, ...]) -> Home:
    home = Home(folder=folder, zone=zone)
    for name in files:
        home.deliver(name)
    home.run(*sources)
    return home


@pytest.fixture(scope="session")
def amsterdam(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The loans of a Dutch bank."""
    folder = tmp_path_factory.mktemp("amsterdam")
    return _filled(folder, "Europe/Amsterdam", "bpic2012.parquet", sources=("bpic2012",))


@pytest.fixture(scope="session")
def london(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The invoices of a UK web shop."""
    folder = tmp_path_factory.mktemp("london")
    file = "online_retail_2009_2010.parquet"
    return _filled(folder, "Europe/London", file, sources=("online_retail",))


@pytest.fixture(scope="session")
def los_angeles(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Citizen requests, fines that know only days, and counts of visits."""
    return _filled(
        tmp_path_factory.mktemp("los_angeles"),
        "America/Los_Angeles",
        "sf311.csv.gz",
        "traffic_fines.csv.gz",
        "usa_gov_visits.csv.gz",
        "usa_gov_devices.csv.gz",
        sources=("sf311", "traffic_fines", "usa_gov_visits", "usa_gov_devices"),
    )
