"""What every test stands on: no setting of the developer leaks in, and no test leaks out."""

import os

import pytest

LONGEST = ("tests/faults/test_kill.py", "tests/e2e/test_operators.py", "tests/e2e/test_launcher.py")
"""Files that are begun first, so that no process is left alone with one of them at the end."""


@pytest.hookimpl(trylast=True)  # after the order was shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the test alone, whatever the shell that started it has set."""
    for name in [n for n in os.environ if n.startswith("COCKPIT_") or n in ("HOST", "PORT")]:
        monkeypatch.delenv(name)
