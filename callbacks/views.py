"""Saved views: the menu asks, and gets its own body back.

A view holds an address. It is read like any address when it is saved and again when it is
listed: one that no longer fits says why; one that others share is shown only where its filters
lie in the scope of who looks.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dash import Dash, Input, Output, no_update

from callbacks.services import Services, filters_of
from pages._ui import ids
from pages._ui.book import PAGES, Page
from pages._ui.menu_of_views import Shown, said_of, views_body
from warehouse.errors import QueryError
from warehouse.model import Viewer
from warehouse.view import Refusal, View, ViewRefused

log = logging.getLogger(__name__)


def register(app: Dash, services: Services) -> None:
    @app.callback(
        Output(ids.VIEWS, "children"),
        Input(ids.VIEW_ACT, "data"),
        prevent_initial_call=True,
    )
    def answer(asked: str | None) -> Any:
        wish = _read(asked or "")
        if wish is None:
            return no_update
        return Cabinet(services=services, viewer=services.viewer()).serve(wish)


def _read(asked: str) -> Mapping[str, str] | None:
    """What the browser asks for; None where it is no object of texts."""
    try:
        found = json.loads(asked)
    except ValueError:
        return None
    keys = {"what", "title", "path", "search", "count"}
    if not isinstance(found, dict) or set(found) != keys:
        return None
    return found if all(isinstance(value, str) for value in found.values()) else None


@dataclass(frozen=True, kw_only=True)
class Cabinet:
    """The views as one viewer meets them."""

    services: Services
    viewer: Viewer

    def serve(self, wish: Mapping[str, str]) -> list[Any]:
        """Do what is asked, then show the menu; a refusal is said in it."""
        said = ""
        try:
            self._act(wish)
        except ViewRefused as error:
            said = said_of(error.refusal)
        except QueryError as error:
            said = str(error)
        own = [Shown(view=one, problem=self._problem(one)) for one in self._views.own(self.viewer)]
        return list(views_body(own, list(self._shared()), said))

    @property
    def _views(self) -> Any:
        return self.services.views

    def _act(self, wish: Mapping[str, str]) -> None:
        what, _space, given = wish["what"].partition(" ")
        number = int(given) if given.isdecimal() and len(given) < 18 else 0
        match what:
            case "save":
                self._views.save(self.viewer, wish["title"].strip(), self._address(wish))
            case "rename":
                self._views.rename(self.viewer, number, wish["title"].strip())
            case "share" | "private":
                self._views.share(self.viewer, number, is_shared=what == "share")
            case "delete":
                self._views.delete(self.viewer, number)
        if what != "list":
            log.info("view by %r: %s", self.viewer.name, wish["what"][:40])

    def _address(self, wish: Mapping[str, str]) -> str:
        """The address as it will be kept: of a page with filters, in its one form."""
        page = _page_of(wish["path"])
        if page is None or self.viewer.role not in page.roles:
            raise ViewRefused(Refusal.ADDRESS)
        return page.path + filters_of(self.services, self.viewer, wish["search"]).to_search()

    def _shared(self) -> Iterator[Shown]:
        """What others share and this viewer may open."""
        for view in self._views.shared(self.viewer):
            if not self._problem(view):
                yield Shown(view=view)

    def _problem(self, view: View) -> str:
        """Why the view cannot be opened; empty where it can."""
        path, question, search = view.address.partition("?")
        page = _page_of(path)
        if page is None or self.viewer.role not in page.roles:
            return said_of(Refusal.ADDRESS)
        try:
            filters_of(self.services, self.viewer, question + search)
        except QueryError as error:
            return str(error)
        return ""


def _page_of(path: str) -> Page | None:
    return next((page for page in PAGES if page.path == path and page.controls), None)
