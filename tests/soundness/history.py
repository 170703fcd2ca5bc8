"""A random but repeatable life of a small city, in contract columns."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

FIRST = datetime(2023, 11, 14, tzinfo=UTC)
DAYS = 150
SCENES = ("fund", "tax", "fines")
DISTRICTS = ("north", "south", None)
CHANNELS = ("web", "counter", None)
OUTCOMES = ("completed", "failed", "abandoned", "open", None)
BANDS = ("18-30", "31-60", None)


def service_events(seed: int, count: int = 1500) -> list[dict[str, Any]]:
    """Events of some 120 people, skewed, with gaps, unknown people and unknown members."""
    dice = Random(seed)
    return [_event(dice) for _ in range(count)]


def _event(dice: Random) -> dict[str, Any]:
    second = int(DAYS * 86_400 * dice.random() ** 0.7)
    person = f"p{int(120 * dice.random() ** 2)}"
    return {
        "occurred_at": FIRST + timedelta(seconds=second),
        "person": None if dice.random() < 0.1 else person,
        "case": None if dice.random() < 0.5 else f"c{dice.randrange(300)}",
        "scene": dice.choices(SCENES, (6, 3, 1))[0],
        "district": dice.choices(DISTRICTS, (6, 3, 1))[0],
        "channel": dice.choices(CHANNELS, (6, 3, 1))[0],
        "outcome": dice.choices(OUTCOMES, (6, 2, 1, 1, 1))[0],
        "age_band": dice.choice(BANDS),
        "latency_ms": None if dice.random() < 0.2 else dice.randrange(20, 4000),
    }
