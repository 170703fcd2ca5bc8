"""From answered panels to the values of a page's parts: what the batch callback returns.

A card whose stamp the browser already holds is left alone, so that a refresh sends only what
moved and open tables, zooms and focus stay as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import no_update
from dash.development.base_component import Component

from pages._ui import cards, notes
from pages._ui.answered import Answered, stamp
from pages._ui.panel import Chart, Tile
from pages._ui.text import _, named
from pages._ui.trail import trail
from pages._ui.words import colon
from warehouse.datasets import SERVICE_VOLUME
from warehouse.metrics import find
from warehouse.model import SourceStatus

MOST_NEWS = 3

Values = dict[str, list[Any]]

PARTS: Mapping[str, str] = {
    "tile": "children",
    "head": "children",
    "image": "aria-label",
    "graph": "figure",
    "sheet": "children",
    "state": "children",
    "foot": "children",
    "table": "children",
    "stamp": "data",
}
"""Every part of a card that the batch callback fills, and the property it fills."""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """One page, answered. `known`: the stamps the browser holds, by panel."""

    page: str
    address: str
    answers: Mapping[str, Answered]
    known: Mapping[str, str]

    def values(self, wanted: Mapping[str, Sequence[str]]) -> Values:
        """For each kind of part, a value for each panel named, in that order."""
        return {kind: [self._value(kind, panel) for panel in wanted[kind]] for kind in PARTS}

    def _value(self, kind: str, panel: str) -> Any:
        one = self.answers.get(panel)
        if one is None:
            return no_update
        mark = stamp(one, self.address)
        if kind == "stamp":
            return {"panel": panel, "mark": mark}
        return no_update if self._stands(kind, panel, mark) else self._fill(kind, one)

    def _stands(self, kind: str, panel: str, mark: str) -> bool:
        """A mark is `numbers.time`: graph and table follow the numbers, the rest both."""
        known = self.known.get(panel, "")
        if kind in ("graph", "table", "image"):
            return known.partition(".")[0] == mark.partition(".")[0]
        return known == mark

    def _fill(self, kind: str, one: Answered) -> Any:
        if kind == "foot":
            return cards.foot(one, self.page)
        fillers: Mapping[str, Callable[[Answered], Any]] = {
            "tile": cards.tile,
            "head": cards.head,
            "image": notes.title,
            "graph": cards.figure,
            "sheet": cards.sheet,
            "state": cards.state,
            "table": cards.table,
        }
        return fillers[kind](one)

    def insight(self) -> tuple[str, ...]:
        """The line under the page's name: at most three findings, of tiles and charts in turn."""
        told = [one for one in self.answers.values() if one.face and one.face.finding]
        tiles = [one.face.finding for one in told if isinstance(one.face, Tile)]
        charts = [_spoken(one) for one in told if one.panel.is_news]
        return (*tiles[:1], *charts[:1], *tiles[1:], *charts[1:])[:MOST_NEWS]

    def chosen(self) -> list[Component]:
        """What the bar filters by, with the ways out of it; empty where it filters nothing."""
        drawn = next((one.drawing for one in self.answers.values() if one.drawing), None)
        return trail(drawn.filters, drawn.label) if drawn else []

    def late(self) -> tuple[str, ...]:
        """The names of the late sources that any number of the page stands on."""
        found = {s.name: named(s.label) for one in self.answers.values() for s in one.stale}
        if not any(one.results for one in self.answers.values()):
            found = {s.name: named(s.label) for s in self._late_sources()}
        return tuple(found.values())

    def _late_sources(self) -> tuple[SourceStatus, ...]:
        """Of a page that is made of records alone."""
        drawn = next((one.drawing for one in self.answers.values() if one.drawing), None)
        return tuple(s for s in drawn.sources if s.is_stale(drawn.now)) if drawn else ()

    def as_of(self) -> str:
        """The as-of line of the page: that of its oldest number that is not counted by day."""
        dated = [one for one in self.answers.values() if any(r.as_of for r in one.results)]
        dated = [one for one in dated if not _is_daily(one)] or dated
        if not dated:
            drawn = next((one for one in self.answers.values() if one.drawing), None)
            return notes.as_of(drawn) if drawn else ""
        oldest = min(dated, key=lambda one: min(r.as_of for r in one.results if r.as_of))
        return notes.as_of(oldest)


def _spoken(one: Answered) -> str:
    """The finding as it stands alone, away from its card."""
    finding = one.face.finding if one.face else ""
    if isinstance(one.face, Chart) and one.face.is_bare:
        return f"{_(one.panel.title)}{colon()}{finding}"
    return finding


def _is_daily(one: Answered) -> bool:
    """Numbers of machines that report a day when it is over: always a day behind."""
    return all(find(m).dataset == SERVICE_VOLUME.name for r in one.results for m in r.query.metrics)


def untouched(wanted: Mapping[str, Sequence[str]]) -> Values:
    """Nothing changes: a page without panels, or an address that cannot be read."""
    return {kind: [no_update] * len(wanted[kind]) for kind in PARTS}
