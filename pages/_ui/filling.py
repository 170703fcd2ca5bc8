"""From answered panels to the values of a page's parts: what the batch callback returns.

A card whose stamp the browser already holds is left alone, so that a refresh sends only what
moved and open tables, zooms and focus stay as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dash import no_update

from pages._ui import cards
from pages._ui.answered import Answered, stamp
from pages._ui.panel import Tile
from pages._ui.text import named
from pages._ui.words import member_words, semicolon

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
            "image": cards.title,
            "graph": cards.figure,
            "sheet": cards.sheet,
            "state": cards.state,
            "table": cards.table,
        }
        return fillers[kind](one)

    def insight(self) -> str:
        """The line under the page's name: what the tiles found, and which sources are late."""
        faces = [one.face for one in self.answers.values()]
        clauses = [face.finding for face in faces if isinstance(face, Tile) and face.finding]
        if not clauses:
            clauses = [f.finding for f in faces if f and not isinstance(f, Tile) and f.finding][:2]
        return semicolon().join(clauses)

    def chosen(self) -> str:
        """What the bar filters by, in words; empty where it filters nothing."""
        drawn = next((one.drawing for one in self.answers.values() if one.drawing), None)
        return member_words(drawn.label, drawn.filters.where) if drawn else ""

    def late(self) -> tuple[str, ...]:
        """The names of the late sources that any number of the page stands on."""
        found = {s.name: named(s.label) for one in self.answers.values() for s in one.stale}
        return tuple(found.values())

    def as_of(self) -> str:
        """The as-of line of the page: that of its oldest number."""
        dated = [one for one in self.answers.values() if any(r.as_of for r in one.results)]
        if not dated:
            return ""
        oldest = min(dated, key=lambda one: min(r.as_of for r in one.results if r.as_of))
        return cards.as_of(oldest)


def untouched(wanted: Mapping[str, Sequence[str]]) -> Values:
    """Nothing changes: a page without panels, or an address that cannot be read."""
    return {kind: [no_update] * len(wanted[kind]) for kind in PARTS}
