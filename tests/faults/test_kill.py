"""Killed anywhere: after the next start nothing is lost, doubled or half-written."""

import subprocess
import sys

from warehouse.settings import ROOT


def test_load_when_killed_at_every_step_then_everything_counts_once() -> None:
    """Each step once, spread over the kinds of deliveries; `make faults` has all combinations."""
    command = [sys.executable, "-m", "tests.faults", "--share", "10"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
