"""Cohorts by first active unit: who is active how long after, and who was seen last when."""

from dataclasses import replace
from datetime import date, timedelta

from warehouse.compile import people
from warehouse.compile.slice import Slice, Sql, Tables, Window, group, literal
from warehouse.model import Period

_YEARS = timedelta(days=39 * 365)


def onward(start: date) -> Period:
    """From a day to after anything the data can hold; the same text whatever they hold now."""
    return Period(start=start, end=start + _YEARS)


def active(tables: Tables, part: Slice, since: date, most: int) -> Sql:
    """Rows (unit, members..., units since the first, people active in the unit).

    What lies more than `most` units back is one row, `most` + 1. `since` is the first day of
    the data.
    """
    rows, births = _rows(tables, part, since)
    by, cells, step = group(part), _cells(part), part.window.grain
    text = f"""
WITH active AS (SELECT DISTINCT {by}, person FROM ({rows.text})),
born AS (SELECT person{cells}, {part.window.unit()} AS born FROM ({births.text}))
SELECT {by}, CAST(least(date_diff('{step}', born, unit), {most + 1}) AS INTEGER) AS past, count(*)
FROM active JOIN born USING (person{cells}) GROUP BY ALL"""
    return Sql(text=text, parameters=(*rows.parameters, *births.parameters))


def last_seen(tables: Tables, part: Slice, since: date) -> Sql:
    """Rows (first unit, members..., units from it to the last active one, people)."""
    whole = part.over(replace(part.window, period=onward(part.window.period.start)))
    rows, births = _rows(tables, whole, since)
    by, cells, window = group(part), _cells(part), part.window
    text = f"""
WITH last AS (SELECT person{cells}, max(unit) AS last FROM ({rows.text}) GROUP BY person{cells}),
born AS (SELECT person{cells}, {window.unit()} AS unit FROM ({births.text})
  WHERE "day" >= {literal(window.period.start)} AND "day" < {literal(window.period.end)})
SELECT {by}, CAST(date_diff('{window.grain}', unit, last) AS INTEGER) AS span, count(*)
FROM born JOIN last USING (person{cells}) GROUP BY ALL"""
    return Sql(text=text, parameters=(*rows.parameters, *births.parameters))


def _rows(tables: Tables, part: Slice, since: date) -> tuple[Sql, Sql]:
    window: Window = part.window
    first = min(since, window.period.start)
    return people.days(tables, part, window.period.start), people.firsts(tables, part, first)


def _cells(part: Slice) -> str:
    return "".join(f", by_{i}" for i in range(len(part.by)))
