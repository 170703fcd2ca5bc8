"""One column of the contract: texts as delivered become its values, and say what is wrong."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import polars as pl

from etl.model import Source
from etl.pseudonyms import Pseudonym, pseudonyms
from etl.times import read_times
from warehouse import reasons
from warehouse.datasets import DIMENSIONS, Column, Kind
from warehouse.errors import nearest_of
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

_TRUE = ("true", "1", "yes", "y", "t", "是", "有", "present", "on")
_FALSE = ("false", "0", "no", "n", "f", "否", "无", "missing", "off")
_FLAGS = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
# C0, C1, and the marks that turn the direction of the text around them.
_CONTROL = "[\\x00-\\x1f\\x7f-\\x9f\u202a-\u202e\u2066-\u2069]"
_NAMED_VALUES = 20
"""So many different unmapped values of a chunk are named; more would flood the reasons."""

_Read = tuple[list[pl.Series], pl.Series]
_Context = tuple[Pseudonym, ZoneInfo]


def read_column(frame: pl.DataFrame, source: Source, column: Column, context: _Context) -> _Read:
    """The column's values and problems. A text that many rows share is read once."""
    delivered = _delivered(frame, source, column)
    distinct = delivered.unique(maintain_order=True)
    if len(delivered) == len(frame) < 2 * len(distinct):
        return _read_texts(delivered, source, column, context)
    found, problem = _read_texts(distinct, source, column, context)
    if len(distinct) == 1:
        return [_repeat(series, len(frame)) for series in found], _repeat(problem, len(frame))
    return _spread(delivered, distinct, found, problem)


def _delivered(frame: pl.DataFrame, source: Source, column: Column) -> pl.Series:
    """The column's texts; one text for all rows if it is not delivered."""
    theirs = source.columns.get(column.name)
    if theirs is None or theirs not in frame.columns:
        return pl.Series(column.name, [source.constants.get(column.name)], dtype=pl.String)
    return frame[theirs].alias(column.name)


def _read_texts(delivered: pl.Series, source: Source, column: Column, context: _Context) -> _Read:
    texts = _trimmed(delivered)
    found, problem = _READERS[column.kind](texts, source, column, context)
    if column.required and texts.null_count() > 0:
        problem = word(problem, texts.is_null() & problem.is_null(), EMPTY)
    return found, problem


def _spread(
    delivered: pl.Series, distinct: pl.Series, found: list[pl.Series], problem: pl.Series
) -> _Read:
    """What was read of each distinct text, for every row."""
    is_fine = problem.null_count() == len(problem)
    if is_fine and found[0].dtype == pl.String and found[0].equals(distinct):
        return [delivered], no_problem(len(delivered))
    known = pl.DataFrame([distinct.alias("#text"), *found, problem.alias("#problem")])
    every = delivered.alias("#text").to_frame()
    rows = every.join(known, on="#text", how="left", nulls_equal=True, maintain_order="left")
    return [rows[series.name] for series in found], rows["#problem"]


def _repeat(single: pl.Series, count: int) -> pl.Series:
    return single.new_from_index(0, count)


def _trimmed(texts: pl.Series) -> pl.Series:
    """Without blanks around them; empty ones are null."""
    trimmed = pl.col(texts.name).str.strip_chars()
    return texts.to_frame().select(pl.when(trimmed != "").then(trimmed)).to_series()


def no_problem(count: int) -> pl.Series:
    return pl.Series("problem", [None], dtype=pl.String).new_from_index(0, count)


def word(problem: pl.Series, where: pl.Series, text: str) -> pl.Series:
    """`problem`, and `text` where it has none and `where` holds."""
    if not where.any():
        return problem
    frame = pl.DataFrame([problem.alias("p"), where.alias("w")])
    return frame.select(
        pl.coalesce("p", pl.when("w").then(pl.lit(text))).alias("problem")
    ).to_series()


# --- kinds ----------------------------------------------------------------------------------


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
        problem = word(problem, mapped.str.len_chars() > LONGEST, TOO_LONG)
        problem = word(problem, mapped.str.contains(_CONTROL), CONTROL)
    return [mapped.fill_null(UNKNOWN).alias(column.name)], problem


def _mapped(texts: pl.Series, source: Source, column: Column) -> tuple[pl.Series, pl.Series]:
    """The texts through the declared value map; a text it does not hold is a problem."""
    values = source.values.get(column.name)
    problem = no_problem(len(texts))
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
    problem = word(no_problem(len(texts)), texts.str.len_chars() > LONGEST, TOO_LONG)
    return [pseudonyms(texts, context[0]).alias(column.name)], problem


def _whole(texts: pl.Series, source: Source, column: Column, _: _Context) -> _Read:
    mapped, problem = _mapped(texts, source, column)
    number = mapped.cast(pl.Float64, strict=False)
    problem = _number_problems(mapped, number, problem, MOST)
    whole = number.is_null() | (number == number.round())
    problem = word(problem, ~whole, NO_WHOLE)
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
    problem = word(problem, texts.is_not_null() & ~readable, NO_NUMBER)
    problem = word(problem, (number < 0).fill_null(False), NEGATIVE)
    return word(problem, (number > most).fill_null(False), TOO_LARGE)


def _where_fine(number: pl.Series, problem: pl.Series) -> pl.Series:
    return number.set(problem.is_not_null(), None).cast(pl.Int64)


def _flag(texts: pl.Series, source: Source, column: Column, _: _Context) -> _Read:
    mapped, problem = _mapped(texts, source, column)
    lowered = mapped.str.to_lowercase()
    flags = lowered.replace_strict(
        list(_FLAGS), list(_FLAGS.values()), default=None, return_dtype=pl.Boolean
    )
    problem = word(problem, mapped.is_not_null() & flags.is_null(), NO_FLAG)
    return [flags.alias(column.name)], problem


_READERS: dict[Kind, Callable[[pl.Series, Source, Column, _Context], _Read]] = {
    Kind.TIME: _time,
    Kind.DIMENSION: _dimension,
    Kind.PSEUDONYM: _pseudonym,
    Kind.WHOLE: _whole,
    Kind.MONEY: _money,
    Kind.FLAG: _flag,
}
