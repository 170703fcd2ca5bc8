"""Nobody gets anything without a session, and with one only what the table declares."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from gate import policies
from pages._ui.book import PAGES
from tests.access.conftest import House, call, token
from tests.access.envelopes import envelope_of
from warehouse.model import Role

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
Clients = Callable[[str], FlaskClient]


def _url(rule: str) -> str:
    path = rule
    for name, value in (
        ("<string:package_name>", "dash"),
        ("<path:fingerprinted_path>", "deps/react@18.3.1.min.js"),
        ("<path:filename>", "tokens.css"),
        ("<path:name>", "gate.css"),
        ("<path:path>", "usage"),
        ("<page>", "usage"),
        ("<panel>", "events"),
        ("<suffix>", "csv"),
    ):
        path = path.replace(name, value)
    assert "<" not in path, f"give a sample value for {rule}"
    return path


def test_routes_when_enumerated_then_each_has_a_policy_and_no_policy_is_left_over(
    house: House,
) -> None:
    assert {r.endpoint for r in house.app.server.url_map.iter_rules()} == set(policies.ROUTES)


def test_callbacks_when_enumerated_then_each_has_a_policy_and_no_policy_is_left_over(
    house: House,
) -> None:
    names = [policies.callback_name(key) for key in house.app.callback_map]
    assert len(names) == len(set(names))
    assert set(names) == set(policies.CALLBACKS)


@pytest.mark.parametrize("method", METHODS)
def test_routes_when_nobody_is_signed_in_then_only_the_public_ones_answer(
    house: House, method: str
) -> None:
    client, passed = house.client(), []
    for rule in house.app.server.url_map.iter_rules():
        answer = client.open(_url(rule.rule), method=method)
        if answer.status_code not in (302, 401, 403, 405):
            passed.append((rule.endpoint, answer.status_code))
        if answer.status_code == 302:
            assert answer.headers["Location"].startswith("/login")
    allowed = {
        "GET": [("login", 200), ("/healthz", 200), ("static", 200), ("/_favicon.ico", 200)],
        "POST": [("login", 400)],  # no CSRF token
    }
    assert sorted(passed) == sorted(allowed.get("GET" if method == "HEAD" else method, []))


@pytest.mark.parametrize("path", ["/nope", "/.git/HEAD", "/.env", "/metrics", "/_mcp", "/console"])
def test_unknown_paths_when_asked_then_401_for_nobody_and_404_for_somebody(
    house: House, clients: Clients, path: str
) -> None:
    assert house.client().get(path, headers={"Accept": "application/json"}).status_code == 401
    answer = clients("admin").get(path)
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/_dash-component-suites/dash/dash.py",
        "/_dash-component-suites/dash/../../app.py",
        "/assets/../app.py",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/_reload-hash",
    ],
)
def test_files_when_not_meant_to_be_served_then_404(clients: Clients, path: str) -> None:
    assert clients("admin").get(path).status_code == 404


def test_callbacks_when_nobody_is_signed_in_then_401_and_nothing_ran(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []
    for key, declared in house.app.callback_map.items():
        if "callback" in declared:
            monkeypatch.setitem(declared, "callback", lambda *_a, _k=key, **_kw: ran.append(_k))
    client = house.client()
    token(client)
    for key in house.app.callback_map:
        assert call(client, envelope_of(house.app, key)).status_code == 401
    assert ran == []


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_pages_when_opened_then_only_the_roles_of_the_book_get_in(
    clients: Clients, role: Role
) -> None:
    paths = {page.path: page.roles for page in PAGES} | {"/wall": policies.WALL}
    got = {path: clients(role.value).get(path).status_code for path in paths}
    assert got == {path: 200 if role in roles else 403 for path, roles in paths.items()}


def test_refusal_when_the_wall_strays_then_the_way_back_is_the_wall(clients: Clients) -> None:
    page = clients("wall").get("/usage", headers={"Accept": "text/html"})
    assert page.status_code == 403 and 'href="/wall"' in page.text


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_pages_callback_when_asked_for_a_page_of_others_then_403(
    house: House, clients: Clients, role: Role
) -> None:
    key = next(k for k in house.app.callback_map if k.startswith(f"..{policies.PAGES_CALLBACK}"))
    paths = {page.path: page.roles for page in PAGES} | {"/wall": policies.WALL}
    for path, roles in paths.items():
        values = {"_pages_location.pathname": path, "_pages_location.search": ""}
        answer = call(clients(role.value), envelope_of(house.app, key, values))
        assert answer.status_code == (200 if role in roles else 403), path


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_callbacks_when_called_by_each_role_then_the_table_decides(
    house: House, clients: Clients, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    for declared in house.app.callback_map.values():
        if "callback" in declared:
            monkeypatch.setitem(declared, "callback", lambda *_a, **_kw: "{}")
    for key, declared in house.app.callback_map.items():
        name = policies.callback_name(key)
        if "callback" not in declared or name == policies.PAGES_CALLBACK:
            continue
        status = call(clients(role.value), envelope_of(house.app, key)).status_code
        assert status == (200 if role in policies.CALLBACKS[name] else 403), name


def test_callbacks_when_not_declared_then_denied_for_everybody(
    house: House, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(policies.CALLBACKS, "url.search")
    answer = call(clients("admin"), envelope_of(house.app, "url.search"))
    assert answer.status_code == 403


def test_routes_when_not_declared_then_denied_for_everybody(
    house: House, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(policies.ROUTES, "version")
    answer = clients("admin").get("/api/version", headers={"Accept": "application/json"})
    assert answer.status_code == 403
