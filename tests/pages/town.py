"""A small city whose numbers are large enough to be shown."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.tiny import build_home
from warehouse import clock
from warehouse.model import City, District, Label
from warehouse.settings import Settings

NOW = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
"""Noon in Shanghai, in the middle of a month."""

SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))
CITY = City(
    label=Label(zh="小城", en="Small Town"),
    map_note=Label(zh="边界为示意", en="Schematic"),
    districts=(
        District(code="east", label=Label(zh="城东", en="East"), population=900, outline=SQUARE),
        District(code="west", label=Label(zh="城西", en="West"), population=800, outline=SQUARE),
    ),
)


def _usage() -> list[dict[str, Any]]:
    return [
        {
            "no": number,
            "occurred_at": NOW - timedelta(hours=7 * (number % 300)),
            "person": f"person {number % 400}",
            "scene": ("fund", "tax")[number % 2],
            "channel": ("bank", "web", "counter")[number % 3],
            "device": ("ios", "android")[number % 2],
            "district": ("east", "west")[number // 3 % 2],
            "outcome": "failed" if number % 11 == 0 else "completed",
            "latency_ms": 100 + number % 50,
        }
        for number in range(6000)
    ]


def _loans() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(160):
        start = NOW - timedelta(hours=9 * (number % 150) + 8)
        steps = [("applied", 0), ("declined" if number % 4 == 0 else "approved", 20 + number % 50)]
        steps += [("signed", 4000), ("disbursed", 8000)] if number % 4 else []
        rows += [
            {
                "no": len(rows) + index,
                "application": f"loan {number}",
                "person": f"person {number}",
                "occurred_at": start + timedelta(seconds=seconds),
                "step": step,
                "product": ("car", "shop")[number % 2],
                "audience": ("person", "company")[number % 2],
                "district": ("east", "west")[number % 2],
                "channel": "bank",
                "dealer": ("anton", "berta")[number % 2],
                "reason": "income" if step == "declined" else "",
                "amount": 5_000_000,
                "credit_bureau": True,
                "public_trust": True,
                "judicial": number % 9 != 0,
            }
            for index, (step, seconds) in enumerate(steps)
        ]
    return rows


def _ratings() -> list[dict[str, Any]]:
    levels = ("very_satisfied", "satisfied", "basically_satisfied", "dissatisfied")
    return [
        {
            "no": number,
            "occurred_at": NOW - timedelta(hours=3 * (number % 200)),
            "person": f"person {number % 90}",
            "scene": ("fund", "tax")[number % 2],
            "channel": "web",
            "district": ("east", "west")[number % 2],
            "level": levels[number % 4],
        }
        for number in range(400)
    ]


def _volumes() -> list[dict[str, Any]]:
    return [
        {
            "no": number,
            "occurred_at": NOW - timedelta(hours=12 * number),
            "scene": "hall",
            "channel": "counter",
            "device": "terminal",
            "district": "east",
            "volume": 40,
        }
        for number in range(60)
    ]


def build_town(folder: Path) -> Settings:
    """Load and publish the town under `folder`, at noon of its day."""
    with clock.frozen_at(NOW):
        return build_home(
            folder,
            service_events=_usage(),
            loan_events=_loans(),
            ratings=_ratings(),
            volumes=_volumes(),
            city=CITY,
            labels={"scene": {"fund": Label(zh="公积金", en="Fund")}},
        )
