"""The filter bar and the address: each follows the other, and the address always wins."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from callbacks.services import Services
from pages._ui import ids
from pages._ui.address import USUAL, pairs_of
from pages._ui.bar import bar, changed, further_of
from pages._ui.book import Page, page_of
from pages._ui.desk import KEY, Desk
from pages._ui.explored import repaired
from pages._ui.filters import CUSTOM, Filters
from pages._ui.picks import picked
from pages._ui.setup import setup
from warehouse import clock
from warehouse.errors import CockpitError, QueryError
from warehouse.model import Label, Member, Viewer


def register(app: Dash, services: Services) -> None:
    app.server.extensions[KEY] = Desk(
        viewer=lambda: _viewer_or_none(services),
        city=lambda: _city(services),
        version=lambda: _version(services),
        zone=services.settings.zone.key,
    )

    @app.callback(
        Output(ids.part("bar", ALL), "children"),
        Input(ids.URL, "search"),
        Input(ids.PAGE, "data", allow_optional=True),
        Input(ids.FURTHER, "data", allow_optional=True),
        State(ids.part("bar", ALL), "id"),
        State(ids.control(ALL), "value"),
        State(ids.control(ALL), "id"),
    )
    def show(
        search: str | None,
        page: Mapping[str, str] | None,
        further: str | None,
        bars: Sequence[Any],
        values: Sequence[Any],
        controls: Sequence[Mapping[str, str]],
    ) -> list[Any]:
        filters = _read(services, search or "")
        if page is None or filters is None:
            return [no_update] * len(bars)
        is_asked = ctx.triggered_id == ids.FURTHER
        stands = not is_asked and _shown(services, values, controls, search or "") == filters
        made: Any = no_update
        if not stands:
            made = _bar(services, page_of(page["name"]), filters, further or "", is_asked=is_asked)
        # What the setup offers depends on what is chosen in it.
        return [setup(filters) if one["panel"] == "setup" else made for one in bars]

    @app.callback(
        Output(ids.URL, "search"),
        Input(ids.control(ALL), "value"),
        Input(ids.control("reset"), "n_clicks", allow_optional=True),
        Input(ids.PICK, "data", allow_optional=True),
        State(ids.control(ALL), "id"),
        State(ids.URL, "search"),
        prevent_initial_call=True,
    )
    def choose(
        values: Sequence[Any],
        clicks: int | None,
        pick: str | None,
        controls: Sequence[Mapping[str, str]],
        search: str | None,
    ) -> Any:
        if ctx.triggered_id == ids.PICK:
            return _picked(services, pick or "", search or "")
        key = (ctx.triggered_id or {}).get("control", "")
        if key == "reset" and not clicks:
            return no_update
        used = _used(_by_key(values, controls), [one["prop_id"] for one in ctx.triggered])
        return _address(services, key, used, search or "")


def _viewer_or_none(services: Services) -> Viewer | None:
    try:
        return services.viewer()
    except CockpitError:
        return None


def _city(services: Services) -> Label:
    viewer = _viewer_or_none(services)
    try:
        return services.warehouse.city(viewer).label if viewer else Label(zh="", en="")
    except CockpitError:
        return Label(zh="", en="")


def _version(services: Services) -> str:
    try:
        version: str = services.warehouse.data_version()
        return version
    except CockpitError:
        return ""


def _read(services: Services, search: str) -> Filters | None:
    """The filters of an address; None where it is wrong (the panels say why)."""
    house = services.warehouse
    try:
        horizon = house.horizon(services.viewer())
        return Filters.from_search(search, horizon, clock.today(house.zone))
    except QueryError:
        return None


def _bar(
    services: Services, page: Page, filters: Filters, opened: str, *, is_asked: bool
) -> list[Any]:
    """The bar of a page; its further filters only once somebody has opened them."""
    further = further_of(page, filters) if opened else None
    choices = _choices(services, (*USUAL, *(further or ())))
    return list(bar(filters, choices, page.controls, further, is_open=is_asked))


def _choices(services: Services, dimensions: Sequence[str]) -> dict[str, Any]:
    viewer, house = services.viewer(), services.warehouse
    sources = tuple(Member(code=s.name, label=s.label) for s in house.sources(viewer))
    return {d: house.members(d, viewer) for d in dimensions} | {"source": sources}


def _picked(services: Services, pick: str, search: str) -> Any:
    """The address after a click in a chart; `no_update` where the page has none to narrow."""
    now = _read(services, search)
    _count, _space, what = pick.partition(" ")
    if now is None or not what:
        return no_update
    try:
        return picked(now, what).to_search()
    except QueryError:
        # One dimension too many: the address takes it, and the page says what is wrong with it.
        return f"{search or '?'}&{what}"


def _by_key(values: Sequence[Any], controls: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {c["control"]: v for c, v in zip(controls, values, strict=True)}


def _used(values: Mapping[str, Any], triggered: Sequence[str]) -> Mapping[str, Any]:
    """What a person has just chosen: the value of one control, of dates of both.

    The others may not have followed the address yet, and the address wins. Several at once are
    controls that have just been made: nobody chose anything.
    """
    if len(triggered) != 1:
        return {}
    keys = {key for key in values if f'"control":"{key}"' in triggered[0]}
    if keys & {"from", "to"} or CUSTOM in (values[key] for key in keys):
        keys |= {"from", "to"}
    return {key: value for key, value in values.items() if key in keys}


def _shown(
    services: Services,
    values: Sequence[Any],
    controls: Sequence[Mapping[str, str]],
    search: str = "",
) -> Filters | None:
    """What the controls on the page say at the moment; None where there are none yet."""
    by_key = _by_key(values, controls)
    if not by_key:
        return None
    return _read(services, _search(changed("", by_key, _kept(search))))


def _kept(search: str) -> Mapping[str, str]:
    """The pairs of the address; none where it is wrong."""
    try:
        return pairs_of(search)
    except QueryError:
        return {}


def _search(pairs: Mapping[str, str]) -> str:
    return "?" + "&".join(f"{key}={value}" for key, value in pairs.items())


def _address(services: Services, key: str, values: Mapping[str, Any], search: str) -> Any:
    """The address the controls ask for; `no_update` where it is the one that stands."""
    if key == "reset":
        return no_update if not search else ""
    if not values:
        # The bar is being made or taken away: that is no choice of a person.
        return no_update
    now = _read(services, search)
    pairs = _search(changed(key, values, _kept(search)))
    wished = _read(services, pairs)
    if wished is None:
        # A date that is none: the address takes it, and the page says what is wrong with it.
        return pairs
    if "metrics" in values:
        wished = repaired(wished)
    return no_update if wished == now else wished.to_search()
