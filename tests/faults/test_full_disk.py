"""The disk fills up in the middle of a load: a clear error, and nothing lost afterwards."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import full_disk, full_disk_serving
from warehouse.settings import ROOT

CAP_SYS_ADMIN = 21


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """What a command begins with that may mount a small disk nobody else sees.

    Who has the rights of root has it run; others are told why not.
    """
    folder, told = str(tmp_path_factory.mktemp("disk")), ""
    for options in ("-Urm", "-m"):
        begin = ("unshare", options)
        mount = [*begin, "mount", "-t", "tmpfs", "tmpfs", folder]
        done = subprocess.run(mount, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            return begin
        told = done.stderr.strip()
    assert not _may_do_everything(), told
    pytest.skip(f"only root may mount a small disk here: {told}")


def _may_do_everything() -> bool:
    status = Path("/proc/self/status").read_text()
    (rights,) = re.findall(r"^CapEff:\s+(\w+)$", status, re.M)
    return bool(int(rights, 16) >> CAP_SYS_ADMIN & 1)


# The first leaves room for the log but not for the checkpoint, the second not for the log.
@pytest.mark.parametrize("ballast", [33_000_000, 38_000_000])
def test_load_when_the_disk_fills_up_then_goes_on_once_there_is_space(
    ballast: int, apart: tuple[str, ...], tmp_path: Path
) -> None:
    module = full_disk.__spec__.name if full_disk.__spec__ else ""
    child = subprocess.run(
        [*apart, sys.executable, "-m", module, str(tmp_path), str(ballast)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
    assert "is full: free some space and start again." in child.stdout
    assert "batches before the disk was full" in child.stdout


@pytest.mark.parametrize("place", ["live", "published", "spill", "landing"])
def test_serving_when_a_disk_fills_up_then_goes_on_by_itself(
    place: str, apart: tuple[str, ...], tmp_path: Path
) -> None:
    module = full_disk_serving.__spec__.name if full_disk_serving.__spec__ else ""
    child = subprocess.run(
        [*apart, sys.executable, "-m", module, str(tmp_path), place],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr
    assert f"{place}: goes on" in child.stdout
