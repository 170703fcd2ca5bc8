"""One published home with two districts, an app over it, and a signed-in client for each role."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask.testing import FlaskClient

import app as entry
from gate.document import Document
from gate.headers import CSRF_COOKIE, CSRF_HEADER
from tests.tiny import build_home
from warehouse import account_store, clock
from warehouse.accounts import Accounts
from warehouse.answer import Warehouse
from warehouse.model import City, District, Label, Role, Scope
from warehouse.settings import Settings

PASSWORD = "long-enough-9-Word"
EAST, WEST = "east", "west"
PEOPLE = {EAST: 30, WEST: 50}
"""People with one event each today and yesterday; big enough not to be hidden."""


def events() -> list[dict[str, Any]]:
    rows = []
    for district, people in PEOPLE.items():
        for number in range(people):
            for days in (0, 1):
                rows.append(
                    {
                        "occurred_at": clock.now() - timedelta(days=days, minutes=1),
                        "person": f"{district}-{number}",
                        "scene": "=scene" if number % 2 else "medical",
                        "district": district,
                        "channel": "web",
                        "outcome": "completed",
                    }
                )
    return rows


@dataclass(frozen=True, kw_only=True)
class House:
    settings: Settings
    app: Document
    accounts: Accounts
    warehouse: Warehouse

    def client(self) -> FlaskClient:
        client: FlaskClient = self.app.server.test_client()
        return client

    def signed_in(self, name: str, password: str = PASSWORD) -> FlaskClient:
        client = self.client()
        answer = client.post(
            "/login", data={"name": name, "password": password, "csrf_token": token(client)}
        )
        assert answer.status_code == 302, answer.text
        page = client.get(answer.headers["Location"])
        assert page.status_code == 200
        return client


def token(client: FlaskClient) -> str:
    client.get("/login")
    cookie = client.get_cookie(CSRF_COOKIE)
    assert cookie is not None
    return cookie.value


def call(client: FlaskClient, body: Any, **headers: str) -> Any:
    """POST a callback as the renderer does."""
    cookie = client.get_cookie(CSRF_COOKIE)
    own = {CSRF_HEADER: cookie.value} if cookie else {}
    return client.post("/_dash-update-component", json=body, headers={**own, **headers})


def make_house(folder: Path) -> House:
    city = City(
        label=Label(zh="示例市", en="Example City"),
        districts=tuple(
            District(code=code, label=Label(zh=code, en=code), population=1000) for code in PEOPLE
        ),
    )
    labels = {"district": {code: Label(zh=f"{code}区", en=code.title()) for code in PEOPLE}}
    settings = build_home(folder, service_events=events(), city=city, labels=labels)
    house = House(
        settings=settings,
        app=entry.create_app(settings),
        accounts=Accounts(settings),
        warehouse=Warehouse.open(settings),
    )
    for role in Role:
        house.accounts.add(role.value, PASSWORD, role, Scope(everything=True))
    for code in PEOPLE:
        scope = Scope(districts=frozenset({code}))
        house.accounts.add(f"official-{code}", PASSWORD, Role.OFFICIAL, scope)
    return house


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Cheap argon2 parameters: what is tested here is who gets in, not how slowly."""
    patch = pytest.MonkeyPatch()
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    patch.setattr(account_store, "PasswordHasher", lambda: quick)
    yield make_house(tmp_path_factory.mktemp("access"))
    patch.undo()


@pytest.fixture(scope="session")
def clients(house: House) -> Callable[[str], FlaskClient]:
    """A signed-in client by account name, made once."""
    made: dict[str, FlaskClient] = {}

    def client(name: str) -> FlaskClient:
        if name not in made:
            made[name] = house.signed_in(name)
        return made[name]

    return client
