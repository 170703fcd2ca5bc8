"""A home as the first cockpit made it: its tables are those of the SQL files beside this one."""

from pathlib import Path

from warehouse.writer import Writer

FIRST = Path(__file__).parent


def make_books(writer: Writer) -> str:
    """Gives the books of a new home their first form; their alias."""
    return _make(writer, "state", "")


def make_runs(writer: Writer) -> str:
    """Gives a new home the one file that held all runs; its alias."""
    return _make(writer, "pipeline_run", "")


def _make(writer: Writer, dataset: str, month: str) -> str:
    alias = writer.attach(dataset, month)
    tables = writer.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ?", [alias.strip('"')]
    )
    for (table,) in tables:
        writer.execute(f"DROP TABLE {alias}.{table}")
    text = (FIRST / f"{dataset}.sql").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("--"))
    for statement in "\n".join(lines).replace("{db}", alias).split(";\n"):
        if statement.strip(" ;\n"):
            writer.execute(statement.strip(" ;\n"))
    return alias
