"""Loan applications: each is counted in the unit in which it was applied for.

Product, audience, dealer, channel and district are those of the application's first event that
knows them, the source that of its first event; the reason is why it was declined, else why it
was touched by hand.
"""

from warehouse.metrics._loan_funnel import METRICS as FUNNEL
from warehouse.metrics._loan_metric import of_loans as _loans
from warehouse.metrics.model import (
    Binned,
    Count,
    ErrorBudget,
    Mean,
    Percentile,
    Portion,
    Reached,
    Share,
    Sum,
    Trait,
)
from warehouse.model import Label, Unit

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
    _loans(
        "approval_seconds_p90",
        Label(zh="审批时长 P90", en="Approval time, P90"),
        Label(
            zh="90% 的申请从提出到得出审批结论不超过该时长。",
            en="90 % of the applications were decided within this time from applying.",
        ),
        "percentile_cont(0.9) of decision - applied",
        Percentile(column="approval_us", at=0.9),
        Unit.SECONDS,
    ),
    _loans(
        "approval_seconds_p99",
        Label(zh="审批时长 P99", en="Approval time, P99"),
        Label(
            zh="99% 的申请从提出到得出审批结论不超过该时长。",
            en="99 % of the applications were decided within this time from applying.",
        ),
        "percentile_cont(0.99) of decision - applied",
        Percentile(column="approval_us", at=0.99),
        Unit.SECONDS,
    ),
    _loans(
        "approval_seconds_mean",
        Label(zh="平均审批时长", en="Approval time, mean"),
        Label(
            zh="申请从提出到得出审批结论的平均时长。",
            en="The mean time from applying to the decision.",
        ),
        "mean of decision - applied",
        Mean(column="approval_us"),
        Unit.SECONDS,
    ),
    _loans(
        "time_distribution",
        Label(zh="审批时长分布", en="Decision times"),
        Label(
            zh="已有审批结论且时长可知的申请笔数，可按时长分档；各档之和为全部计时申请。",
            en="Decided applications whose time is known, by bin of that time; the bins add up to"
            " all of them. A bin holds its upper edge.",
        ),
        "count(decision - applied known) by bin",
        Binned(),
        Unit.APPLICATIONS,
    ),
    _loans(
        "late_decisions",
        Label(zh="超时审批笔数", en="Late decisions"),
        Label(
            zh="审批时长超过 60.000 秒的申请笔数。",
            en="Applications decided after more than 60.000 s.",
        ),
        "count(decision - applied > 60.000 s)",
        Count(test=Trait.LATE),
        Unit.APPLICATIONS,
    ),
    _loans(
        "error_budget_left_share",
        Label(zh="超时预算剩余", en="Error budget left"),
        Label(
            zh="按达标目标所允许的超时审批还剩多少；低于零即已超支。",
            en="How much of the late decisions that the objective allows is left; below zero it is"
            " overdrawn.",
        ),
        "1 - late / ((1 - objective) * timed), objective: COCKPIT_LOAN_OBJECTIVE",
        ErrorBudget(),
        Unit.SHARE,
    ),
    _loans(
        "touched",
        Label(zh="人工介入笔数", en="Touched by hand"),
        Label(
            zh="已了结的申请中经过人工的笔数，即零人工的例外，可按原因查看。",
            en="Applications that came to an end and in which a person had a hand: the exceptions"
            " to zero-touch, by reason where it is known.",
        ),
        "count(disbursed or ended, and manual)",
        Count(test=Trait.TOUCHED),
        Unit.APPLICATIONS,
    ),
    _loans(
        "declined",
        Label(zh="拒绝笔数", en="Declined"),
        Label(
            zh="审批结论为拒绝的申请笔数，可按原因查看。",
            en="Applications whose decision was to decline, by reason where it is known.",
        ),
        "count(declined before approved, or never approved)",
        Count(test=Trait.DECLINED),
        Unit.APPLICATIONS,
    ),
    _loans(
        "decline_reason_share",
        Label(zh="拒绝原因占比", en="Declines by reason"),
        Label(
            zh="某原因的拒绝笔数占全部拒绝笔数的比例。",
            en="Declined applications with a reason among all that were declined.",
        ),
        "declined with the reason / declined",
        Portion(test=Trait.DECLINED, over="reason"),
        Unit.SHARE,
    ),
    _loans(
        "amount_applied",
        Label(zh="申请金额", en="Amount applied for"),
        Label(
            zh="所选期间提出的申请所申请的金额之和。",
            en="Money that the applications of the cohort ask for, added up.",
        ),
        "sum(amount at the earliest applied event that tells it)",
        Sum(column="amount_applied"),
        Unit.YUAN,
    ),
    _loans(
        "amount_approved",
        Label(zh="批准金额", en="Amount approved"),
        Label(
            zh="所选期间提出的申请获批的金额之和。",
            en="Money approved for the applications of the cohort, added up.",
        ),
        "sum(amount at the earliest approved event that tells it)",
        Sum(column="amount_approved"),
        Unit.YUAN,
    ),
    _loans(
        "amount_average",
        Label(zh="笔均放款金额", en="Average amount disbursed"),
        Label(
            zh="已放款且金额可知的申请的平均放款金额。",
            en="The mean of the money paid out to an application, where it is known.",
        ),
        "mean(amount at the earliest disbursed event that tells it)",
        Mean(column="amount_disbursed"),
        Unit.YUAN,
    ),
    _loans(
        "credit_bureau_share",
        Label(zh="征信核验率", en="With credit-bureau data"),
        Label(
            zh="征信数据齐备的申请比例。",
            en="Applications for which credit-bureau data were present.",
        ),
        "credit_bureau / applications",
        Share(test=Trait.CREDIT_BUREAU, base=Trait.ANY),
        Unit.SHARE,
    ),
    _loans(
        "public_trust_share",
        Label(zh="公信核验率", en="With public-trust data"),
        Label(
            zh="公信数据齐备的申请比例。",
            en="Applications for which public-trust data were present.",
        ),
        "public_trust / applications",
        Share(test=Trait.PUBLIC_TRUST, base=Trait.ANY),
        Unit.SHARE,
    ),
    _loans(
        "judicial_share",
        Label(zh="司法核验率", en="With judicial data"),
        Label(
            zh="司法数据齐备的申请比例。",
            en="Applications for which judicial data were present.",
        ),
        "judicial / applications",
        Share(test=Trait.JUDICIAL, base=Trait.ANY),
        Unit.SHARE,
    ),
    *FUNNEL,
)
