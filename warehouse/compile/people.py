"""Growth accounting over who was active when: A(t), H(t) and what follows from them."""

from dataclasses import replace
from datetime import date

from warehouse.compile.slice import Slice, Sql, Tables, Window, cut, group, literal, members
from warehouse.model import Grain, Period
from warehouse.rollups import DIMENSIONS, FACT, PERSON_DAY

EARLIER = date(1900, 1, 1)
"""Stands for every unit before the previous one, where only one period is asked for."""


def _table(part: Slice) -> str:
    return PERSON_DAY if set(part.dims) <= DIMENSIONS[PERSON_DAY] else FACT


def days(tables: Tables, part: Slice, since: date, *, completed: bool = False) -> Sql:
    """(unit, members..., person, day) from `since` to the end of the window; `until` is kept.

    Before a cut window, whole days count; within it only what happened up to `until`.
    """
    window = part.window
    if window.until is None or since >= window.period.start:
        period = Period(start=min(since, window.period.start), end=window.period.end)
        table = _table(part) if window.until is None else FACT
        return _active(tables, part, period, table, completed=completed)
    before = part.over(replace(window, until=None))
    past = Period(start=since, end=window.period.start)
    old = _active(tables, before, past, _table(part), completed=completed)
    new = _active(tables, part, window.period, FACT, completed=completed)
    return Sql(
        text=f"{old.text} UNION ALL {new.text}", parameters=(*old.parameters, *new.parameters)
    )


def _active(tables: Tables, part: Slice, period: Period, table: str, *, completed: bool) -> Sql:
    flag = () if not completed else ("completed",) if table == PERSON_DAY else ("outcome",)
    test = {(): "TRUE", ("completed",): "completed", ("outcome",): "\"outcome\" = 'completed'"}
    window = replace(part.window, period=period)
    rows = cut(tables, part.over(window), table, "person", "day", *flag)
    names = f'{group(part)}, person, "day"'
    text = f"SELECT {names} FROM ({rows.text}) WHERE person IS NOT NULL AND {test[flag]}"
    return Sql(text=text, parameters=rows.parameters)


def accounting(tables: Tables, part: Slice, previous: Period, since: date) -> Sql:
    """Rows (unit, members..., |A(t)|, new, retained), from the unit `previous` on.

    `since` is the first day of the data. What is neither new nor retained is resurrected, and
    who was in A(t-1) and is not retained has churned.
    """
    window, by = part.window, group(part)
    rows, births = days(tables, part, previous.start), firsts(tables, part, since)
    cells = "".join(f", by_{i}" for i in range(len(part.by)))
    text = f"""
WITH recent AS (
  SELECT DISTINCT {_unit(window, previous)} AS unit{cells}, person FROM ({rows.text})),
born AS (SELECT person{cells}, {_unit(window, previous)} AS born FROM ({births.text})
  WHERE "day" >= {literal(previous.start)}),
retained AS (SELECT CAST(unit + {_step(window)} AS DATE) AS unit{cells}, person, 1 AS was
  FROM recent)
SELECT {by}, count(*), count(*) FILTER (WHERE born = unit), count(was)
FROM recent LEFT JOIN born USING (person{cells}) LEFT JOIN retained USING (unit, person{cells})
GROUP BY {by}"""
    return Sql(text=text, parameters=(*rows.parameters, *births.parameters))


def firsts(tables: Tables, part: Slice, since: date, *, completed: bool = False) -> Sql:
    """(person, members..., day): the first active day, or the first with a completed service.

    Over all data where they are prepared, else up to the end of the window: the same for all
    who are active in it.
    """
    cells = "".join(f", by_{i}" for i in range(len(part.by)))
    column = "completed" if completed else "first"
    ready = _prepared(tables, part)
    if ready is None:
        whole = replace(part.window, until=None)
        rows = days(tables, part.over(whole), since, completed=completed)
        text = (
            f'SELECT person{cells}, min("day") AS "day" FROM ({rows.text}) GROUP BY person{cells}'
        )
        return Sql(text=text, parameters=rows.parameters)
    where = part.conditions()
    is_single = not part.where and part.viewer.scope.everything  # a row a person and cell already
    day, grouping = (f'"{column}"', "") if is_single else (f'min("{column}")', " GROUP BY ALL")
    text = (
        f'SELECT person{members(part)}, {day} AS "day" FROM {ready}'
        f' WHERE {where.text} AND "{column}" IS NOT NULL{grouping}'
    )
    return Sql(text=text, parameters=where.parameters)


def _prepared(tables: Tables, part: Slice) -> str | None:
    """The first days of every person, by the dimensions of the question."""
    if _table(part) != PERSON_DAY or "weekday" in part.dims:
        return None
    scope = () if part.viewer.scope.everything else ("district",)
    dims = tuple(sorted({*part.dims, *scope}))
    if len(dims) > 1:  # a table for every choice of dimensions would fill the memory
        return None
    source = tables.table(
        part.dataset, PERSON_DAY, period=None, columns=("person", *dims, "day", "completed")
    )
    by = ", ".join(("person", *(f'"{name}"' for name in dims)))
    return tables.prepare(
        part.dataset,
        PERSON_DAY,
        f'SELECT {by}, min("day") AS first, min("day") FILTER (WHERE completed) AS completed'
        f" FROM {source} GROUP BY {by}",
    )


def _unit(window: Window, previous: Period) -> str:
    """The unit of a day. With one period, only it, the one before and "earlier" matter."""
    if window.grain is not None:
        return window.unit()
    return (
        f'CASE WHEN "day" >= {literal(window.period.start)} THEN {literal(window.period.start)}'
        f' WHEN "day" >= {literal(previous.start)} THEN {literal(previous.start)}'
        f" ELSE {literal(EARLIER)} END"
    )


def _step(window: Window) -> str:
    if window.grain is None:
        return f"INTERVAL {window.period.days} DAY"
    if window.grain is Grain.QUARTER:
        return "INTERVAL 3 MONTH"
    return f"INTERVAL 1 {window.grain.upper()}"


def first_completed(tables: Tables, part: Slice, since: date) -> Sql:
    """Rows (unit, members..., people whose first completed service fell in it).

    What lies before the window is counted in its first unit, so that a running sum from there
    is the number of people served so far.
    """
    window, by = part.window, group(part)
    cells = "".join(f", by_{i}" for i in range(len(part.by)))
    unit = f"greatest({window.unit('born')}, {literal(window.period.start)})"
    rows = _served(tables, part, since)
    text = (
        f'SELECT {unit} AS unit{cells}, count(*) FROM (SELECT person{cells}, min("day") AS born'
        f" FROM ({rows.text}) GROUP BY person{cells}) GROUP BY {by}"
    )
    return Sql(text=text, parameters=rows.parameters)


def _served(tables: Tables, part: Slice, since: date) -> Sql:
    """(person, members..., day), of which the first is when the person was first served."""
    window = part.window
    births = firsts(tables, part, since, completed=True)
    end = window.period.end if window.until is None else window.period.start
    text = f'SELECT * FROM ({births.text}) WHERE "day" < {literal(end)}'
    if window.until is None:
        return Sql(text=text, parameters=births.parameters)
    last = _active(tables, part, window.period, FACT, completed=True)
    cells = "".join(f", by_{i}" for i in range(len(part.by)))
    return Sql(
        text=f'{text} UNION ALL SELECT person{cells}, "day" FROM ({last.text})',
        parameters=(*births.parameters, *last.parameters),
    )
