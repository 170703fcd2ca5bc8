"""Periods, instants and filters as people write them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pages._ui.text import _, language
from warehouse.model import Compare, Grain, Period

MOMENT_FALLBACK = "—"


_COMPARED = {Compare.PREVIOUS: "环比", Compare.YEAR: "同比", Compare.LUNAR: "农历同比"}


def compare_word(compare: Compare | None) -> str:
    """环比, 同比, 农历同比 or nothing."""
    return _(_COMPARED[compare]) if compare else ""


def period_words(period: Period | None) -> str:
    """A whole month or year by name, otherwise its first and last day."""
    if period is None:
        return _("全部时段")
    first, last = period.start, period.end - timedelta(days=1)
    for grain, template in ((Grain.YEAR, _("{y}年")), (Grain.MONTH, _("{y}年{m}月"))):
        if period == Period(start=grain.floor(first), end=grain.shift(grain.floor(first), 1)):
            return template.format(y=first.year, m=first.month)
    if first.day == 1 and period.end.day == 1:
        return f"{first:%Y-%m} – {last:%Y-%m}"
    if first == last:
        return first.isoformat()
    same_year = first.year == last.year
    return f"{first.isoformat()} – {last.strftime('%m-%d') if same_year else last.isoformat()}"


def moment_words(moment: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    """HH:mm of today; with the date when it was another day."""
    if moment is None:
        return MOMENT_FALLBACK
    local, here = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == here.date():
        return local.strftime("%H:%M")
    pattern = "%m-%d %H:%M" if local.year == here.year else "%Y-%m-%d %H:%M"
    return local.strftime(pattern)


def span_words(seconds: float) -> str:
    """A length of time in its largest sensible unit: 42 分钟, 3 小时, 2 天."""
    for size, template in ((86400, _("{n} 天")), (3600, _("{n} 小时")), (60, _("{n} 分钟"))):
        if seconds >= 2 * size or (size == 60 and seconds >= 60):
            return template.format(n=int(seconds // size))
    return _("{n} 秒").format(n=int(seconds))


def member_words(
    label: Callable[[str, str], str], where: tuple[tuple[str, tuple[str, ...]], ...]
) -> str:
    """The filters in words, at most two names a dimension."""
    parts = []
    for dimension, codes in where:
        names = [label(dimension, code) for code in codes[:2]]
        more = _("等 {n} 项").format(n=len(codes)) if len(codes) > 2 else ""
        parts.append(comma().join(names) + more)
    return " · ".join(parts)


def colon() -> str:
    return ": " if language() == "en" else "："


def comma() -> str:
    return ", " if language() == "en" else "、"


def stop() -> str:
    return "." if language() == "en" else "。"
