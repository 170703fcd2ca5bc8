"""What one more batch and its publication cost after 24 months of history, against after one.

`python -m tests.bench.history`. Both homes hold equally many events a month. CPU seconds of
`etl run`, its start included, of interleaved rounds.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.load import deliver, new_home, run

EVENTS_A_MONTH = 40_000
BATCH_ROWS = 10_000
SHORT, LONG = 1, 24
ROUNDS = 5


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        homes = {months: _home(Path(folder) / str(months), months) for months in (SHORT, LONG)}
        costs: dict[int, list[float]] = {months: [] for months in homes}
        for number in range(ROUNDS):
            first = LONG * EVENTS_A_MONTH + number * BATCH_ROWS
            for months, env in homes.items():
                deliver(env, f"more-{number}.csv", BATCH_ROWS, 1, first)
                costs[months].append(run(env, "-m", "etl", "run", "usage").cpu_seconds)
    short, long = (statistics.median(costs[months]) for months in (SHORT, LONG))
    yield (
        f"history: a batch of {BATCH_ROWS:,} and its publication after {LONG} months:"
        f" {long:.2f} s of CPU, {long / short:.2f} times that after {SHORT} month"
    )


def _home(folder: Path, months: int) -> dict[str, str]:
    folder.mkdir()
    env = new_home(folder)
    deliver(env, "history.parquet", months * EVENTS_A_MONTH, months)
    run(env, "-m", "etl", "run", "usage")
    return env


if __name__ == "__main__":
    for line in measure():
        sys.stdout.write(line + "\n")
