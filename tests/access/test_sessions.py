"""A session ends when it should, and what the browser keeps is worth nothing afterwards."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.access.conftest import EAST, PASSWORD, House, token
from warehouse import clock
from warehouse.model import Role, Scope

JSON = {"Accept": "application/json"}


def _status(client: FlaskClient) -> int:
    return client.get("/api/version", headers=JSON).status_code


def _cookie(client: FlaskClient) -> str:
    cookie = client.get_cookie("sid")
    assert cookie is not None
    return cookie.value


def _with_cookie(house: House, value: str) -> FlaskClient:
    client = house.client()
    client.set_cookie("sid", value)
    return client


def _account(house: House, name: str, role: Role = Role.ANALYST) -> str:
    house.accounts.add(name, PASSWORD, role, Scope(everything=True))
    return name


def test_session_when_signed_out_then_a_copied_cookie_is_refused(house: House) -> None:
    client = house.signed_in(_account(house, "leaves"))
    copied = _cookie(client)
    assert _status(_with_cookie(house, copied)) == 200
    answer = client.post("/logout", data={"csrf_token": token(client)})
    assert answer.headers["Location"] == "/login"
    assert _status(_with_cookie(house, copied)) == 401


def test_session_when_password_or_role_changes_or_account_goes_then_it_ends(house: House) -> None:
    for name, change in (
        ("new-password", lambda n: house.accounts.set_password(n, "another-9-Password")),
        ("new-role", lambda n: house.accounts.set_role(n, Role.OFFICIAL, Scope())),
        ("removed", house.accounts.remove),
    ):
        client = house.signed_in(_account(house, name))
        change(name)
        assert _status(client) == 401, name


def test_session_when_somebody_signs_in_then_the_cookie_is_another(house: House) -> None:
    client = house.client()
    token(client)
    before = _cookie(client)
    data = {"name": "admin", "password": PASSWORD, "csrf_token": token(client)}
    assert client.post("/login", data=data).status_code == 302
    after = _cookie(client)
    assert before != after
    assert _status(_with_cookie(house, before)) == 401


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", ".eJwlzj.awR.x", "é" * 10])
def test_session_when_cookie_is_forged_then_401(house: House, cookie: str) -> None:
    assert _status(_with_cookie(house, cookie)) == 401


def test_session_when_only_the_page_refreshes_itself_then_it_ends_after_30_minutes(
    house: House,
) -> None:
    client, start = house.signed_in(_account(house, "idle")), clock.now()
    with clock.frozen_at(start + timedelta(minutes=29)):
        assert _status(client) == 200  # a poll is nobody
    with clock.frozen_at(start + timedelta(minutes=31)):
        assert _status(client) == 401


def test_session_when_used_then_it_lasts_until_twelve_hours(house: House) -> None:
    client, start = house.signed_in(_account(house, "busy")), clock.now()
    for minutes in range(20, 719, 20):
        with clock.frozen_at(start + timedelta(minutes=minutes)):
            assert client.get("/usage").status_code == 200
    with clock.frozen_at(start + timedelta(hours=12, seconds=1)):
        assert _status(client) == 401


def test_session_when_a_wall_then_never_idle_but_over_after_thirty_days(house: House) -> None:
    client, start = house.signed_in(_account(house, "screen", Role.WALL)), clock.now()
    with clock.frozen_at(start + timedelta(days=29)):
        assert _status(client) == 200
    with clock.frozen_at(start + timedelta(days=30, seconds=1)):
        assert _status(client) == 401


def test_cookies_when_set_then_hidden_from_scripts_and_bound_to_our_site(house: House) -> None:
    client = house.client()
    data = {"name": "admin", "password": PASSWORD, "csrf_token": token(client)}
    cookie = client.post("/login", data=data).headers["Set-Cookie"]
    assert cookie.startswith("sid=")
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert "Domain" not in cookie
    assert "admin" not in cookie


def test_sign_in_when_wrong_often_then_told_to_wait_known_or_not(house: House) -> None:
    _account(house, "guessed")
    answers = {}
    for name in ("guessed", "nobody-here"):
        client = house.client()
        seen = []
        for _ in range(7):
            data = {"name": name, "password": "wrong", "csrf_token": token(client)}
            answer = client.post("/login", data=data, environ_base={"REMOTE_ADDR": "10.0.0.7"})
            seen.append((answer.status_code, "Retry-After" in answer.headers))
        answers[name] = seen
    assert answers["guessed"] == answers["nobody-here"]
    assert answers["guessed"] == [(401, False)] * 5 + [(429, True)] * 2


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("/usage?compare=year", "/usage?compare=year"),
        ("//evil.example/x", "/"),
        ("https://evil.example", "/"),
        ("https:evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("/login", "/"),
        ("/logout", "/"),
    ],
)
def test_sign_in_when_next_leads_elsewhere_then_home(house: House, target: str, place: str) -> None:
    client = house.client()
    data = {"name": "admin", "password": PASSWORD, "next": target, "csrf_token": token(client)}
    assert client.post("/login", data=data).headers["Location"] == place


def test_sign_in_when_wall_then_lands_on_the_wall(house: House) -> None:
    client = house.client()
    data = {"name": "wall", "password": PASSWORD, "csrf_token": token(client)}
    assert client.post("/login", data=data).headers["Location"] == "/wall"


def test_sign_out_when_linked_from_elsewhere_then_only_asks(house: House) -> None:
    client = house.signed_in(_account(house, "linked"))
    answer = client.get("/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200 and "退出" in answer.text
    assert _status(client) == 200
    assert client.get("/logout", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302
    assert _status(client) == 401


def test_scope_when_account_is_for_one_district_then_session_carries_it(house: House) -> None:
    viewer = house.accounts.viewer(f"official-{EAST}")
    assert viewer.scope == Scope(districts=frozenset({EAST}))


@pytest.mark.parametrize(("language", "word"), [("zh", "登录"), ("en", "Sign in")])
def test_login_page_when_opened_then_speaks_the_language(
    house: House, language: str, word: str
) -> None:
    client = house.client()
    page = client.get(f"/login?lang={language}")
    assert page.status_code == 200 and word in page.text
    kept = client.get("/login")
    assert word in kept.text, "the choice is kept in a cookie"
