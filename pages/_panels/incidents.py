"""What needed or needs a person: open ones first, each with what to do."""

from pages._panels.problems import remedy, title
from pages._ui.cells import Chip, Entry, Pair, Tone
from pages._ui.panel import Drawing, Sheet
from pages._ui.text import _, told
from pages._ui.words import MOMENT_FALLBACK, moment_words, span_words
from warehouse.operations import Incident

_SERIOUS = ("failed", "hanging", "declaration", "disk", "parked")


def incidents_sheet(drawing: Drawing) -> Sheet | None:
    """One row an incident: kind, source, what, since when, told, how long."""
    found = sorted(drawing.records.incidents(), key=lambda one: one.opened_at, reverse=True)
    ordered = sorted(found, key=lambda one: one.closed_at is not None)
    still = [one for one in ordered if one.closed_at is None]
    said = _("{n} 个问题待处理").format(n=len(still)) if still else _("没有待处理的问题")
    return Sheet(
        head=(_("问题"), _("数据源"), _("说明"), _("发现"), _("已通知"), _("恢复"), _("历时")),
        rows=tuple(_row(one, drawing) for one in ordered),
        finding=said,
        note=_("每个问题只通知一次，恢复时再通知一次"),
        tones={i: _tone(one) for i, one in enumerate(still)},
    )


def _tone(one: Incident) -> Tone:
    return "bad" if one.kind in _SERIOUS else "warn"


def _row(one: Incident, drawing: Drawing) -> tuple[Entry, ...]:
    is_open = one.closed_at is None
    lasted = ((one.closed_at or drawing.now) - one.opened_at).total_seconds()
    now, zone = drawing.now, drawing.zone
    return (
        Chip(text=title(one.kind), tone=_tone(one) if is_open else "quiet"),
        drawing.label("source", one.source) if one.source else MOMENT_FALLBACK,
        Pair(
            main=told(one.message, zone),
            below=remedy(one.kind) if is_open else "",
            is_wrapped=True,
        ),
        moment_words(one.opened_at, now, zone),
        moment_words(one.told_at, now, zone),
        _("未恢复") if is_open else moment_words(one.closed_at, now, zone),
        span_words(lasted),
    )
