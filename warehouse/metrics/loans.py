"""Loan applications: each is counted in the unit in which it was applied for."""

from warehouse.metrics.model import (
    Count,
    Measure,
    Metric,
    Percentile,
    Reached,
    Share,
    Sum,
    Trait,
    dimensions_of,
)
from warehouse.model import Label, Polarity, Unit

_OWNER = Label(zh="普惠金融部门", en="Inclusive finance department")
_DIMENSIONS = dimensions_of("loan_event", without=("source", "step"))


def _loans(
    name: str, label: Label, sentence: Label, formula: str, measure: Measure, unit: Unit
) -> Metric:
    steps = ("step",) if isinstance(measure, Reached) else ()
    return Metric(
        name=f"loans.{name}",
        label=label,
        sentence=sentence,
        formula=formula,
        unit=unit,
        decimals=1 if unit in (Unit.SHARE, Unit.SECONDS) else 0,
        polarity=Polarity.DOWN if unit is Unit.SECONDS else Polarity.UP,
        dataset="loan_event",
        dimensions=(*steps, *_DIMENSIONS),
        owner=_OWNER,
        measure=measure,
    )


METRICS = (
    _loans(
        "applications",
        Label(zh="申请笔数", en="Applications"),
        Label(
            zh="所选期间内提出的贷款申请笔数，按最早申请时间归期。",
            en="Applications made in the period, each in the unit of its earliest applied time.",
        ),
        "count(applications of the cohort)",
        Count(),
        Unit.APPLICATIONS,
    ),
    _loans(
        "reached",
        Label(zh="到达笔数", en="Reached"),
        Label(
            zh="所选期间提出的申请中曾经到达该步骤的笔数，不论先后；须按步骤查看。",
            en="Applications of the cohort that ever had the step, in whatever order; asked by"
            " step.",
        ),
        "|{application : ever had the step}|",
        Reached(),
        Unit.APPLICATIONS,
    ),
    _loans(
        "approval_share",
        Label(zh="审批通过率", en="Approval share"),
        Label(
            zh="已有审批结论的申请中通过的比例；尚无结论的不计。",
            en="Approved applications among those approved or declined; undecided ones are in"
            " neither.",
        ),
        "approved / (approved or declined), by the earlier of the two",
        Share(test=Trait.APPROVED, base=Trait.DECIDED),
        Unit.SHARE,
    ),
    _loans(
        "amount",
        Label(zh="放款金额", en="Amount disbursed"),
        Label(
            zh="所选期间提出的申请已放款的金额之和。",
            en="Money paid out to the applications of the cohort, added up.",
        ),
        "sum(amount at the earliest disbursed event)",
        Sum(column="amount_disbursed"),
        Unit.YUAN,
    ),
    _loans(
        "approval_seconds_p50",
        Label(zh="审批时长 P50", en="Approval time, P50"),
        Label(
            zh="一半的申请从提出到得出审批结论不超过该时长。",
            en="Half of the applications were decided within this time from applying.",
        ),
        "percentile_cont(0.5) of decision - applied",
        Percentile(column="approval_us", at=0.5),
        Unit.SECONDS,
    ),
    _loans(
        "approval_seconds_p95",
        Label(zh="审批时长 P95", en="Approval time, P95"),
        Label(
            zh="95% 的申请从提出到得出审批结论不超过该时长。",
            en="95 % of the applications were decided within this time from applying.",
        ),
        "percentile_cont(0.95) of decision - applied",
        Percentile(column="approval_us", at=0.95),
        Unit.SECONDS,
    ),
    _loans(
        "within_60s_share",
        Label(zh="60 秒审批达标率", en="Decided within 60 s"),
        Label(
            zh="已有审批结论的申请中 60.000 秒内得出结论的比例；申请时间不明的不计。",
            en="Applications decided within 60.000 s among the decided ones; those whose applied"
            " time is not known are in neither.",
        ),
        "|decision - applied <= 60.000 s| / decided",
        Share(test=Trait.WITHIN_60S, base=Trait.TIMED),
        Unit.SHARE,
    ),
    _loans(
        "zero_touch_share",
        Label(zh="零人工率", en="Zero-touch share"),
        Label(
            zh="已了结的申请中未经人工而放款的比例。",
            en="Applications disbursed without a manual step among all that came to an end.",
        ),
        "disbursed and not manual / disbursed or ended",
        Share(test=Trait.ZERO_TOUCH, base=Trait.ENDED),
        Unit.SHARE,
    ),
    _loans(
        "verified_share",
        Label(zh="三方核验率", en="Fully verified share"),
        Label(
            zh="征信、公信、司法三类数据齐备的申请比例。",
            en="Applications for which credit-bureau, public-trust and judicial data were all"
            " present.",
        ),
        "credit_bureau and public_trust and judicial / applications",
        Share(test=Trait.VERIFIED, base=Trait.ANY),
        Unit.SHARE,
    ),
)
