"""The numbers of one scene of the wall, all cards in one answer.

The browser asks for a scene when it is about to be shown and its data version is another than
the one it has; the answer for a version is made once and kept for every wall that shows it.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import Lock
from typing import Any

from dash import ALL, MATCH, ClientsideFunction, Dash, Input, Output, ctx

from callbacks.services import Services
from pages._figures.values import Style
from pages._ui.book import WALL_ROLES
from pages._ui.filters import anchor
from pages._ui.text import language
from pages._ui.theme import DARK
from pages._wall import scene_of
from pages._wall.model import Answers, Card, Face, Numbers, Picture, Scene, Table
from pages._wall.render import BLANK, message, numbers, part, table, ticker
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.errors import CockpitError, Forbidden, QueryError
from warehouse.model import SourceStatus, Viewer

log = logging.getLogger(__name__)

OUTPUTS = {
    "got": Output(part("got", MATCH), "data"),
    "ticker": Output(part("ticker", MATCH), "children"),
    "held": Output(part("held", MATCH, ALL), "children"),
    "title": Output(part("title", MATCH, ALL), "children"),
}
INPUTS = {"wanted": Input(part("want", MATCH), "data")}


def register(app: Dash, services: Services) -> None:
    board = Board(services.warehouse)

    @app.callback(output=OUTPUTS, inputs=INPUTS, prevent_initial_call=True)
    def fill(wanted: str | None) -> dict[str, Any]:
        viewer = services.viewer()
        if viewer.role not in WALL_ROLES:
            raise Forbidden(f"The role {viewer.role} may not open the wall.")
        scene = scene_of(ctx.outputs_grouping["got"]["id"]["scene"])
        if scene is None:
            raise QueryError("There is no such scene on the wall.")
        shown = board.shown(scene, viewer)
        return {
            "got": shown.got,
            "ticker": shown.ticker,
            "held": [shown.held[o["id"]["card"]] for o in ctx.outputs_grouping["held"]],
            "title": [shown.titles[o["id"]["card"]] for o in ctx.outputs_grouping["title"]],
        }

    # The figure in pixels is made in the browser, which knows how large the wall is.
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction(namespace="wall", function_name="draw"),
        Output(part("graph", MATCH, ALL), "figure"),
        Input(part("got", MATCH), "data"),
        Input("wall-scale", "data"),
        prevent_initial_call=True,
    )


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a scene shows: figures and freshness for the browser, components by card."""

    got: dict[str, Any]
    ticker: Any
    held: Mapping[str, Any]
    titles: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A card's face, or why it has none, and the watermark its numbers stand on."""

    card: Card
    face: Face | None
    reason: str = "empty"
    as_of: datetime | None = None


Key = tuple[str, str, frozenset[str], bool, str, date]


class Board:
    """Scenes as last answered: one answer a scene, viewer scope, language, day and version."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._kept: dict[Key, tuple[str, Shown]] = {}
        self._locks: dict[Key, Lock] = {}
        self._door = Lock()

    def shown(self, scene: Scene, viewer: Viewer) -> Shown:
        """The scene for this viewer now; walls that ask at the same time wait for one answer."""
        day = anchor(self._warehouse.horizon(viewer), clock.today(self._warehouse.zone))
        scope = viewer.scope
        key = (scene.name, viewer.role, scope.districts, scope.everything, language(), day)
        with self._door:
            self._kept = {k: v for k, v in self._kept.items() if k[-1] == day}
            self._locks = {k: v for k, v in self._locks.items() if k[-1] == day}
            lock = self._locks.setdefault(key, Lock())
        with lock:
            version = self._warehouse.data_version()
            kept = self._kept.get(key)
            if kept is None or kept[0] != version:
                kept = (version, self._made(scene, viewer, day, version))
                self._kept[key] = kept
            return kept[1]

    def _made(self, scene: Scene, viewer: Viewer, day: date, version: str) -> Shown:
        sources = self._warehouse.sources(viewer)
        answers = Answers(
            results=(),
            style=Style(theme=DARK, language=language(), label=self._names(viewer)),
            city=self._warehouse.city(viewer),
            sources=sources,
            now=clock.now(),
            zone=self._warehouse.zone,
        )
        asked = [self._asked(card, answers, viewer, day) for card in scene.cards]
        return shown_of(asked, answers, version)

    def _names(self, viewer: Viewer) -> Callable[[str, str], str]:
        label = self._warehouse.label
        return lambda dimension, code: label(dimension, code, viewer).text(language())

    def _asked(self, card: Card, answers: Answers, viewer: Viewer, day: date) -> Asked:
        """One card; one that fails does not take the others with it."""
        try:
            results = tuple(self._warehouse.answer(query, viewer) for query in card.asks(day))
            face = card.draw(replace(answers, results=results))
        except Forbidden:
            return Asked(card=card, face=None, reason="forbidden")
        except CockpitError as error:
            log.error("wall card %s, reference %s: %s", card.id, secrets.token_hex(3), error)
            return Asked(card=card, face=None, reason="failed")
        known = [result.as_of for result in results if result.as_of]
        return Asked(card=card, face=face, as_of=min(known, default=None))


def shown_of(asked: Sequence[Asked], answers: Answers, version: str) -> Shown:
    """Everything the browser needs of a scene."""
    said = answers.style.language
    known = [a.as_of for a in asked if a.as_of]
    findings = [text for a in asked if (text := _told(a.face, answers))]
    notes = [a.face.note for a in asked if isinstance(a.face, Picture) and a.face.note]
    return Shown(
        got={
            "version": version,
            "zone": answers.zone.key,
            "figures": {a.card.id: _figure(a.face) for a in asked},
            "as_of": min(known).isoformat() if known else None,
            "sources": [_promise(source, said) for source in answers.sources],
        },
        ticker=ticker(findings, " · ".join(notes)),
        held={a.card.id: _held(a) for a in asked},
        titles={a.card.id: finding_of(a.face) or a.card.title.text(said) for a in asked},
    )


def finding_of(face: Face | None) -> str:
    return face.finding if isinstance(face, Picture | Table) else ""


def _told(face: Face | None, answers: Answers) -> str:
    """The sentence as it stands alone, away from its card."""
    text = finding_of(face)
    about = face.about if isinstance(face, Picture) else ""
    return answers.say(f"{about}：{text}", f"{about}: {text}") if text and about else text


def _figure(face: Face | None) -> dict[str, Any]:
    return face.figure if isinstance(face, Picture) else BLANK


def _held(asked: Asked) -> Any:
    drawn: Mapping[type, Callable[[Any], Any]] = {Numbers: numbers, Table: table}
    if asked.face is None:
        return message(asked.reason)
    draw = drawn.get(type(asked.face))
    return draw(asked.face) if draw else None


def _promise(source: SourceStatus, said: str) -> dict[str, Any]:
    """By these the browser's own clock finds out that a source is late."""
    return {
        "label": source.label.text(said),
        "dataset": source.dataset,
        "watermark": source.watermark.isoformat() if source.watermark else None,
        "promise": source.promise_seconds,
    }
