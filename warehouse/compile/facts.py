"""Counts, sums, different values, shares and percentiles over records or their daily sums."""

from collections.abc import Iterable, Sequence

from warehouse.compile import stored
from warehouse.compile.slice import (
    Choice,
    Slice,
    Sql,
    Tables,
    cut,
    group,
    joined,
    just,
    last_day,
    sets,
    whole_days,
)
from warehouse.datasets import LEVELS
from warehouse.errors import DefinitionError
from warehouse.metrics.model import Count, Distinct, Mean, Measure, Percentile, Share, Sum, Trait
from warehouse.rollups import FACT, PERSON_DAY, USAGE_DAY

COUNTER = "counter"
"""The channel of a service that is done in person."""


def _one_of(column: str, members: Sequence[str]) -> str:
    return f'"{column}" IN ({", ".join(f"{chr(39)}{m}{chr(39)}" for m in members)})'


_COMPLETED = _one_of("outcome", ("completed",))
_LEVELS = tuple(LEVELS)
SKETCH_BITS = 256
TRAITS = {
    Trait.ANY: "TRUE",
    Trait.COMPLETED: _COMPLETED,
    Trait.FINISHED: _one_of("outcome", ("completed", "failed", "abandoned")),
    Trait.COMPLETED_ONLINE: f"{_COMPLETED} AND NOT {_one_of('channel', (COUNTER, 'unknown'))}",
    Trait.COMPLETED_SOMEWHERE: f"{_COMPLETED} AND \"channel\" <> 'unknown'",
    Trait.RATED: _one_of("level", _LEVELS),
    Trait.SATISFIED: _one_of("level", _LEVELS[:3]),
    # of the merged application, see applications.py
    Trait.APPROVED: "is_decided AND is_approved",
    Trait.DECIDED: "is_decided",
    Trait.TIMED: "is_decided AND approval_us >= 0",
    Trait.WITHIN_60S: "is_decided AND approval_us BETWEEN 0 AND 60000000",
    Trait.ENDED: "is_disbursed OR is_ended",
    Trait.ZERO_TOUCH: "is_disbursed AND NOT coalesce(manual, FALSE)",
    Trait.VERIFIED: "credit_bureau AND public_trust AND judicial",
    Trait.CREDIT_BUREAU: "credit_bureau",
    Trait.PUBLIC_TRUST: "public_trust",
    Trait.JUDICIAL: "judicial",
    Trait.LATE: "is_decided AND approval_us > 60000000",
    Trait.DECLINED: "is_decided AND NOT is_approved",
    Trait.TOUCHED: "(is_disbursed OR is_ended) AND manual",
}
_COLUMNS = {
    Trait.ANY: (),
    Trait.COMPLETED: ("outcome",),
    Trait.FINISHED: ("outcome",),
    Trait.COMPLETED_ONLINE: ("outcome", "channel"),
    Trait.COMPLETED_SOMEWHERE: ("outcome", "channel"),
    Trait.RATED: ("level",),
    Trait.SATISFIED: ("level",),
}


def statement(tables: Tables, part: Slice, measures: Sequence[Measure], table: str) -> Sql:
    """Rows (unit, members..., one value a measure) over `fact`, `usage_day` or `person_day`.

    Instead of `person_day`, counts of people that are stored are read as they are.
    """
    if table == PERSON_DAY and len(measures) == 1 and stored.counts(part):
        return stored.active(tables, part)
    weight = ("events",) if table == USAGE_DAY else ()
    columns = (name for measure in measures for name in _columns(measure))
    rows = read(tables, part, table, *dict.fromkeys((*weight, *columns)))
    return aggregate(rows, part, measures, "events" if weight else "")


def read(tables: Tables, part: Slice, table: str, *columns: str) -> Sql:
    """As `slice.cut`. Sums of days hold whole days: the one the window is cut in is of facts."""
    days, last = whole_days(part), last_day(part)
    if table == FACT or last is None:
        return cut(tables, part, table, *columns)
    found = [] if days is None else [cut(tables, part, table, *columns, within=days)]
    if last < part.window.period.end:
        own = tuple(name for name in columns if name != "events")
        rows = cut(tables, part, FACT, *own, within=just(last))
        named = ", ".join(
            (group(part), *("1 AS events" if n == "events" else f'"{n}"' for n in columns))
        )
        found.append(Sql(text=f"SELECT {named} FROM ({rows.text})", parameters=rows.parameters))
    return joined(found)


def aggregate(rows: Sql, part: Slice, measures: Sequence[Measure], weight: str = "") -> Sql:
    """Group `rows` by unit and members; `weight` is the column of already summed records."""
    values = ", ".join(value(measure, weight) for measure in measures)
    by = group(part)
    return Sql(
        text=f"SELECT {by}, {values} FROM ({rows.text}) GROUP BY {by}", parameters=rows.parameters
    )


def value(measure: Measure, weight: str = "") -> str:
    """SQL of a measure over grouped rows. Every sum is cast: a HUGEINT arrives as Decimal."""
    match measure:
        case Count():
            return _count(measure.test, weight)
        case Sum():
            return f'coalesce(CAST(sum("{measure.column}") AS BIGINT), 0)'
        case Distinct():
            return f'count(DISTINCT "{measure.column}")'
        case Share():
            base = _count(measure.base, weight)
            return f"round(CAST({_count(measure.test, weight)} AS DOUBLE) / nullif({base}, 0), 6)"
        case Percentile():
            known = '"approval_us" >= 0' if measure.column == "approval_us" else "TRUE"
            within = f'WITHIN GROUP (ORDER BY "{measure.column}") FILTER (WHERE {known})'
            return f"round(percentile_cont({float(measure.at)}) {within}, 3)"
        case Mean():
            known = '"approval_us" >= 0' if measure.column == "approval_us" else "TRUE"
            return f'round(avg("{measure.column}") FILTER (WHERE {known}), 3)'
    raise DefinitionError(f"{type(measure).__name__} is not computed from single records.")


def _count(test: Trait, weight: str) -> str:
    if not weight:
        return f"count(*) FILTER (WHERE {TRAITS[test]})"
    return f"coalesce(CAST(sum({weight}) FILTER (WHERE {TRAITS[test]}) AS BIGINT), 0)"


def _columns(measure: Measure) -> tuple[str, ...]:
    match measure:
        case Count():
            return _COLUMNS[measure.test]
        case Share():
            return (*_COLUMNS[measure.test], *_COLUMNS[measure.base])
        case Sum() | Distinct() | Percentile() | Mean():
            return (measure.column,)
    raise DefinitionError(f"{type(measure).__name__} is not computed from single records.")


def contributors(
    tables: Tables, part: Slice, choices: Iterable[Choice], *, from_rollups: bool
) -> Sql:
    """Rows (unit, members..., mask, different people + records without a person), exact.

    For each of `choices` apart, see `slice.sets`.
    """
    people = "count(DISTINCT person) + CAST(sum(anonymous) AS BIGINT)"
    return _contributors(_who(tables, part, from_rollups=from_rollups), part, choices, people)


def sketch(tables: Tables, part: Slice, choices: Iterable[Choice], *, from_rollups: bool) -> Sql:
    """As `contributors`, but at least this many, in one cheap pass however many choices.

    Each person sets one bit of `SKETCH_BITS`; people who share a bit are counted once, so a cell
    of some ten people may count one too few, and rarely two.
    """
    rows, words, by = _who(tables, part, from_rollups=from_rollups), SKETCH_BITS // 64, group(part)
    bits = "".join(
        f", bit_or(CASE WHEN person & {64 * (words - 1)} = {64 * i}"
        f" THEN CAST(1 AS UBIGINT) << CAST(person & 63 AS UBIGINT) END) AS word_{i}"
        for i in range(words)
    )
    finest = (
        f"SELECT {by}, CAST(sum(anonymous) AS BIGINT) AS anonymous{bits}"
        f" FROM ({rows.text}) GROUP BY {by}"
    )
    people = "".join(
        f" + coalesce(CAST(bit_count(bit_or(word_{i})) AS BIGINT), 0)" for i in range(words)
    )
    known = Sql(text=finest, parameters=rows.parameters)
    return _contributors(known, part, choices, f"CAST(sum(anonymous) AS BIGINT){people}")


def _contributors(rows: Sql, part: Slice, choices: Iterable[Choice], people: str) -> Sql:
    columns, grouping = sets(part, choices)
    text = f"SELECT {columns}, {people} FROM ({rows.text}) GROUP BY {grouping}"
    return Sql(text=text, parameters=rows.parameters)


def _who(tables: Tables, part: Slice, *, from_rollups: bool) -> Sql:
    """Rows (unit, members..., person, anonymous)."""
    by = group(part)
    if not from_rollups:
        rows = cut(tables, part, "fact", "person")
        text = f"SELECT {by}, person, CAST(person IS NULL AS BIGINT) AS anonymous"
        return Sql(text=f"{text} FROM ({rows.text})", parameters=rows.parameters)
    known = read(tables, part, PERSON_DAY, "person")
    unknown = stored.unknown(tables, part)
    text = (
        f"SELECT {by}, person, 0 AS anonymous FROM ({known.text}) WHERE person IS NOT NULL"
        f" UNION ALL SELECT {by}, NULL, events FROM ({unknown.text})"
    )
    return Sql(text=text, parameters=(*known.parameters, *unknown.parameters))


def bound(tables: Tables, part: Slice, choices: Iterable[Choice]) -> Sql:
    """As `contributors`, but at least this many: cheap, from `usage_day`.

    Of the day within which a window is cut, at least one where there is a record.
    """
    days, last = whole_days(part), last_day(part)
    found = []
    if days is not None:
        found = [cut(tables, part, USAGE_DAY, "people", "anonymous", within=days)]
    if last is not None and last < part.window.period.end:
        late, by = cut(tables, part, FACT, within=just(last)), group(part)
        text = f"SELECT DISTINCT {by}, 1 AS people, 0 AS anonymous FROM ({late.text})"
        found.append(Sql(text=text, parameters=late.parameters))
    rows = joined(found)
    columns, grouping = sets(part, choices)
    people = "CAST(max(people) + sum(anonymous) AS BIGINT)"
    text = f"SELECT {columns}, {people} FROM ({rows.text}) GROUP BY {grouping}"
    return Sql(text=text, parameters=rows.parameters)


def counted(tables: Tables, part: Slice) -> Sql:
    """Rows (unit, members..., contributors) where `stored.counts`: exact, read as they are."""
    known, unknown = stored.active(tables, part), stored.unknown(tables, part)
    by = group(part)
    own = ", ".join(("unit", *(f"by_{i}" for i in range(len(part.by)))))
    text = (
        f"SELECT {by}, CAST(sum(people) AS BIGINT) FROM ("
        f"SELECT * FROM ({known.text}) AS known({own}, people)"
        f" UNION ALL SELECT {by}, events FROM ({unknown.text})) GROUP BY {by}"
    )
    return Sql(text=text, parameters=(*known.parameters, *unknown.parameters))
