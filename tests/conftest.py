"""What every test stands on: no setting of the developer leaks in, and no test leaks out."""

import os

import pytest


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the test alone, whatever the shell that started it has set."""
    for name in [n for n in os.environ if n.startswith("COCKPIT_") or n in ("HOST", "PORT")]:
        monkeypatch.delenv(name)
