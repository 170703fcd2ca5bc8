"""Exact counts of people from what the ETL has stored, for the questions they can answer.

`gap_day` has the people of a day by the day they were there before. A person of a period is
counted on the first day in it, so |A| of the days from s on is the sum over the days of those
whose day before is earlier than s; of these, retained are those whose day before is not earlier
than the start of the unit before. The people of the last day of a window that is cut within a
day come from the facts of that day, theirs before from `person_day`.

`people_month` has the people of a month for some choices of dimensions.
"""

from datetime import date

from warehouse.compile.slice import (
    ONE_DAY,
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
    members,
    whole_days,
)
from warehouse.model import Grain, Period
from warehouse.rollups import (
    CHOICES,
    CUTS,
    FACT,
    FIRST_DAY,
    GAP_DAY,
    PEOPLE_MONTH,
    PERSON_DAY,
    PERSON_FIRST,
    REACH_DAYS,
    UNKNOWN_DAY,
)

_MONTHLY = tuple(name for name in CUTS if name)


# --- what can be answered -------------------------------------------------------------------


def dims_of(part: Slice) -> tuple[str, ...]:
    """The dimensions of the question and of the viewer's scope."""
    limited = () if part.viewer.scope.everything else ("district",)
    return tuple(dict.fromkeys((*part.dims, *limited)))


def adds_up(part: Slice) -> bool:
    """Each cell of the question is one cell of its dimensions: people in it are counted once."""
    return all(name in part.by or _allowed(part, name) == 1 for name in dims_of(part))


def _allowed(part: Slice, name: str) -> int:
    """How many members of a dimension the filters and the scope let through; 0: all."""
    wanted = [set(chosen) for filtered, chosen in part.where if filtered == name]
    if name == "district" and not part.viewer.scope.everything:
        wanted.append(set(part.viewer.scope.districts))
    return len(set.intersection(*wanted)) if wanted else 0


def cut_of(part: Slice) -> str | None:
    """The cut whose counts are those of the question's cells; None where no single one's are."""
    dims = dims_of(part)
    if part.dataset != "service_event" or len(dims) > 1 or not adds_up(part):
        return None
    name = dims[0] if dims else ""
    return name if name in CUTS else None


def reaches(window: Window, first: date | None = None) -> bool:
    """Whether the day before is known exactly in every unit; `first`: of the unit before."""
    units, start = window.units, window.period.start
    if units[0].start != start:  # not whole units
        return False
    if first is not None:
        before = Period(start=first, end=units[0].start)
        spans = zip((before, *units), units, strict=False)
        return all((unit.end - ONE_DAY - last.start).days <= REACH_DAYS for last, unit in spans)
    return all((unit.end - ONE_DAY - unit.start).days <= REACH_DAYS for unit in units)


def is_monthly(part: Slice) -> bool:
    """Whether `people_month` holds the cells of the question."""
    dims, window = set(dims_of(part)), part.window
    if part.dataset != "service_event" or window.until is not None or not adds_up(part):
        return False
    months = tuple(window.period.units(Grain.MONTH))
    is_whole = (months[0].start, months[-1].end) == (window.period.start, window.period.end)
    is_month = is_whole and (window.grain is Grain.MONTH or len(months) == 1)
    if window.grain not in (None, Grain.MONTH):
        return False
    return is_month and any(dims == set(choice) for choice in CHOICES)


def counts(part: Slice) -> bool:
    """Whether `active` can answer."""
    return is_monthly(part) or (cut_of(part) is not None and reaches(part.window))


# --- statements -----------------------------------------------------------------------------


def active(tables: Tables, part: Slice) -> Sql:
    """Rows (unit, members..., |A|) of a question for which `counts` holds."""
    if is_monthly(part):
        return _monthly(tables, part)
    by, rows = group(part), standing(tables, part)
    text = f"SELECT {by}, CAST(sum(active) AS BIGINT) FROM ({rows.text}) GROUP BY {by}"
    return Sql(text=f"{text} HAVING sum(active) > 0", parameters=rows.parameters)


def _monthly(tables: Tables, part: Slice) -> Sql:
    dims, where = dims_of(part), part.conditions()
    columns = ("month", *_MONTHLY, "people")
    source = tables.table(part.dataset, PEOPLE_MONTH, period=part.window.period, columns=columns)
    chosen = "".join(f' AND "{n}" IS {"NOT " * (n in dims)}NULL' for n in _MONTHLY)
    return Sql(
        text=f'SELECT "month" AS unit{members(part)}, people FROM {source}'
        f" WHERE {where.text}{chosen}",
        parameters=where.parameters,
    )


def accounting(tables: Tables, part: Slice, first: date) -> Sql:
    """Rows (unit, members..., |A(t)|, new, retained), also of the unit from `first` on before."""
    by, rows = group(part), standing(tables, part, first)
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT)" for name in ("active", "new", "retained"))
    return Sql(
        text=f"SELECT {by}, {sums} FROM ({rows.text}) GROUP BY {by} HAVING sum(active) > 0",
        parameters=rows.parameters,
    )


def standing(tables: Tables, part: Slice, first: date | None = None) -> Sql:
    """Rows (unit, members..., active, new, retained) that add up over each unit.

    first  of the unit before the window, which is counted too; None: nobody asks for new and
           retained, which are zero then.
    """
    period, last = part.window.period, last_day(part)
    start = period.start if first is None else first
    end = period.end if last is None else min(last, period.end)
    found = []
    if start < end:
        days = Period(start=start, end=end)
        found.append(_gaps(tables, part, days, first))
        if first is not None:
            found.append(_births(tables, part, days, first))
    if last is not None and last < period.end:
        found.append(_late(tables, part, last, first))
    return joined(found)


def _gaps(tables: Tables, part: Slice, days: Period, first: date | None) -> Sql:
    unit = _unit(part.window, first)
    rows = _of_cut(tables, part, GAP_DAY, days, "before", "people", unit=unit)
    earlier = '("before" IS NULL OR "before" < unit)'
    retained = "0"
    if first is not None:
        since = _unit_before(part.window, first)
        retained = f'CASE WHEN "before" < unit AND "before" >= {since} THEN people ELSE 0 END'
    return Sql(
        text=f"SELECT {group(part)}, CASE WHEN {earlier} THEN people ELSE 0 END AS active,"
        f" 0 AS new, {retained} AS retained FROM ({rows.text})",
        parameters=rows.parameters,
    )


def _births(tables: Tables, part: Slice, days: Period, first: date) -> Sql:
    rows = _of_cut(tables, part, FIRST_DAY, days, "new", unit=_unit(part.window, first))
    text = f"SELECT {group(part)}, 0 AS active, new, 0 AS retained FROM ({rows.text})"
    return Sql(text=text, parameters=rows.parameters)


def _late(tables: Tables, part: Slice, last: date, first: date | None) -> Sql:
    """The people of the day within which the window is cut, by the day they were there before."""
    window, same = part.window, _same(part)
    start = window.period.start if window.grain is None else window.grain.floor(last)
    since = start
    if first is not None:
        since = first if start == window.period.start else _shifted(window, start)
    late = _people_of(tables, part, last)
    near = Period(start=since, end=last) if since < last else just(last)
    rows = cut(tables, part, PERSON_DAY, "person", "day", within=near)
    born = _of_cut(tables, part, PERSON_FIRST, just(last), "person", "is_new", unit="NULL")
    unit = literal(start)
    text = f"""
SELECT {", ".join((f"{unit} AS unit", *_cells(part)))},
  CAST(before IS NULL OR before < {unit} AS BIGINT) AS active,
  CAST(coalesce(is_new, FALSE) AS BIGINT) AS new,
  CAST(coalesce(before < {unit}, FALSE) AS BIGINT) AS retained
FROM ({late.text}) LEFT JOIN (
  SELECT {same}, max("day") AS before FROM ({rows.text}) WHERE "day" < {literal(last)}
  GROUP BY {same}) USING ({same})
LEFT JOIN (SELECT {same}, is_new FROM ({born.text}) WHERE is_new) USING ({same})"""
    parameters = (*late.parameters, *rows.parameters, *born.parameters)
    return Sql(text=f"SELECT * FROM ({text})", parameters=parameters)


def served(tables: Tables, part: Slice, since: date) -> Sql:
    """Rows (unit, members..., people first served in it), what was before in the first unit."""
    by, period, last = group(part), part.window.period, last_day(part)
    unit = f"greatest({part.window.unit()}, {literal(period.start)})"
    end = period.end if last is None else min(last, period.end)
    days = Period(start=min(since, end - ONE_DAY), end=end)
    rows = _of_cut(tables, part, FIRST_DAY, days, "served", unit=unit)
    found = [Sql(text=f"SELECT {by}, served FROM ({rows.text})", parameters=rows.parameters)]
    if last is not None and last < period.end:
        late = _people_of(tables, part, last, completed=True)
        born = _of_cut(tables, part, PERSON_FIRST, just(last), "person", "is_served", unit=unit)
        text = (
            f"SELECT {by}, 1 AS served FROM ({born.text}) SEMI JOIN ({late.text})"
            f" USING ({_same(part)}) WHERE is_served"
        )
        found.append(Sql(text=text, parameters=(*born.parameters, *late.parameters)))
    every = joined(found)
    return Sql(
        text=f"SELECT {by}, CAST(sum(served) AS BIGINT) FROM ({every.text}) GROUP BY {by}"
        " HAVING sum(served) > 0",
        parameters=every.parameters,
    )


def firsts(tables: Tables, part: Slice, *, completed: bool) -> Sql | None:
    """(person, members..., day) of everybody's first day; None where it is not stored."""
    dims = dims_of(part)
    if part.dataset != "service_event" or len(dims) > 1 or not set(dims) <= set(CUTS):
        return None
    flag = "is_served" if completed else "is_new"
    rows = _of_cut(tables, part, PERSON_FIRST, None, "person", "day", flag, unit="NULL")
    is_single = adds_up(part)  # a row a person and cell already
    day, grouping = ('"day"', "") if is_single else ('min("day") AS "day"', " GROUP BY ALL")
    return Sql(
        text=f"SELECT {_same(part)}, {day} FROM ({rows.text}) WHERE {flag}{grouping}",
        parameters=rows.parameters,
    )


def unknown(tables: Tables, part: Slice) -> Sql:
    """Rows (unit, members..., events of nobody known)."""
    by, days, last = group(part), whole_days(part), last_day(part)
    found = []
    if days is not None:
        rows = cut(tables, part, UNKNOWN_DAY, "events", within=days)
        found = [Sql(text=f"SELECT {by}, events FROM ({rows.text})", parameters=rows.parameters)]
    if last is not None and last < part.window.period.end:
        rows = cut(tables, part, FACT, "person", within=just(last))
        text = f"SELECT {by}, 1 AS events FROM ({rows.text}) WHERE person IS NULL"
        found.append(Sql(text=text, parameters=rows.parameters))
    return joined(found)


# --- pieces ---------------------------------------------------------------------------------


def _of_cut(
    tables: Tables, part: Slice, table: str, days: Period | None, *columns: str, unit: str
) -> Sql:
    """Rows (unit, members..., columns) of a table of cuts; `days` None: all there are."""
    name, where = next(iter(dims_of(part)), ""), part.conditions()
    stored = tuple(dict.fromkeys(("day", "cut", "member", *columns)))
    source = tables.table(part.dataset, table, period=days, columns=stored)
    named = f'SELECT * RENAME (member AS "{name}") FROM {source}' if name else f"FROM {source}"
    within = "TRUE" if days is None else _between(days)
    own = "".join(f', "{column}"' for column in columns)
    return Sql(
        text=f"SELECT {unit} AS unit{members(part)}{own} FROM ({named})"
        f" WHERE cut = '{name}' AND {within} AND {where.text}",
        parameters=where.parameters,
    )


def _people_of(tables: Tables, part: Slice, day: date, *, completed: bool = False) -> Sql:
    """(members..., person) of the day within which the window is cut, up to that instant."""
    flag = ("outcome",) if completed else ()
    rows = cut(tables, part, FACT, "person", *flag, within=just(day))
    done = " AND outcome = 'completed'" if completed else ""
    return Sql(
        text=f"SELECT DISTINCT {_same(part)} FROM ({rows.text}) WHERE person IS NOT NULL{done}",
        parameters=rows.parameters,
    )


def _between(days: Period) -> str:
    return f'"day" >= {literal(days.start)} AND "day" < {literal(days.end)}'


def _cells(part: Slice) -> tuple[str, ...]:
    return tuple(f"by_{i}" for i in range(len(part.by)))


def _same(part: Slice) -> str:
    return ", ".join(("person", *_cells(part)))


def _unit(window: Window, first: date | None) -> str:
    """The unit of a day; with one period, that one or the one before it."""
    if window.grain is not None or first is None:
        return window.unit()
    start = literal(window.period.start)
    return f'CASE WHEN "day" >= {start} THEN {start} ELSE {literal(first)} END'


def _unit_before(window: Window, first: date) -> str:
    """The start of the unit before that of a row."""
    if window.grain is None:
        return literal(first)
    return f"CAST(unit - INTERVAL 1 {window.grain.upper()} AS DATE)"


def _shifted(window: Window, start: date) -> date:
    return start if window.grain is None else window.grain.shift(start, -1)
