"""Menu, addresses and layouts, for each role."""

import importlib

import pytest
from dash import Dash
from flask import Flask

from pages._ui import frame, shell
from pages._ui.book import PAGES, Page, menu, page_of
from pages._ui.desk import KEY, Desk
from pages._ui.text import speaking
from warehouse.errors import QueryError
from warehouse.model import Label, Role, Scope, Viewer

READERS = [Role.OFFICIAL, Role.ANALYST, Role.OPERATOR, Role.ADMIN]


@pytest.fixture
def server() -> Flask:
    return Flask(__name__)


def _sign_in(server: Flask, role: Role) -> None:
    viewer = Viewer(name="somebody", role=role, scope=Scope(everything=True))
    server.extensions[KEY] = Desk(
        viewer=lambda: viewer, city=lambda: Label(zh="小城", en="Small Town"), version=lambda: "1"
    )


@pytest.mark.parametrize("role", READERS)
def test_menu_when_shown_to_a_role_then_lists_exactly_its_pages(server: Flask, role: Role) -> None:
    _sign_in(server, role)
    with server.test_request_context("/"):
        text = str(shell.shell())
    shown = [p for p in PAGES if f"{{'link': '{p.path}'}}" in text]
    assert tuple(shown) == menu(role)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("page", PAGES[:-1], ids=lambda page: page.name)
def test_layout_when_opened_by_a_role_then_shows_the_page_or_says_no(
    server: Flask, page: Page, role: Role
) -> None:
    _sign_in(server, role)
    with server.test_request_context(page.path):
        text = str(frame.page_layout(page.name))
    for panel in page.panels:
        may_see = role in page.roles and panel.is_open_to(role)
        assert (f"'panel': '{panel.id}'" in text) is may_see
    assert ("权限不足" in text) is (role not in page.roles)


def test_addresses_when_registered_then_are_those_of_the_book() -> None:
    Dash(__name__, use_pages=True, pages_folder="")
    for page in PAGES:
        importlib.import_module(f"pages.{page.name}")
    from dash import page_registry

    known = {entry["path"] for entry in page_registry.values()}
    page_registry.clear()
    assert {page.path for page in PAGES} <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_title_when_english_is_spoken_then_is_english(page: Page) -> None:
    with speaking("en"):
        assert frame.title_of(page.name)().isascii() or "·" in frame.title_of(page.name)()
        assert page.label not in frame.title_of(page.name)()


def test_page_when_unknown_then_names_the_nearest() -> None:
    with pytest.raises(QueryError, match="'growth'"):
        page_of("grwth")


def test_shell_when_nobody_is_signed_in_then_has_no_menu(server: Flask) -> None:
    with server.test_request_context("/"):
        text = str(shell.shell())
    assert "'link'" not in text
    assert "as-of" in text


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("page", [p for p in PAGES if p.group], ids=lambda page: page.name)
def test_tabs_when_a_page_of_a_group_is_open_then_list_those_for_the_role(
    server: Flask, page: Page, role: Role
) -> None:
    _sign_in(server, role)
    with server.test_request_context(page.path):
        text = str(frame.page_layout(page.name))
    may_open = [p for p in PAGES if p.group == page.group and role in p.roles]
    shown = [p for p in PAGES if f"href='{p.path}', className='page-tab'" in text or p is page]
    if page in may_open:
        assert shown == may_open
    else:
        assert "page-tab" not in text


@pytest.mark.parametrize("role", READERS)
def test_menu_when_a_group_has_pages_for_the_role_then_leads_to_the_first(role: Role) -> None:
    groups = [page.group for page in menu(role) if page.group]
    assert groups == ["pipeline"]
    (entry,) = (page for page in menu(role) if page.group)
    assert entry is next(p for p in PAGES if p.group == "pipeline" and role in p.roles)
