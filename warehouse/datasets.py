"""The standard contracts: what a source may deliver, column by column.

A dataset's contract is the unified access standard of the platform: a new service joins by
mapping its own columns to these. The fact table of a dataset holds the same columns after the
four that every fact has (`event_id`, `source`, `day`, `hour`).
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from warehouse.model import Dimension, Label
from warehouse.operations import OPERATIONS


class Kind(StrEnum):
    """How a column is read and stored."""

    TIME = "time"  # TIMESTAMP, UTC, microseconds
    DIMENSION = "dimension"  # VARCHAR, null becomes `unknown`
    PSEUDONYM = "pseudonym"  # BIGINT: keyed pseudonym of a personal value, or NULL
    WHOLE = "whole"  # BIGINT or NULL
    MONEY = "money"  # BIGINT, in fen (1/100 yuan), or NULL
    FLAG = "flag"  # BOOLEAN or NULL (not known)


SQL_TYPES = {
    Kind.TIME: "TIMESTAMP",
    Kind.DIMENSION: "VARCHAR",
    Kind.PSEUDONYM: "BIGINT",
    Kind.WHOLE: "BIGINT",
    Kind.MONEY: "BIGINT",
    Kind.FLAG: "BOOLEAN",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    name: str
    kind: Kind
    meaning: str
    required: bool = False
    """A row without it is broken."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    name: str
    label: Label
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of what its metrics can be cut by: `source` and every dimension column."""
        own = tuple(c.name for c in self.columns if c.kind is Kind.DIMENSION)
        return ("source", *own)


def _dimension(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name=name, kind=Kind.DIMENSION, meaning=meaning, required=required)


_OCCURRED_AT = Column(
    name="occurred_at", kind=Kind.TIME, meaning="When it happened.", required=True
)
_PERSON = Column(
    name="person", kind=Kind.PSEUDONYM, meaning="The citizen or company. Empty: not known."
)
_DISTRICT = _dimension("district", "The district it counts for.")
_CHANNEL = _dimension("channel", "Where it happened: bank app, life app, web, counter, ...")

SERVICE_EVENT = Dataset(
    name="service_event",
    label=Label(zh="服务事件", en="Service events"),
    columns=(
        _OCCURRED_AT,
        _PERSON,
        Column(name="case", kind=Kind.PSEUDONYM, meaning="The matter several events belong to."),
        _dimension("scene", "The city service.", required=True),
        _dimension("service", "The item within the scene."),
        _dimension("action", "The step within the item."),
        _CHANNEL,
        _dimension("device", "android, ios, harmony, pc, terminal, ..."),
        _DISTRICT,
        _dimension("street", "The street or town within the district."),
        _dimension("age_band", "A fixed band, never an age."),
        _dimension("audience", "person or company."),
        _dimension("outcome", "completed, failed, abandoned or open."),
        Column(name="latency_ms", kind=Kind.WHOLE, meaning="Answer time in milliseconds."),
    ),
)

SERVICE_VOLUME = Dataset(
    name="service_volume",
    label=Label(zh="服务量", en="Service volumes"),
    columns=(
        _OCCURRED_AT,
        _dimension("scene", "The city service.", required=True),
        _dimension("service", "The item within the scene."),
        _CHANNEL,
        _dimension("device", "android, ios, harmony, pc, terminal, ..."),
        _DISTRICT,
        Column(name="volume", kind=Kind.WHOLE, meaning="How many.", required=True),
    ),
)

LOAN_EVENT = Dataset(
    name="loan_event",
    label=Label(zh="贷款事件", en="Loan events"),
    columns=(
        _OCCURRED_AT,
        Column(name="application", kind=Kind.PSEUDONYM, meaning="The application.", required=True),
        _PERSON,
        _dimension(
            "step", "applied, approved, signed, disbursed, an end, or other.", required=True
        ),
        _dimension("product", "The loan product."),
        _dimension("audience", "person or company."),
        _dimension("dealer", "The dealer, for dealer loans."),
        _CHANNEL,
        _DISTRICT,
        _dimension("reason", "Why it was declined or touched by hand."),
        Column(name="amount", kind=Kind.MONEY, meaning="Amount asked for, or paid out."),
        Column(name="credit_bureau", kind=Kind.FLAG, meaning="Credit-bureau data were present."),
        Column(name="public_trust", kind=Kind.FLAG, meaning="Public-trust data were present."),
        Column(name="judicial", kind=Kind.FLAG, meaning="Judicial data were present."),
        Column(name="manual", kind=Kind.FLAG, meaning="A person had a hand in this step."),
    ),
)

RATING_EVENT = Dataset(
    name="rating_event",
    label=Label(zh="好差评", en="Ratings"),
    columns=(
        _OCCURRED_AT,
        _PERSON,
        Column(name="case", kind=Kind.PSEUDONYM, meaning="The matter that is rated."),
        _dimension("scene", "The city service.", required=True),
        _dimension("service", "The item within the scene."),
        _CHANNEL,
        _DISTRICT,
        _dimension("level", "One of the five levels of 好差评.", required=True),
    ),
)

PIPELINE_RUN = Dataset(
    name="pipeline_run",
    label=Label(zh="数据运行", en="Pipeline runs"),
    columns=(
        _OCCURRED_AT,
        _dimension("dataset", "The contract the source fulfils.", required=True),
        _dimension("state", "done, failed or interrupted.", required=True),
        Column(name="rows_read", kind=Kind.WHOLE, meaning="Rows that came in."),
        Column(name="rows_loaded", kind=Kind.WHOLE, meaning="Rows that are new."),
        Column(name="rows_duplicate", kind=Kind.WHOLE, meaning="Rows that were here already."),
        Column(name="rows_quarantined", kind=Kind.WHOLE, meaning="Broken rows, kept apart."),
    ),
)
"""Written by the ETL itself, so that the pipeline's own numbers use the same door."""

CONTRACTS = {d.name: d for d in (SERVICE_EVENT, SERVICE_VOLUME, LOAN_EVENT, RATING_EVENT)}
"""What a declared source may fulfil."""

DATASETS = {**CONTRACTS, PIPELINE_RUN.name: PIPELINE_RUN}

PUBLISHED = (*DATASETS, OPERATIONS)
"""Everything a generation has files of; `operations` has no facts."""


def _label(zh: str, en: str) -> Label:
    return Label(zh=zh, en=en)


STEPS = {
    "applied": _label("申请", "Applied"),
    "approved": _label("审批通过", "Approved"),
    "signed": _label("签约", "Signed"),
    "disbursed": _label("放款", "Disbursed"),
}
ENDS = {
    "declined": _label("拒绝", "Declined"),
    "withdrawn": _label("撤回", "Withdrawn"),
    "cancelled": _label("取消", "Cancelled"),
    "expired": _label("失效", "Expired"),
}
SECONDS_BINS: dict[str, tuple[int, int | None]] = {
    f"{low}-{'' if high is None else high}": (low, high)
    for low, high in pairwise(
        (0, 10, 20, 30, 40, 50, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400, 604_800, None)
    )
    if low is not None
}
"""Code -> (more than, up to and with) seconds; the first holds zero, the last has no end."""
LEVELS = {
    "very_satisfied": _label("非常满意", "Very satisfied"),
    "satisfied": _label("满意", "Satisfied"),
    "basically_satisfied": _label("基本满意", "Basically satisfied"),
    "dissatisfied": _label("不满意", "Dissatisfied"),
    "very_dissatisfied": _label("非常不满意", "Very dissatisfied"),
}
OUTCOMES = {
    "completed": _label("办结", "Completed"),
    "failed": _label("失败", "Failed"),
    "abandoned": _label("放弃", "Abandoned"),
    "open": _label("办理中", "Open"),
}
AUDIENCES = {"person": _label("个人", "People"), "company": _label("企业", "Companies")}


def _span(low: int, high: int | None) -> Label:
    """What a bin of seconds is called, in its largest whole unit."""
    units = ((86_400, "天", "d"), (3_600, "小时", "h"), (60, "分钟", "min"), (1, "秒", "s"))
    edges = (low, low if high is None else high)
    size, zh, en = next(unit for unit in units if all(edge % unit[0] == 0 for edge in edges))
    if high is None:
        return _label(f"超过 {low // size} {zh}", f"over {low // size} {en}")
    return _label(f"{low // size}–{high // size} {zh}", f"{low // size}–{high // size} {en}")


DIMENSIONS = {
    d.name: d
    for d in (
        Dimension(name="source", label=_label("数据源", "Source")),
        Dimension(name="scene", label=_label("服务场景", "Scene")),
        Dimension(name="service", label=_label("服务事项", "Service")),
        Dimension(name="action", label=_label("办理环节", "Action")),
        Dimension(name="channel", label=_label("渠道", "Channel")),
        Dimension(name="device", label=_label("设备", "Device")),
        Dimension(name="district", label=_label("区县", "District")),
        Dimension(name="street", label=_label("街道", "Street")),
        Dimension(name="age_band", label=_label("年龄段", "Age band")),
        Dimension(name="audience", label=_label("服务对象", "Audience"), members=AUDIENCES),
        Dimension(name="outcome", label=_label("办理结果", "Outcome"), members=OUTCOMES),
        Dimension(
            name="step",
            label=_label("步骤", "Step"),
            members={**STEPS, **ENDS, "other": _label("其他", "Other")},
        ),
        Dimension(name="product", label=_label("产品", "Product")),
        Dimension(name="dealer", label=_label("经销商", "Dealer")),
        Dimension(name="reason", label=_label("原因", "Reason")),
        Dimension(name="level", label=_label("评价等级", "Level"), members=LEVELS),
        Dimension(name="dataset", label=_label("数据集", "Dataset")),
        Dimension(name="state", label=_label("运行状态", "Run state")),
    )
}
"""A value outside a closed vocabulary (`members`) is a broken row; `unknown` is always allowed."""

# Cut from an instant, so every event dataset has them besides its own dimensions.
CLOCK_DIMENSIONS = {
    "hour": Dimension(name="hour", label=_label("时段", "Hour")),  # "0".."23", local time
    "weekday": Dimension(name="weekday", label=_label("星期", "Weekday")),  # "1" Monday.."7"
}

HIERARCHIES = (("district", "street"), ("scene", "service", "action"))
"""From coarse to fine: a member of a level lies in one member of the level before it."""

OFFSET, ACTIVE_DAYS, SCENES_USED = "offset", "active_days", "scenes_used"
FIRST_SCENE, NEXT_SCENE = "first_scene", "next_scene"
MOST_OFFSETS = 30
"""So many units after its first a cohort is followed at most."""
MANY_SCENES = 3
"""From so many scenes on people are one member."""
NO_SCENE = "(none)"
"""The next scene of those who have used one only. No source may deliver it."""


def _numbers(first: int, last: int, zh: str, one: str, many: str) -> dict[str, Label]:
    """Whole numbers as members, in their order."""
    numbers = range(first, last + 1)
    return {str(n): _label(f"{n} {zh}", f"{n} {one if n == 1 else many}") for n in numbers}


# No column: what a person or an application turns out to be once all its events are seen
# together.
COMPUTED_DIMENSIONS = {
    d.name: d
    for d in (
        Dimension(
            name=OFFSET,
            label=_label("距首次使用的期数", "Units since first use"),
            members={str(n): _label(f"第 {n} 期", f"+{n}") for n in range(MOST_OFFSETS + 1)},
        ),
        Dimension(
            name="seconds_bin",
            label=_label("审批时长", "Decision time"),
            members={code: _span(*ends) for code, ends in SECONDS_BINS.items()},
        ),
        Dimension(
            name=ACTIVE_DAYS,
            label=_label("活跃天数", "Active days"),
            members=_numbers(1, 31, "天", "day", "days"),
        ),
        Dimension(
            name=SCENES_USED,
            label=_label("使用场景数", "Scenes used"),
            members={
                **_numbers(1, MANY_SCENES - 1, "个", "scene", "scenes"),
                str(MANY_SCENES): _label(f"{MANY_SCENES} 个及以上", f"{MANY_SCENES} or more"),
            },
        ),
        Dimension(name=FIRST_SCENE, label=_label("首个场景", "First scene")),
        Dimension(name=NEXT_SCENE, label=_label("下一场景", "Next scene")),
    )
}

KNOWN_DIMENSIONS = {**DIMENSIONS, **CLOCK_DIMENSIONS, **COMPUTED_DIMENSIONS}
"""Everything a question can be cut by."""


def named_dimension(name: str) -> Label:
    """What a dimension is called, of records, of their clock or computed."""
    return KNOWN_DIMENSIONS[name].label
