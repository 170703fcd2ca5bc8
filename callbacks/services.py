"""What callbacks may reach: handed to every `register(app, services)`, never imported."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from pages._ui import drill
from pages._ui.book import OPERATORS, page_of
from pages._ui.filters import Filters, check_members
from pages._ui.records import Records
from warehouse import clock
from warehouse.accounts import Accounts
from warehouse.answer import Warehouse
from warehouse.errors import CockpitError
from warehouse.explanation import Explanation
from warehouse.model import UNKNOWN, Role, Scope, Viewer
from warehouse.operations import Request
from warehouse.settings import Settings
from warehouse.views import Views

log = logging.getLogger(__name__)

_WARMING = Viewer(name="warm-up", role=Role.ADMIN, scope=Scope(everything=True))
"""Asks before anybody has signed in; what it learns goes into the cache and nowhere else."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """viewer  who asks in the running request; raises `Forbidden` when nobody is signed in.

    ask      leaves a request for the ETL; see `warehouse.requests`.
    waiting  the requests that the ETL has not taken yet.
    keep     keeps an explained number for its hash; see `warehouse.explained.Keeper`.
    """

    settings: Settings
    warehouse: Warehouse
    accounts: Accounts
    views: Views
    viewer: Callable[[], Viewer]
    ask: Callable[..., Request]
    waiting: Callable[[], tuple[Request, ...]] = tuple
    keep: Callable[[Explanation, Viewer], bool] = lambda _one, _viewer: False

    def warm(self) -> None:
        """Open the warehouse and answer the first page once, so that nobody waits for it."""
        try:
            today = clock.today(self.settings.zone)
            filters = Filters.from_search("", self.warehouse.horizon(_WARMING), today)
            for panel in page_of("overview").panels:
                for question in panel.questions(filters):
                    self.warehouse.answer(question, _WARMING)
        except CockpitError as error:
            # The pages say what is wrong; a worker that does not start would say nothing.
            log.warning("could not warm up: %s", error)


def filters_of(services: Services, viewer: Viewer, search: str) -> Filters:
    """What an address says. Raises `QueryError`, also for a member the viewer does not know."""
    house = services.warehouse
    found = Filters.from_search(search, house.horizon(viewer), clock.today(house.zone))
    for dimension, chosen in found.where:
        # A member with a name need not be looked for in the records.
        nameless = [c for c in chosen if house.label(dimension, c, viewer).zh == c]
        if dimension == "street" and not viewer.scope.everything:
            nameless = list(chosen)  # a name must not tell what lies outside of the scope
        if nameless:
            check_members(dimension, nameless, _known(house, dimension, viewer))
    below = (name for name in drill.wanted(found) if _is_held(house, name, viewer))
    return replace(found, levels=frozenset(below))


def _known(house: Warehouse, dimension: str, viewer: Viewer) -> frozenset[str]:
    """Every member one may filter by: of sources also those that have not delivered yet."""
    if dimension == "source":
        return frozenset(source.name for source in house.sources(viewer))
    return frozenset(member.code for member in house.members(dimension, viewer))


def _is_held(house: Warehouse, dimension: str, viewer: Viewer) -> bool:
    """Whether the records name any member of the dimension."""
    return any(member.code != UNKNOWN for member in house.members(dimension, viewer))


def records_of(services: Services, viewer: Viewer) -> Records:
    """What the viewer may see of the pipeline; a call raises `Forbidden` where that is nothing."""
    house = services.warehouse

    def requests() -> tuple[Request, ...]:
        taken = house.requests(viewer)
        known = {one.request_id for one in taken}
        return (*(one for one in services.waiting() if one.request_id not in known), *taken)

    return Records(
        quarantine=lambda: house.quarantine(viewer),
        runs=lambda source: house.runs(viewer, source),
        samples=lambda: house.samples(viewer),
        incidents=lambda: house.incidents(viewer),
        drifts=lambda: house.drifts(viewer),
        parked=lambda: house.parked(viewer),
        checks=lambda: house.checks(viewer),
        requests=requests,
        may_ask=viewer.role in OPERATORS,
    )
