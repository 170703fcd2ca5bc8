"""The growth goal: how far it is, what it takes a day, when it is reached, where it ends."""

from datetime import date, timedelta

from pages._figures.values import period_text, tick_text
from pages._ui.filters import Filters
from pages._ui.numbers import fixed, format_value
from pages._ui.panel import Drawing, Sheet
from pages._ui.questions import ask
from pages._ui.text import _
from warehouse import outlook
from warehouse.freshness import edge, standing_on
from warehouse.model import CellState, Grain, MetricQuery, Unit
from warehouse.outlook import Outlook


def now(filters: Filters) -> MetricQuery:
    """People and goal of the running month."""
    return _asked(filters, 0)


def earlier(filters: Filters) -> MetricQuery:
    """The people of the month before the days that give its pace."""
    return _asked(filters, 1)


def _asked(filters: Filters, index: int) -> MetricQuery:
    plain = outlook.questions(_last_day(filters), ())[index]
    assert plain.period is not None
    if plain.grain is None:
        return ask(filters, *plain.metrics, period=plain.period)
    return ask(filters, *plain.metrics, period=plain.period, grain=plain.grain)


def _last_day(filters: Filters) -> date:
    return filters.day or filters.period.end - timedelta(days=1)


def of(drawing: Drawing) -> Outlook:
    """What the answers to `now` and `earlier` say."""
    sources = standing_on(drawing.sources, ("service_event",))
    at = edge(sources, drawing.now, drawing.zone)
    chosen = dict(drawing.result.query.where).get("district")
    districts = (d for d in drawing.city.districts if not chosen or d.code in chosen)
    setting = outlook.Setting(
        day=_last_day(drawing.filters),
        at=at.at,
        population=sum(district.population for district in districts),
        growth=drawing.goal,
    )
    return outlook.read(drawing.results, setting)


def sheet(drawing: Drawing) -> Sheet | None:
    """One line a question, with its number; the finding is the sentence one would say."""
    found = of(drawing)
    if found.state is not CellState.VALUE:
        return None
    rows = [
        (_("本月已活跃"), _number(found.people, drawing)),
        (_("本月目标"), _number(found.goal, drawing)),
        (_("与目标之差"), _gap(found, drawing)),
        (_("月末前每天尚需"), _needed(found, drawing)),
        (_("近 {n} 日每天新到").format(n=outlook.PACE_DAYS), _number(found.pace, drawing)),
        (_("按此速度达标"), _arrival(found, drawing)),
        (_("目标路径触及登记人口"), _ceiling(found, drawing)),
    ]
    return Sheet(
        head=(_("项目"), _("数值")),
        rows=tuple(rows),
        numeric=frozenset({1}),
        finding=sentence(found, drawing),
        note=_("月增 {rate}% 的目标路径").format(rate=fixed(found.growth * 100, 0)),
    )


def sentence(found: Outlook, drawing: Drawing) -> str:
    """Where the month stands, in one sentence."""
    if found.gap is None:
        return ""
    if found.is_reached:
        return _("本月目标已达成，超出 {more}").format(more=_number(found.gap, drawing))
    gap = _number(-found.gap, drawing)
    if found.needed is None:
        return _("本月目标差 {gap}").format(gap=gap)
    if found.is_in_time:
        when = tick_text(found.arrives_on or found.month.start, Grain.DAY, drawing.language)
        return _("距本月目标差 {gap}，按近 {n} 日速度 {when} 达标").format(
            gap=gap, n=outlook.PACE_DAYS, when=when
        )
    return _("距本月目标差 {gap}，每天尚需 {needed}，照目前速度月内难以达标").format(
        gap=gap, needed=_number(found.needed, drawing)
    )


def _number(value: float | None, drawing: Drawing) -> str:
    rounded = None if value is None else round(value)
    return str(format_value(rounded, Unit.PEOPLE, drawing.language))


def _gap(found: Outlook, drawing: Drawing) -> str:
    share = (found.gap or 0) / (found.goal or 1) * 100
    return _("{number}（{share}%）").format(
        number=_number(found.gap, drawing), share=fixed(share, 1)
    )


def _needed(found: Outlook, drawing: Drawing) -> str:
    return _("已达成") if found.is_reached else _number(found.needed, drawing)


def _arrival(found: Outlook, drawing: Drawing) -> str:
    if found.is_reached:
        return _("已达成")
    if found.arrives_on is None:
        return _("照此速度不会达到")
    day = period_text(found.arrives_on, Grain.DAY, drawing.language)
    return day if found.is_in_time else _("{day}（晚于月末）").format(day=day)


def _ceiling(found: Outlook, drawing: Drawing) -> str:
    """The month in which the path would ask for more people than are registered."""
    if found.passes_in is None:
        return "—"
    month = period_text(found.passes_in, Grain.MONTH, drawing.language)
    return _("{month}（{people}）").format(month=month, people=_number(found.population, drawing))
