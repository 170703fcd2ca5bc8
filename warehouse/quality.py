"""The data-quality checks of a partition: what each looks for, and what it means when it breaks.

A blocking one keeps the last good generation; a warning is published and told. Each warning is the
one SELECT of `sql/checks/quality/<key>.sql`, which counts the rows that break it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from warehouse.model import Label
from warehouse.operations import Severity


@dataclass(frozen=True, kw_only=True)
class Check:
    """`datasets`: whose partitions it looks at."""

    label: Label
    severity: Severity
    datasets: tuple[str, ...]


_LOANS = ("loan_event",)
_PLACED = ("service_event", "service_volume", "loan_event", "rating_event")
_PEOPLE = ("service_event", "loan_event", "rating_event")


def _warning(zh: str, en: str, datasets: tuple[str, ...]) -> Check:
    return Check(label=Label(zh=zh, en=en), severity=Severity.WARNING, datasets=datasets)


def _blocking(zh: str, en: str, datasets: tuple[str, ...]) -> Check:
    return Check(label=Label(zh=zh, en=en), severity=Severity.BLOCKING, datasets=datasets)


CHECKS: Mapping[str, Check] = {
    "ledger": _blocking("行数与账本一致", "Rows are those the ledger counts", _PLACED),
    "sums": _blocking(
        "汇总已按明细更新", "Sums are those of the rows", ("service_event", "loan_event")
    ),
    "identities": _blocking(
        "用户增长恒等式成立", "The identities of growth accounting hold", ("service_event",)
    ),
    "unknown_district": _warning(
        "来源有超过五分之一的行没有区县",
        "Rows without a district, in sources where they are over a fifth",
        _PLACED,
    ),
    "unknown_channel": _warning(
        "来源有超过五分之一的行没有渠道",
        "Rows without a channel, in sources where they are over a fifth",
        _PLACED,
    ),
    "unknown_person": _warning(
        "来源有超过一半的行没有办事人",
        "Rows without a person, in sources where they are over a half",
        _PEOPLE,
    ),
    "busy_person": _warning(
        "同一人一天内超过 300 条记录",
        "Rows of a person who has over 300 on one day",
        _PEOPLE,
    ),
    "steps_backwards": _warning(
        "贷款步骤的时间早于申请或审批",
        "Applications with a step earlier than the one before it",
        _LOANS,
    ),
    "approved_unasked": _warning(
        "审批通过但没有申请记录",
        "Applications approved that nobody applied for",
        _LOANS,
    ),
    "paid_too_much": _warning(
        "放款金额超过审批金额",
        "Applications with more paid out than was approved",
        _LOANS,
    ),
    "thin_day": _warning(
        "来源某天的行数不到同一星期几中位数的一半",
        "Days on which a source has under half of the median of the same weekday",
        _PLACED,
    ),
    "missing_day": _warning(
        "来源在两个有数据的日子之间缺少某天",
        "Days without a row between days with rows, in sources that deliver daily",
        _PLACED,
    ),
    "mostly_again": _warning(
        "批次中超过一半的行早已入库",
        "Duplicate rows, where they are over half of what was stored with new ones",
        _PLACED,
    ),
}
"""Key -> check."""
