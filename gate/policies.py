"""The one table of who may call what. What is not declared here is denied.

A route is named by its Flask endpoint, a callback by its first output. The roles
of pages stand in `pages/_ui/book.py`, next to what the pages show.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pages._ui.book import OPERATORS, PAGES, WALL_ROLES
from warehouse.model import Role

EVERYBODY = frozenset(Role)
READERS = frozenset({Role.OFFICIAL, Role.ANALYST, Role.OPERATOR, Role.ADMIN})
WALL = WALL_ROLES
NOBODY: frozenset[Role] = frozenset()

GET = frozenset({"GET"})
POST = frozenset({"POST"})


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a route lets in: HEAD goes with GET; `is_public` needs no session."""

    methods: frozenset[str]
    roles: frozenset[Role] = NOBODY
    is_public: bool = False


SUITES = "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"
ASSETS = "_dash_assets.static"
CALLBACK = "/_dash-update-component"
PAGE_ROUTES = ("/", "/<path:path>")

ROUTES: Mapping[str, Policy] = {
    "login": Policy(methods=GET | POST, is_public=True),
    "/healthz": Policy(methods=GET, is_public=True),
    "static": Policy(methods=GET, is_public=True),
    "/_favicon.ico": Policy(methods=GET, is_public=True),
    "logout": Policy(methods=GET | POST, roles=EVERYBODY),
    "version": Policy(methods=GET, roles=EVERYBODY),
    "export_page": Policy(methods=GET, roles=READERS),
    "export_panel": Policy(methods=GET, roles=READERS),
    "/": Policy(methods=GET, roles=EVERYBODY),
    "/<path:path>": Policy(methods=GET, roles=EVERYBODY),
    CALLBACK: Policy(methods=POST, roles=EVERYBODY),
    "/_dash-layout": Policy(methods=GET, roles=EVERYBODY),
    "/_dash-dependencies": Policy(methods=GET, roles=EVERYBODY),
    SUITES: Policy(methods=GET, roles=EVERYBODY),
    ASSETS: Policy(methods=GET, roles=EVERYBODY),
    "/_reload-hash": Policy(methods=GET),  # a tool for developers: nobody
}

REFRESH = frozenset({"version.data"})
"""What has changed when a page asks again because there are new data, not because of a person."""

PAGES_CALLBACK = "_pages_content.children"

CALLBACKS: Mapping[str, frozenset[Role]] = {
    PAGES_CALLBACK: EVERYBODY,  # and the roles of the page it asks for
    "_pages_dummy.children": EVERYBODY,
    '{"panel":["ALL"],"part":"tile"}.children': EVERYBODY,  # and the roles of page and panel
    '{"panel":["ALL"],"part":"bar"}.children': READERS,
    "url.search": READERS,
    "views.children": READERS,
    "list.is_open": READERS,  # the rows themselves only for `warehouse.applications.ROLES`
    "catalogue-entries.children": READERS,
    "ask.is_open": OPERATORS,
    "why.is_open": READERS,  # and the roles of page and panel
    '{"link":["ALL"]}.className': EVERYBODY,
    '{"card":"","scene":["MATCH"],"wall":"got"}.data': WALL,
    '{"card":["ALL"],"scene":["MATCH"],"wall":"graph"}.figure': WALL,
}
"""By the first output of a callback, which no second callback may have. Those that run in the
browser are listed too: calling them on the server does nothing, and the list stays whole."""


def callback_name(key: str) -> str:
    """The first output of a callback, from its key in Dash's `callback_map`."""
    return key[2:-2].split("...")[0] if key.startswith("..") else key


def page_roles(path: str) -> frozenset[Role] | None:
    """Who may open the page at this path; None: there is no such page."""
    if path == "/wall":
        return WALL
    return next((page.roles for page in PAGES if page.path == path), None)


def home(role: Role) -> str:
    """Where somebody lands after signing in."""
    return "/" if role in (page_roles("/") or NOBODY) else "/wall"
