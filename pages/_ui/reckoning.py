"""How the numbers of a card are reckoned: working days, holidays, changed definitions."""

from collections.abc import Mapping

from pages._ui.answered import Answered
from pages._ui.cells import Chip
from pages._ui.text import _, named
from pages._ui.words import comma
from warehouse.calendar import holidays
from warehouse.metrics import find
from warehouse.model import Cell, Days, Grain, Label, Result

_MOST_NAMES = 2


def working_days(one: Answered) -> str:
    """That the numbers are per working day, and of how many; or that they are not, though asked."""
    if not one.drawing or not one.results:
        return ""
    result = one.drawing.result
    if not result.query.per_workday:
        is_deaf = one.drawing.filters.per_workday and result.query.grain is not Grain.DAY
        return _("不按工作日均") if is_deaf else ""
    days = _days(result)
    return _("{n} 个工作日").format(n=days.own_work) if days else _("工作日均")


def _days(result: Result) -> Days | None:
    """The days behind all rows, where they are the same."""
    found = {row.days for row in result.rows}
    return found.pop() if len(found) == 1 else None


def holiday_words(result: Result) -> str:
    """The holiday days of the period and of its base, where they are not as many."""
    days = _days(result) if result.query.compare else None
    if days is None or days.own is None or days.base is None:
        return ""
    own, base = holidays(days.own), holidays(days.base)
    if sum(own.values()) == sum(base.values()):
        return ""
    parts = [_said(_("含{name}假期 {n} 天"), own), _said(_("基期含{name}假期 {n} 天"), base)]
    return _("，").join(part for part in parts if part)


def _said(template: str, found: Mapping[Label, int]) -> str:
    if not found:
        return ""
    names = comma().join(named(label) for label in found) if len(found) <= _MOST_NAMES else ""
    return template.format(name=names, n=sum(found.values()))


# --- editions of definitions ------------------------------------------------------------------


def changed_definition(one: Answered) -> tuple[Chip, ...]:
    """The mark of a card whose numbers stand against numbers counted otherwise."""
    if one.blank or not any(cell.is_broken for r in one.results[:1] for cell in _cells(r)):
        return ()
    return (Chip(text=_("口径已变更"), tone="warn", tip=_("与对比期口径不同，升降不代表好坏")),)


def _cells(result: Result) -> list[Cell]:
    return [cell for row in result.rows for cell in row.cells]


def overtaken(result: Result) -> str:
    """Which unit is still counted by an edition that was overtaken within it."""
    said = []
    for use in result.editions:
        if use.overtaken is not None:
            name, number = named(find(use.metric).label), use.number
            template = _("{name}口径自 {day} 起变更，当期仍按 v{number}")
            said.append(template.format(name=name, day=use.overtaken, number=number))
    return " · ".join(said)
