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


def make_loans(writer: Writer, month: str) -> str:
    """Gives a month of loans, with its events, the tables it had before whole applications were
    kept; its alias. What they held is not put back."""
    alias = writer.attach("loan_event", month)
    writer.execute(f"DROP TABLE {alias}.application")
    writer.execute(f"DROP TABLE {alias}.dirty_application")
    _run(writer, "loan_event", alias)
    return alias


def _make(writer: Writer, dataset: str, month: str) -> str:
    alias = writer.attach(dataset, month)
    tables = writer.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ?", [alias.strip('"')]
    )
    for (table,) in tables:
        writer.execute(f"DROP TABLE {alias}.{table}")
    _run(writer, dataset, alias)
    return alias


def _run(writer: Writer, dataset: str, alias: str) -> None:
    text = (FIRST / f"{dataset}.sql").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("--"))
    for statement in "\n".join(lines).replace("{db}", alias).split(";\n"):
        if statement.strip(" ;\n"):
            writer.execute(statement.strip(" ;\n"))
