"""What the process that makes the workers loads."""

import os
import subprocess
import sys
from pathlib import Path

from warehouse.keys import Keyring
from warehouse.settings import ROOT, Settings

_START = (
    "import runpy, sys; runpy.run_path('gunicorn.conf.py')['on_starting'](None);"
    " print('duckdb' in sys.modules, 'dash' in sys.modules)"
)


def _started(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _START],
        cwd=ROOT,
        env={**os.environ, "COCKPIT_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_ready_when_the_home_is_good_then_shares_modules_but_none_with_threads(
    tmp_path: Path,
) -> None:
    Keyring.open(Settings.from_env({"COCKPIT_HOME": str(tmp_path)}), create=True)

    assert _started(tmp_path).stdout.split() == ["False", "True"]


def test_ready_when_there_is_no_key_then_one_line_says_so(tmp_path: Path) -> None:
    found = _started(tmp_path)

    assert found.returncode == 1
    assert len(found.stderr.splitlines()) == 1
    assert "master" in found.stderr
