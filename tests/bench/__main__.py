"""`make bench`: what loading, answering and opening a page cost, as ratios.

Machines differ and are shared, so only ratios within one run and CPU seconds are printed. Each
measure runs in a process of its own, or interleaved with what it is compared to.
"""

import sys
import tempfile
from pathlib import Path

from tests.bench import answers, history, latency, load, pages, reference, web, weight
from tests.e2e.live import live

REFERENCE_EVENTS = 1_000_000
"""Enough to see what grew worse; `make bench-reference` asks ten times as many."""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        print(*load.measure(), *history.measure(), *latency.measure(), sep="\n")
        with live(Path(folder) / "live") as running:
            print(*answers.measure(running), *web.measure(running), sep="\n")
            print(*weight.measure(running), sep="\n")
            print(*pages.measure(running.settings), sep="\n")
        print(*reference.measure(REFERENCE_EVENTS, Path(folder) / "reference"), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
