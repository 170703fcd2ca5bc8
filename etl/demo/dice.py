"""Chance that can be repeated: every draw is a hash of what it is drawn for.

Nothing is drawn in sequence, so a row keeps its fate whichever rows stand beside it, and the
file delivered live fits the history written days before.
"""

from collections.abc import Sequence

import polars as pl

_STEPS = 2048
_SPAN = float(2**53)


def uniform(numbers: pl.Series, salt: int) -> pl.Series:
    """One number in [0, 1) for each of `numbers`; another `salt` gives independent ones."""
    return (numbers.cast(pl.Int64).hash(seed=salt) // _STEPS).cast(pl.Float64) / _SPAN


def pick(chance: pl.Series, weights: Sequence[float]) -> pl.Series:
    """Positions 0 .. len(weights) - 1, each as often as its weight says."""
    total, running, edges = float(sum(weights)), 0.0, []
    for weight in weights[:-1]:
        running += weight
        edges.append(running / total)
    if not edges:
        return pl.Series([0]).new_from_index(0, len(chance)).cast(pl.UInt32)
    return pl.Series(edges, dtype=pl.Float64).search_sorted(chance, side="right")


def skewed(chance: pl.Series, median: float, spread: float) -> pl.Series:
    """Positive values with a long right tail (log-logistic) around `median`."""
    inner = chance.clip(1e-6, 1 - 1e-6)
    return ((inner / (1 - inner)).log() * spread).exp() * median
