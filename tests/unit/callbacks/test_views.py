"""The menu of views: addresses are checked, and scope decides what is seen."""

import json
from typing import Any

import pytest
from flask import Flask

from callbacks.services import Services
from callbacks.views import Cabinet, _read
from tests.unit.callbacks.conftest import ServicesFor
from warehouse.accounts import Accounts
from warehouse.model import Role, Scope, Viewer
from warehouse.settings import Settings

ALL, EAST = Scope(everything=True), Scope(districts=frozenset({"east"}))


@pytest.fixture
def cabinet(services_for: ServicesFor, town: Settings) -> Any:
    services: Services = services_for(Role.ADMIN)
    accounts = Accounts(town)

    def of(name: str, role: Role = Role.OFFICIAL, scope: Scope = ALL) -> Cabinet:
        if accounts.get(name) is None:
            accounts.add(name, "Long-enough-9", role, scope)
        return Cabinet(services=services, viewer=Viewer(name=name, role=role, scope=scope))

    with Flask("views").test_request_context("/"):
        yield of
    for account in accounts.all():
        accounts.remove(account.name)


def _wish(what: str, title: str = "", path: str = "/usage", search: str = "") -> dict[str, str]:
    return {"what": what, "title": title, "path": path, "search": search, "count": "1"}


def test_view_when_saved_then_is_kept_in_the_one_form_of_its_address(cabinet: Any) -> None:
    mine = cabinet("ann")
    text = str(mine.serve(_wish("save", " 东区 ", search="?lang=en&scene=fund&district=east")))
    assert "data-view-open='/usage?district=east&scene=fund'" in text
    assert "同名" in str(mine.serve(_wish("save", "东区")))
    assert "还没有" in str(mine.serve(_wish(f"delete {mine._views.own(mine.viewer)[0].number}")))


@pytest.mark.parametrize(
    ("path", "search", "said"),
    [
        ("/nowhere", "", "不能存为视图"),
        ("/pipeline/runs", "", "不能存为视图"),
        ("/usage", "?zzz=1", "不是筛选条件"),
        ("/usage", "?district=atlantis", "没有"),
    ],
)
def test_view_when_its_address_is_no_page_of_the_viewer_then_says_so(
    cabinet: Any, path: str, search: str, said: str
) -> None:
    assert said in str(cabinet("ann").serve(_wish("save", "odd", path, search)))


def test_view_when_its_address_no_longer_fits_then_says_why_instead_of_a_link(
    cabinet: Any,
) -> None:
    mine = cabinet("ann")
    mine._views.save(mine.viewer, "old", "/usage?district=atlantis")
    text = str(mine.serve(_wish("list")))
    assert "old" in text and "atlantis" in text
    assert "data-view-open" not in text


def test_view_when_shared_then_is_seen_only_where_its_filters_lie_in_the_scope(
    cabinet: Any,
) -> None:
    city, local = cabinet("ann"), cabinet("bob", scope=EAST)
    for title, search in (("here", "?district=east"), ("there", "?district=west"), ("any", "")):
        city.serve(_wish("save", title, search=search))
    for view in city._views.own(city.viewer):
        city.serve(_wish(f"share {view.number}"))
    seen = [one.view.title for one in local._shared()]
    assert seen == ["any", "here"]
    assert [one.view.title for one in cabinet("eve")._shared()] == ["any", "here", "there"]


@pytest.mark.parametrize("asked", ["", "x", "[]", "{}", json.dumps(_wish("list") | {"count": 1})])
def test_request_when_no_object_of_texts_then_is_left_alone(asked: str) -> None:
    assert _read(asked) is None
