"""What the example city delivered, read a second way: no declaration, no contract, no warehouse.

Columns, words and times of each bureau are written out by hand here, rows are told apart by their
own number, and rows that say something impossible are dropped. `at` is local time of the city.
"""

import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import polars as pl

LOCAL = "Asia/Shanghai"

_CHINESE = {
    "id": "流水号",
    "case": "办件编号",
    "person": "证件号码",
    "at": "办理时间",
    "scene": "业务",
    "channel": "渠道",
    "device": "终端",
    "district": "区县",
    "age_band": "年龄段",
    "audience": "对象",
    "outcome": "结果",
    "latency": "耗时毫秒",
}
_ENGLISH = {
    "id": "event_no",
    "case": "case_no",
    "person": "holder_no",
    "at": "event_time",
    "scene": "business",
    "channel": "channel_code",
    "device": "terminal",
    "district": "area",
    "age_band": "age_group",
    "audience": "holder_type",
    "outcome": "result",
    "latency": "cost_ms",
}
SERVICES = {
    "housing_fund": (_CHINESE, "%Y-%m-%d %H:%M:%S"),
    "education": (_CHINESE, "%Y-%m-%d %H:%M:%S"),
    "market_regulation": (_CHINESE, "%Y-%m-%d %H:%M:%S"),
    "real_estate": (_CHINESE, "%Y/%m/%d %H:%M:%S"),
    "medical_insurance": (_ENGLISH, "%Y-%m-%dT%H:%M:%S"),
    "tax": (_ENGLISH, "%Y%m%d%H%M%S"),
    "public_security": (_ENGLISH, "iso"),
    "social_security": (_ENGLISH, "ms"),
    "utilities": (_ENGLISH, "s"),
}
_LOANS = {
    "citizen_loan": {
        "id": "event_no",
        "application": "apply_no",
        "at": "event_time",
        "step": "status",
        "product": "product",
        "district": "area",
        "amount": "amount_yuan",
        "bureau": "credit_report",
        "trust": "gov_data",
        "court": "court_data",
        "manual": "manual_review",
    },
    "dealer_loan": {
        "id": "事件号",
        "application": "申请编号",
        "at": "事件时间",
        "step": "状态",
        "district": "区县",
        "amount": "金额元",
        "bureau": "征信",
        "trust": "公共信用",
        "court": "司法",
        "manual": "人工介入",
    },
}
_RATING = {
    "id": "rating_no",
    "person": "holder_no",
    "at": "rated_at",
    "scene": "business",
    "district": "area",
    "level": "level",
}
_MACHINES = {"at": "日期", "district": "区县", "scene": "业务", "volume": "办理笔数"}

_BY_NAME = {
    "启明区": "qiming",
    "云汀区": "yunting",
    "青禾区": "qinghe",
    "澄湖区": "chenghu",
    "松岭区": "songling",
    "安渡区": "andu",
    "望川区": "wangchuan",
    "和畅区": "hechang",
    "星港区": "xinggang",
    "丰穗区": "fengsui",
    "雁洲区": "yanzhou",
    "清岚区": "qinglan",
    "翠屿区": "cuiyu",
}
DISTRICT = _BY_NAME | {f"9901{place:02}": code for place, code in enumerate(_BY_NAME.values(), 1)}
CHANNEL = {
    **{"手机银行": "mobile_bank", "生活App": "life_app", "网页": "web", "柜面": "counter"},
    **{"01": "mobile_bank", "02": "life_app", "03": "web", "04": "counter"},
}
OUTCOME = {
    **{"办结": "completed", "失败": "failed", "放弃": "abandoned", "办理中": "open"},
    **{"SUCCESS": "completed", "FAIL": "failed", "CANCEL": "abandoned", "PENDING": "open"},
    **{"S": "completed", "F": "failed", "Q": "abandoned", "P": "open"},
}
AUDIENCE = {"个人": "person", "1": "person", "Z": "person", "企业": "company", "2": "company"} | {
    "Q": "company"
}
SCENE = {
    "公积金查询": "housing_fund",
    "电子社保卡": "social_card",
    "养老认证": "pension_check",
    "交通罚没": "traffic_fine",
    "户籍办理": "household",
    "出入境": "exit_entry",
    "医保服务": "medical",
    "不动产登记": "real_estate",
    "企业开办": "company_start",
    "经营许可": "business_license",
    "税务办理": "tax",
    "水电燃气": "utility",
    "教育入学": "school",
    "惠企政策": "policy_subsidy",
}
STEP = {
    "进件": "applied",
    "审批通过": "approved",
    "已签约": "signed",
    "已放款": "disbursed",
    "审批拒绝": "declined",
    "客户撤回": "withdrawn",
    "取消": "cancelled",
    "额度失效": "expired",
}
LEVEL = {
    "非常满意": "very_satisfied",
    "满意": "satisfied",
    "基本满意": "basically_satisfied",
    "不满意": "dissatisfied",
    "非常不满意": "very_dissatisfied",
}
PRODUCT = {"政银闪电贷": "flash_loan", "政银闪电贷·优享": "flash_loan_plus"}


def _rows(folder: Path) -> pl.DataFrame:
    """Every row of a folder's files as text."""
    return pl.concat([_file(file) for file in sorted(folder.iterdir())], how="diagonal")


def _file(file: Path) -> pl.DataFrame:
    if file.suffix == ".parquet":
        return pl.read_parquet(file).cast(pl.String)
    content = file.read_bytes()
    content = gzip.decompress(content) if file.suffix == ".gz" else content
    if ".jsonl" in file.name:
        found = [json.loads(line) for line in content.splitlines()]
        return pl.DataFrame(found, infer_schema_length=None).cast(pl.String)
    text = content.decode("gb18030" if file.parent.name == "real_estate" else "utf-8")
    return pl.read_csv(text.encode(), infer_schema=False)


def _local(column: str, style: str) -> pl.Expr:
    text = pl.col(column)
    if style == "iso":
        return text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", strict=False, time_unit="us").pipe(
            lambda at: at.dt.convert_time_zone(LOCAL).dt.replace_time_zone(None)
        )
    if style in ("ms", "s"):
        number = text.cast(pl.Int64, strict=False)
        return (
            pl.from_epoch(number, style)
            .dt.replace_time_zone("UTC")
            .dt.convert_time_zone(LOCAL)
            .dt.replace_time_zone(None)
            .cast(pl.Datetime("us"))
        )
    return text.str.to_datetime(style, strict=False, time_unit="us")


def _worded(rows: pl.DataFrame, words: Mapping[str, Mapping[str, str]]) -> pl.DataFrame:
    """Our words; `unknown` for an empty text, null for one that is none of theirs."""
    return rows.with_columns(
        pl.when(pl.col(column).is_null() | (pl.col(column) == ""))
        .then(pl.lit("unknown"))
        .otherwise(pl.col(column).replace_strict(own, default=None, return_dtype=pl.String))
        .alias(column)
        for column, own in words.items()
    )


def _sound(rows: pl.DataFrame, *needed: str) -> pl.DataFrame:
    """Without rows that lack what a row needs, and each number once."""
    rows = rows.filter(*(pl.col(name).is_not_null() & (pl.col(name) != "") for name in needed))
    return rows.filter(pl.col("at").is_not_null()).unique("id", keep="first", maintain_order=True)


@cache
def services(inbox: Path) -> pl.DataFrame:
    """Service events of all bureaus that delivered."""
    words = {
        "scene": SCENE,
        "channel": CHANNEL,
        "district": DISTRICT,
        "audience": AUDIENCE,
        "outcome": OUTCOME,
    }
    found = []
    for name, (columns, style) in SERVICES.items():
        if (inbox / name).exists():
            rows = _rows(inbox / name).select(pl.col(t).alias(o) for o, t in columns.items())
            rows = rows.with_columns(_local("at", style), pl.lit(name).alias("source"))
            rows = _worded(rows, words)
            found.append(_sound(rows, "id", *words))
    return pl.concat(found).with_columns(pl.col("latency").cast(pl.Float64), _blank("person"))


def _blank(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != "").then(pl.col(column)).alias(column)


@cache
def machines(inbox: Path) -> pl.DataFrame:
    rows = _rows(inbox / "hall_machines").select(pl.col(t).alias(o) for o, t in _MACHINES.items())
    rows = _worded(rows, {"scene": SCENE, "district": DISTRICT})
    return rows.unique(["at", "district", "scene"]).with_columns(
        pl.col("at").str.to_datetime("%Y-%m-%d", time_unit="us"), pl.col("volume").cast(pl.Int64)
    )


@cache
def ratings(inbox: Path) -> pl.DataFrame:
    rows = _rows(inbox / "ratings").select(pl.col(t).alias(o) for o, t in _RATING.items())
    rows = rows.with_columns(_local("at", "iso"))
    words = {"scene": SCENE, "district": DISTRICT, "level": LEVEL}
    return _sound(_worded(rows, words), "id", *words)


@cache
def loans(inbox: Path) -> pl.DataFrame:
    """One row an application: first times, what it was first known as, and what it got."""
    found = []
    for name, columns in _LOANS.items():
        if (inbox / name).exists():
            rows = _rows(inbox / name).select(pl.col(t).alias(o) for o, t in columns.items())
            if "product" not in columns:
                rows = rows.with_columns(pl.lit("dealer_credit").alias("product"))
            else:
                rows = _worded(rows, {"product": PRODUCT})
            rows = rows.with_columns(_local("at", "iso"), pl.lit(name).alias("source"))
            found.append(_worded(rows, {"step": STEP, "district": DISTRICT}))
    events = pl.concat(found, how="diagonal")
    fen = (pl.col("amount").cast(pl.Decimal(20, 2), strict=False) * 100).cast(pl.Int64)
    is_money = pl.col("amount").is_null() | (pl.col("amount") == "") | fen.is_not_null()
    events = _sound(events.filter(is_money), "id", "application", "step", "product", "district")
    return _applications(events.with_columns(fen.alias("fen")).sort("at"))


def _applications(events: pl.DataFrame) -> pl.DataFrame:
    first = [
        pl.col("at").filter(pl.col("step") == step).min().alias(step) for step in STEP.values()
    ]
    known = [
        pl.col(name).filter(pl.col(name) != "unknown").first().fill_null("unknown")
        for name in ("product", "district")
    ]
    yes = [(pl.col(name) == "是").any() for name in ("bureau", "trust", "court", "manual")]
    paid = pl.col("fen").filter(pl.col("step") == "disbursed").first().alias("paid")
    merged = events.group_by("source", "application").agg(
        *first, *known, *yes, paid, pl.col("at").min().alias("first")
    )
    decided = pl.min_horizontal("approved", "declined")
    return merged.with_columns(
        pl.coalesce("applied", "first").alias("at"),
        decided.alias("decided"),
        ((decided - pl.col("applied")).dt.total_microseconds() / 1e6).alias("seconds"),
    )
