"""Partitions of an earlier cockpit: they get the tables they lack when they are first summed."""

from warehouse.schema import create_statements, statements_of
from warehouse.writer import Writer


def bring_up(writer: Writer, dataset: str, month: str) -> bool:
    """Give a partition the tables of its dataset that it lacks, and mark what they must hold.

    In one transaction, so that a kill leaves the old form or the new one. Whether it lacked any.
    """
    alias = writer.attach(dataset, month)
    known = "SELECT table_name FROM duckdb_tables() WHERE database_name = ?"
    there = {f"{alias}.{table}" for (table,) in writer.execute(known, [alias.strip('"')])}
    made = [s for s in create_statements(dataset, alias) if s.split()[2] not in there]
    if not made:
        return False
    with writer.transaction():
        for statement in (*made, *statements_of(f"upgrade/{dataset}", alias)):
            writer.execute(statement)
    return True
