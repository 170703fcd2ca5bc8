"""Published numbers that have changed since: which of them a card shows, and how that is said."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from pages._ui.cells import Chip
from pages._ui.numbers import NONE, exact
from pages._ui.text import _, named
from pages._ui.words import moment_words, period_words
from warehouse.metrics import CATALOGUE, find
from warehouse.model import MetricQuery, Period, Unit
from warehouse.operations import Restatement

PATH = "/pipeline/restatements"
CAUSE_WORDS = {
    "late": "迟到数据",
    "replay": "隔离重放",
    "backfill": "数据回补",
    "destroyed": "到期销毁",
}
_NAMED = 3


def shown_in(query: MetricQuery, known: Iterable[Restatement]) -> tuple[Restatement, ...]:
    """Those that changed a number of this question, the latest first."""
    chosen = dict(query.where).get("district", ())
    found = (
        one
        for one in known
        if one.metric in query.metrics
        and (query.period is None or _overlaps(one, query.period))
        and (not chosen or one.member in chosen)
    )
    return tuple(sorted(found, key=lambda one: one.seen_at, reverse=True))


def _overlaps(one: Restatement, period: Period) -> bool:
    return one.start < period.end and period.start < one.end


def cell_words(one: Restatement) -> str:
    """The day or month whose number changed."""
    return period_words(Period(start=one.start, end=one.end))


def value_words(value: float | None, one: Restatement, language: str) -> str:
    """An old or new value; a dash where there was none or it is hidden."""
    unit = find(one.metric).unit if one.metric in CATALOGUE else Unit.ROWS
    return NONE if value is None else exact(value, unit, language)


def cause_words(one: Restatement) -> str:
    return _(CAUSE_WORDS.get(one.cause, one.cause))


def metric_words(one: Restatement) -> str:
    return named(find(one.metric).label) if one.metric in CATALOGUE else one.metric


def sentence(one: Restatement, language: str, now: datetime, zone: ZoneInfo) -> str:
    """When, what, from what to what, and why."""
    return _("{when} 修订：{metric}（{cell}）由 {old} 改为 {new}，原因：{cause}").format(
        when=moment_words(one.seen_at, now, zone),
        metric=metric_words(one),
        cell=cell_words(one),
        old=value_words(one.old, one, language),
        new=value_words(one.new, one, language),
        cause=cause_words(one),
    )


def brief(found: tuple[Restatement, ...], now: datetime, zone: ZoneInfo) -> str:
    """The clause of a card's note: when last, and why; empty where nothing was restated."""
    if not found:
        return ""
    last = found[0]
    when = moment_words(last.seen_at, now, zone)
    return _("{when} 修订：{cause}").format(when=when, cause=cause_words(last))


def mark(
    found: tuple[Restatement, ...], language: str, now: datetime, zone: ZoneInfo
) -> tuple[Chip, ...]:
    """The quiet mark of a card whose numbers were restated; its tip names the latest changes."""
    if not found:
        return ()
    told = [sentence(one, language, now, zone) for one in found[:_NAMED]]
    if len(found) > _NAMED:
        told.append(_("共 {n} 处修订").format(n=len(found)))
    return (Chip(text=_("已修订"), tone="quiet", tip="\n".join(told), href=PATH),)
