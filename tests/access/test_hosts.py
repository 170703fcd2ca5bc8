"""Only the named hosts are answered, where names are set."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from gate import hosts
from gate.install import make_server
from tests.access.conftest import House
from tests.tiny import tiny_settings

NAMES = frozenset({"cockpit.example", "::1"})
Serve = Callable[[frozenset[str]], Flask]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    def make(names: frozenset[str]) -> Flask:
        settings = replace(tiny_settings(tmp_path), hosts=names)
        server = make_server(settings, bytes(range(32)))
        hosts.install(server, settings.hosts)
        server.add_url_rule("/", "home", lambda: "home")
        server.add_url_rule("/healthz", "/healthz", lambda: "OK")
        return server

    return make


@pytest.mark.parametrize("host", ["cockpit.example", "Cockpit.Example:8050", "[::1]:8050"])
def test_host_when_named_then_answered(host: str, serve: Serve) -> None:
    assert serve(NAMES).test_client().get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "cockpit.example.evil.example", "cockpit.example@evil", "[", "", "a b"]
)
def test_host_when_foreign_then_refused(host: str, serve: Serve) -> None:
    assert serve(NAMES).test_client().get("/", headers={"Host": host}).status_code == 400


def test_host_when_no_names_are_set_then_every_name_is_answered(serve: Serve) -> None:
    answer = serve(frozenset()).test_client().get("/", headers={"Host": "any.example"})
    assert answer.status_code == 200


def test_health_when_host_is_foreign_then_answered(serve: Serve) -> None:
    answer = serve(NAMES).test_client().get("/healthz", headers={"Host": "10.0.0.9"})
    assert answer.status_code == 200


def test_check_of_names_when_app_is_made_then_it_runs_first(house: House) -> None:
    assert house.app.server.before_request_funcs[None][0].__module__ == hosts.__name__
