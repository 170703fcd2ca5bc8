"""Rolling people, cohorts, active days and scene flow, counted a second time in plain polars.

Every function takes the events of one cell (person, at, id, scene, day) and one unit, and looks
at each person's whole life again: nothing is carried from one unit to the next.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from tests.soundness.oracle import Oracle
from warehouse.datasets import NO_SCENE
from warehouse.model import Grain, Period

MOST = {Grain.DAY: 30, Grain.WEEK: 12, Grain.MONTH: 12}


def lives(oracle: Oracle, where: Mapping[str, list[str]], ids: Mapping[int, int]) -> pl.DataFrame:
    """The events of known people that pass `where`; `ids` gives the event id of a row."""
    rows = [
        {
            "person": row["person"],
            "at": row["occurred_at"],
            "id": str(ids[place]).rjust(40, "0"),
            "scene": row["scene"],
            "day": row["day"],
            "district": oracle.member(row, "district"),
        }
        for place, row in enumerate(oracle.rows)
        if row["person"]
        and all(oracle.member(row, name) in members for name, members in where.items())
    ]
    return pl.DataFrame(rows)


def rolling(events: pl.DataFrame, last: date, length: int) -> int:
    within = pl.col("day").is_between(last - timedelta(days=length - 1), last)
    return events.filter(within).get_column("person").n_unique()


def cohort(events: pl.DataFrame, grain: Grain, first: date) -> dict[str, tuple[int, int]]:
    """By offset: (active in just that unit, in that unit or later); offset 0 is the cohort."""
    units = events.group_by("person").agg(
        pl.col("day").map_elements(grain.floor, return_dtype=pl.Date).unique().sort().alias("units")
    )
    own = [set(row) for row in units.get_column("units").to_list() if min(row) == first]
    found = {}
    for n in range(MOST[grain] + 1):
        unit = grain.shift(first, n)
        just = sum(unit in seen for seen in own)
        found[str(n)] = just, sum(max(seen) >= unit for seen in own)
    return found


def active_days(events: pl.DataFrame, unit: Period) -> dict[str, int]:
    days = _within(events, unit).group_by("person").agg(pl.col("day").n_unique())
    return _counted([str(n) for n in days.get_column("day")])


def scenes_used(events: pl.DataFrame, unit: Period) -> dict[str, int]:
    scenes = _within(events, unit).group_by("person").agg(pl.col("scene").n_unique())
    return _counted([str(min(n, 3)) for n in scenes.get_column("scene")])


def flow(events: pl.DataFrame, unit: Period) -> dict[tuple[str, str], int]:
    """By (first scene, next other scene) of those whose first event of all lies in the unit."""
    pairs = []
    for _, life in events.sort("at", "id").group_by("person", maintain_order=True):
        if unit.start <= life["day"][0] < unit.end:
            scenes = life.get_column("scene").to_list()
            pairs.append((scenes[0], next((s for s in scenes if s != scenes[0]), NO_SCENE)))
    return {pair: pairs.count(pair) for pair in set(pairs)}


def _within(events: pl.DataFrame, unit: Period) -> pl.DataFrame:
    return events.filter(pl.col("day") >= unit.start, pl.col("day") < unit.end)


def _counted(members: list[str]) -> dict[str, int]:
    return {member: members.count(member) for member in set(members)}
