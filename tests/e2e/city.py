"""A city small enough for a test: four sources, fourteen months, a few thousand events.

It borrows the districts and labels of the example city, and delivers through files like it.
"""

import csv
import functools
import json
import random
import shutil
import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from warehouse.settings import ROOT

SCENES = ("housing_fund", "social_card", "traffic_fine", "medical")
CHANNELS = ("bank_app", "life_app", "web", "counter")
OUTCOMES = ("completed",) * 17 + ("failed", "abandoned", "open")
LEVELS = ("very_satisfied",) * 6 + ("satisfied", "basically_satisfied", "dissatisfied")
DAYS = 425
PEOPLE = 1500

_EVERYWHERE = """
[time]
zone = "Asia/Shanghai"

[identity]
columns = ["no"]

[freshness]
promise = "{promise}"

[schedule]
every = "1s"
"""

_SOURCES = {
    "services": ("service_event", "csv", ("scene", "channel", "device", "district"), "30d"),
    "ratings": ("rating_event", "csv", ("scene", "channel", "district", "level"), "30d"),
    "loans": ("loan_event", "jsonl", ("step", "product", "audience", "channel", "district"), "30d"),
    "counts": ("service_volume", "csv", ("scene", "channel", "volume"), "1s"),
}
_MORE = {
    "services": ("person", "street", "service", "age_band", "audience", "outcome", "latency_ms"),
    "ratings": ("person",),
    "loans": (
        *("application", "person", "reason", "amount"),
        *("credit_bureau", "public_trust", "judicial"),
    ),
    "counts": (),
}
_PERSONAL = ("person", "application")


def write_sources(folder: Path) -> None:
    """One TOML file for each source, and the example city's districts and labels."""
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "sources" / "city.toml", folder / "city.toml")
    for name, (contract, form, columns, promise) in _SOURCES.items():
        names = (*columns, *_MORE[name])
        personal = [column for column in names if column in _PERSONAL]
        text = [
            f'name = "{name}"',
            f'label = {{ zh = "来源 {name}", en = "Source {name}" }}',
            f'contract = "{contract}"',
            "[connector]",
            'kind = "files"',
            f'path = "${{COCKPIT_INBOX}}/{name}"',
            f'format = "{form}"',
            _EVERYWHERE.format(promise=promise),
            "[columns]",
            'occurred_at = "at"',
            *(f'{column} = "{column}"' for column in names),
            *(["[personal]", f"columns = {json.dumps(personal)}"] if personal else []),
        ]
        (folder / f"{name}.toml").write_text("\n".join(text) + "\n", "utf-8")


@functools.cache
def districts() -> tuple[str, ...]:
    city = tomllib.loads((ROOT / "sources" / "city.toml").read_text("utf-8"))
    return tuple(district["code"] for district in city["districts"])


def write_history(inbox: Path, until: datetime) -> None:
    """Everything that happened before `until` (aware), one file a source."""
    chance = random.Random(7)
    write_csv(inbox / "services" / "history.csv", _services(chance, until))
    write_csv(inbox / "ratings" / "history.csv", _ratings(chance, until))
    write_csv(inbox / "counts" / "history.csv", _counts(chance, until))
    write_jsonl(inbox / "loans" / "history.jsonl", _loans(chance, until))


def service(number: str, at: datetime, person: int, **other: str) -> dict[str, object]:
    """One service event; `other` replaces what is otherwise the plainest case."""
    return {
        "no": number,
        "at": at.isoformat(timespec="seconds"),
        "person": f"P{person}",
        "scene": "housing_fund",
        "channel": "bank_app",
        "device": "android",
        "district": districts()[0],
        "street": "old_town",
        "service": "balance",
        "age_band": "30-39",
        "audience": "person",
        "outcome": "completed",
        "latency_ms": 420,
    } | other


def _services(chance: random.Random, until: datetime) -> list[dict[str, object]]:
    where = districts()
    rows: list[dict[str, object]] = []
    for back in range(DAYS, -1, -1):
        for _ in range(10 + (DAYS - back) // 12):
            at = until - timedelta(days=back, seconds=chance.randrange(1, 86_000))
            joined = PEOPLE * (DAYS - back + 20) // (DAYS + 20)
            row = service(
                f"S{len(rows)}",
                at,
                chance.randrange(joined),
                scene=chance.choice(SCENES),
                channel=chance.choice(CHANNELS),
                device=chance.choice(("android", "ios", "harmony")),
                district=chance.choice(where),
                street=f"street_{len(rows) % 3}",
                service=("balance", "payout")[len(rows) % 2],
                outcome=chance.choice(OUTCOMES),
                latency_ms=str(chance.randrange(80, 2500)),
            )
            rows.append(row)
    return rows


def _ratings(chance: random.Random, until: datetime) -> list[dict[str, object]]:
    where = districts()
    return [
        {
            "no": f"R{n}",
            "at": (until - timedelta(hours=6 * n + 1)).isoformat(timespec="seconds"),
            "person": f"P{chance.randrange(PEOPLE)}",
            "scene": chance.choice(SCENES),
            "channel": chance.choice(CHANNELS),
            "district": chance.choice(where),
            "level": chance.choice(LEVELS),
        }
        for n in range(1600)
    ]


def _counts(chance: random.Random, until: datetime) -> list[dict[str, object]]:
    return [
        {
            "no": f"C{n}",
            "at": (until - timedelta(hours=12 * n + 1)).isoformat(timespec="seconds"),
            "scene": "household",
            "channel": "web",
            "volume": chance.randrange(100, 900),
        }
        for n in range(2 * DAYS)
    ]


def _loans(chance: random.Random, until: datetime) -> list[dict[str, object]]:
    where = districts()
    rows: list[dict[str, object]] = []
    for n in range(1200):
        at = until - timedelta(hours=8 * n + 2)
        end = chance.choice(("approved", "approved", "declined"))
        steps = [("applied", 0), (end, chance.randrange(20, 90))]
        steps += [("signed", 600), ("disbursed", 1200)] if end == "approved" else []
        whole: dict[str, object] = {
            "application": f"A{n}",
            "person": f"P{chance.randrange(PEOPLE)}",
            "product": "micro",
            "audience": chance.choice(("person", "company")),
            "channel": chance.choice(CHANNELS),
            "district": chance.choice(where),
            "amount": 1000 * chance.randrange(10, 300),
            "credit_bureau": True,
            "public_trust": chance.random() < 0.9,
            "judicial": True,
        }
        for step, after in steps:
            instant = (at + timedelta(seconds=after)).isoformat(timespec="seconds")
            reason = ("score", "income")[n % 2] if step == "declined" else ""
            own = {"no": f"L{n}-{step}", "at": instant, "step": step, "reason": reason}
            rows.append(own | whole)
    return rows


def write_csv(file: Path, rows: Sequence[dict[str, object]]) -> None:
    """Deliver a file as a whole: readers never see half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.parent.parent / f"{file.parent.name}-{file.name}.part"
    with draft.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    draft.rename(file)


def write_jsonl(file: Path, rows: Sequence[dict[str, object]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.parent.parent / f"{file.parent.name}-{file.name}.part"
    draft.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    draft.rename(file)
