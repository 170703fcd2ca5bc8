"""`make bench`: what loading, answering and opening a page cost, as ratios.

Machines differ and are shared, so only ratios within one run and CPU seconds are printed. Each
measure runs in a process of its own, or interleaved with what it is compared to.
"""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import answers, pages, weight
from tests.e2e import city
from tests.e2e.live import environment, live
from warehouse.keys import Keyring
from warehouse.settings import Settings

COPIES = 20


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        _load(Path(folder) / "load")
        with live(Path(folder) / "live") as running:
            print(*answers.measure(running), *weight.measure(running), sep="\n")
            print(*pages.measure(running.settings), sep="\n")
    return 0


def _load(home: Path) -> None:
    """The whole way of a delivery, against inserting the same rows into a bare table."""
    env = environment(home)
    settings = Settings.from_env(env)
    city.write_sources(settings.sources)
    Keyring.open(settings, create=True)
    rows = city.many_services(COPIES, datetime.now(UTC))
    file = settings.inbox / "services" / "many.csv"
    city.write_csv(file, rows)
    bare = _cpu_seconds(env, "tests.bench.bare", str(file), str(home / "bare.duckdb"))
    ours = _cpu_seconds(env, "etl", "run", "services")
    print(f"load: {len(rows):,} events, {len(rows) / ours:,.0f} events a CPU second")
    print(f"load: {ours:.1f} s of CPU, {ours / bare:.1f} times reading and inserting bare")


def _cpu_seconds(env: Mapping[str, str], *module: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", *module], env=dict(env), check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
