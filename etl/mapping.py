"""How their columns become the contract's: the tables `[columns]`, `[constants]`, `[values.*]`,
`[personal]` and `[identity]` of a declaration, checked against the contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etl.city import refuse_unknown_member
from etl.declaration import Declaration, Keys
from warehouse.datasets import DIMENSIONS, Column, Dataset, Kind
from warehouse.model import UNKNOWN
from warehouse.sentences import say

FLAG_TEXTS = ("true", "false")


@dataclass(frozen=True, kw_only=True)
class ColumnMapping:
    """Where each column of the contract comes from, and what is personal."""

    columns: Mapping[str, str]
    constants: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    personal: tuple[str, ...]
    dropped: tuple[str, ...]
    identity: tuple[str, ...]


def read_mapping(declaration: Declaration, contract: Dataset) -> ColumnMapping:
    names = tuple(column.name for column in contract.columns)
    columns = _texts_of(declaration, ("columns",), names)
    constants = _constants(declaration, contract, names)
    declaration.table(("personal",), ("columns", "drop"))
    found = ColumnMapping(
        columns=columns,
        constants=constants,
        values=_values(declaration, contract, columns),
        personal=declaration.texts(("personal", "columns")),
        dropped=declaration.texts(("personal", "drop")),
        identity=_identity(declaration),
    )
    _check_complete(declaration, contract, found)
    _check_personal(declaration, contract, found)
    return found


def _texts_of(
    declaration: Declaration, path: Keys, known: tuple[str, ...] | None
) -> dict[str, str]:
    table = declaration.table(path, known)
    return {key: declaration.text((*path, key)) for key in table if known is None or key in known}


def _plain(value: Any) -> str | None:
    """A number or truth value of the TOML as the text a file would hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _constants(
    declaration: Declaration, contract: Dataset, names: tuple[str, ...]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in declaration.table(("constants",), names).items():
        column, text = contract.column(name), _plain(value)
        path: Keys = ("constants", name)
        if column is None:
            continue
        if text is None or not text.strip():
            declaration.problem(path, "must be a text, a number, true or false.")
        elif column.kind in (Kind.TIME, Kind.PSEUDONYM):
            declaration.problem(path, "cannot be the same for all rows. Map a column to it.")
        else:
            _check_target(declaration, path, column, text)
            found[name] = text
        if declaration.value(("columns", name)) is not None:
            declaration.problem(path, "is mapped in [columns] too. Remove one of the two.")
    return found


def _check_target(declaration: Declaration, path: Keys, column: Column, text: str) -> None:
    """`text` is written by the declaration itself, so it must be right before any row is read."""
    dimension = DIMENSIONS.get(column.name)
    if column.kind is Kind.FLAG:
        refuse_unknown_member(declaration, path, text, FLAG_TEXTS)
    elif column.kind in (Kind.WHOLE, Kind.MONEY):
        if not text.replace(".", "", 1 if column.kind is Kind.MONEY else 0).isdigit():
            declaration.problem(path, f"{text!r} is no number.")
    elif dimension is not None and dimension.members is not None:
        refuse_unknown_member(declaration, path, text, (*dimension.members, UNKNOWN))


def _values(
    declaration: Declaration, contract: Dataset, columns: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    names = tuple(column.name for column in contract.columns)
    found: dict[str, dict[str, str]] = {}
    for name in declaration.table(("values",), names):
        column, path = contract.column(name), ("values", name)
        if column is None:
            continue
        if column.kind in (Kind.TIME, Kind.PSEUDONYM):
            declaration.problem(path, "cannot have a value map. Remove this table.")
        elif name not in columns:
            declaration.problem(path, say("map_without_column", name=name) + ".")
        found[name] = _value_map(declaration, path, column)
    return found


def _value_map(declaration: Declaration, path: Keys, column: Column) -> dict[str, str]:
    found: dict[str, str] = {}
    for theirs, ours in declaration.table(path).items():
        text = _plain(ours)
        if text is None or not text.strip():
            declaration.problem((*path, theirs), "must be a text, a number, true or false.")
            continue
        _check_target(declaration, (*path, theirs), column, text)
        found[theirs.strip()] = text
    return found


def _identity(declaration: Declaration) -> tuple[str, ...]:
    path: Keys = ("identity",)
    declaration.table(path, ("columns", "by"))
    columns = declaration.texts((*path, "columns"))
    by = declaration.text((*path, "by"))
    if by and by != "occurrence":
        declaration.problem((*path, "by"), f"{by!r} is not known. Write 'occurrence'.")
    if bool(columns) == bool(by):
        declaration.problem(
            path, "needs either columns = [...] that name a row, or by = 'occurrence'."
        )
    return columns


def _check_complete(declaration: Declaration, contract: Dataset, found: ColumnMapping) -> None:
    for column in contract.columns:
        if not column.required or column.name in found.columns or column.name in found.constants:
            continue
        places = (
            "[columns]"
            if column.kind in (Kind.TIME, Kind.PSEUDONYM)
            else ("[columns] or [constants]")
        )
        declaration.problem(
            ("columns",),
            say("column_required", name=column.name, contract=contract.name, places=places) + ".",
        )


def _check_personal(declaration: Declaration, contract: Dataset, found: ColumnMapping) -> None:
    for name, theirs in found.columns.items():
        column = contract.column(name)
        is_pseudonym = column is not None and column.kind is Kind.PSEUDONYM
        path: Keys = ("columns", name)
        if theirs in found.dropped:
            declaration.problem(path, f"{theirs!r} is listed in personal.drop. Remove one of them.")
        elif is_pseudonym and theirs not in found.personal:
            declaration.problem(
                path, f"becomes a pseudonym. List {theirs!r} in personal.columns as well."
            )
        elif not is_pseudonym and theirs in found.personal:
            declaration.problem(path, f"{theirs!r} is personal and would be stored in plain text.")
    for theirs in sorted(set(found.personal) & set(found.dropped)):
        declaration.problem(("personal", "drop"), f"{theirs!r} is in personal.columns too.")
