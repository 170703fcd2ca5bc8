"""Controls and address: what is written when a control is used."""

from typing import Any

from dash import Dash

from callbacks.filters import _address, _shown, register
from pages._ui.desk import desk
from tests.unit.callbacks.conftest import ServicesFor
from warehouse.model import Role

SHOWN: dict[str, Any] = {"period": "this_month", "compare": "previous", "grain": "fit"}


def _is_kept(value: Any) -> bool:
    return type(value).__name__ == "NoUpdate"


def test_address_when_a_control_is_used_then_follows(services_for: ServicesFor) -> None:
    services = services_for(Role.ADMIN)
    assert _address(services, "period", {**SHOWN, "period": "all"}, "") == "?period=all"


def test_address_when_it_says_the_same_then_stands(services_for: ServicesFor) -> None:
    services = services_for(Role.ADMIN)
    assert _is_kept(_address(services, "period", SHOWN, ""))
    assert _is_kept(_address(services, "reset", SHOWN, ""))


def test_address_when_the_bar_is_taken_away_then_stands(services_for: ServicesFor) -> None:
    assert _is_kept(_address(services_for(Role.ADMIN), "", {}, "?period=all"))


def test_address_when_reset_then_is_bare(services_for: ServicesFor) -> None:
    shown = {**SHOWN, "period": "all"}
    assert _address(services_for(Role.ADMIN), "reset", shown, "?period=all") == ""


def test_address_when_a_day_is_none_then_takes_it_so_that_the_page_can_say_so(
    services_for: ServicesFor,
) -> None:
    values = {**SHOWN, "from": "2026-02-31", "to": "2026-03-01"}
    assert "from=2026-02-31" in _address(services_for(Role.ADMIN), "from", values, "")


def test_bar_when_it_says_what_the_address_says_then_is_known_to(
    services_for: ServicesFor,
) -> None:
    services = services_for(Role.ADMIN)
    controls = [{"control": key} for key in SHOWN]
    shown = _shown(services, list(SHOWN.values()), controls)
    assert shown is not None
    assert shown.to_search() == ""
    assert _shown(services, [], []) is None


def test_desk_when_registered_then_tells_layouts_who_asks(services_for: ServicesFor) -> None:
    app = Dash("desk")
    register(app, services_for(Role.ANALYST))
    with app.server.app_context():
        viewer = desk().viewer()
        assert viewer is not None
        assert viewer.role is Role.ANALYST
        assert desk().city().zh == "小城"
        assert desk().version().startswith("1;")


def test_desk_when_no_app_runs_then_is_empty() -> None:
    assert desk().viewer() is None
    assert desk().version() == ""


RUNS: dict[str, Any] = {"source": "any", "state": ""}


def test_address_when_runs_are_narrowed_then_follows_and_keeps_the_rest(
    services_for: ServicesFor,
) -> None:
    services = services_for(Role.OPERATOR)
    values = {**RUNS, "source": "loan_event"}
    kept = "?from=2026-01-05&to=2026-02-01&district=east"
    assert _address(services, "source", values, kept) == f"{kept}&source=loan_event"
    narrowed = f"{kept}&source=loan_event&state=failed"
    assert _address(services, "state", {**values, "state": "failed"}, kept) == narrowed
    assert _address(services, "source", {**RUNS, "state": "failed"}, narrowed) == (
        f"{kept}&state=failed"
    )


def test_address_when_a_preset_is_chosen_where_no_days_are_typed_then_the_days_go(
    services_for: ServicesFor,
) -> None:
    services = services_for(Role.OPERATOR)
    asked = "?from=2026-01-05&to=2026-02-01&compare=year"
    assert _address(services, "period", {"period": "all"}, asked) == "?period=all&compare=year"
