"""Rows as delivered against the contract: good rows in its types, broken ones with a reason.

Reasons name no value of a personal column; they are shown to operators.
"""

import json
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from etl.column import no_problem, read_column, word
from etl.formats.chunk import LINE, BrokenLine
from etl.identity import IDENTITY
from etl.model import Source
from etl.pseudonyms import Pseudonym, plain
from warehouse import reasons
from warehouse.errors import ContractBroken, nearest
from warehouse.sentences import say

NO_IDENTITY = reasons.words("no_identity")

QUARANTINE_SCHEMA = {
    "line": pl.Int64,
    "column_name": pl.String,
    "reason": pl.String,
    "original": pl.String,
    "identity": pl.String,
}
"""`identity` is null where a line could not be taken apart: it cannot be replayed."""


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
        names = ", ".join(repr(name) for name in dict.fromkeys(missing))
        hint = nearest(missing[0], delivered)
        raise ContractBroken(say("columns_missing", names=names, hint=hint, file=source.file.name))


def new_columns(names: Iterable[str], source: Source) -> tuple[str, ...]:
    """Delivered columns that the declaration does not mention; they are not stored."""
    known = source.delivered
    return tuple(name for name in names if name not in known and not name.startswith("#"))


def apply(
    frame: pl.DataFrame, source: Source, *, pseudonym: Pseudonym, zone: ZoneInfo
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Good rows and broken rows of `frame` (text columns, `LINE`, `IDENTITY`), as in `Batch`.

    `zone` is the reporting time zone. `pseudonym` is called once a distinct value.
    """
    columns: list[pl.Series] = []
    problems: list[pl.Series] = []
    for column in source.contract.columns:
        found, problem = read_column(frame, source, column, (pseudonym, zone))
        columns.extend(found)
        problems.append(problem.alias(column.name))
    problems.append(_identity_problem(frame))
    good = pl.DataFrame([*columns, frame[IDENTITY].alias("identity"), frame[LINE].alias("line")])
    found = [problem for problem in problems if problem.null_count() < len(problem)]
    if not found:
        return good, pl.DataFrame(schema=QUARANTINE_SCHEMA)
    first = _first_problem(found)
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
        (b.line, "", b.reason, json.dumps({} if is_personal else {"text": b.text[:2000]}), None)
        for b in lines
    ]
    return pl.DataFrame(rows, schema=QUARANTINE_SCHEMA, orient="row")


# --- broken rows ----------------------------------------------------------------------------


def _identity_problem(frame: pl.DataFrame) -> pl.Series:
    where = frame[IDENTITY].is_null()
    return word(no_problem(len(frame)), where, NO_IDENTITY).alias("identity")


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
    kept = [name for name in frame.columns if name in source.delivered - {*source.dropped}]
    originals = [_original(row, source, pseudonym) for row in frame.select(kept).to_dicts()]
    return pl.DataFrame(
        [
            frame[LINE].alias("line"),
            problems["column_name"],
            problems["reason"],
            pl.Series("original", originals, dtype=pl.String),
            frame[IDENTITY].alias("identity"),
        ]
    )


def _original(row: dict[str, Any], source: Source, pseudonym: Pseudonym) -> str:
    """A broken row as JSON: declared columns only, personal ones as their pseudonym."""
    for name in source.personal:
        if name in row:
            text = plain(row[name] or "")
            row[name] = pseudonym(text) if text else None
    return json.dumps(row, ensure_ascii=False)
