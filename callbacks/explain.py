"""The dialog on a number: opened by a card's button, filled for the number that is chosen."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update
from dash.development.base_component import Component

from callbacks.panels import Counter
from callbacks.services import Services
from pages._ui import dialog, ids, origin, why
from pages._ui.book import Page, page_of
from pages._ui.filters import Filters
from pages._ui.panel import Panel, panel_of
from pages._ui.parts import ANY
from pages._ui.text import _, language, named
from pages._ui.words import member_words, period_words
from warehouse.errors import Forbidden, NotDecomposable, QueryError
from warehouse.explanation import Explanation
from warehouse.model import Compare, Result, Row, Viewer

log = logging.getLogger(__name__)

OUTPUTS = {
    "is_open": Output(ids.WHY, "is_open"),
    "title": Output(ids.WHY_TITLE, "children"),
    "note": Output(ids.WHY_NOTE, "children"),
    "body": Output(ids.WHY_BODY, "children"),
    "controls": Output(ids.WHY_CONTROLS, "className"),
    "tab": Output(ids.WHY_TAB, "value"),
    "metrics": Output(ids.WHY_METRIC, "options"),
    "metric": Output(ids.WHY_METRIC, "value"),
    "numbers": Output(ids.WHY_NUMBER, "options"),
    "number": Output(ids.WHY_NUMBER, "value"),
    "dimensions": Output(ids.WHY_DIMENSION, "options"),
    "dimension": Output(ids.WHY_DIMENSION, "value"),
}
INPUTS = {
    "key": Input(ids.WHY_KEY, "data"),
    "tab": Input(ids.WHY_TAB, "value"),
    "metric": Input(ids.WHY_METRIC, "value"),
    "number": Input(ids.WHY_NUMBER, "value"),
    "dimension": Input(ids.WHY_DIMENSION, "value"),
    "search": State(ids.URL, "search"),
    "page": State(ids.PAGE, "data"),
}


def register(app: Dash, services: Services) -> None:
    @app.callback(output=OUTPUTS, inputs=INPUTS, prevent_initial_call=True)
    def explain(
        key: str | None, search: str | None, page: Mapping[str, str] | None, **chosen: Any
    ) -> dict[str, Any]:
        if not key or page is None:
            return dict.fromkeys(OUTPUTS, no_update)
        if ctx.triggered_id == ids.WHY_KEY:
            chosen = {"tab": dialog.SOURCE}
        texts = {name: value for name, value in chosen.items() if isinstance(value, str)}
        desk = Desk(services=services, viewer=services.viewer())
        try:
            return desk.shown(page_of(page["name"]), key.partition("|")[0], search or "", texts)
        except QueryError as error:
            return _refused(str(error))


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Explains the numbers of one card for the viewer of the running request."""

    services: Services
    viewer: Viewer

    def shown(
        self, page: Page, panel_id: str, search: str, chosen: Mapping[str, str]
    ) -> dict[str, Any]:
        """The open dialog. Raises `Forbidden`, `QueryError`, and as `Warehouse.answer` does.

        chosen  tab, metric, number and dimension, as far as they are known.
        """
        panel = self._panel(page, panel_id)
        counter = Counter(services=self.services, theme="light")
        filters = counter.filters(search)
        asked = panel.query(filters) if panel.query else None
        if asked is None:
            raise QueryError(_(dialog.NO_NUMBER))
        metric = dialog.narrowed(asked, chosen.get("metric", ""))
        result = counter.answer(asked)
        row = dialog.row_of(result, chosen.get("number", ""))
        house = self.services.warehouse
        one = house.explain(
            replace(asked, metrics=(metric,), limit=None, sort=None, rest=False),
            self.viewer,
            None if row is None else row.period,
            None if row is None else row.members,
        )
        names = dialog.dimensions(one.definition, one.known.query)
        dimension = chosen.get("dimension", "")
        dimension = dimension if dimension in names else next(iter(names), "")
        is_change = chosen.get("tab") == dialog.CHANGE
        body = self._change(one, filters, dimension) if is_change else self._source(one)
        offered = (
            dialog.metric_options(asked),
            dialog.number_options(result, self._label),
            dialog.dimension_options(names) if is_change else [],
        )
        return {
            "is_open": True,
            "title": named(one.definition.label),
            "note": self._note(one),
            "body": body,
            "controls": dialog.controls_class(*offered),
            "tab": dialog.CHANGE if is_change else dialog.SOURCE,
            **dict(zip(("metrics", "numbers", "dimensions"), offered, strict=True)),
            "metric": metric,
            "number": _number(result, row),
            "dimension": dimension,
        }

    def _panel(self, page: Page, panel_id: str) -> Panel:
        if self.viewer.role not in page.roles:
            raise Forbidden(f"The role {self.viewer.role} may not open the page {page.name}.")
        panel = panel_of(page.panels, panel_id)
        if panel is None or not dialog.is_explained(panel):
            raise QueryError(_(dialog.NO_NUMBER))
        if not panel.is_open_to(self.viewer.role):
            raise Forbidden(f"The role {self.viewer.role} may not see the panel {panel.id}.")
        return panel

    def _source(self, one: Explanation) -> list[Component]:
        return origin.shown(
            origin.Origin(
                one=one,
                language=language(),
                zone=self.services.settings.zone,
                label=self._label,
                is_kept=self.services.keep(one, self.viewer),
            )
        )

    def _change(self, one: Explanation, filters: Filters, dimension: str) -> list[Component]:
        query = one.known.query
        compare = query.compare or filters.compare or Compare.PREVIOUS
        try:
            split = self.services.warehouse.contribution(
                replace(query, compare=compare), dimension, self.viewer
            )
        except NotDecomposable as error:
            return why.refused(str(error) if language() == "en" else error.zh)
        return why.shown(why.Reading(split=split, language=language(), label=self._label))

    def _note(self, one: Explanation) -> str:
        period = period_words(one.period) + (_("（未完结）") if one.is_partial else "")
        words = member_words(self._label, one.known.query.where)
        return " · ".join(part for part in (period, words) if part)

    @property
    def _label(self) -> Callable[[str, str], str]:
        label = self.services.warehouse.label
        return lambda dimension, code: label(dimension, code, self.viewer).text(language())


def _refused(reason: str) -> dict[str, Any]:
    """The dialog with the reason why there is nothing in it."""
    own = {"is_open": True, "title": _(dialog.REFUSED), "note": "", "body": why.refused(reason)}
    return {**dict.fromkeys(OUTPUTS, no_update), **own}


def _number(result: Result, row: Row | None) -> str:
    if row is not None:
        return dialog.key_of(row)
    query = result.query
    if query.grain and not query.by and result.rows:
        return dialog.key_of(result.rows[-1])
    return ANY
