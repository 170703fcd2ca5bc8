"""The pages of the cockpit in menu order: address, name, who may open them, what is on them.

Exports, the gate and the callbacks read this; nobody imports a page module (Dash runs those
itself). Panels are imported on first use, so that reading the list costs nothing.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module

from pages._ui.panel import Panel
from warehouse.errors import QueryError, nearest
from warehouse.model import Role

_READERS = frozenset({Role.OFFICIAL, Role.ANALYST, Role.OPERATOR, Role.ADMIN})
_KEEPERS = frozenset({Role.ANALYST, Role.OPERATOR, Role.ADMIN})
OPERATORS = frozenset({Role.OPERATOR, Role.ADMIN})
"""Who may see broken rows and ask the ETL for something."""
_PIPELINE = "pipeline"


@dataclass(frozen=True, kw_only=True)
class Page:
    """label is the Chinese message of its name.

    controls  what its filter bar offers; see `pages._ui.bar`.
    group     pages of one group are one entry of the menu and tabs of each other.
    tab       its Chinese message among the tabs; empty: its label.
    """

    name: str
    path: str
    label: str
    roles: frozenset[Role]
    controls: tuple[str, ...] = ("period", "compare", "more")
    group: str = ""
    tab: str = ""

    @property
    def panels(self) -> tuple[Panel, ...]:
        return _panels(self.name)


PAGES = (
    Page(name="overview", path="/", label="总览", roles=_READERS),
    Page(name="usage", path="/usage", label="服务使用", roles=_READERS),
    Page(name="growth", path="/growth", label="用户增长", roles=_READERS),
    Page(
        name="loans",
        path="/loans",
        label="普惠贷款",
        roles=_READERS,
        controls=("period", "compare", "more", "funnel"),
    ),
    Page(name="quality", path="/quality", label="服务质量", roles=_READERS),
    Page(name="explore", path="/explore", label="数据探索", roles=_READERS),
    Page(
        name="pipeline",
        path="/pipeline",
        label="数据管道",
        roles=_KEEPERS,
        group=_PIPELINE,
        tab="各数据源",
    ),
    Page(
        name="runs",
        path="/pipeline/runs",
        label="运行记录",
        roles=OPERATORS,
        controls=("source", "state"),
        group=_PIPELINE,
    ),
    Page(
        name="quarantine",
        path="/pipeline/quarantine",
        label="隔离区",
        roles=OPERATORS,
        controls=(),
        group=_PIPELINE,
    ),
    Page(
        name="checks",
        path="/pipeline/checks",
        label="质量检查",
        roles=OPERATORS,
        controls=(),
        group=_PIPELINE,
    ),
    Page(
        name="restatements",
        path="/pipeline/restatements",
        label="数据修订",
        roles=_READERS,
        controls=("period",),
        group=_PIPELINE,
    ),
    Page(
        name="lineage",
        path="/pipeline/lineage",
        label="数据血缘",
        roles=_READERS,
        controls=(),
        group=_PIPELINE,
    ),
    Page(name="catalogue", path="/catalogue", label="指标目录", roles=_READERS, controls=()),
)

WALL_ROLES = frozenset({Role.WALL, Role.ADMIN})


@cache
def _panels(name: str) -> tuple[Panel, ...]:
    if name == "catalogue":
        return ()
    panels: tuple[Panel, ...] = import_module(f"pages._panels.{name}").PANELS
    return panels


def page_of(name: str) -> Page:
    """The page with this name. Raises `QueryError` with the nearest name."""
    for page in PAGES:
        if page.name == name:
            return page
    raise QueryError(f"There is no page {name[:40]!r}." + nearest(name, [p.name for p in PAGES]))


def menu(role: Role) -> tuple[Page, ...]:
    """What this role finds in the menu: of each group the first page it may open."""
    found: dict[str, Page] = {}
    for page in PAGES:
        if role in page.roles:
            found.setdefault(page.group or page.name, page)
    return tuple(found.values())


def tabs(page: Page, role: Role) -> tuple[Page, ...]:
    """The pages of its group that this role may open; none where it stands alone."""
    if not page.group:
        return ()
    return tuple(one for one in PAGES if one.group == page.group and role in one.roles)
