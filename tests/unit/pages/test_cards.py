"""The looks of a card: answered, blank for each reason, late, not over, partly hidden."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from pages._ui.answered import Answered, Reason, answered, refused, stamp
from pages._ui.cards import (
    BLANK_FIGURE,
    figure,
    foot,
    frame,
    head,
    state,
    table,
    tile,
)
from pages._ui.cells import Chip
from pages._ui.filling import PARTS, Filled
from pages._ui.filters import Filters
from pages._ui.notes import marks, title
from pages._ui.panel import Chart, Drawing, Face, Panel, Sheet, Tile
from pages._ui.questions import ask
from warehouse.errors import DefinitionError
from warehouse.model import Cell, CellState, Label, MetricQuery, Period, Result, Row, SourceStatus

NOW = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
MONTH = Period(start=date(2026, 3, 1), end=date(2026, 4, 1))
LATE = SourceStatus(
    name="fund",
    label=Label(zh="公积金", en="Fund"),
    dataset="service_event",
    promise_seconds=60,
    watermark=NOW,
)
FACE = Chart(figure={"data": [], "layout": {}}, finding="社保居首", note="万次")


def _panel(face: Face | None = FACE, kind: str = "chart") -> Panel:
    return Panel(
        id="scenes",
        kind=kind,
        title="服务场景排行",
        query=lambda f: ask(f, "usage.events", by=("scene",)),
        draw=lambda _drawing: face,
    )


def _drawing(*cells: Cell, **changes: object) -> Drawing:
    rows = tuple(Row(members=(f"scene {n}",), cells=(cell,)) for n, cell in enumerate(cells))
    result = Result(
        query=MetricQuery(metrics=("usage.events",), period=MONTH, by=("scene",)),
        rows=rows,
        as_of=NOW,
        data_version="service_event:1",
    )
    return Drawing(
        results=(replace(result, **changes),),  # type: ignore[arg-type]
        filters=Filters(period=MONTH),
        now=NOW,
        zone=ZoneInfo("Asia/Shanghai"),
    )


def _answered(*, panel: Panel | None = None, **changes: object) -> Answered:
    return answered(panel or _panel(), _drawing(Cell(value=12), Cell(value=3), **changes))


def test_card_when_answered_then_the_finding_is_its_title() -> None:
    one = _answered()
    assert title(one) == "社保居首"
    assert figure(one) is FACE.figure
    assert state(one) == []
    assert "万次 · 2026年3月" in str(head(one))
    assert "数据截至 12:00" in str(foot(one, "overview"))


def test_card_when_there_is_no_finding_then_the_neutral_title_stands() -> None:
    assert title(_answered(panel=_panel(Chart(figure={})))) == "服务场景排行"


def test_card_when_nothing_can_be_drawn_then_is_empty_with_a_way_out() -> None:
    one = _answered(panel=_panel(None))
    assert figure(one) is BLANK_FIGURE
    assert "所选条件下没有记录" in str(state(one))
    assert "恢复默认条件" in str(state(one))


def test_card_when_every_cell_is_hidden_then_says_why_and_shows_no_table() -> None:
    hidden = Cell(state=CellState.SUPPRESSED)
    one = answered(_panel(), _drawing(hidden, hidden, suppressed=2))
    assert one.blank is not None
    assert one.blank.reason == "suppressed"
    assert "scene 0" not in str(table(one))


@pytest.mark.parametrize("reason", ["empty", "error", "forbidden", "suppressed"])
def test_card_when_blank_then_each_reason_has_its_own_look(reason: Reason) -> None:
    text = str(state(refused(_panel(), reason, "7F3A21" if reason == "error" else "")))
    assert f"blank-{reason}" in text
    assert ("7F3A21" in text) is (reason == "error")


def test_marks_when_late_hidden_and_not_over_then_all_are_said() -> None:
    one = _answered(stale=(LATE,), suppressed=2)
    assert [c.text for c in marks(one)] == ["延迟", "隐去 2 格"]
    assert "公积金延迟" in str(foot(one, "overview"))
    row = Row(members=("a",), cells=(Cell(value=1),), is_partial=True)
    assert "（未完结）" in str(head(_answered(rows=(row,))))


def test_table_when_a_cell_is_hidden_or_missing_then_says_which() -> None:
    cells = (Cell(value=1234), Cell(state=CellState.SUPPRESSED), Cell(state=CellState.MISSING))
    text = str(table(answered(_panel(), _drawing(*cells))))
    assert "1,234 次" in text
    assert "已隐去" in text
    assert "—" in text


def test_table_when_very_long_then_points_to_the_file() -> None:
    text = str(table(answered(_panel(), _drawing(*[Cell(value=n) for n in range(200)]))))
    assert "另有 80 行" in text


def test_tile_when_answered_then_shows_value_change_and_each_mark_once() -> None:
    face = Tile(
        value="5.4",
        unit="万人",
        change="▲ 14.1%",
        tone="good",
        trend=(1, 2, None, 3),
        chips=(Chip(text="延迟", tone="warn"),),
    )
    text = str(tile(_answered(panel=_panel(face, "tile"), stale=(LATE,))))
    assert "5.4" in text
    assert "环比 " in text
    assert "tone-good" in text
    assert "data:image/svg+xml" in text
    assert text.count("延迟") == 1


def test_tile_when_blank_then_shows_a_dash_and_the_reason() -> None:
    text = str(tile(refused(_panel(kind="tile"), "error", "AB12")))
    assert "—" in text
    assert "AB12" in text


def test_frame_when_made_then_keeps_one_graph_that_sends_nothing_away() -> None:
    text = str(frame(_panel()))
    assert text.count("Graph(") == 1
    assert "'showSendToCloud': False" in text
    assert "'plotlyServerURL': ''" in text
    assert "bone" in text


def test_sheet_when_answered_then_is_a_table_with_chips() -> None:
    face = Sheet(head=("数据源", "状态"), rows=(("公积金", Chip(text="按时", tone="good")),))
    values = _filled(_answered(panel=_panel(face, "table"))).values(_wanted())
    assert "chip-good" in str(values["sheet"])


def _wanted() -> dict[str, list[str]]:
    return {kind: ["scenes"] for kind in PARTS}


def _filled(one: Answered, known: dict[str, str] | None = None, address: str = "") -> Filled:
    return Filled(page="overview", address=address, answers={"scenes": one}, known=known or {})


def _sent(filled: Filled) -> set[str]:
    """The parts that are sent to the browser."""
    values = filled.values(_wanted())
    return {kind for kind, (value,) in values.items() if type(value).__name__ != "NoUpdate"}


def test_filled_when_the_browser_holds_the_same_then_nothing_but_the_stamp_is_sent() -> None:
    one = _answered()
    assert _sent(_filled(one, {"scenes": stamp(one, "")})) == {"stamp"}


def test_filled_when_only_the_as_of_moved_then_the_graph_stays() -> None:
    before = stamp(_answered(), "")
    sent = _sent(_filled(_answered(as_of=datetime(2026, 3, 20, 3, tzinfo=UTC)), {"scenes": before}))
    assert "foot" in sent
    assert not sent & {"graph", "table", "image"}


@pytest.mark.parametrize("change", ["data", "address"])
def test_filled_when_numbers_or_filters_moved_then_everything_is_sent(change: str) -> None:
    known = {"scenes": stamp(_answered(), "")}
    one = _answered(data_version="service_event:2") if change == "data" else _answered()
    address = "?compare=none" if change == "address" else ""
    assert _sent(_filled(one, known, address)) == set(PARTS)


def test_filled_when_asked_for_a_panel_of_another_page_then_leaves_it_alone() -> None:
    wanted = {kind: ["elsewhere"] for kind in PARTS}
    values = _filled(_answered()).values(wanted)
    assert {type(value).__name__ for (value,) in values.values()} == {"NoUpdate"}


@pytest.mark.parametrize(
    ("name", "kind", "width"), [("Two Words", "chart", 4), ("a", "map", 4), ("a", "chart", 13)]
)
def test_panel_when_declared_wrongly_then_is_refused(name: str, kind: str, width: int) -> None:
    with pytest.raises(DefinitionError):
        Panel(
            id=name,
            kind=kind,
            title="",
            query=lambda f: ask(f, "usage.events"),
            draw=lambda _drawing: None,
            width=width,
        )
