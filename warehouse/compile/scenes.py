"""People by on how many days and in how many scenes, and from which scene to which."""

from dataclasses import replace
from datetime import date

from warehouse.compile import people
from warehouse.compile.cohorts import onward
from warehouse.compile.slice import Slice, Sql, Tables, cut, group, literal
from warehouse.datasets import MANY_SCENES, NO_SCENE
from warehouse.rollups import DIMENSIONS, FACT, PERSON_DAY

_MOST_SCENES = 1000
"""Equal instants are told apart by places below this, beside microseconds in one number."""


def active_days(tables: Tables, part: Slice) -> Sql:
    """Rows (unit, members..., on how many days, people)."""
    rows, by = people.days(tables, part, part.window.period.start), group(part)
    text = (
        f'SELECT {by}, CAST(days AS VARCHAR), count(*) FROM (SELECT {by}, count(DISTINCT "day")'
        f" AS days FROM ({rows.text}) GROUP BY {by}, person) GROUP BY ALL"
    )
    return Sql(text=text, parameters=rows.parameters)


def scenes_used(tables: Tables, part: Slice) -> Sql:
    """Rows (unit, members..., how many scenes, people)."""
    is_rolled = part.window.until is None and set(part.dims) <= DIMENSIONS[PERSON_DAY]
    rows = cut(tables, part, PERSON_DAY if is_rolled else FACT, "person", "scene")
    by = group(part)
    text = (
        f"SELECT {by}, CAST(least(scenes, {MANY_SCENES}) AS VARCHAR), count(*) FROM"
        f" (SELECT {by}, count(DISTINCT scene) AS scenes FROM ({rows.text})"
        f" WHERE person IS NOT NULL GROUP BY {by}, person) GROUP BY ALL"
    )
    return Sql(text=text, parameters=rows.parameters)


def flow(tables: Tables, part: Slice, since: date) -> Sql:
    """Rows (unit of the first event, members..., first scene, next other scene, people).

    A person's scenes in the order of their first events; equal times by event id.
    """
    window = part.window
    whole = replace(window, period=onward(min(since, window.period.start)))
    columns = ("person", "day", "scene", "occurred_at", "event_id")
    rows = cut(tables, part.over(whole), FACT, *columns)
    cells = "".join(f", by_{i}" for i in range(len(part.by)))
    text = f"""
WITH events AS (SELECT * FROM ({rows.text}) WHERE person IS NOT NULL),
used AS (
  SELECT person{cells}, scene, min("day") AS "day", min(occurred_at) AS begun
  FROM events GROUP BY person{cells}, scene),
equal AS (SELECT person{cells}, begun FROM used GROUP BY ALL HAVING count(*) > 1),
places AS (
  SELECT person{cells}, scene,
    row_number() OVER (PARTITION BY person{cells} ORDER BY min(event_id)) AS place
  FROM events JOIN equal USING (person{cells}) WHERE occurred_at = begun
  GROUP BY person{cells}, scene),
ordered AS (
  SELECT person{cells}, min("day") AS "day",
    arg_min(scene, epoch_us(begun) * {_MOST_SCENES} + coalesce(place, 0), 2) AS scenes
  FROM used LEFT JOIN places USING (person{cells}, scene) GROUP BY person{cells})
SELECT {window.unit()} AS unit{cells}, scenes[1], coalesce(scenes[2], '{NO_SCENE}'), count(*)
FROM ordered WHERE "day" >= {literal(window.period.start)} AND "day" < {literal(window.period.end)}
GROUP BY ALL"""
    return Sql(text=text, parameters=rows.parameters)
