"""What one more batch and its publication cost after 24 months of history, against after one.

`python -m tests.bench.history`. A batch of the newest day, and a late one: its month was published
as over, so every number of it is compared with what was published. Both homes hold equally many
events a month. CPU seconds of `etl run`, its start included, of interleaved rounds.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from tests.bench.load import deliver, new_home, put, run, this_month

EVENTS_A_MONTH = 40_000
BATCH_ROWS = 10_000
SHORT, LONG = 1, 24
ROUNDS = 5


def measure() -> Iterator[str]:
    newest = (this_month(), this_month() + timedelta(days=1))
    over = (this_month() - timedelta(days=28), this_month())
    with tempfile.TemporaryDirectory() as folder:
        homes = {months: _home(Path(folder) / str(months), months) for months in (SHORT, LONG)}
        yield _compared("a batch", homes, newest, 0)
        yield _compared("a late batch", homes, over, ROUNDS)


def _compared(
    what: str, homes: dict[int, dict[str, str]], span: tuple[datetime, datetime], earlier: int
) -> str:
    """`earlier`: so many batches came before."""
    costs: dict[int, list[float]] = {months: [] for months in homes}
    for number in range(earlier, earlier + ROUNDS):
        first = LONG * EVENTS_A_MONTH + number * BATCH_ROWS
        for months, env in homes.items():
            put(env, f"more-{number}.csv", BATCH_ROWS, span, first)
            costs[months].append(run(env, "-m", "etl", "run", "usage").cpu_seconds)
    short, long = (statistics.median(costs[months]) for months in (SHORT, LONG))
    return (
        f"history: {what} of {BATCH_ROWS:,} and its publication after {LONG} months:"
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
