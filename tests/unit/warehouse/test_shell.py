"""A reader that leaves early ends a command without a complaint."""

import subprocess
import sys

import pytest

from warehouse.settings import ROOT
from warehouse.shell import READER_LEFT


@pytest.mark.parametrize("lines", [1, 100_000])
def test_piped_when_the_reader_leaves_then_no_trace(lines: int) -> None:
    script = (
        "import sys, time; from warehouse.shell import piped\n"
        f"def command():\n    time.sleep(0.2)\n    print('a line\\n' * {lines})\n    return 0\n"
        "sys.exit(piped(command))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout is not None and child.stderr is not None
    child.stdout.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait() == READER_LEFT


def test_piped_when_everything_is_read_then_the_command_s_own_code() -> None:
    script = "import sys; from warehouse.shell import piped; sys.exit(piped(lambda: 3))"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 3
