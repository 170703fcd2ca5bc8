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


@dataclass(frozen=True, kw_only=True)
class Page:
    """label is the Chinese message of its name; bar: whether it has the filter bar."""

    name: str
    path: str
    label: str
    roles: frozenset[Role]
    has_bar: bool = True

    @property
    def panels(self) -> tuple[Panel, ...]:
        return _panels(self.name)


PAGES = (
    Page(name="overview", path="/", label="总览", roles=_READERS),
    Page(name="usage", path="/usage", label="服务使用", roles=_READERS),
    Page(name="growth", path="/growth", label="用户增长", roles=_READERS),
    Page(name="loans", path="/loans", label="普惠贷款", roles=_READERS),
    Page(name="quality", path="/quality", label="服务质量", roles=_READERS),
    Page(name="pipeline", path="/pipeline", label="数据管道", roles=_KEEPERS),
    Page(name="catalogue", path="/catalogue", label="指标目录", roles=_READERS, has_bar=False),
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
    """What this role may open, in menu order."""
    return tuple(page for page in PAGES if role in page.roles)
