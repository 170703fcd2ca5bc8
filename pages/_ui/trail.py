"""What is chosen, beneath the page's name: the way back up, and a chip for each chosen member."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from dash import html
from dash.development.base_component import Component

from pages._figures.values import period_text
from pages._ui.filters import CUSTOM, DEFAULT_PRESET, Filters
from pages._ui.ids import aria, attributes
from pages._ui.text import _, language, named
from pages._ui.words import colon
from warehouse.datasets import HIERARCHIES, named_dimension
from warehouse.model import Grain, Period

Name = Callable[[str, str], str]
Step = tuple[str, Filters]
"""A name, and the filters that lead there."""

_UNITS = (Grain.YEAR, Grain.QUARTER, Grain.MONTH, Grain.DAY)
_MOST_CHIPS = 12


def trail(filters: Filters, name: Name) -> list[Component]:
    """Ways back up and chips; nothing where nothing is chosen.

    name  (dimension, code) -> what the member is called.
    """
    ways = [_way(way) for way in (*_levels(filters, name), _times(filters)) if len(way) > 1]
    chips = list(_chips(filters, name))
    left = len(chips) - _MOST_CHIPS
    more = [html.Span(_("等 {n} 项").format(n=len(chips)), className="muted")] if left > 0 else []
    return [*ways, *chips[:_MOST_CHIPS], *more]


def going(text: Any, filters: Filters, name: str, spoken: str) -> Component:
    """A link to the same page with other filters; see assets/shell.js.

    spoken  what it does: its name where `text` is more than a name, else beside it.
    """
    address = filters.to_search()
    said = {"title": spoken} if isinstance(text, str) else aria(spoken)
    return html.A(
        text,
        href=address or "?",
        className=name,
        **said,
        **attributes(data_go=address),
    )


def _way(steps: list[Step]) -> Component:
    parts: list[Component] = [
        html.Li(going(text, filters, "crumb", _("返回{name}").format(name=text)))
        for text, filters in steps[:-1]
    ]
    parts.append(html.Li(steps[-1][0], **attributes(aria_current="location")))
    return html.Nav(html.Ol(parts), className="crumbs", **aria(_("所在层级")))


def _levels(filters: Filters, name: Name) -> Iterator[list[Step]]:
    for ladder in HIERARCHIES:
        if len(filters.members(ladder[0])) != 1:
            continue
        up = _without(filters, ladder)
        top = _("全部{name}").format(name=named(named_dimension(ladder[0])))
        steps: list[Step] = [(top, _by(up, ladder, 0))]
        for place, dimension in enumerate(ladder):
            chosen = filters.members(dimension)
            if len(chosen) != 1:
                break
            up = up.choosing(dimension, chosen)
            steps.append((name(dimension, chosen[0]), _by(up, ladder, place + 1)))
        yield steps


def _by(filters: Filters, ladder: tuple[str, ...], place: int) -> Filters:
    """Rows that are a level of the ladder follow the way back up; see `pages._ui.explored`."""
    if dict(filters.own).get("rows") not in ladder or place == len(ladder):
        return filters
    own = ((key, ladder[place] if key == "rows" else text) for key, text in filters.own)
    return replace(filters, own=tuple(own))


def _without(filters: Filters, ladder: tuple[str, ...]) -> Filters:
    """Without a choice on any level: the filters on the finer ones hang on the coarser."""
    for dimension in ladder:
        filters = filters.choosing(dimension, ())
    return filters


def _times(filters: Filters) -> list[Step]:
    """From the usual period to the opened unit, through the units that hold it."""
    period, own = filters.period, _unit_of(filters.period)
    if filters.preset != CUSTOM or own is None:
        return []
    holding = _UNITS[: _UNITS.index(own)]
    usual = replace(filters, preset=DEFAULT_PRESET, grain=None)
    steps: list[Step] = [(_("默认时段"), usual)]
    finer = dict(pairwise(_UNITS))
    for unit in (*holding, own):
        start = unit.floor(period.start)
        whole = Period(start=start, end=unit.shift(start, 1))
        below = finer.get(unit)
        grain = None if below in (None, Grain.DAY) else below
        steps.append((period_text(start, unit, language()), filters.within(whole, grain)))
    return steps


def _unit_of(period: Period) -> Grain | None:
    """The unit of the ladder that the period is exactly; None: it is none."""
    for unit in _UNITS:
        start = unit.floor(period.start)
        if period == Period(start=start, end=unit.shift(start, 1)):
            return unit
    return None


def _chips(filters: Filters, name: Name) -> Iterator[Component]:
    for dimension, members in filters.where:
        kind = named(named_dimension(dimension))
        for code in members:
            rest = filters.choosing(dimension, [m for m in members if m != code])
            said = f"{kind}{colon()}{name(dimension, code)}"
            cross = html.Span("×", **attributes(aria_hidden="true"))
            text = [html.Span(said), cross]
            yield going(text, rest, "chosen-chip", _("去掉筛选 {name}").format(name=said))
