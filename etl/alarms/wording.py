"""What a message about an incident says: Chinese first, then English; no personal data.

Words of a failed run may quote what was delivered, so they stay inside the cockpit; only
sentences that the cockpit makes of its own values go out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from etl.alarms.incidents import Event, Notice
from warehouse.model import Label
from warehouse.operations import Incident
from warehouse.sentences import read as read_sentence
from warehouse.troubles import REMEDIES, TITLES, Kind

_OWN_WORDS = frozenset({Kind.STALE, Kind.HANGING, Kind.DISK, Kind.DECLARATION, Kind.CHECK})
_NOBODY = Label(zh="驾驶舱", en="Cockpit")
_TEST = Label(zh="测试消息", en="Test message")


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message, as every target needs it."""

    message_id: str
    """Stable: the same for every time it is sent."""
    event: str
    """`opened`, `closed` or `test`."""
    subject: str
    text: str
    fields: Mapping[str, str | None]
    """For programs: id, kind, source, times (ISO 8601, UTC)."""


def message_of(notice: Notice, incident: Incident, label: Label | None, zone: ZoneInfo) -> Message:
    """`label`: of the source, None where there is none; times are told in `zone`."""
    name = label or (Label(zh=incident.source, en=incident.source) if incident.source else _NOBODY)
    title = TITLES.get(incident.kind, Label(zh=incident.kind, en=incident.kind))
    is_over = notice.event is Event.CLOSED
    head = Label(
        zh=f"{'已恢复：' if is_over else ''}{title.zh}：{name.zh}",
        en=f"{'Well again: ' if is_over else ''}{title.en}: {name.en}",
    )
    return Message(
        message_id=notice.message_id,
        event=notice.event.value,
        subject=plain(f"[驾驶舱] {head.zh}"),
        text=_text(head, incident, is_over, zone),
        fields={
            "incident": incident.incident_id,
            "kind": incident.kind,
            "source": incident.source,
            "label_zh": plain(name.zh),
            "label_en": plain(name.en),
            "opened_at": _iso(incident.opened_at),
            "closed_at": _iso(incident.closed_at) if is_over else None,
        },
    )


def trial_message(number: str, at: datetime, zone: ZoneInfo) -> Message:
    """A message that says it is a test. `number` makes it different from others."""
    local = _local(at, zone)
    return Message(
        message_id=f"test.{number}",
        event="test",
        subject=f"[驾驶舱] {_TEST.zh}",
        text=f"{_TEST.zh}：告警可以送达。\n时间：{local}\n\n"
        f"{_TEST.en}: alarms arrive here.\nAt: {local}\n",
        fields={"sent_at": _iso(at)},
    )


def plain(text: str) -> str:
    """One line: whatever could begin a new header or line of a log becomes a blank."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _text(head: Label, incident: Incident, is_over: bool, zone: ZoneInfo) -> str:
    begun = _local(incident.opened_at, zone)
    ended = "" if incident.closed_at is None else _local(incident.closed_at, zone)
    if is_over:
        zh, en = [f"开始：{begun}", f"恢复：{ended}"], [f"From: {begun}", f"Until: {ended}"]
    else:
        remedy = REMEDIES.get(incident.kind, Label(zh="", en=""))
        zh, en = [f"时间：{begun}", remedy.zh], [f"Since: {begun}", remedy.en]
        if incident.kind in _OWN_WORDS:
            told = read_sentence(incident.message, zone)
            zh.append(f"情况：{plain(told.zh)}")
            en.append(f"What happened: {plain(told.en)}")
    return "\n".join((plain(head.zh), *zh, "", plain(head.en), *en, ""))


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S} ({zone.key})"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")
