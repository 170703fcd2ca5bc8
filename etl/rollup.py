"""Sums of what loads touched.

A load writes, in its own transaction, which days or applications it touched (`dirty_*`). Here
they are summed again and the marks removed, in one transaction a partition. So a long history
is summed once, not once a batch, and a kill in between loses nothing: publishing sums first.
"""

from etl.failpoints import reach, step
from warehouse.certificates import is_destroyed
from warehouse.schema import statements_of
from warehouse.settings import Settings
from warehouse.writer import Writer

DIRTY = {
    "service_event": ("dirty_day", "day"),
    "loan_event": ("dirty_application", "application"),
}
"""Dataset -> (table of touched keys, its column). Other datasets have no sums."""
MARKS = {
    "service_event": ("dirty_day", "dirty_first", "dirty_gap"),
    "loan_event": ("dirty_application",),
}
"""Dataset -> every table that is empty once all is summed."""


def partitions_to_sum(settings: Settings) -> set[tuple[str, str]]:
    """Every (dataset, month) that has sums; only the file itself knows what is touched."""
    return {
        (dataset, file.stem)
        for dataset in DIRTY
        for file in (settings.live / dataset).glob("*.duckdb")
        if not is_destroyed(settings, dataset, file.stem)
    }


def roll_up(writer: Writer, dataset: str, month: str) -> bool:
    """Sum one partition's touched keys again. Whether there were any."""
    if dataset not in DIRTY or dataset == "loan_event":  # see applications.py
        return False
    alias = writer.attach(dataset, month)
    table, _ = DIRTY[dataset]
    if not writer.execute(f"SELECT 1 FROM {alias}.{table} LIMIT 1"):
        return False
    with step("rollup"), writer.transaction():
        for statement in statements_of(f"rollup/{dataset}", alias):
            reach("sum.before")
            writer.execute(statement)
        reach("sum.after")
    return True
