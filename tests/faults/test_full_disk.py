"""The disk fills up in the middle of a load: a clear error, and nothing lost afterwards."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import full_disk, full_disk_serving
from warehouse.settings import ROOT


def _may_mount(folder: Path) -> bool:
    if shutil.which("unshare") is None:
        return False
    mount = ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    return subprocess.run(mount, check=False, capture_output=True).returncode == 0


# The first leaves room for the log but not for the checkpoint, the second not for the log.
@pytest.mark.parametrize("ballast", [33_000_000, 38_000_000])
def test_load_when_the_disk_fills_up_then_goes_on_once_there_is_space(
    ballast: int, tmp_path: Path
) -> None:
    if not _may_mount(tmp_path):
        pytest.skip("this machine lets nobody mount a small disk (unshare -Urm)")
    module = full_disk.__spec__.name if full_disk.__spec__ else ""
    child = subprocess.run(
        ["unshare", "-Urm", sys.executable, "-m", module, str(tmp_path), str(ballast)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
    assert "is full: free some space and start again." in child.stdout
    assert "batches before the disk was full" in child.stdout


@pytest.mark.parametrize("place", ["live", "published", "spill", "landing"])
def test_serving_when_a_disk_fills_up_then_goes_on_by_itself(place: str, tmp_path: Path) -> None:
    if not _may_mount(tmp_path):
        pytest.skip("this machine lets nobody mount a small disk (unshare -Urm)")
    module = full_disk_serving.__spec__.name if full_disk_serving.__spec__ else ""
    child = subprocess.run(
        ["unshare", "-Urm", sys.executable, "-m", module, str(tmp_path), place],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
    assert f"{place}: goes on" in child.stdout
