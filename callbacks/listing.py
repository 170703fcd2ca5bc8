"""The applications behind a bar of the loans page: asked for by a click, shown in a dialog."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dash import Dash, Input, Output, State, ctx, no_update

from callbacks.panels import Counter
from callbacks.services import Services
from pages._ui import ids, listed
from pages._ui.book import Page, page_of
from pages._ui.filters import Filters
from pages._ui.panel import Panel, Sheet, panel_of
from pages._ui.text import _, language
from pages._ui.words import member_words, period_words
from warehouse.applications import MOST_ROWS, ROLES
from warehouse.errors import Forbidden, QueryError, Suppressed
from warehouse.model import MetricQuery, Viewer

log = logging.getLogger(__name__)

MOST_IN_A_FILE = 50_000


def register(app: Dash, services: Services) -> None:
    @app.callback(
        Output(ids.LIST, "is_open"),
        Output(ids.LIST_BODY, "children"),
        Input(ids.LISTING, "data"),
        Input(ids.LIST_CLOSE, "n_clicks", allow_optional=True),
        State(ids.URL, "search"),
        State(ids.PAGE, "data"),
        prevent_initial_call=True,
    )
    def show(
        key: str | None, _clicks: int | None, search: str | None, page: Mapping[str, str] | None
    ) -> Any:
        if ctx.triggered_id != ids.LISTING or not key or page is None:
            return (False, []) if _clicks else (no_update, no_update)
        ledger = Ledger(services=services, viewer=services.viewer())
        return True, ledger.shown(page_of(page["name"]), key.partition(" ")[2], search or "")


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The lists that one viewer may see."""

    services: Services
    viewer: Viewer

    def shown(self, page: Page, text: str, search: str) -> list[Any]:
        """The body of the dialog, or in it the reason why there is no list."""
        try:
            key, panel, filters, query = self._asked(page, text, search)
            return listed.body(
                _(panel.title), self._note(query), self._inside(page, key, filters, query)
            )
        except QueryError as error:
            return listed.body(_(listed.NO_LIST), str(error), [])

    def _asked(
        self, page: Page, text: str, search: str
    ) -> tuple[listed.Key, Panel, Filters, MetricQuery]:
        if self.viewer.role not in page.roles:
            raise Forbidden(f"The role {self.viewer.role} may not open the page {page.name}.")
        key = listed.Key.read(text)
        panel = panel_of(page.panels, key.panel)
        if panel is None or panel.query is None or not panel.lists:
            raise QueryError(_(listed.NOT_OFFERED))
        filters = Counter(services=self.services, theme="light").filters(search)
        return key, panel, filters, key.asked(panel.query(filters))

    def _inside(
        self, page: Page, key: listed.Key, filters: Filters, query: MetricQuery
    ) -> list[Any]:
        if self.viewer.role not in ROLES:
            cells = [c for row in self._house.answer(query, self.viewer).rows for c in row.cells]
            return listed.count_only(
                int(cells[0].value) if cells and cells[0].value is not None else None
            )
        try:
            found = self._house.applications(query, self.viewer, listed.PAGE_ROWS, key.after)
        except Suppressed:
            raise QueryError(_(listed.HIDDEN)) from None
        log.info("list by %r: %s, from %d", self.viewer.name, key.at(0), key.after)
        asked = "&".join((filters.to_search() or "?", f"list={quote(key.at(0), safe='')}"))
        file = f"/export/{page.name}/{key.panel}.csv{asked}"
        return listed.listing(key, self._sheet(found.rows), found.total, found.after, file)

    def file(self, page: Page, text: str, search: str) -> tuple[str, Sheet]:
        """Title and rows of the whole list. Raises `Forbidden`, `QueryError`."""
        _key, panel, _filters, query = self._asked(page, text, search)
        rows: list[Any] = []
        after: int | None = 0
        while after is not None:
            found = self._house.applications(query, self.viewer, MOST_ROWS, after)
            if found.total > MOST_IN_A_FILE:
                raise QueryError(_(listed.TOO_LONG).format(most=MOST_IN_A_FILE))
            rows, after = [*rows, *found.rows], found.after
        return _(panel.title), self._sheet(rows)

    @property
    def _house(self) -> Any:
        return self.services.warehouse

    def _sheet(self, rows: Any) -> Sheet:
        return listed.sheet(rows, self._label, self.services.settings.zone)

    def _note(self, query: MetricQuery) -> str:
        parts = (period_words(query.period), member_words(self._label, query.where))
        return " · ".join(part for part in parts if part)

    @property
    def _label(self) -> Callable[[str, str], str]:
        label = self.services.warehouse.label
        return lambda dimension, code: label(dimension, code, self.viewer).text(language())
