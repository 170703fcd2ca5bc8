"""Service events as a large city would deliver them, and the declaration they come by.

The columns and shares are those of a city with a mini programme, an app and a hotline; people
come again and again. The same numbers give the same events.
"""

from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.relations import text

PEOPLE = 200_000
SCENES = (
    *("tax", "social_security", "medical", "education", "transport", "housing", "police"),
    *("civil_affairs", "business", "utilities", "elderly_care", "loan"),
)
CHANNELS = ("mini_program", "app", "web", "kiosk", "hotline")
DEVICES = ("android", "ios", "harmony", "pc", "kiosk_terminal", "phone_line")
AGES = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
DISTRICTS = tuple(f"district_{number:02d}" for number in range(1, 14))
OUTCOMES = (*("success",) * 18, "failed", "abandoned", "timeout")

TOML = """name = "{name}"
label = {{ zh = "办件", en = "Usage" }}
contract = "service_event"

[connector]
kind = "files"
path = "${{COCKPIT_INBOX}}/{name}"

[time]
zone = "Asia/Shanghai"

[identity]
columns = ["event_id"]

[columns]
occurred_at = "ts"
person = "user_id"
scene = "scene"
service = "service"
channel = "channel"
device = "device"
district = "district"
age_band = "age_band"
outcome = "outcome"
latency_ms = "latency_ms"

[values.device]
kiosk_terminal = "terminal"
phone_line = "phone"
"*" = "other"

[values.outcome]
success = "completed"
failed = "failed"
abandoned = "abandoned"
timeout = "failed"

[personal]
columns = ["user_id"]

[freshness]
promise = "1h"

[schedule]
every = "1s"
"""

_EVENTS = """
CREATE TABLE event AS
SELECT row_number() OVER (ORDER BY ts) + $first AS event_id, * FROM (
    SELECT
        (pow(dice(n, 1), 1.5) * $people)::BIGINT + 1 AS user_id,
        pick($scenes, pow(dice(n, 2), 2)) AS scene,
        scene || '_svc' || floor(dice(n, 3) * 10)::INT AS service,
        pick($districts, pow(dice(n, 4), 1.5)) AS district,
        pick($channels, pow(dice(n, 5), 2)) AS channel,
        pick($devices, pow(dice(n, 6), 2)) AS device,
        pick($ages, dice(n, 7)) AS age_band,
        $start::TIMESTAMP + to_microseconds((dice(n, 8) * $micros)::BIGINT) AS ts,
        pick($outcomes, dice(n, 9)) AS outcome,
        (exp(5 + 2 * dice(n, 10)))::INTEGER AS latency_ms
    FROM (SELECT unnest(range($first, $first + $count)) AS n)
)
ORDER BY ts;
"""


def declare(folder: Path, name: str) -> None:
    """The source `name`, and a city without districts on a map."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.toml").write_text(TOML.format(name=name), "utf-8")


def write(file: Path, count: int, start: datetime, end: datetime, first: int = 0) -> None:
    """`count` events of `start` to `end` (local times) in order, as `.csv` or `.parquet`.

    The file appears whole. `first` numbers the events, so that other files bring other ones.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.part")
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE MACRO dice(n, salt) AS hash(n * 100 + salt) / 18446744073709551616.0"
        )
        connection.execute("CREATE MACRO pick(list, x) AS list[1 + floor(x * len(list))::INT]")
        connection.execute(
            _EVENTS,
            {
                "first": first,
                "count": count,
                "people": PEOPLE,
                "start": start,
                "micros": int((end - start).total_seconds() * 1e6),
                "scenes": list(SCENES),
                "districts": list(DISTRICTS),
                "channels": list(CHANNELS),
                "devices": list(DEVICES),
                "ages": list(AGES),
                "outcomes": list(OUTCOMES),
            },
        )
        form = "FORMAT parquet" if file.suffix == ".parquet" else "FORMAT csv, HEADER"
        connection.execute(f"COPY event TO {text(str(draft))} ({form})")
    draft.rename(file)
