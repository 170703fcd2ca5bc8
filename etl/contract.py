"""Rows as delivered against the contract: good rows in its types, broken ones with a reason.

Reasons name no value of a personal column; they are shown to operators.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from etl.formats.chunk import LINE, BrokenLine
from etl.identity import IDENTITY
from etl.model import Source
from etl.pseudonyms import Pseudonym, plain, pseudonyms
from etl.times import read_times
from warehouse import reasons
from warehouse.datasets import DIMENSIONS, Column, Kind
from warehouse.errors import ContractBroken, nearest, nearest_of
from warehouse.model import UNKNOWN

LONGEST = 200
MOST = 10_000_000_000_000
"""Larger numbers (fen, for money) are a mistake; sums of smaller ones stay exact."""

EMPTY = reasons.words("empty")
TOO_LONG = reasons.words("too_long", most=LONGEST)
CONTROL = reasons.words("control")
NO_NUMBER = reasons.words("no_number")
NO_WHOLE = reasons.words("no_whole")
NEGATIVE = reasons.words("negative")
TOO_LARGE = reasons.words("too_large")
NO_FLAG = reasons.words("no_flag")
NO_IDENTITY = reasons.words("no_identity")

_TRUE = ("true", "1", "yes", "y", "t", "是", "有", "present", "on")
_FALSE = ("false", "0", "no", "n", "f", "否", "无", "missing", "off")
_FLAGS = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
# C0, C1, and the marks that turn the direction of the text around them.
_CONTROL = "[\\x00-\\x1f\\x7f-\\x9f\u202a-\u202e\u2066-\u2069]"
_NAMED_VALUES = 20
"""So many different unmapped values of a chunk are named; more would flood the reasons."""

QUARANTINE_SCHEMA = {
    "line": pl.Int64,
    "column_name": pl.String,
    "reason": pl.String,
    "original": pl.String,
}


def check_columns(names: Iterable[str], source: Source, *, is_sparse: bool = False) -> None:
    """Raises `ContractBroken` when a column the declaration reads was not delivered.

    A sparse format leaves out what is empty, so only what is required must be there.
    """
    delivered = [name for name in names if not name.startswith("#")]
    required = {column.name for column in source.contract.columns if column.required}
    wanted = [
        theirs for ours, theirs in source.columns.items() if not is_sparse or ours in required
    ]
    missing = [name for name in (*wanted, *source.identity) if name not in delivered]
    if missing:
        told = ", ".join(repr(name) for name in dict.fromkeys(missing))
        hint = nearest(missing[0], delivered)
        raise ContractBroken(
            f"the file has no column {told}.{hint} Correct {source.file.name} or the delivery"
        )


def new_columns(names: Iterable[str], source: Source) -> tuple[str, ...]:
    """Delivered columns that the declaration does not mention; they are not stored."""
    known = _declared(source)
    return tuple(name for name in names if name not in known and not name.startswith("#"))


def _declared(source: Source) -> set[str]:
    return {*source.columns.values(), *source.identity, *source.personal, *source.dropped}


def apply(
    frame: pl.DataFrame, source: Source, *, pseudonym: Pseudonym, zone: ZoneInfo
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Good rows and broken rows of `frame` (text columns, `LINE`, `IDENTITY`), as in `Batch`.

    `zone` is the reporting time zone. `pseudonym` is called once a distinct value.
    """
    columns: list[pl.Series] = []
    problems: list[pl.Series] = []
    for column in source.contract.columns:
        found, problem = _read_column(frame, source, column, (pseudonym, zone))
        columns.extend(found)
        problems.append(problem.alias(column.name))
    problems.append(_identity_problem(frame))
    good = pl.DataFrame([*columns, frame[IDENTITY].alias("identity"), frame[LINE].alias("line")])
    first = _first_problem(problems)
    is_good = first["reason"].is_null()
    broken = _broken(frame.filter(~is_good), first.filter(~is_good), source, pseudonym)
    return good.filter(is_good), broken


def broken_lines(lines: Iterable[BrokenLine], source: Source) -> pl.DataFrame:
    """Lines without fields as quarantined rows.

    Their text is kept only where nothing in the source is personal: in a line that cannot be
    taken apart, a personal field cannot be told from the others.
    """
    is_personal = bool(source.personal or source.dropped)
    rows = [
        (b.line, "", b.reason, json.dumps({} if is_personal else {"text": b.text[:2000]}))
        for b in lines
    ]
    return pl.DataFrame(rows, schema=QUARANTINE_SCHEMA, orient="row")


# --- texts ----------------------------------------------------------------------------------


def _read_column(
    frame: pl.DataFrame, source: Source, column: Column, context: "_Context"
) -> "_Read":
    """The column's values and problems. What is the same for all rows is read once."""
    texts = _texts(frame, source, column)
    found, problem = _READERS[column.kind](texts, source, column, context)
    if column.required and texts.null_count() > 0:
        problem = _word(problem, texts.is_null() & problem.is_null(), EMPTY)
    if len(texts) == len(frame):
        return found, problem
    return [_repeat(series, len(frame)) for series in found], _repeat(problem, len(frame))


def _repeat(single: pl.Series, count: int) -> pl.Series:
    return single.new_from_index(0, count)


def _texts(frame: pl.DataFrame, source: Source, column: Column) -> pl.Series:
    """The column's texts, trimmed, empty ones null; one text for all rows if none is delivered."""
    theirs = source.columns.get(column.name)
    if theirs is None or theirs not in frame.columns:
        return pl.Series(column.name, [source.constants.get(column.name)], dtype=pl.String)
    trimmed = pl.col(theirs).str.strip_chars()
    return frame.select(pl.when(trimmed != "").then(trimmed).alias(column.name)).to_series()


def _no_problem(count: int) -> pl.Series:
    return pl.Series("problem", [None], dtype=pl.String).new_from_index(0, count)


def _word(problem: pl.Series, where: pl.Series, text: str) -> pl.Series:
    """`problem`, and `text` where it has none and `where` holds."""
    if not where.any():
        return problem
    frame = pl.DataFrame([problem.alias("p"), where.alias("w")])
    return frame.select(
        pl.coalesce("p", pl.when("w").then(pl.lit(text))).alias("problem")
    ).to_series()


# --- kinds ----------------------------------------------------------------------------------

_Read = tuple[list[pl.Series], pl.Series]
_Context = tuple[Pseudonym, ZoneInfo]


def _time(texts: pl.Series, source: Source, column: Column, context: _Context) -> _Read:
    found = read_times(texts, source, context[1])
    columns = [found["at"].alias(column.name), found["day"], found["hour"]]
    return columns, found["problem"]


def _dimension(texts: pl.Series, source: Source, column: Column, _: _Context) -> _Read:
    mapped, problem = _mapped(texts, source, column)
    known = DIMENSIONS[column.name].members
    if known is not None:
        members = [*known, UNKNOWN]
        outside = mapped.is_not_null() & ~mapped.is_in(members)
        problem = _name_values(problem, outside, mapped, members, "not_known")
    elif column.name not in source.values:
        problem = _word(problem, mapped.str.len_chars() > LONGEST, TOO_LONG)
        problem = _word(problem, mapped.str.contains(_CONTROL), CONTROL)
    return [mapped.fill_null(UNKNOWN).alias(column.name)], problem


def _mapped(texts: pl.Series, source: Source, column: Column) -> tuple[pl.Series, pl.Series]:
    """The texts through the declared value map; a text it does not hold is a problem."""
    values = source.values.get(column.name)
    problem = _no_problem(len(texts))
    if values is None:
        return texts, problem
    named = {theirs: ours for theirs, ours in values.items() if theirs not in ("", "*")}
    mapped = texts.replace_strict(
        list(named), list(named.values()), default=values.get("*"), return_dtype=pl.String
    )
    empty = pl.Series([values.get("")], dtype=pl.String).new_from_index(0, len(texts))
    result = mapped.zip_with(texts.is_not_null(), empty).alias(column.name)
    unmapped = texts.is_not_null() & result.is_null()
    return result, _name_values(problem, unmapped, texts, list(named), "not_mapped")


def _name_values(
    problem: pl.Series, where: pl.Series, texts: pl.Series, known: list[str], code: str
) -> pl.Series:
    """The reason `code` with the value and its nearest name, for the first few values."""
    if not where.any():
        return problem
    distinct = texts.filter(where).unique(maintain_order=True).head(_NAMED_VALUES).to_list()
    told = [_named(value, known, code) for value in distinct]
    more = reasons.words(f"{code}_more")
    worded = texts.replace_strict(distinct, told, default=more, return_dtype=pl.String)
    frame = pl.DataFrame([problem.alias("p"), where.alias("w"), worded.alias("r")])
    return frame.select(pl.coalesce("p", pl.when("w").then("r")).alias("problem")).to_series()


def _named(value: str, known: list[str], code: str) -> str:
    near = nearest_of(value, known)
    if near is None:
        return reasons.words(code, value=_shown(value))
    return reasons.words(f"{code}_near", value=_shown(value), near=repr(near))


def _shown(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:39] + "…")


def _pseudonym(texts: pl.Series, source: Source, column: Column, context: _Context) -> _Read:
    """A number that came as `13085.0` is `13085`; NaN is how an empty number may be written."""
    texts = texts.set(texts.str.to_lowercase() == "nan", None)
    problem = _word(_no_problem(len(texts)), texts.str.len_chars() > LONGEST, TOO_LONG)
    return [pseudonyms(texts, context[0]).alias(column.name)], problem


def _whole(texts: pl.Series, source: Source, column: Column, _: _Context) -> _Read:
    mapped, problem = _mapped(texts, source, column)
    number = mapped.cast(pl.Float64, strict=False)
    problem = _number_problems(mapped, number, problem, MOST)
    whole = number.is_null() | (number == number.round())
    problem = _word(problem, ~whole, NO_WHOLE)
    return [_where_fine(number, problem).alias(column.name)], problem


def _money(texts: pl.Series, source: Source, column: Column, _: _Context) -> _Read:
    """Yuan as delivered; fen as stored, rounded half away from zero."""
    mapped, problem = _mapped(texts, source, column)
    yuan = mapped.cast(pl.Float64, strict=False)
    problem = _number_problems(mapped, yuan, problem, MOST / 100)
    return [_where_fine((yuan * 100).round(), problem).alias(column.name)], problem


def _number_problems(
    texts: pl.Series, number: pl.Series, problem: pl.Series, most: float
) -> pl.Series:
    readable = number.is_finite().fill_null(False)
    problem = _word(problem, texts.is_not_null() & ~readable, NO_NUMBER)
    problem = _word(problem, (number < 0).fill_null(False), NEGATIVE)
    return _word(problem, (number > most).fill_null(False), TOO_LARGE)


def _where_fine(number: pl.Series, problem: pl.Series) -> pl.Series:
    return number.set(problem.is_not_null(), None).cast(pl.Int64)


def _flag(texts: pl.Series, source: Source, column: Column, _: _Context) -> _Read:
    mapped, problem = _mapped(texts, source, column)
    lowered = mapped.str.to_lowercase()
    flags = lowered.replace_strict(
        list(_FLAGS), list(_FLAGS.values()), default=None, return_dtype=pl.Boolean
    )
    problem = _word(problem, mapped.is_not_null() & flags.is_null(), NO_FLAG)
    return [flags.alias(column.name)], problem


_READERS: dict[Kind, Callable[[pl.Series, Source, Column, _Context], _Read]] = {
    Kind.TIME: _time,
    Kind.DIMENSION: _dimension,
    Kind.PSEUDONYM: _pseudonym,
    Kind.WHOLE: _whole,
    Kind.MONEY: _money,
    Kind.FLAG: _flag,
}


# --- broken rows ----------------------------------------------------------------------------


def _identity_problem(frame: pl.DataFrame) -> pl.Series:
    where = frame[IDENTITY].is_null()
    return _word(_no_problem(len(frame)), where, NO_IDENTITY).alias("identity")


def _first_problem(problems: list[pl.Series]) -> pl.DataFrame:
    """The first problem of each row, in the contract's order, and its column."""
    names = [series.name for series in problems]
    named = [pl.when(pl.col(name).is_not_null()).then(pl.lit(name)) for name in names]
    return pl.DataFrame(problems).select(reason=pl.coalesce(names), column_name=pl.coalesce(named))


def _broken(
    frame: pl.DataFrame, problems: pl.DataFrame, source: Source, pseudonym: Pseudonym
) -> pl.DataFrame:
    if frame.is_empty():
        return pl.DataFrame(schema=QUARANTINE_SCHEMA)
    kept = [name for name in frame.columns if name in _declared(source) - {*source.dropped}]
    originals = [_original(row, source, pseudonym) for row in frame.select(kept).to_dicts()]
    return pl.DataFrame(
        [
            frame[LINE].alias("line"),
            problems["column_name"],
            problems["reason"],
            pl.Series("original", originals, dtype=pl.String),
        ]
    )


def _original(row: dict[str, Any], source: Source, pseudonym: Pseudonym) -> str:
    """A broken row as JSON: declared columns only, personal ones as their pseudonym."""
    for name in source.personal:
        if name in row:
            text = plain(row[name] or "")
            row[name] = pseudonym(text) if text else None
    return json.dumps(row, ensure_ascii=False)
