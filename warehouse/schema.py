"""The tables of a partition file, from `datasets.py` and `sql/schema/*.sql`."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from warehouse.datasets import DATASETS, SQL_TYPES

SQL = Path(__file__).parent / "sql"
_EVERY_FACT = "event_id HUGEINT, source VARCHAR, day DATE, hour UTINYINT"


def fact_columns(dataset: str) -> tuple[str, ...]:
    """The columns of the fact table in order."""
    own = (column.name for column in DATASETS[dataset].columns)
    return ("event_id", "source", "day", "hour", *own)


def create_statements(dataset: str, alias: str) -> tuple[str, ...]:
    """CREATE statements for an empty file attached as `alias` (quoted).

    `state`, `quarantine` and `operations` have a schema file of their own and no fact table.
    """
    statements = list(statements_of(f"schema/{dataset}", alias))
    if dataset in DATASETS:
        own = (f'"{c.name}" {SQL_TYPES[c.kind]}' for c in DATASETS[dataset].columns)
        fact = f"CREATE TABLE {alias}.fact ({', '.join((_EVERY_FACT, *own))})"
        statements = [fact, *statements_of("schema/partition", alias), *statements]
    return tuple(statements)


def statements_of(name: str, alias: str) -> tuple[str, ...]:
    """The statements of `sql/<name>.sql`, `{db}` being the attached file; none if absent."""
    text = _read(name).replace("{db}", alias)
    return tuple(part.strip() for part in text.split(";\n") if part.strip())


def checks_of(dataset: str, alias: str, month: str, whole: Callable[[str], str]) -> tuple[str, ...]:
    """One SELECT a check of a partition, attached as `alias`: rows (what would be wrong, how many).

    whole  SQL for FROM with the rows of a table in every month of the dataset.
    """
    given = {"{month}": month, "{facts}": "fact", "{applications}": "application"}
    found = []
    for file in ("partition", dataset):
        for statement in statements_of(f"checks/{file}", alias):
            for placeholder, value in given.items():
                if placeholder in statement:
                    text = value if placeholder == "{month}" else whole(value)
                    statement = statement.replace(placeholder, text)
            found.append(statement)
    return tuple(found)


@cache
def _read(name: str) -> str:
    """The file without its comment lines; empty where a dataset has no such file."""
    file = SQL / f"{name}.sql"
    if not file.exists():
        return ""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("--"))
