"""One request fills all panels of a page.

It runs when the address, the data version, the theme or the page changes. Each panel is asked
and drawn on its own: one that fails shows its reference number, the others stand.
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from callbacks import kept
from callbacks.services import Services, filters_of, records_of
from gate.errors import incident
from pages._ui import ids
from pages._ui.answered import Answered, answered, refused
from pages._ui.book import Page, page_of
from pages._ui.filling import PARTS, Filled, Values, untouched
from pages._ui.filters import Filters
from pages._ui.frame import news, notice, page_files
from pages._ui.listed import lister
from pages._ui.panel import Drawing, Panel
from pages._ui.picks import pick_of
from pages._ui.shell import as_of_line
from pages._ui.text import language
from warehouse import clock
from warehouse.errors import (
    BadPeriod,
    CockpitError,
    Forbidden,
    QueryError,
    TooLarge,
    UnknownHolidays,
)
from warehouse.model import UNKNOWN, MetricQuery, Result, Role, Viewer
from warehouse.operations import Restatement

log = logging.getLogger(__name__)

_AROUND = ("notice", "insight", "chosen", "files")
OUTPUTS = {
    **{kind: Output(ids.part(kind, ALL), prop) for kind, prop in PARTS.items()},
    **{kind: Output(ids.part(kind, ALL), "children") for kind in _AROUND},
    "as_of": Output(ids.AS_OF, "children"),
}
INPUTS = {
    "search": Input(ids.URL, "search"),
    "_version": Input(ids.VERSION, "data"),
    "theme": Input(ids.THEME, "data"),
    "page": Input(ids.PAGE, "data", allow_optional=True),
    "_asked": Input(ids.ASKED, "data", allow_optional=True),
    "stamps": State(ids.part("stamp", ALL), "data"),
}


def register(app: Dash, services: Services) -> None:
    @app.callback(output=OUTPUTS, inputs=INPUTS, on_error=_failed)
    def fill(
        search: str | None,
        _version: str | None,
        theme: str | None,
        page: Mapping[str, str] | None,
        _asked: str | None,
        stamps: Sequence[Mapping[str, str] | None],
    ) -> dict[str, Any]:
        wanted = _wanted(ctx.outputs_grouping)
        if page is None:
            return _left_alone(wanted)
        desk = Counter(services=services, theme=theme or "light")
        shown = page_of(page["name"])
        values = desk.serve(shown, search or "", wanted, _marks(stamps))
        # Pages of operators show requests that come in between generations.
        if Role.OFFICIAL in shown.roles and not desk.has_failed:
            kept.allow()
        return values


def _wanted(grouping: Mapping[str, Any]) -> dict[str, list[str]]:
    """The panels on the page for each kind of part, in the order the browser has them."""
    return {kind: [o["id"]["panel"] for o in grouping[kind]] for kind in (*PARTS, *_AROUND)}


def _failed(error: Exception) -> dict[str, Any]:
    """Every card of the page says that it has no numbers, and under which number the log says why.

    Without it the browser would go on showing what it has as if nothing had happened.
    """
    reference, wanted = incident(error), _wanted(ctx.outputs_grouping)
    page = page_of(ctx.inputs[f"{ids.PAGE}.data"]["name"])
    answers = {panel.id: refused(panel, "error", reference) for panel in page.panels}
    filled = Filled(page=page.name, address="", answers=answers, known={})
    return {**_left_alone(wanted), **filled.values(wanted)}


def _marks(stamps: Sequence[Mapping[str, str] | None]) -> dict[str, str]:
    return {stamp["panel"]: stamp["mark"] for stamp in stamps if stamp}


def _left_alone(wanted: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    around = {kind: [no_update] * len(wanted[kind]) for kind in _AROUND}
    return {**untouched(wanted), **around, "as_of": no_update}


def _is_nameless(result: Result) -> bool:
    """Whether a finer level says nothing: none of its members is known where one looks."""
    return bool(result.rows) and all(set(row.members) == {UNKNOWN} for row in result.rows)


class Counter:
    """Answers one request: one viewer, one moment, one theme, one language."""

    def __init__(self, *, services: Services, theme: str) -> None:
        self._services = services
        self._warehouse = services.warehouse
        self._goal = services.settings.goal_growth
        self._viewer: Viewer = services.viewer()
        self._theme = theme
        self._now = clock.now()
        self._changes: tuple[Restatement, ...] | None = None
        self.has_failed = False

    def serve(
        self,
        page: Page,
        search: str,
        wanted: Mapping[str, Sequence[str]],
        known: Mapping[str, str],
    ) -> dict[str, Any]:
        """All values of the page, or the one message about its address."""
        if self._viewer.role not in page.roles:
            raise Forbidden(f"The role {self._viewer.role} may not open the page {page.name}.")
        try:
            filters = self.filters(search)
            for asked in (panel.pivot for panel in page.panels if panel.pivot):
                asked(filters)  # its address may be wrong in what only this page reads
        except QueryError as error:
            return {
                **_left_alone(wanted),
                "notice": [notice(str(error)) for _ in wanted["notice"]],
            }
        filled = Filled(
            page=page.name,
            address=filters.to_search(),
            answers={panel.id: self._answer(panel, filters) for panel in page.panels},
            known=known,
        )
        return {**filled.values(wanted), **self._around(filled, wanted)}

    def filters(self, search: str) -> Filters:
        """What the address says. Raises `QueryError`, also for a member nobody knows."""
        return filters_of(self._services, self._viewer, search)

    def _around(self, filled: Filled, wanted: Mapping[str, Sequence[str]]) -> Values:
        late = len(filled.late())
        return {
            "notice": [[] for _ in wanted["notice"]],
            "insight": [news(filled.insight()) for _ in wanted["insight"]],
            "chosen": [filled.chosen() for _ in wanted["chosen"]],
            "files": [page_files(filled.page, filled.address) for _ in wanted["files"]],
            "as_of": as_of_line(filled.as_of(), late),
        }

    def _answer(self, panel: Panel, filters: Filters) -> Answered:
        if not panel.is_open_to(self._viewer.role):
            return refused(panel, "forbidden")
        try:
            return answered(panel, self.drawing(panel, filters))
        except Forbidden:
            return refused(panel, "forbidden")
        except (TooLarge, BadPeriod):  # some cards look further back than the bar says
            return refused(panel, "large")
        except UnknownHolidays:
            return refused(panel, "calendar")
        except CockpitError as error:
            self.has_failed, reference = True, secrets.token_hex(3).upper()
            log.error("panel %s failed, reference %s: %s", panel.id, reference, error)
            return refused(panel, "error", reference)

    def answer(self, query: MetricQuery) -> Result:
        """The answer for this viewer. Raises as `Warehouse.answer` does."""
        return self._warehouse.answer(query, self._viewer)

    def drawing(self, panel: Panel, filters: Filters) -> Drawing:
        """Everything the panel draws from. Raises as `Warehouse.answer` does."""
        house, viewer = self._warehouse, self._viewer
        pivot = None if panel.pivot is None else house.pivot(panel.pivot(filters), viewer)
        answers = (house.answer(query, viewer) for query in panel.questions(filters))
        results = (*(() if pivot is None else (pivot.result,)), *answers)
        if filters.levels and results and _is_nameless(results[0]):
            return self.drawing(panel, replace(filters, levels=frozenset()))
        return Drawing(
            results=results,
            filters=filters,
            now=self._now,
            zone=house.zone,
            theme=self._theme,
            language=language(),
            role=viewer.role,
            label=lambda dimension, code: house.label(dimension, code, viewer).text(language()),
            sources=house.sources(viewer),
            city=house.city(viewer),
            goal=self._goal,
            records=records_of(self._services, viewer),
            restated=self._restated(),
            pivot=pivot,
            pick=lister(panel.id) if panel.lists else pick_of,
        )

    def _restated(self) -> tuple[Restatement, ...]:
        """Read once for all panels of the request."""
        if self._changes is None:
            self._changes = self._warehouse.restatements(self._viewer)
        return self._changes
