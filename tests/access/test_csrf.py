"""What changes something must come from our own pages, with the token of their session."""

import pytest

from gate.headers import CSRF_COOKIE, CSRF_HEADER
from tests.access.conftest import House, call
from tests.access.envelopes import envelope_of


@pytest.fixture
def body(house: House) -> object:
    key = next(k for k in house.app.callback_map if k.startswith(".._pages_content"))
    values = {"_pages_location.pathname": "/usage", "_pages_location.search": ""}
    return envelope_of(house.app, key, values)


def test_callback_when_token_is_right_then_200(house: House, body: object) -> None:
    assert call(house.signed_in("admin"), body).status_code == 200


@pytest.mark.parametrize("token", [None, "", "wrong", "IjEi.aa.bb"])
def test_callback_when_token_is_missing_or_wrong_then_400(
    house: House, body: object, token: str | None
) -> None:
    client = house.signed_in("admin")
    headers = {} if token is None else {CSRF_HEADER: token}
    answer = client.post("/_dash-update-component", json=body, headers=headers)
    assert answer.status_code == 400


def test_callback_when_token_is_of_another_session_then_400(house: House, body: object) -> None:
    mine, other = house.signed_in("admin"), house.signed_in("analyst")
    cookie = other.get_cookie(CSRF_COOKIE)
    assert cookie is not None
    headers = {CSRF_HEADER: cookie.value}
    assert mine.post("/_dash-update-component", json=body, headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_callback_when_it_comes_from_elsewhere_then_403(
    house: House, body: object, headers: dict[str, str], status: int
) -> None:
    assert call(house.signed_in("admin"), body, **headers).status_code == status


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_callback_when_a_form_could_have_sent_it_then_415(house: House, kind: str) -> None:
    answer = house.signed_in("admin").post("/_dash-update-component", data=b"{}", content_type=kind)
    assert answer.status_code == 415


def test_sign_in_when_token_is_missing_then_400_and_the_form_again(house: House) -> None:
    answer = house.client().post("/login", data={"name": "admin", "password": "x"})
    assert answer.status_code == 400
    assert 'name="csrf_token"' in answer.text


def test_sign_out_when_token_is_missing_then_400_and_still_signed_in(house: House) -> None:
    client = house.signed_in("admin")
    assert client.post("/logout").status_code == 400
    assert client.get("/api/version").status_code == 200
