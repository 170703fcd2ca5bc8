"""People active in the last days up to each day, from when somebody begins and ends to count."""

from datetime import timedelta

from warehouse.compile import people
from warehouse.compile.slice import Slice, Sql, Tables, literal


def changes(tables: Tables, part: Slice, length: int) -> Sql:
    """Rows (day, members..., change in the people active in the `length` days that end with it).

    Somebody active on a day counts on it and the `length` - 1 days after it. Days that touch are
    one interval, which adds one where it begins and takes one away after it ends; so the running
    sum from the first row on is exact, and no day is joined with the days before it.
    """
    window = part.window
    first = window.period.start - timedelta(days=length - 1)
    rows = people.days(tables, part, first)
    cells = "".join(f", by_{i}" for i in range(len(part.by)))
    text = f"""
WITH active AS (SELECT DISTINCT person{cells}, "day" FROM ({rows.text})),
gaps AS (
  SELECT "day"{cells}, "day" - lag("day") OVER w AS since, lead("day") OVER w - "day" AS until
  FROM active WINDOW w AS (PARTITION BY person{cells} ORDER BY "day"))
SELECT "day"{cells}, CAST(sum(change) AS BIGINT) FROM (
  SELECT "day"{cells}, 1 AS change FROM gaps WHERE since IS NULL OR since >= {length}
  UNION ALL
  SELECT "day" + {length} AS "day"{cells}, -1 FROM gaps WHERE until IS NULL OR until >= {length})
WHERE "day" < {literal(window.period.end)} GROUP BY ALL"""
    return Sql(text=text, parameters=rows.parameters)
