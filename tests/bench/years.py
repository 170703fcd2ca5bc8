"""Two years of a large city: usage that grows fast and then slower, and loans with their steps.

`python -m tests.bench.years EVENTS FOLDER` writes Parquet files for the sources in `sources/`, and
the same rows as a plain DuckDB file, the opponent of every reference question. 10 M events come
with 2 M people and 3 M applications, and more events with no more of those. The same numbers
give the same rows.
"""

import math
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb

from tests.bench.events import AGES, DEVICES, DISTRICTS, OUTCOMES, SCENES
from warehouse.relations import text

MONTHS = 24
MOST_PEOPLE, MOST_APPLICATIONS = 2_000_000, 3_000_000
PRODUCTS = ("micro", "housing_repair", "startup", "farm", "student", "emergency")
GROWTH, SLOWING_MONTHS = 0.30, 7.0
"""People who are new a month: 30 % more at first, then less and less."""
_HOURS = (1, 1, 1, 1, 1, 1, 2, 4, 10, 18, 16, 12, 12, 16, 17, 16, 12, 8, 7, 7, 6, 4, 3, 2)
"""How often an hour of the day occurs; on a weekend half as often."""

_MACROS = """
CREATE MACRO dice(n, salt) AS hash(n * 100 + salt) / 18446744073709551616.0;
CREATE MACRO pick(list, x) AS list[1 + floor(x * len(list))::INT];
CREATE MACRO normal(n, salt) AS
    sqrt(-2 * ln(1 - dice(n, salt))) * cos(2 * pi() * dice(n, salt + 1));
"""
_PEOPLE = """
CREATE TABLE person AS
SELECT
    n + 1 AS user_id,
    len(list_filter($cumulative, lambda share: share < dice(n, 1))) AS joined,
    pick($districts, pow(dice(n, 2), 1.6)) AS home,
    pick($devices, pow(dice(n, 3), 1.8)) AS device,
    pick($ages, dice(n, 4)) AS age_band,
    -ln((1 - dice(n, 5)) * (1 - dice(n, 6))) / 2 AS eagerness
FROM (SELECT unnest(range($people)) AS n)
"""
_ACTIVE = """
CREATE TABLE active AS
SELECT * FROM (
    SELECT *, month - joined AS age FROM person, (SELECT unnest(range($months)) AS month)
    WHERE joined <= month
)
WHERE age = 0
    OR dice(user_id * 64 + month, 7) < (0.30 * exp(-age / 4.0) + 0.05) * eagerness
"""
_SLOTS = """
CREATE OR REPLACE TABLE slot AS
SELECT begins, row_number() OVER () - 1 AS place FROM (
    SELECT begins,
        unnest(range(CASE WHEN isodow(begins) < 6 THEN often ELSE (often + 1) // 2 END))
    FROM (SELECT begins, $hours[1 + hour(begins)] AS often FROM (
        SELECT unnest(range($start::TIMESTAMP, $end::TIMESTAMP, INTERVAL 1 HOUR)) AS begins
    ))
)
"""
"""Hours of a month, each as often as something happens in it."""
_USAGE = """
CREATE OR REPLACE TABLE usage AS
SELECT row_number() OVER (ORDER BY ts) + $first AS event_id, * FROM (
    SELECT
        user_id,
        pick($scenes, pow(dice(n, 10), 2)) AS scene,
        scene || '_svc' || lpad((10 * pow(dice(n, 11), 2))::INT::VARCHAR, 2, '0') AS service,
        CASE WHEN dice(n, 12) < 0.93 THEN home ELSE pick($districts, dice(n, 13)) END AS district,
        CASE device WHEN 'kiosk_terminal' THEN 'kiosk' WHEN 'phone_line' THEN 'hotline'
            WHEN 'pc' THEN 'web'
            ELSE CASE WHEN dice(n, 14) < 0.65 THEN 'mini_program' ELSE 'app' END END AS channel,
        device,
        age_band,
        slot.begins + to_microseconds((3.6e9 * dice(n, 16))::BIGINT) AS ts,
        pick($outcomes, dice(n, 17)) AS outcome,
        least(60000, exp(5.3 + 0.8 * normal(n, 18)))::INTEGER AS latency_ms
    FROM (
        SELECT *, user_id * 4096 + number * 64 + $month AS n,
            floor(dice(n, 15) * (SELECT count(*) FROM slot))::BIGINT AS place
        FROM (SELECT *, unnest(range(events)) AS number FROM (
            SELECT *, 1 + floor($more * eagerness + dice(user_id * 64 + month, 8))::BIGINT AS events
            FROM active WHERE month = $month
        ))
    ) JOIN slot USING (place)
)
ORDER BY ts
"""
_APPLICATIONS = """
CREATE OR REPLACE TABLE application AS
SELECT
    application_id,
    user_id,
    home AS district,
    pick($products, pow(dice(application_id, 20), 1.8)) AS product,
    round(exp(10.2 + 0.7 * normal(application_id, 21)), 2) AS amount,
    slot.begins + to_microseconds((3.6e9 * dice(application_id, 24))::BIGINT) AS applied,
    1e4 * exp(11 + 1.3 * normal(application_id, 25)) AS wait,
    applied + to_microseconds(wait::BIGINT) AS approved,
    approved - to_microseconds((1.4e11 * ln(1 - dice(application_id, 27)))::BIGINT) AS signed,
    signed - to_microseconds((1.6e11 * ln(1 - dice(application_id, 28)))::BIGINT) AS disbursed,
    1 + (dice(application_id, 29) < 0.74)::INT AS is_approved,
    is_approved + (is_approved = 2 AND dice(application_id, 30) < 0.88)::INT AS is_signed,
    is_signed + (is_signed = 3 AND dice(application_id, 31) < 0.91)::INT AS steps
FROM (
    SELECT *, user_id * 64 + month AS application_id,
        floor(dice(application_id, 23) * (SELECT count(*) FROM slot))::BIGINT AS place
    FROM active WHERE month = $month AND dice(user_id * 64 + month, 19) < $share
) JOIN slot USING (place)
"""
_STEPS = """
INSERT INTO step
SELECT application_id, user_id, step.name AS step, product, district, step.at AS ts, amount
FROM (SELECT *, unnest([
    {'name': 'applied', 'at': applied, 'number': 1},
    {'name': 'approved', 'at': approved, 'number': 2},
    {'name': 'signed', 'at': signed, 'number': 3},
    {'name': 'disbursed', 'at': disbursed, 'number': 4}
]) AS step FROM application)
WHERE step.number <= steps AND step.at < $until
"""


def write(folder: Path, events: int) -> Path:
    """Fills `folder/usage`, `folder/funnel`; the plain DuckDB file with the same rows.

    Nothing is done where that file is there: it appears last.
    """
    plain = folder / "plain.duckdb"
    if plain.exists():
        return plain
    draft = folder / "plain.duckdb.part"
    for name in ("usage", "funnel"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    draft.unlink(missing_ok=True)
    with duckdb.connect(config={"threads": "2", "memory_limit": "6GB"}) as connection:
        for statement in filter(str.strip, _MACROS.split(";\n")):
            connection.execute(statement)
        _people(connection, events)
        _usage(connection, folder, events)
        _loans(connection, folder, events)
        connection.execute(f"ATTACH {text(str(draft))} AS plain")
        for table, files in (("usage_events", "usage"), ("funnel_events", "funnel")):
            parts = text(str(folder / files / "*.parquet"))
            connection.execute(f"CREATE TABLE plain.{table} AS SELECT * FROM read_parquet({parts})")
        connection.execute("DETACH plain")
    draft.rename(plain)
    return plain


def _months() -> list[datetime]:
    """The starts of the whole months before this one, and its own."""
    starts = [
        datetime.now(UTC).replace(tzinfo=None, day=1, hour=0, minute=0, second=0, microsecond=0)
    ]
    while len(starts) <= MONTHS:
        starts.insert(0, (starts[0] - timedelta(days=1)).replace(day=1))
    return starts


def _people(connection: duckdb.DuckDBPyConnection, events: int) -> None:
    total, curve = 1.0, []
    for month in range(MONTHS):
        total *= 1 + GROWTH * math.exp(-month / SLOWING_MONTHS)
        curve.append(total)
    connection.execute(
        _PEOPLE,
        {
            "cumulative": [share / total for share in curve[:-1]],
            "people": min(MOST_PEOPLE, events // 5),
            "districts": list(DISTRICTS),
            "devices": list(DEVICES),
            "ages": list(AGES),
        },
    )
    connection.execute(_ACTIVE, {"months": MONTHS})


def _usage(connection: duckdb.DuckDBPyConnection, folder: Path, events: int) -> None:
    active, eagerness = _one(connection, "SELECT count(*), sum(eagerness) FROM active")
    months, first = _months(), 0
    for month, (start, end) in enumerate(pairwise(months)):
        connection.execute(_SLOTS, {"hours": list(_HOURS), "start": start, "end": end})
        connection.execute(
            _USAGE,
            {
                "first": first,
                "month": month,
                "more": max(0.0, (events - active) / eagerness),
                "scenes": list(SCENES),
                "districts": list(DISTRICTS),
                "outcomes": list(OUTCOMES),
            },
        )
        first += int(_one(connection, "SELECT count(*) FROM usage")[0])
        file = folder / "usage" / f"{start:%Y-%m}.parquet"
        connection.execute(f"COPY usage TO {text(str(file))} (FORMAT parquet, COMPRESSION zstd)")


def _loans(connection: duckdb.DuckDBPyConnection, folder: Path, events: int) -> None:
    (active,) = _one(connection, "SELECT count(*) FROM active")
    wanted, months = min(MOST_APPLICATIONS, 3 * events // 10), _months()
    connection.execute(
        "CREATE TABLE step (application_id BIGINT, user_id BIGINT, step VARCHAR,"
        " product VARCHAR, district VARCHAR, ts TIMESTAMP, amount DOUBLE)"
    )
    for month, (start, end) in enumerate(pairwise(months)):
        connection.execute(_SLOTS, {"hours": list(_HOURS), "start": start, "end": end})
        given = {"month": month, "share": wanted / active, "products": list(PRODUCTS)}
        connection.execute(_APPLICATIONS, given)
        connection.execute(_STEPS, {"until": months[-1]})
    file = text(str(folder / "funnel" / "steps.parquet"))
    connection.execute(
        "COPY (SELECT row_number() OVER (ORDER BY ts) AS event_id, * FROM step ORDER BY ts)"
        f" TO {file} (FORMAT parquet, COMPRESSION zstd)"
    )


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[float, ...]:
    return connection.execute(sql).fetchall()[0]


if __name__ == "__main__":
    sys.stdout.write(f"{write(Path(sys.argv[2]), int(sys.argv[1].replace('_', '')))}\n")
