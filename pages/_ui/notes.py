"""What stands beside the numbers of a card: what they are about, when, and what to beware of."""

from datetime import time

from pages._figures.values import tick_text
from pages._ui import restated
from pages._ui.answered import Answered
from pages._ui.cells import Chip
from pages._ui.panel import Chart, Drawing, Sheet
from pages._ui.questions import left_running, unheard
from pages._ui.reckoning import changed_definition, holiday_words, overtaken, working_days
from pages._ui.text import _, named
from pages._ui.words import comma, compare_word, member_words, moment_words, period_words
from warehouse.datasets import named_dimension
from warehouse.metrics import find
from warehouse.model import Compare, Grain

_RUNS = "pipeline_run"


def title(one: Answered) -> str:
    """The finding computed from the numbers, else the neutral title."""
    finding = one.face.finding if isinstance(one.face, Chart | Sheet) else ""
    return finding or _(one.panel.title)


def note(one: Answered) -> str:
    """The line under the title: subject, unit, period, filters, and what was left out."""
    face = one.face
    own = face.note if isinstance(face, Chart | Sheet) and face.note else _(one.panel.note)
    if isinstance(face, Chart) and face.is_bare and face.finding:
        own = " · ".join(part for part in (_(one.panel.title), own) if part)
    if not one.drawing or not one.results or one.panel.follows_sources:
        return own  # how things stand now, whatever the period
    query = one.drawing.result.query
    period = period_words(query.period) + (_("（未完结）") if one.is_partial else "")
    parts = [
        own,
        _opened(one.drawing),
        period,
        working_days(one),
        holiday_words(one.drawing.result),
        overtaken(one.drawing.result),
        _running(one.drawing),
        member_words(one.drawing.label, query.where),
    ]
    deaf = unheard(one.drawing.filters, query)
    if deaf:
        names = comma().join(named(named_dimension(d)) for d in deaf)
        parts.append(_("不受{names}筛选影响").format(names=names))
    parts.append(restated.brief(one.restated, one.drawing.now, one.drawing.zone))
    return " · ".join(p for p in parts if p)


def _opened(drawing: Drawing) -> str:
    """By which finer level the card is cut, where a filter has opened one."""
    opened = [name for name in drawing.result.query.by if name in drawing.filters.levels]
    names = comma().join(named(named_dimension(name)) for name in opened)
    return _("按{name}").format(name=names) if names else ""


def _running(drawing: Drawing) -> str:
    """Which unit a line leaves out because it is not over."""
    query = drawing.result.query
    start = left_running(drawing.filters, query)
    if start is None or query.grain is None:
        return ""
    name = tick_text(start, query.grain, drawing.language)
    if query.grain is Grain.WEEK:
        name = _("{day} 起一周").format(day=name)
    return _("{unit} 未完结不计入").format(unit=name)


def marks(one: Answered) -> tuple[Chip, ...]:
    """What changes how the numbers are to be read: most of their sources late, cells hidden."""
    own = one.face.chips if isinstance(one.face, Chart) else ()
    found = list(own)
    if is_mostly_late(one):
        found.append(Chip(text=_("延迟"), tone="warn"))
    if one.suppressed and not one.blank:
        found.append(Chip(text=_("隐去 {n} 格").format(n=one.suppressed), tone="quiet"))
    if one.drawing and not one.blank:
        drawing = one.drawing
        found += changed_definition(one)
        found += restated.mark(one.restated, drawing.language, drawing.now, drawing.zone)
    return tuple(found)


def is_mostly_late(one: Answered) -> bool:
    """Whether most of the sources the numbers stand on are late; a single one of many is a dot."""
    if not one.stale or not one.drawing:
        return False
    sets = {find(name).dataset for r in one.results for name in r.query.metrics}
    sources = [s for s in one.drawing.sources if s.dataset in sets] or one.drawing.sources
    return 2 * len(one.stale) > len(sources)


def as_of(one: Answered) -> str:
    """As of when the card's numbers are. Numbers about runs are as of the last run."""
    drawing = one.drawing
    if not drawing:
        return "—"
    moments = [r.as_of for r in drawing.results if r.as_of]
    runs = [s.last_run_at for s in drawing.sources if s.last_run_at]
    if not moments and (drawing.results or not runs):
        return _("暂无数据")
    if runs and all(find(m).dataset == _RUNS for r in drawing.results for m in r.query.metrics):
        moments = [max(runs)]
    oldest = min(moments)
    when = moment_words(oldest, drawing.now, drawing.zone)
    if oldest.astimezone(drawing.zone).time() == time.min:
        # Counted by day: the hour would say more than is known.
        when = oldest.astimezone(drawing.zone).strftime("%m-%d")
    return _("数据截至 {when}").format(when=when)


def against(drawing: Drawing) -> str:
    """What a change is against; a running unit stands against the same elapsed part."""
    compare = drawing.filters.compare
    if compare is Compare.PREVIOUS and any(row.is_partial for row in drawing.result.rows):
        return _("环比同期")
    return compare_word(compare)


def late_names(one: Answered) -> str:
    """Which sources are late, at most two by name; empty where none is."""
    if not one.stale:
        return ""
    names = comma().join(named(s.label) for s in one.stale[:2])
    more = _("等 {n} 项").format(n=len(one.stale)) if len(one.stale) > 2 else ""
    return _("{names}延迟").format(names=names + more)
