"""Events as one bureau writes them: its numbers, its words, its time format, all as text."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from etl.demo.bureaus import Bureau
from etl.demo.dice import uniform
from etl.demo.loans import DECLINED

_COMPANY_FROM = 900_000_000
"""Dealers are companies of their own, numbered apart from those that use services."""

_OFFSET = "+08:00"


def worded(events: pl.DataFrame, bureau: Bureau, month: date) -> pl.DataFrame:
    """The rows of `events` as `bureau` writes them; `month` goes into the running numbers."""
    texts = _TEXTS[bureau.kind](bureau, f"{month:%Y%m}")
    return events.select(texts[ours].alias(theirs) for ours, theirs in bureau.columns)


def blemished(
    rows: pl.DataFrame, events: pl.DataFrame, bureau: Bureau, month: date
) -> pl.DataFrame:
    """`rows` with what goes wrong at the source: 0.1 % broken values, 0.3 % rows sent twice."""
    if bureau.kind == "volume":
        return rows
    step = events["step"] if "step" in events.columns else 15
    key = events["number"] * 16 + step + month.toordinal() * 10**12
    fate = uniform(key, 101)
    names = dict(bureau.columns)
    broken = rows
    for place, (column, wrong) in enumerate(_wrong_values(bureau)):
        hit = (fate >= place * 0.00034) & (fate < (place + 1) * 0.00034)
        new = pl.when(hit).then(pl.lit(wrong, rows.schema[names[column]]))
        broken = broken.with_columns(new.otherwise(pl.col(names[column])).alias(names[column]))
    return pl.concat([broken, broken.filter(uniform(key, 102) < 0.003)])


def _wrong_values(bureau: Bureau) -> tuple[tuple[str, str | None], ...]:
    time = ("at", None if bureau.time.startswith("epoch") else "2099-13-45 25:61")
    if bureau.kind in ("loan", "dealer"):
        return (time, ("amount", "壹万元整"), ("application", ""))
    if bureau.kind == "rating":
        return (time, ("level", "五星"), ("id", ""))
    return (time, ("outcome", "未知状态9"), ("id", ""))


def _service_texts(bureau: Bureau, month: str) -> Mapping[str, pl.Expr]:
    return {
        "id": _running_number(f"{bureau.prefix}{month}"),
        "case": _case(month),
        **_holder_texts(pl.col("person"), pl.col("is_company")),
        "at": _time(bureau.time),
        "scene": _word(bureau, "scene", "scene"),
        "item": _word(bureau, "item", "item"),
        "action": _word(bureau, "action", "item"),
        "channel": _word(bureau, "channel", "channel"),
        "device": _word(bureau, "device", "device"),
        "district": _word(bureau, "district", "district"),
        "age": _word(bureau, "age", "age"),
        "audience": _word(bureau, "audience", "is_company"),
        "outcome": _word(bureau, "outcome", "outcome"),
        "latency": pl.col("latency_ms").cast(pl.String),
    }


def _rating_texts(bureau: Bureau, month: str) -> Mapping[str, pl.Expr]:
    return {
        "id": _running_number(f"{bureau.prefix}{month}"),
        "case": _case(month),
        **_holder_texts(pl.col("person"), pl.col("is_company")),
        "at": _time(bureau.time),
        "scene": _word(bureau, "scene", "scene"),
        "item": _word(bureau, "item", "item"),
        "channel": _word(bureau, "channel", "channel"),
        "district": _word(bureau, "district", "district"),
        "level": _word(bureau, "level", "level"),
    }


def _machine_texts(bureau: Bureau, month: str) -> Mapping[str, pl.Expr]:
    return {
        "at": _time(bureau.time),
        "district": _word(bureau, "district", "district"),
        "scene": _word(bureau, "scene", "scene"),
        "volume": pl.col("volume").cast(pl.String),
    }


def _loan_texts(bureau: Bureau, month: str) -> Mapping[str, pl.Expr]:
    is_dealer = bureau.kind == "dealer"
    holder = pl.col("person") + (_COMPANY_FROM if is_dealer else 0)
    return {
        "id": _running_number(f"{bureau.prefix}E{month}") + "-" + pl.col("step").cast(pl.String),
        "application": _running_number(f"{bureau.prefix}{month}"),
        **_holder_texts(holder, pl.lit(is_dealer)),
        "dealer": "JXS" + (pl.col("person") + 1).cast(pl.String).str.zfill(4),
        "at": _time(bureau.time),
        "step": _word(bureau, "step", "step"),
        "product": _word(bureau, "product", "product"),
        "channel": _word(bureau, "channel", "channel"),
        "district": _word(bureau, "district", "district"),
        "reason": pl.when(pl.col("step") == DECLINED).then(_word(bureau, "reason", "reason")),
        "amount": _yuan(pl.col("amount")),
        **{name: _yes_no(name) for name in ("credit_bureau", "public_trust", "judicial")},
        "manual": _yes_no("manual"),
    }


_TEXTS = {
    "service": _service_texts,
    "rating": _rating_texts,
    "volume": _machine_texts,
    "loan": _loan_texts,
    "dealer": _loan_texts,
}


def _running_number(start: str) -> pl.Expr:
    return pl.lit(start) + pl.col("number").cast(pl.String).str.zfill(10)


def _case(month: str) -> pl.Expr:
    """The city-wide number of a matter, shared by the event and its rating."""
    return _running_number(f"AJ{month}")


def _holder_texts(person: pl.Expr, is_company: pl.Expr) -> dict[str, pl.Expr]:
    """Numbers of the right length that no real person or company can have."""
    digits = person.cast(pl.String).str.zfill(10)
    kind = pl.when(is_company).then(pl.lit("企业")).otherwise(pl.lit("市民"))
    return {
        "holder": pl.when(is_company)
        .then(pl.lit("000000MA") + digits)
        .otherwise(pl.lit("00000019") + digits),
        "name": pl.lit("示例") + kind + digits,
        "phone": pl.lit("0") + digits,
    }


def _word(bureau: Bureau, dimension: str, column: str) -> pl.Expr:
    spoken = pl.Series(bureau.spoken(dimension))
    return pl.lit(spoken).gather(pl.col(column).cast(pl.UInt32))


def _yes_no(column: str) -> pl.Expr:
    return pl.when(pl.col(column)).then(pl.lit("是")).otherwise(pl.lit("否"))


def _yuan(amount: pl.Expr) -> pl.Expr:
    """Two decimals, exactly, without the float's own writing."""
    fen = (amount * 100).round().cast(pl.Int64)
    cents = (fen % 100).cast(pl.String).str.zfill(2)
    return (fen // 100).cast(pl.String) + "." + cents


def _time(style: str) -> pl.Expr:
    local = pl.col("at")
    if style in ("epoch_s", "epoch_ms"):
        utc = local.dt.replace_time_zone("Asia/Shanghai").dt.epoch("ms")
        return utc if style == "epoch_ms" else utc // 1000
    if style == "iso":
        return local.dt.strftime("%Y-%m-%dT%H:%M:%S%.3f") + _OFFSET
    return local.dt.strftime(style)
