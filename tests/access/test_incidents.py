"""An error nobody foresaw: cards say so with the number that stands in the log, and no more."""

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from callbacks.panels import Counter
from pages._ui.book import page_of
from tests.access.conftest import House, call
from tests.access.envelopes import envelope_of
from warehouse.errors import StorageError

Clients = Callable[[str], FlaskClient]


def _fill(house: House, client: FlaskClient) -> Any:
    key = next(k for k in house.app.callback_map if k.startswith('..{"panel":["ALL"],"part":"tile'))
    values = {"page.data": {"name": "usage"}, "url.search": "", "theme.data": "light"}
    body = envelope_of(house.app, key, values)
    for index, part in enumerate(key[2:-2].split("...")):
        kind = json.loads(part.rpartition(".")[0])["part"] if part.startswith("{") else ""
        if kind == "state":
            prop = part.rpartition(".")[2]
            body["outputs"][index] += [
                {"id": {"panel": panel.id, "part": kind}, "property": prop}
                for panel in page_of("usage").panels
            ]
    return call(client, body)


def test_page_when_an_unforeseen_error_then_every_card_says_its_number(
    house: House,
    clients: Clients,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret in a trace")

    monkeypatch.setattr(Counter, "drawing", broken)
    with caplog.at_level(logging.ERROR, logger="gate.errors"):
        answer = _fill(house, clients("admin"))
    assert answer.status_code == 200
    incident = re.search(r"incident (\w+)", caplog.text)
    assert incident is not None and "ZeroDivisionError" in caplog.text
    states = [part for name, part in answer.get_json()["response"].items() if '"state"' in name]
    assert len(states) == len(page_of("usage").panels)
    assert all(incident[1] in json.dumps(state, ensure_ascii=False) for state in states)
    assert "secret" not in answer.text


def test_page_when_the_warehouse_is_away_then_the_answer_says_503(
    house: House, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StorageError("/srv/cockpit/published cannot be used")

    monkeypatch.setattr(Counter, "serve", away)
    answer = _fill(house, clients("admin"))
    assert answer.status_code == 503 and "/srv" not in answer.text
