"""A page's answer is kept for who may see the same, on the same data, and for nobody else."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from callbacks.panels import Counter
from tests.access.conftest import EAST, House, call
from tests.access.envelopes import envelope_of
from tests.access.test_scope import PERIOD
from warehouse import clock
from warehouse.errors import StorageError

_MINUTES = itertools.count(1)
Clients = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The pages that were really drawn, within one minute."""
    pages: list[str] = []
    real = Counter.serve

    def serve(self: Counter, page: Any, *rest: Any) -> Any:
        pages.append(page.name)
        return real(self, page, *rest)

    monkeypatch.setattr(Counter, "serve", serve)
    # Each test has a minute of its own: the house is shared, and with it what it keeps.
    with clock.frozen_at(datetime.now(UTC) + timedelta(minutes=next(_MINUTES))):
        yield pages


def _fill(
    house: House, client: FlaskClient, page: str = "usage", lang: str = "zh", most: int = 7
) -> Any:
    key = next(k for k in house.app.callback_map if k.startswith('..{"panel":["ALL"],"part":"tile'))
    search = f"?{PERIOD}&scene=medical" if most == 7 else f"?period=last_{most}_days"
    values = {"page.data": {"name": page}, "url.search": search, "theme.data": "light"}
    body = envelope_of(house.app, key, values)
    client.set_cookie("lang", lang)
    answer = call(client, body, **{"Accept-Encoding": "br"})
    client.delete_cookie("lang")
    assert answer.status_code == 200
    return answer


def test_page_when_asked_again_then_the_same_bytes_and_not_drawn(
    house: House, clients: Clients, drawn: list[str]
) -> None:
    first, again = (_fill(house, clients("admin")) for _ in range(2))

    assert first.data == again.data
    assert drawn == ["usage"]
    assert again.headers["Content-Encoding"] == first.headers["Content-Encoding"] == "br"
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert again.headers["Content-Type"] == "application/json"


def test_page_when_scope_role_language_minute_or_address_differ_then_drawn_anew(
    house: House, clients: Clients, drawn: list[str]
) -> None:
    _fill(house, clients("analyst"))
    _fill(house, clients("official"))
    _fill(house, clients(f"official-{EAST}"))
    _fill(house, clients("official"), lang="en")
    _fill(house, clients("official"), most=30)
    with clock.frozen_at(clock.now() + timedelta(minutes=1)):
        _fill(house, clients("official"))

    assert len(drawn) == 6


def test_page_when_the_data_change_then_drawn_anew(
    house: House, clients: Clients, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = house.app.server.extensions["cockpit_services"].warehouse
    _fill(house, clients("operator"))
    monkeypatch.setattr(warehouse, "data_version", lambda: "another")
    _fill(house, clients("operator"))

    assert len(drawn) == 2


def test_page_when_a_panel_failed_then_asked_again(
    house: House, clients: Clients, drawn: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StorageError("a file is gone")

    with monkeypatch.context() as patch:
        patch.setattr(Counter, "drawing", broken)
        _fill(house, clients("admin"), page="quality")
    _fill(house, clients("admin"), page="quality")

    assert drawn == ["quality", "quality"]


def test_page_of_operators_when_asked_again_then_drawn_anew(
    house: House, clients: Clients, drawn: list[str]
) -> None:
    for _ in range(2):
        _fill(house, clients("admin"), page="quarantine")

    assert len(drawn) == 2


def test_page_when_nobody_is_signed_in_then_a_kept_answer_stays_closed(
    house: House, clients: Clients
) -> None:
    _fill(house, clients("admin"))
    key = next(k for k in house.app.callback_map if k.startswith('..{"panel":["ALL"],"part":"tile'))
    body = envelope_of(house.app, key, {"page.data": {"name": "usage"}})

    assert call(house.client(), body, **{"Accept-Encoding": "br"}).status_code == 401
