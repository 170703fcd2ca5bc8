"""A million events from a file to a published generation, against bare inserts of the same rows.

`python -m tests.bench.load [EVENTS [MONTHS]]`. CPU seconds are those of the whole process tree,
its start included; memory is sampled over the tree, shared pages counted once.
"""

import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from tests.bench import events
from tests.e2e.live import environment
from warehouse.keys import Keyring
from warehouse.settings import ROOT, Settings

EVENTS = 1_000_000
MONTHS = 3
FORMATS = ("parquet", "csv")
ROUNDS = 3
SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Of one command with its children."""

    cpu_seconds: float
    seconds: float
    peak_mb: float
    said: str


def measure(count: int = EVENTS, months: int = MONTHS, rounds: int = ROUNDS) -> Iterator[str]:
    for form in FORMATS:
        costs, bare = [], []
        for _ in range(rounds):
            with _home(form, count, months) as env:
                costs.append(run(env, "-m", "etl", "run", "usage"))
                bare.append(float(run(env, "-m", "tests.bench.bare").said))
        ours = statistics.median(cost.cpu_seconds for cost in costs)
        ratio = statistics.median(c.cpu_seconds / b for c, b in zip(costs, bare, strict=True))
        peak = max(cost.peak_mb for cost in costs)
        yield (
            f"load {form}: {count:,} events of {months} months: {ours:.1f} s of CPU,"
            f" {ratio:.2f} times bare inserts ({statistics.median(bare):.2f} s), peak {peak:.0f} MB"
        )


@contextlib.contextmanager
def _home(form: str, count: int, months: int) -> Iterator[dict[str, str]]:
    """The environment of a new home with one delivered file."""
    with tempfile.TemporaryDirectory() as folder:
        env = new_home(Path(folder))
        deliver(env, f"events.{form}", count, months)
        yield env


def new_home(folder: Path) -> dict[str, str]:
    """The environment of a home whose one source is `usage`."""
    env = environment(folder)
    settings = Settings.from_env(env)
    events.declare(settings.sources, "usage")
    Keyring.open(settings, create=True)
    return env


def deliver(env: Mapping[str, str], name: str, count: int, months: int, first: int = 0) -> None:
    """A file of events of the `months` whole months before this one, done long ago."""
    end = this_month()
    start = end
    for _ in range(months):
        start = (start - timedelta(days=1)).replace(day=1)
    put(env, name, count, (start, end), first)


def this_month() -> datetime:
    """Its start, where whole months end."""
    return datetime.now(UTC).replace(tzinfo=None, day=1, hour=0, minute=0, second=0, microsecond=0)


def put(
    env: Mapping[str, str], name: str, count: int, span: tuple[datetime, datetime], first: int
) -> None:
    """A file of events of `span`, so old that nobody waits whether it still grows."""
    file = Settings.from_env(env).inbox / "usage" / name
    events.write(file, count, *span, first)
    os.utime(file, (this_month().timestamp(),) * 2)


def run(env: Mapping[str, str], *arguments: str) -> Cost:
    """Run a command that must succeed, to its end."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    peak = _peak_mb(process)
    said, complaint = process.communicate()
    assert process.returncode == 0, complaint
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(
        cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        seconds=time.monotonic() - begun,
        peak_mb=peak,
        said=said.strip(),
    )


def _peak_mb(process: subprocess.Popen[str]) -> float:
    """The most memory the process tree held at once, until it ends."""
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _tree_mb(process.pid))
        time.sleep(SAMPLE_SECONDS)
    return peak


def _tree_mb(pid: int) -> float:
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        return sum(_mb(process) for process in (root, *root.children(recursive=True)))
    return 0.0


def _mb(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        return float(process.memory_full_info().pss) / 2**20
    return 0.0


if __name__ == "__main__":
    for line in measure(*(int(argument.replace("_", "")) for argument in sys.argv[1:])):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
