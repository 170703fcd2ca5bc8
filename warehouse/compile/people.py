"""Growth accounting over who was active when: A(t), H(t) and what follows from them."""

from dataclasses import replace
from datetime import date

from warehouse.compile import stored
from warehouse.compile.slice import (
    Slice,
    Sql,
    Tables,
    Window,
    cut,
    group,
    joined,
    just,
    last_day,
    literal,
    whole_days,
)
from warehouse.model import Grain, Period
from warehouse.rollups import DIMENSIONS, FACT, PERSON_DAY

EARLIER = date(1900, 1, 1)
"""Stands for every unit before the previous one, where only one period is asked for."""


def _table(part: Slice) -> str:
    return PERSON_DAY if set(part.dims) <= DIMENSIONS[PERSON_DAY] else FACT


def days(tables: Tables, part: Slice, since: date, *, completed: bool = False) -> Sql:
    """(unit, members..., person, day) from `since` to the end of the window; `until` is kept.

    Whole days count up to the one that the window is cut in; of that what happened up to `until`.
    """
    period, table = part.window.period, _table(part)
    whole, last = whole_days(part), last_day(part)
    end = period.start if whole is None else whole.end
    found = []
    if (start := min(since, period.start)) < end:
        within = Period(start=start, end=end)
        found.append(_active(tables, part, within, table, completed=completed))
    if last is not None and last < period.end:
        found.append(_active(tables, part, just(last), FACT, completed=completed))
    return joined(found)


def _active(tables: Tables, part: Slice, period: Period, table: str, *, completed: bool) -> Sql:
    flag = () if not completed else ("completed",) if table == PERSON_DAY else ("outcome",)
    test = {(): "TRUE", ("completed",): "completed", ("outcome",): "\"outcome\" = 'completed'"}
    rows = cut(tables, part, table, "person", "day", *flag, within=period)
    names = f'{group(part)}, person, "day"'
    text = f"SELECT {names} FROM ({rows.text}) WHERE person IS NOT NULL AND {test[flag]}"
    return Sql(text=text, parameters=rows.parameters)


def accounting(tables: Tables, part: Slice, previous: Period, since: date) -> Sql:
    """Rows (unit, members..., |A(t)|, new, retained), from the unit `previous` on.

    `since` is the first day of the data. What is neither new nor retained is resurrected, and
    who was in A(t-1) and is not retained has churned.
    """
    if stored.cut_of(part) is not None and stored.reaches(part.window, previous.start):
        return stored.accounting(tables, part, previous.start)
    return counted(tables, part, previous, since)


def counted(tables: Tables, part: Slice, previous: Period, since: date) -> Sql:
    """The same from the days of each person, for questions whose counts are not stored."""
    window, by = part.window, group(part)
    rows, births = days(tables, part, previous.start), firsts(tables, part, since)
    cells = "".join(f", by_{i}" for i in range(len(part.by)))
    text = f"""
WITH recent AS (
  SELECT DISTINCT {_unit(window, previous)} AS unit{cells}, person FROM ({rows.text})),
born AS (SELECT person{cells}, {_unit(window, previous)} AS born FROM ({births.text})
  WHERE "day" >= {literal(previous.start)}),
retained AS (SELECT CAST(unit + {_step(window, previous)} AS DATE) AS unit{cells}, person, 1 AS was
  FROM recent)
SELECT {by}, count(*), count(*) FILTER (WHERE born = unit), count(was)
FROM recent LEFT JOIN born USING (person{cells}) LEFT JOIN retained USING (unit, person{cells})
GROUP BY {by}"""
    return Sql(text=text, parameters=(*rows.parameters, *births.parameters))


def firsts(tables: Tables, part: Slice, since: date, *, completed: bool = False) -> Sql:
    """(person, members..., day): the first active day, or the first with a completed service.

    Over all data where they are stored, else up to the end of the window: the same for all who
    are active in it.
    """
    ready = stored.firsts(tables, part, completed=completed)
    if ready is not None:
        return ready
    cells = "".join(f", by_{i}" for i in range(len(part.by)))
    whole = replace(part.window, until=None)
    rows = days(tables, part.over(whole), since, completed=completed)
    return Sql(
        text=f'SELECT person{cells}, min("day") AS "day" FROM ({rows.text}) GROUP BY person{cells}',
        parameters=rows.parameters,
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


def _step(window: Window, previous: Period) -> str:
    """From the start of a unit to that of the next."""
    if window.grain is None:
        return f"INTERVAL {previous.days} DAY"
    if window.grain is Grain.QUARTER:
        return "INTERVAL 3 MONTH"
    return f"INTERVAL 1 {window.grain.upper()}"


def first_completed(tables: Tables, part: Slice, since: date) -> Sql:
    """Rows (unit, members..., people whose first completed service fell in it).

    What lies before the window is counted in its first unit, so that a running sum from there
    is the number of people served so far.
    """
    if stored.cut_of(part) is not None:
        return stored.served(tables, part, since)
    return counted_completed(tables, part, since)


def counted_completed(tables: Tables, part: Slice, since: date) -> Sql:
    """The same from the first days of each person."""
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
    last = last_day(part)
    end = window.period.end if last is None else min(last, window.period.end)
    text = f'SELECT * FROM ({births.text}) WHERE "day" < {literal(end)}'
    before = Sql(text=text, parameters=births.parameters)
    if last is None or last >= window.period.end:
        return before
    late = _active(tables, part, just(last), FACT, completed=True)
    cells = "".join(f", by_{i}" for i in range(len(part.by)))
    text = f'SELECT person{cells}, "day" FROM ({late.text})'
    return joined([before, Sql(text=text, parameters=late.parameters)])
