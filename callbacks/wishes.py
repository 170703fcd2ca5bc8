"""Operators ask the ETL for a replay or a backfill: a button offers, the dialog asks, a log tells.

The button only opens the dialog (assets/shell.js hands its key to the store); nothing happens
before the dialog's own button. What comes from the browser is checked against what is known.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from callbacks.services import Services
from pages._ui import ids
from pages._ui.book import OPERATORS
from pages._ui.text import _, named
from pages._ui.wishes import Wish, days_of, question, read_key, thanks
from warehouse import clock
from warehouse.errors import Forbidden, QueryError
from warehouse.model import Member, Viewer
from warehouse.operations import Request, RunKind

log = logging.getLogger(__name__)

OUTPUTS = {
    "is_open": Output(ids.ASK, "is_open"),
    "body": Output(ids.ASK_BODY, "children"),
    "asked": Output(ids.ASKED, "data"),
}
INPUTS = {
    "key": Input(ids.WISH, "data"),
    "_confirm": Input(ids.ASK_CONFIRM, "n_clicks", allow_optional=True),
    "_cancel": Input(ids.ASK_CANCEL, "n_clicks", allow_optional=True),
    "values": State(ids.typed(ALL), "value"),
    "fields": State(ids.typed(ALL), "id"),
}
_CLOSED = {"is_open": False, "body": [], "asked": no_update}
_AS_IT_IS = dict.fromkeys(OUTPUTS, no_update)


def register(app: Dash, services: Services) -> None:
    @app.callback(output=OUTPUTS, inputs=INPUTS, prevent_initial_call=True)
    def answer(
        key: str | None,
        values: Sequence[Any],
        fields: Sequence[Mapping[str, str]],
        **_pressed: int | None,
    ) -> dict[str, Any]:
        pressed, desk = ctx.triggered_id, Desk(services=services)
        if pressed == ids.WISH and key:
            return desk.offer(key)
        if not (ctx.triggered and ctx.triggered[0]["value"]):
            return _AS_IT_IS
        if pressed == ids.ASK_CONFIRM:
            names = (field["typed"] for field in fields)
            return desk.ask(key or "", dict(zip(names, values, strict=True)))
        return _CLOSED


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where an operator's request is taken, for the viewer of the running HTTP request."""

    services: Services

    def offer(self, key: str) -> dict[str, Any]:
        """Open the dialog for a button. Raises `Forbidden`, `QueryError`."""
        return _shown(question(self._wish(key)))

    def ask(self, key: str, typed: Mapping[str, Any]) -> dict[str, Any]:
        """Take the request, or say in the dialog what is still wrong with it."""
        viewer = self._operator()
        known, sources = self._wish(key), typed.get("sources")
        wish = replace(
            known,
            chosen=tuple(sources) if isinstance(sources, list) else (_text(sources),),
            start=_text(typed.get("start")),
            end=_text(typed.get("end")),
        )
        try:
            taken = self._take(wish, viewer)
        except QueryError as error:
            return _shown(question(wish, str(error)))
        names = {member.code: named(member.label) for member, _rows in known.sources}
        last = taken[-1].request_id
        return {**_shown(thanks([names[one.source] for one in taken])), "asked": last}

    def _take(self, wish: Wish, viewer: Viewer) -> Sequence[Request]:
        offered = {member.code for member, _rows in wish.sources}
        if not wish.chosen or not set(wish.chosen) <= offered:
            raise QueryError(_("请选择数据源。"))
        today = clock.today(self.services.settings.zone)
        start, end = (None, None) if wish.kind is RunKind.REPLAY else days_of(wish, today)
        taken = []
        for source in wish.chosen:
            one = self.services.ask(
                kind=wish.kind,
                source=source,
                reason=wish.reason,
                start=start,
                end=end,
                asked_by=viewer.name,
            )
            log.info(
                "request by %r: %s of %s, reason %r, days %s to %s, request %s",
                viewer.name, one.kind.value, one.source, one.reason, start, end, one.request_id,
            )  # fmt: skip
            taken.append(one)
        return taken

    def _wish(self, key: str) -> Wish:
        viewer, house = self._operator(), self.services.warehouse
        sources = [Member(code=s.name, label=s.label) for s in house.sources(viewer)]
        today = clock.today(self.services.settings.zone)
        return read_key(key, house.quarantine(viewer), sources, today)

    def _operator(self) -> Viewer:
        viewer = self.services.viewer()
        if viewer.role not in OPERATORS:
            raise Forbidden(f"The role {viewer.role} may not ask the ETL for anything.")
        return viewer


def _shown(body: Any) -> dict[str, Any]:
    return {"is_open": True, "body": body, "asked": no_update}


def _text(typed: Any) -> str:
    return typed.strip() if isinstance(typed, str) else ""
