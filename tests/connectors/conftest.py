"""Real servers, one of each kind for all tests."""

from collections.abc import Iterator

import pytest

from tests.connectors import openssh, seaweed, servers, tables


@pytest.fixture(autouse=True)
def begun() -> None:
    tables.begin()


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Server]:
    with servers.running(servers.Postgres) as server:
        yield server


@pytest.fixture(scope="session")
def mysql() -> Iterator[servers.Server]:
    with servers.running(servers.MariaDb) as server:
        yield server


@pytest.fixture(params=["postgres", "mysql"])
def server(request: pytest.FixtureRequest) -> servers.Server:
    """Each test that takes it runs against both."""
    found: servers.Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seaweed.Seaweed]:
    with seaweed.running(tmp_path_factory.mktemp("seaweed")) as running:
        yield running


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openssh.OpenSsh]:
    with openssh.running(tmp_path_factory.mktemp("sshd")) as running:
        yield running
