"""The batch callback: one request, all panels, each on its own."""

from dataclasses import replace
from typing import Any

import pytest

from callbacks.panels import Counter
from pages._ui import book
from pages._ui.book import page_of
from pages._ui.filling import PARTS
from pages._ui.panel import Panel
from pages._ui.questions import ask
from tests.unit.callbacks.conftest import ServicesFor
from warehouse import pattern
from warehouse.errors import Forbidden
from warehouse.model import Role

AROUND = ("notice", "insight", "chosen", "files")


def _wanted(name: str) -> dict[str, list[str]]:
    """What the browser asks for: the parts of the page's cards, and one of each around them."""
    ids = {"tile": [], "chart": [], "table": []}  # type: dict[str, list[str]]
    for panel in page_of(name).panels:
        ids[panel.kind].append(panel.id)
    cards = ids["chart"] + ids["table"]
    only = {"tile": ids["tile"], "graph": ids["chart"], "image": ids["chart"]}
    only |= {"table": ids["chart"], "sheet": ids["table"], "stamp": ids["tile"] + cards}
    return {k: only.get(k, cards) for k in PARTS} | {k: [""] for k in AROUND}


def _serve(services_for: ServicesFor, name: str, search: str = "", **more: Any) -> dict[str, Any]:
    counter = Counter(services=services_for(more.get("role", Role.ADMIN)), theme="light")
    return counter.serve(page_of(name), search, _wanted(name), more.get("known", {}))


def _marks(values: dict[str, Any]) -> dict[str, str]:
    return {stamp["panel"]: stamp["mark"] for stamp in values["stamp"]}


def _is_kept(value: Any) -> bool:
    return type(value).__name__ == "NoUpdate"


@pytest.mark.parametrize("name", [page.name for page in book.PAGES if page.panels])
def test_page_when_served_then_every_part_has_a_value(services_for: ServicesFor, name: str) -> None:
    values, wanted = _serve(services_for, name), _wanted(name)
    assert {kind: len(values[kind]) for kind in wanted} == {k: len(v) for k, v in wanted.items()}
    assert not [kind for kind in PARTS if any(map(_is_kept, values[kind]))]
    assert values["insight"] != [""]
    assert "数据截至" in str(values["as_of"])


def test_page_when_nothing_moved_then_only_stamps_are_sent(services_for: ServicesFor) -> None:
    known = _marks(_serve(services_for, "usage"))
    again = _serve(services_for, "usage", known=known)
    for kind in set(PARTS) - {"stamp"}:
        assert all(map(_is_kept, again[kind]))


def test_page_when_the_address_moved_then_cards_are_sent(services_for: ServicesFor) -> None:
    known = _marks(_serve(services_for, "usage"))
    other = _serve(services_for, "usage", "?district=east", known=known)
    assert not any(map(_is_kept, other["graph"]))
    assert "城东" in str(other["chosen"][0])


def test_address_when_wrong_then_one_message_and_no_card_changes(
    services_for: ServicesFor,
) -> None:
    values = _serve(services_for, "usage", "?perid=all")
    assert "perid" in str(values["notice"])
    assert all(map(_is_kept, values["graph"]))
    assert "Traceback" not in str(values["notice"])


def test_page_when_not_for_the_role_then_is_refused(services_for: ServicesFor) -> None:
    with pytest.raises(Forbidden):
        _serve(services_for, "pipeline", role=Role.OFFICIAL)


@pytest.mark.parametrize("role", [Role.OFFICIAL, Role.ANALYST, Role.OPERATOR, Role.ADMIN])
def test_overview_when_opened_by_any_reader_then_nothing_is_refused(
    services_for: ServicesFor, role: Role
) -> None:
    values = _serve(services_for, "overview", role=role)
    assert "权限不足" not in str(values["tile"]) + str(values["state"])


def test_panel_when_not_for_the_role_then_says_so_and_the_others_stand(
    services_for: ServicesFor,
) -> None:
    values = _serve(services_for, "pipeline", role=Role.ANALYST)
    states = dict(zip(_wanted("pipeline")["state"], values["state"], strict=True))
    assert "blank-forbidden" in str(states["incidents"])
    assert states["sources_table"] == []


def _states(services_for: ServicesFor) -> dict[str, object]:
    values = _serve(services_for, "usage")
    return dict(zip(_wanted("usage")["state"], values["state"], strict=True))


def test_panel_when_its_question_fails_then_shows_a_number_and_the_others_stand(
    services_for: ServicesFor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(
        page_of("usage").panels[5],
        id="scenes",
        query=lambda f: ask(f, "usage.events", by=("moon",)),
    )
    others: tuple[Panel, ...] = tuple(p for p in page_of("usage").panels if p.id != "scenes")
    whole = _states(services_for)
    monkeypatch.setattr(book, "_panels", lambda _name: (*others, broken))

    states = _states(services_for)

    assert "blank-error" in str(states["scenes"])
    assert not whole["scenes"]
    assert [name for name in states if str(states[name]) != str(whole[name])] == ["scenes"]
    reference = caplog.records[-1].getMessage().split("reference ")[1][:6]
    assert reference in str(states["scenes"])
    assert "moon" not in str(states["scenes"])


def test_panel_when_its_question_is_too_fine_then_says_what_to_choose(
    services_for: ServicesFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pattern, "MOST_CELLS", 1)
    states = _serve(services_for, "usage", search="?period=all&grain=day")["state"]
    assert any("blank-large" in str(state) and "请缩短时段" in str(state) for state in states)
    assert not any("blank-error" in str(state) for state in states)
