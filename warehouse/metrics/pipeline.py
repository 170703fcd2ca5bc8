"""What the ETL read and what became of it: read = loaded + duplicate + quarantined."""

from warehouse.metrics.model import Metric, Sum, dimensions_of
from warehouse.model import Label, Polarity, Unit

_OWNER = Label(zh="平台运维部门", en="Platform operations")


def _rows(name: str, label: Label, sentence: Label, polarity: Polarity) -> Metric:
    return Metric(
        name=f"pipeline.{name}",
        label=label,
        sentence=sentence,
        formula=f"sum(rows_{name})",
        unit=Unit.ROWS,
        polarity=polarity,
        dataset="pipeline_run",
        dimensions=dimensions_of("pipeline_run"),
        owner=_OWNER,
        measure=Sum(column=f"rows_{name}"),
    )


METRICS = (
    _rows(
        "read",
        Label(zh="读取行数", en="Rows read"),
        Label(zh="各次运行读取的行数之和。", en="Rows that came in, over all runs."),
        Polarity.NEUTRAL,
    ),
    _rows(
        "loaded",
        Label(zh="入库行数", en="Rows loaded"),
        Label(zh="各次运行新入库的行数之和。", en="Rows that were new, over all runs."),
        Polarity.NEUTRAL,
    ),
    _rows(
        "duplicate",
        Label(zh="重复行数", en="Duplicate rows"),
        Label(zh="各次运行中已经入过库的行数之和。", en="Rows that were here already."),
        Polarity.NEUTRAL,
    ),
    _rows(
        "quarantined",
        Label(zh="隔离行数", en="Quarantined rows"),
        Label(zh="各次运行中被隔离的问题行数之和。", en="Broken rows that were kept apart."),
        Polarity.DOWN,
    ),
)
