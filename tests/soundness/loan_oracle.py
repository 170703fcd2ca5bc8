"""The loan funnel in plain Python, by trying every choice of events. Nothing is shared with SQL."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise, product

from warehouse.funnel import Funnel, Order

STEPS = ("applied", "approved", "signed", "disbursed")
ENDS = ("declined", "withdrawn", "cancelled", "expired")
RANKS = (*STEPS, *ENDS, "other")
Event = tuple[datetime, str]
"""When, and which step."""


def chain(events: Sequence[Event], funnel: Funnel) -> tuple[datetime, ...]:
    """The times of the earliest chain that comes farthest; as long as L(u)."""
    told = sorted(events, key=lambda event: (event[0], RANKS.index(event[1])))
    found: tuple[datetime, ...] = ()
    for length in range(1, len(STEPS) + 1):
        chains = list(_chains(told, length, funnel))
        if not chains:
            break
        found = min(chains)
    return found


def _chains(told: Sequence[Event], length: int, funnel: Funnel) -> Iterator[tuple[datetime, ...]]:
    places = [[i for i, (_, step) in enumerate(told) if step == name] for name in STEPS[:length]]
    for choice in product(*places):
        times = tuple(told[i][0] for i in choice)
        if _fits(choice, times, funnel):
            yield times


def _fits(choice: Sequence[int], times: Sequence[datetime], funnel: Funnel) -> bool:
    window = timedelta(seconds=funnel.window_seconds)
    if funnel.order is Order.ANY:
        return max(times) - min(times) <= window
    steps = list(pairwise(choice))
    if any(a >= b for a, b in steps) or times[-1] - times[0] > window:
        return False
    if funnel.order is Order.STRICT and any(b != a + 1 for a, b in steps):
        return False
    gaps = [b - a for a, b in pairwise(times)]
    own = [timedelta(seconds=s) for s in funnel.step_seconds]
    return all(gap <= most for gap, most in zip(gaps, own, strict=False))


def is_maturing(events: Sequence[Event], funnel: Funnel, edge: datetime) -> bool:
    """No end, and applied for (last) less than the window before the data end."""
    starts = [at for at, step in events if step == "applied"]
    has_ended = any(step in (*ENDS, "disbursed") for _, step in events)
    window = timedelta(seconds=funnel.window_seconds)
    return bool(starts) and not has_ended and max(starts) + window > edge


def percentile(values: Sequence[float], at: float) -> float | None:
    """Continuous: between the two values around the place `at` of the way."""
    if not values:
        return None
    ordered, place = sorted(values), at * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
