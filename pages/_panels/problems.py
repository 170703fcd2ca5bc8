"""What is wrong with a source and what to do about it, in one sentence each."""

from collections.abc import Sequence
from datetime import datetime

from pages._ui.cells import Chip
from pages._ui.text import _
from pages._ui.words import colon, span_words
from warehouse.model import SourceStatus
from warehouse.operations import Incident, Parked

RUN_STATES = {
    "done": ("完成", "good"),
    "failed": ("失败", "bad"),
    "running": ("运行中", "quiet"),
    "interrupted": ("中断", "warn"),
    "": ("未运行", "quiet"),
}
INCIDENT_WORDS = {
    "failed": "运行失败",
    "stale": "数据延迟",
    "parked": "文件停放",
    "drift": "列有变化",
    "hanging": "运行超时",
    "declaration": "声明有误",
    "disk": "磁盘空间不足",
    "check": "质量检查未通过",
}
REMEDIES = {
    "failed": "检查来源系统、网络与凭据；恢复后下次运行自动补齐，不会漏数，也不会重复。",
    "stale": "联系来源单位确认是否已送数；数据到达后自动入库。",
    "parked": "文件多次处理失败，已停放；请来源单位重送，或修正声明后重放。",
    "drift": "对照来源的新列修改声明中的 [columns]，再重放隔离区。",
    "hanging": "检查来源系统是否没有响应；恢复后下次运行自动补齐。",
    "declaration": "改正声明文件；在此之前沿用上一份有效声明。",
    "disk": "清理磁盘；有空间后自动继续，已入库的数据不受影响。",
    "check": "核对质量检查页中未通过的项；必要时回补该时段。",
    "interrupted": "运行被中断；下次运行从中断处继续，无需处理。",
}


def state_chip(source: SourceStatus, now: datetime) -> Chip:
    """A failed or running run is named; a quiet one is judged by its promise."""
    word, tone = RUN_STATES.get(source.last_run_state, (source.last_run_state, "quiet"))
    if source.last_run_state in ("failed", "interrupted"):
        return Chip(text=_(word), tone=tone)  # type: ignore[arg-type]
    if source.watermark is None:
        return Chip(text=_("暂无数据"), tone="warn")
    if source.is_stale(now):
        return Chip(text=_("延迟"), tone="warn")
    if source.last_run_state == "running":
        return Chip(text=_(word), tone="quiet")
    return Chip(text=_("按时"), tone="good")


def rank(source: SourceStatus, now: datetime) -> tuple[int, float]:
    """What needs a person first: broken, then late by how much, then the others as declared."""
    tone = state_chip(source, now).tone
    place = {"bad": 0, "warn": 1}.get(tone, 2)
    late = (source.lag_seconds(now) or 0) / max(source.promise_seconds, 1)
    return place, -late if place < 2 else 0.0


def problem(
    source: SourceStatus, incidents: Sequence[Incident], parked: Sequence[Parked], now: datetime
) -> tuple[str, str] | None:
    """What is wrong, and the remedy; None where all is well."""
    told = next((one for one in incidents if one.source == source.name), None)
    if told is not None:
        wrong = _(INCIDENT_WORDS.get(told.kind, told.kind))
        return _said(wrong, told.message), _(REMEDIES.get(told.kind, REMEDIES["failed"]))
    if source.last_run_state in ("failed", "interrupted"):
        wrong = _(RUN_STATES[source.last_run_state][0])
        return _said(wrong, source.last_error), _(REMEDIES[source.last_run_state])
    if any(one.source == source.name for one in parked):
        return _(INCIDENT_WORDS["parked"]), _(REMEDIES["parked"])
    if source.is_stale(now):
        return _late(source, now), _(REMEDIES["stale"])
    return None


def _late(source: SourceStatus, now: datetime) -> str:
    lag, promise = source.lag_seconds(now), span_words(source.promise_seconds)
    if lag is None:
        return _("尚未收到任何数据")
    return _("已 {lag}没有新数据，承诺 {promise}").format(lag=span_words(lag), promise=promise)


def _said(wrong: str, message: str) -> str:
    return f"{wrong}{colon()}{message}" if message else wrong
