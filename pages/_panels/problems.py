"""What is wrong with a source and what to do about it, in one sentence each."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from pages._ui.cells import Chip
from pages._ui.text import _, named, told
from pages._ui.words import colon, span_words
from warehouse.model import Label, SourceStatus
from warehouse.operations import Incident, Parked
from warehouse.troubles import INTERRUPTED, REMEDIES, TITLES, Kind

RUN_STATES = {
    "done": ("完成", "good"),
    "failed": ("失败", "bad"),
    "running": ("运行中", "quiet"),
    "interrupted": ("中断", "warn"),
    "": ("未运行", "quiet"),
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


def rank(source: SourceStatus, now: datetime, *, is_told: bool) -> tuple[int, float]:
    """What needs a person first: broken, then late by how much, then the others as declared.

    is_told  something is wrong with it, whatever its last run said.
    """
    tone = state_chip(source, now).tone
    place = {"bad": 0, "warn": 1}.get(tone, 1 if is_told else 2)
    late = (source.lag_seconds(now) or 0) / max(source.promise_seconds, 1)
    return place, -late if place < 2 else 0.0


def title(kind: str) -> str:
    """What an incident of this kind is called."""
    return named(TITLES.get(kind, Label(zh=kind, en=kind)))


def remedy(kind: str) -> str:
    """What to do about an incident of this kind."""
    return named(REMEDIES.get(kind, REMEDIES[Kind.FAILED]))


def problem(
    source: SourceStatus,
    incidents: Sequence[Incident],
    parked: Sequence[Parked],
    now: datetime,
    zone: ZoneInfo,
) -> tuple[str, str] | None:
    """What is wrong, and the remedy; None where all is well."""
    own = next((one for one in incidents if one.source == source.name), None)
    lying = [one for one in parked if one.source == source.name]
    if own is not None:
        words = _late(source, now) if own.kind == Kind.STALE else told(own.message, zone)
        if own.kind == Kind.PARKED and len(lying) == 1:
            words = told(lying[0].reason, zone)  # says which file as well
        return _said(title(own.kind), words), remedy(own.kind)
    if source.last_run_state == "failed":
        return _said(title(Kind.FAILED), told(source.last_error, zone)), remedy(Kind.FAILED)
    if source.last_run_state == "interrupted":
        return _(RUN_STATES["interrupted"][0]), named(INTERRUPTED)
    if lying:
        return title(Kind.PARKED), remedy(Kind.PARKED)
    if source.is_stale(now):
        return _late(source, now), remedy(Kind.STALE)
    return None


def _late(source: SourceStatus, now: datetime) -> str:
    lag, promise = source.lag_seconds(now), span_words(source.promise_seconds)
    if lag is None:
        return _("尚未收到任何数据")
    return _("已 {lag}没有新数据，承诺 {promise}").format(lag=span_words(lag), promise=promise)


def _said(wrong: str, message: str) -> str:
    return f"{wrong}{colon()}{message}" if message else wrong
