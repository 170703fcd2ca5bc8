"""Files of a panel or a page: the same filters, the same questions, the same answers.

`/export/<page>/<panel>.<suffix>` and `/export/<page>.<suffix>`, with the page's own query string.
Routes, not callbacks, so that a large file is streamed and never held in a browser's memory.
"""

import logging
from collections.abc import Callable, Sequence
from urllib.parse import quote

from dash import Dash
from flask import Response, request

from callbacks.listing import Ledger
from callbacks.panels import Counter
from callbacks.services import Services, filters_of
from pages._documents import (
    FORMATS,
    Asked,
    Format,
    Found,
    Pivoted,
    file_name,
    make_report,
    period_text,
)
from pages._ui import restated
from pages._ui.book import Page, page_of
from pages._ui.explored import explored
from pages._ui.filters import Filters
from pages._ui.panel import Panel, panel_of, screen_of
from pages._ui.text import _, language
from warehouse import clock
from warehouse.errors import Forbidden, QueryError, nearest
from warehouse.metrics import CATALOGUE
from warehouse.model import Viewer

log = logging.getLogger(__name__)

_LIST = "list"
"""Key of an address that asks for the applications behind a number; see `callbacks.listing`."""
_MOST_RESTATED = 50
"""So many changed numbers are named in a file, of each of its parts."""


def register(app: Dash, services: Services) -> None:
    def export_panel(page: str, panel: str, suffix: str) -> Response:
        return _send(services, page, panel, suffix)

    def export_page(page: str, suffix: str) -> Response:
        return _send(services, page, None, suffix)

    server = app.server
    server.add_url_rule("/export/<page>/<panel>.<suffix>", "export_panel", export_panel)
    server.add_url_rule("/export/<page>.<suffix>", "export_page", export_page)


def _send(services: Services, page_name: str, panel_id: str | None, suffix: str) -> Response:
    viewer, format_, page = services.viewer(), _format(suffix), page_of(page_name)
    panels = _panels(page, panel_id, viewer)
    filters = _filters(services, viewer)
    title = _(page.label) if panel_id is None else f"{_(page.label)} · {_(panels[0].title)}"
    if panel_id is not None and _LIST in request.args:
        answers, left_out = _list(services, viewer, page)
    else:
        answers, left_out = _answers(services, panels, filters)
    if panel_id is not None and left_out:
        raise Forbidden(f"The role {viewer.role} may not export the panel {panel_id}.")
    report = make_report(title, answers, _asked(services, viewer, page, filters), left_out)
    log.info("export by %r: %s, %d sheets", viewer.name, request.path, len(answers))
    pieces = format_.write(report, services.settings.spill)
    response = Response(pieces, content_type=format_.mimetype)
    name = file_name(title, period_text(filters.period), f"{clock.today(services.settings.zone)}")
    response.headers["Content-Disposition"] = _disposition(page_name, panel_id, f"{name}.{suffix}")
    return response


def _list(
    services: Services, viewer: Viewer, page: Page
) -> tuple[list[tuple[str, Found]], list[str]]:
    """The applications behind one number of a panel, for those who may see them."""
    ledger = Ledger(services=services, viewer=viewer)
    return [ledger.file(page, request.args[_LIST], _search())], []


def _search() -> str:
    """The page's own query string, without the key that asks for a list."""
    parts = request.query_string.decode("utf-8", "replace").split("&")
    return "?" + "&".join(part for part in parts if not part.startswith(f"{_LIST}="))


def _answers(
    services: Services, panels: Sequence[Panel], filters: Filters
) -> tuple[list[tuple[str, Found]], list[str]]:
    """The answers by panel title, and the titles of panels this viewer may not see."""
    answers, left_out = [], []
    counter = Counter(services=services, theme="light")
    for panel in panels:
        if panel.pivot and panel.kind == "chart" and len(panels) > 1:
            continue  # its numbers are those of the table beside it
        try:
            answers.append((_(panel.title), _answer(counter, panel, filters)))
        except Forbidden:
            left_out.append(_(panel.title))
    return answers, left_out


def _answer(counter: Counter, panel: Panel, filters: Filters) -> Found:
    """What the card's question gives; a table on the screen goes out as it stands there."""
    if panel.pivot and panel.kind == "table":
        pivot = counter.drawing(panel, filters).pivot
        assert pivot is not None
        return Pivoted(pivot=pivot, metrics=explored(filters).metrics)
    if panel.kind != "table" and panel.query:
        return counter.answer(panel.query(filters))
    drawing = counter.drawing(panel, filters)
    return screen_of(panel.draw(drawing), _(panel.title))


def _format(suffix: str) -> Format:
    if suffix not in FORMATS:
        raise QueryError(
            f"There is no format {suffix[:20]!r}: {', '.join(FORMATS)}."
            + nearest(suffix[:20], FORMATS)
        )
    return FORMATS[suffix]


def _panels(page: Page, panel_id: str | None, viewer: Viewer) -> Sequence[Panel]:
    """What to export. Raises `Forbidden` for a page or panel that is not for the viewer."""
    if viewer.role not in page.roles:
        raise Forbidden(f"The role {viewer.role} may not export the page {page.name}.")
    if panel_id is None:
        return [panel for panel in page.panels if panel.is_open_to(viewer.role)]
    panel = panel_of(page.panels, panel_id)
    if panel is None:
        known = [p.id for p in page.panels]
        raise QueryError(f"There is no panel {panel_id[:40]!r}." + nearest(panel_id[:40], known))
    if not panel.is_open_to(viewer.role):
        raise Forbidden(f"The role {viewer.role} may not export the panel {panel.id}.")
    return [panel]


def _filters(services: Services, viewer: Viewer) -> Filters:
    return filters_of(services, viewer, _search())


def _asked(services: Services, viewer: Viewer, page: Page, filters: Filters) -> Asked:
    changes, now = services.warehouse.restatements(viewer), clock.now()
    return Asked(
        page=page.name,
        filters=_filter_text(_names(services, viewer), filters),
        viewer=viewer,
        at=now,
        zone=services.settings.zone,
        metrics=CATALOGUE,
        label=_names(services, viewer),
        language=language(),
        restated=lambda result: tuple(
            restated.sentence(one, language(), now, services.settings.zone)
            for one in restated.shown_in(result.query, changes)[:_MOST_RESTATED]
        ),
    )


def _names(services: Services, viewer: Viewer) -> Callable[[str, str], str]:
    """What members are called, in the language and scope of the request."""
    label = services.warehouse.label
    return lambda dimension, code: label(dimension, code, viewer).text(language())


def _filter_text(name: Callable[[str, str], str], filters: Filters) -> str:
    """The filters in words, and the address that gives them again."""
    chosen = [
        ", ".join(name(dimension, code) for code in members) for dimension, members in filters.where
    ]
    parts = (period_text(filters.period), *chosen, filters.to_search())
    return " | ".join(part for part in parts if part)


def _disposition(page: str, panel: str | None, name: str) -> str:
    """The name in two forms: plain for old programs, and as it should be."""
    plain = "-".join(part for part in (page, panel) if part) + "." + name.rpartition(".")[2]
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
