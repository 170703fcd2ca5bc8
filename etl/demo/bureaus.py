"""The systems that deliver: each with its own files, column names, words and clock.

`columns` pairs what we mean with what the bureau calls it, in the order of its file. `words`
overrides the vocabulary where a bureau has codes of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from etl.demo import vocabulary as words


@dataclass(frozen=True, kw_only=True)
class Bureau:
    name: str
    prefix: str
    kind: str
    """`service`, `volume`, `loan`, `dealer` or `rating`."""
    suffix: str
    time: str
    """A strftime format, or `iso` (with offset), `epoch_s`, `epoch_ms`."""
    columns: tuple[tuple[str, str], ...]
    scenes: tuple[str, ...] = ()
    encoding: str = "utf-8"
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def spoken(self, dimension: str) -> tuple[str, ...]:
        """Its words for the members of `dimension`, by position in the vocabulary."""
        return self.words.get(dimension) or _WORDS[dimension]


_WORDS = {
    "scene": tuple(s.zh for s in words.SCENES),
    "item": tuple(i.zh for _, i in words.ITEMS),
    "action": tuple(words.ACTIONS[i.action] for _, i in words.ITEMS),
    "channel": tuple(zh for _, zh in words.CHANNELS),
    "device": tuple(zh for _, zh in words.DEVICES),
    "district": tuple(zh for _, zh, _ in words.DISTRICTS),
    "age": tuple(zh for _, zh, _ in words.AGE_BANDS),
    "outcome": tuple(zh for _, zh in words.OUTCOMES),
    "audience": tuple(zh for _, zh in words.AUDIENCES),
    "level": tuple(zh for _, zh in words.LEVELS),
    "step": tuple(zh for _, zh in words.STEPS),
    "reason": tuple(zh for _, zh, _ in words.REASONS),
    "product": ("政银闪电贷", "政银闪电贷·优享"),
}

_DISTRICT_NUMBERS = tuple(f"9901{n:02d}" for n in range(1, len(words.DISTRICTS) + 1))

_PLAIN = (
    ("id", "流水号"),
    ("case", "办件编号"),
    ("holder", "证件号码"),
    ("name", "姓名"),
    ("phone", "手机号"),
    ("at", "办理时间"),
    ("scene", "业务"),
    ("item", "事项"),
    ("action", "环节"),
    ("channel", "渠道"),
    ("device", "终端"),
    ("district", "区县"),
    ("age", "年龄段"),
    ("audience", "对象"),
    ("outcome", "结果"),
    ("latency", "耗时毫秒"),
)

_ENGLISH = (
    ("id", "event_no"),
    ("case", "case_no"),
    ("holder", "holder_no"),
    ("name", "holder_name"),
    ("phone", "mobile"),
    ("at", "event_time"),
    ("scene", "business"),
    ("item", "item_name"),
    ("action", "step_name"),
    ("channel", "channel_code"),
    ("device", "terminal"),
    ("district", "area"),
    ("age", "age_group"),
    ("audience", "holder_type"),
    ("outcome", "result"),
    ("latency", "cost_ms"),
)

_LOAN = (
    ("id", "event_no"),
    ("application", "apply_no"),
    ("holder", "cert_no"),
    ("name", "cust_name"),
    ("phone", "cust_mobile"),
    ("at", "event_time"),
    ("step", "status"),
    ("product", "product"),
    ("channel", "channel"),
    ("district", "area"),
    ("reason", "reject_reason"),
    ("amount", "amount_yuan"),
    ("credit_bureau", "credit_report"),
    ("public_trust", "gov_data"),
    ("judicial", "court_data"),
    ("manual", "manual_review"),
)

_DEALER = (
    ("id", "事件号"),
    ("application", "申请编号"),
    ("holder", "统一社会信用代码"),
    ("dealer", "经销商编号"),
    ("at", "事件时间"),
    ("step", "状态"),
    ("channel", "渠道"),
    ("district", "区县"),
    ("reason", "拒绝原因"),
    ("amount", "金额元"),
    ("credit_bureau", "征信"),
    ("public_trust", "公共信用"),
    ("judicial", "司法"),
    ("manual", "人工介入"),
)

_RATING = (
    ("id", "rating_no"),
    ("case", "case_no"),
    ("holder", "holder_no"),
    ("phone", "mobile"),
    ("at", "rated_at"),
    ("scene", "business"),
    ("item", "item_name"),
    ("channel", "channel"),
    ("district", "area"),
    ("level", "level"),
)

_MACHINE = (("at", "日期"), ("district", "区县"), ("scene", "业务"), ("volume", "办理笔数"))

BUREAUS = (
    Bureau(
        name="housing_fund",
        prefix="GJJ",
        kind="service",
        suffix=".csv.gz",
        time="%Y-%m-%d %H:%M:%S",
        columns=_PLAIN,
        scenes=("housing_fund",),
    ),
    Bureau(
        name="social_security",
        prefix="RS",
        kind="service",
        suffix=".parquet",
        time="epoch_ms",
        columns=_ENGLISH,
        scenes=("social_card", "pension_check"),
        words={"outcome": ("S", "F", "Q", "P"), "audience": ("1", "2")},
    ),
    Bureau(
        name="public_security",
        prefix="GA",
        kind="service",
        suffix=".csv",
        time="iso",
        columns=_ENGLISH,
        scenes=("traffic_fine", "household", "exit_entry"),
        words={
            "channel": ("01", "02", "03", "04"),
            "district": _DISTRICT_NUMBERS,
            "outcome": ("SUCCESS", "FAIL", "CANCEL", "PENDING"),
        },
    ),
    Bureau(
        name="medical_insurance",
        prefix="YB",
        kind="service",
        suffix=".parquet",
        time="%Y-%m-%dT%H:%M:%S",
        columns=_ENGLISH,
        scenes=("medical",),
    ),
    Bureau(
        name="real_estate",
        prefix="BDC",
        kind="service",
        suffix=".csv",
        time="%Y/%m/%d %H:%M:%S",
        columns=_PLAIN,
        scenes=("real_estate",),
        encoding="gb18030",
    ),
    Bureau(
        name="market_regulation",
        prefix="SJ",
        kind="service",
        suffix=".csv.gz",
        time="%Y-%m-%d %H:%M:%S",
        columns=_PLAIN,
        scenes=("company_start", "business_license", "policy_subsidy"),
    ),
    Bureau(
        name="tax",
        prefix="SW",
        kind="service",
        suffix=".parquet",
        time="%Y%m%d%H%M%S",
        columns=_ENGLISH,
        scenes=("tax",),
        words={"audience": ("Z", "Q"), "district": _DISTRICT_NUMBERS},
    ),
    Bureau(
        name="utilities",
        prefix="GY",
        kind="service",
        suffix=".csv.gz",
        time="epoch_s",
        columns=_ENGLISH,
        scenes=("utility",),
    ),
    Bureau(
        name="education",
        prefix="JY",
        kind="service",
        suffix=".jsonl.gz",
        time="%Y-%m-%d %H:%M:%S",
        columns=_PLAIN,
        scenes=("school",),
    ),
    Bureau(
        name="hall_machines",
        prefix="ZZ",
        kind="volume",
        suffix=".csv",
        time="%Y-%m-%d",
        columns=_MACHINE,
    ),
    Bureau(
        name="citizen_loan",
        prefix="SD",
        kind="loan",
        suffix=".jsonl.gz",
        time="iso",
        columns=_LOAN,
    ),
    Bureau(
        name="dealer_loan",
        prefix="JX",
        kind="dealer",
        suffix=".csv.gz",
        time="iso",
        columns=_DEALER,
    ),
    Bureau(
        name="ratings",
        prefix="PJ",
        kind="rating",
        suffix=".jsonl.gz",
        time="iso",
        columns=_RATING,
    ),
)
