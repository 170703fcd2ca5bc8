"""The dialog on a number: every card opens in both views, and nobody sees more than they may."""

from dataclasses import replace

import pytest

from callbacks.explain import Desk
from callbacks.services import Services
from pages._ui.book import PAGES, page_of
from pages._ui.dialog import CHANGE, SOURCE, is_explained
from pages._ui.text import speaking
from tests.unit.callbacks.conftest import ServicesFor
from warehouse.errors import Forbidden, QueryError
from warehouse.explanation import Explanation
from warehouse.model import Role, Scope, Viewer

YEAR = "?period=last_12_months"
CARDS = [(page.name, panel.id) for page in PAGES for panel in page.panels if is_explained(panel)]


def _desk(services: Services) -> Desk:
    return Desk(services=services, viewer=services.viewer())


@pytest.mark.parametrize("tab", [SOURCE, CHANGE])
@pytest.mark.parametrize(("page", "panel"), CARDS, ids=[f"{p}-{c}" for p, c in CARDS])
def test_card_when_opened_then_its_number_is_explained(
    services_for: ServicesFor, page: str, panel: str, tab: str
) -> None:
    desk = _desk(services_for(Role.ADMIN))
    with speaking("en" if tab == CHANGE else "zh"):
        shown = desk.shown(page_of(page), panel, YEAR, {"tab": tab})
    assert shown["is_open"] and shown["title"] and shown["body"]
    assert shown["tab"] == tab
    assert shown["metric"] in [option["value"] for option in shown["metrics"]]
    assert shown["number"] in [option["value"] for option in shown["numbers"]]
    body = str(shown["body"])
    assert ("origin" in body) == (tab == SOURCE)
    assert ("why-sentence" in body or "why-none" in body) == (tab == CHANGE)


def test_number_when_another_is_chosen_then_that_one_and_its_filter(
    services_for: ServicesFor,
) -> None:
    desk = _desk(services_for(Role.OFFICIAL))
    first = desk.shown(page_of("overview"), "scenes", YEAR, {})
    second = desk.shown(
        page_of("overview"), "scenes", YEAR, {"number": first["numbers"][1]["value"]}
    )
    assert first["numbers"][0]["label"] == "全部"
    assert second["number"] == first["numbers"][1]["value"]
    assert first["numbers"][1]["label"] in second["note"]
    assert "scene" not in [o["value"] for o in desk.shown(
        page_of("overview"), "scenes", YEAR, {"number": second["number"], "tab": CHANGE}
    )["dimensions"]]  # fmt: skip


def test_split_when_dimension_is_chosen_then_by_it_and_a_wrong_one_is_the_first(
    services_for: ServicesFor,
) -> None:
    desk = _desk(services_for(Role.OFFICIAL))
    by = {"tab": CHANGE, "dimension": "channel"}
    assert desk.shown(page_of("overview"), "events", YEAR, by)["dimension"] == "channel"
    wrong = {"tab": CHANGE, "dimension": "person"}
    assert desk.shown(page_of("overview"), "events", YEAR, wrong)["dimension"] == "district"


def test_explanation_when_opened_then_kept_and_its_hash_is_shown(
    services_for: ServicesFor,
) -> None:
    kept: list[tuple[Explanation, Viewer]] = []

    def keep(one: Explanation, viewer: Viewer) -> bool:
        kept.append((one, viewer))
        return True

    desk = _desk(replace(services_for(Role.OFFICIAL), keep=keep))
    body = str(desk.shown(page_of("overview"), "events", YEAR, {})["body"])
    ((one, viewer),) = kept
    assert one.hash in body and viewer.role is Role.OFFICIAL
    refusing = _desk(replace(services_for(Role.OFFICIAL), keep=lambda _one, _viewer: False))
    assert one.hash not in str(refusing.shown(page_of("overview"), "events", YEAR, {})["body"])


def test_runs_when_role_may_not_see_them_then_are_not_told(services_for: ServicesFor) -> None:
    opened = {
        role: str(_desk(services_for(role)).shown(page_of("overview"), "events", YEAR, {})["body"])
        for role in (Role.OFFICIAL, Role.OPERATOR)
    }
    assert "最近运行" not in opened[Role.OFFICIAL]
    assert "最近运行" in opened[Role.OPERATOR]


def test_scope_when_it_is_one_district_then_number_and_split_are_its_own(
    services_for: ServicesFor,
) -> None:
    make = services_for(Role.OFFICIAL, Scope(districts=frozenset({"east"})))  # type: ignore[call-arg]
    whole = _desk(services_for(Role.OFFICIAL)).shown(page_of("overview"), "events", YEAR, {})
    own = _desk(make).shown(page_of("overview"), "events", YEAR, {})
    assert str(own["body"]) != str(whole["body"])
    split = _desk(make).shown(page_of("overview"), "events", YEAR, {"tab": CHANGE})
    west = make.warehouse.label("district", "west", Viewer(
        name="x", role=Role.ADMIN, scope=Scope(everything=True))).zh  # fmt: skip
    assert west not in str(split["body"])


@pytest.mark.parametrize("panel", ["", "zzz", "sources", "x" * 400])
def test_card_when_there_is_none_then_query_error(services_for: ServicesFor, panel: str) -> None:
    with pytest.raises(QueryError):
        _desk(services_for(Role.OFFICIAL)).shown(page_of("overview"), panel, "", {})


def test_page_when_not_for_this_role_then_forbidden(services_for: ServicesFor) -> None:
    page = next(page for page in PAGES if Role.OFFICIAL not in page.roles and page.panels)
    with pytest.raises(Forbidden):
        _desk(services_for(Role.OFFICIAL)).shown(page, page.panels[0].id, "", {})
