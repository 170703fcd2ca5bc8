"""A scene's numbers through the real warehouse: whole, once a version, and only what is allowed."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from callbacks import wall
from callbacks.services import Services
from callbacks.wall import Board
from pages._ui.text import speaking
from pages._wall import SCENES, city, pipeline
from pages._wall.model import Scene
from pages._wall.render import BLANK
from tests.tiny import build_home, tiny_settings
from warehouse import clock
from warehouse.accounts import Accounts
from warehouse.answer import Warehouse
from warehouse.model import City, District, Label, MetricQuery, Role, Scope, Viewer
from warehouse.views import Views

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
WALL = Viewer(name="wall", role=Role.WALL, scope=Scope(everything=True))
EAST = Viewer(name="east", role=Role.WALL, scope=Scope(districts=frozenset({"east"})))
CITY = City(
    label=Label(zh="示例市", en="Example City"),
    districts=tuple(
        District(
            code=code,
            label=Label(zh=code, en=code),
            population=1000,
            outline=((x, 0.0), (x + 1, 0.0), (x, 1.0), (x, 0.0)),
        )
        for code, x in (("east", 0.0), ("west", 1.0))
    ),
    map_note=Label(zh="边界为示意", en="Schematic"),
)


def _events() -> list[dict[str, Any]]:
    return [
        {
            "occurred_at": NOW - timedelta(days=days, minutes=5),
            "person": f"{district}-{person}",
            "scene": "medical",
            "district": district,
            "channel": "web",
            "outcome": "completed",
        }
        for district, people in (("east", 30), ("west", 40))
        for person in range(people)
        for days in (0, 1, 31)
    ]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    with clock.frozen_at(NOW):
        folder: Path = tmp_path_factory.mktemp("wall")
        return Warehouse.open(build_home(folder, service_events=_events(), city=CITY))


@pytest.fixture
def board(warehouse: Warehouse) -> Board:
    return Board(warehouse)


def _shown(board: Board, scene: Scene, viewer: Viewer = WALL, language: str = "zh") -> Any:
    with clock.frozen_at(NOW), speaking(language):
        return board.shown(scene, viewer)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_scene_when_shown_then_every_card_has_figure_title_and_body(
    board: Board, scene: Scene, language: str
) -> None:
    shown = _shown(board, scene, language=language)
    ids = {card.id for card in scene.cards}
    assert set(shown.held) == set(shown.titles) == set(shown.got["figures"]) == ids
    assert all(shown.titles.values())
    assert shown.got["zone"] == "Asia/Shanghai"
    assert [s["dataset"] for s in shown.got["sources"]] == ["service_event"]


def test_city_when_shown_then_the_numbers_are_those_of_the_warehouse(board: Board) -> None:
    shown = _shown(board, city.SCENE)
    assert shown.got["as_of"] == (NOW - timedelta(minutes=5)).isoformat()
    ranked = shown.got["figures"]["city_scenes"]["data"][0]
    assert ranked["x"] == [140]
    areas = {t.get("name"): t for t in shown.got["figures"]["city_map"]["data"]}
    assert "3.00%" in areas["east"]["text"]
    assert "4.00%" in areas["west"]["text"]
    assert "边界为示意" in str(shown.ticker)
    assert "人口覆盖率：west最高 4.0%" in str(shown.ticker)


def test_city_when_the_scope_is_one_district_then_the_other_is_not_there(board: Board) -> None:
    shown = _shown(board, city.SCENE, EAST)
    assert shown.got["figures"]["city_scenes"]["data"][0]["x"] == [60]
    assert "west" not in str(shown)
    assert _shown(board, city.SCENE).got["figures"]["city_scenes"]["data"][0]["x"] == [140]


def test_city_when_a_dataset_has_no_rows_then_its_cards_say_so(board: Board) -> None:
    shown = _shown(board, city.SCENE)
    assert shown.got["figures"]["city_funnel"] == BLANK
    assert "暂无数据" in str(shown.held["city_funnel"])
    assert shown.titles["city_funnel"] == "普惠贷款：申请到放款"


def test_board_when_asked_again_then_the_same_answer_stands(board: Board) -> None:
    assert _shown(board, city.SCENE) is _shown(board, city.SCENE)
    assert _shown(board, city.SCENE) is not _shown(board, city.SCENE, language="en")


def test_board_when_the_data_version_moved_then_made_anew(
    board: Board, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _shown(board, pipeline.SCENE)
    monkeypatch.setattr(warehouse, "data_version", lambda: "2;service_event:2")
    after = _shown(board, pipeline.SCENE)
    assert after is not before
    assert after.got["version"] == "2;service_event:2"


def test_board_when_many_walls_ask_at_once_then_made_once(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    real = Board._made

    def counted(self: Board, scene: Scene, *rest: Any) -> Any:
        made.append(scene.name)
        return real(self, scene, *rest)

    monkeypatch.setattr(Board, "_made", counted)
    threads = [threading.Thread(target=_shown, args=(board, pipeline.SCENE)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["pipeline"]


def test_board_when_the_day_is_over_then_yesterdays_answers_go(board: Board) -> None:
    _shown(board, pipeline.SCENE)
    with clock.frozen_at(NOW + timedelta(days=1)), speaking("zh"):
        board.shown(pipeline.SCENE, WALL)
    assert {key[-1] for key in board._kept} == {(NOW + timedelta(days=1)).date()}


def test_card_when_it_fails_then_only_it_says_so(board: Board) -> None:
    def broken(_day: Any) -> tuple[MetricQuery, ...]:
        return (MetricQuery(metrics=("no.such_metric",)),)

    first, *rest = city.SCENE.cards
    scene = replace(city.SCENE, name="broken", cards=(replace(first, asks=broken), *rest))
    shown = _shown(board, scene)
    assert "无法读取" in str(shown.held[first.id])
    assert shown.got["figures"]["city_scenes"]["data"]


def test_callbacks_when_registered_then_one_for_numbers_and_one_in_the_browser(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    app = Dash("wall")
    settings = tiny_settings(tmp_path)
    services = Services(
        settings=settings,
        warehouse=warehouse,
        accounts=Accounts(settings),
        views=Views(settings),
        viewer=lambda: WALL,
        ask=lambda **_wanted: pytest.fail("a wall asks for nothing"),
    )
    wall.register(app, services)
    keys = sorted(app.callback_map)
    assert len(keys) == 2
    assert '"wall":"got"' in keys[0]
    assert keys[1] == '{"card":["ALL"],"scene":["MATCH"],"wall":"graph"}.figure'
