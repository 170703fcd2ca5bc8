"""Where drawings put what they say: names on a map that fit, dots for close shares, few signs."""

from dataclasses import replace

from pages._figures import district_map, frame, ranking
from pages._figures.values import Point, Series, Style
from pages._ui.theme import LIGHT
from warehouse.model import Cell, CellState, City, District, Label, Polarity, Unit

STYLE = Style(theme=LIGHT, language="zh", label=lambda _dimension, code: code)


def _square(code: str, left: float, size: float) -> District:
    right = left + size
    ring = ((left, 0.0), (right, 0.0), (right, size), (left, size))
    return District(code=code, label=Label(zh=f"{code}市区", en=code), population=1, outline=ring)


def _series(unit: Unit = Unit.PEOPLE, /, **values: float | None) -> Series:
    hidden = Cell(state=CellState.SUPPRESSED)
    points = tuple(
        Point(label=code, code=code, cell=hidden if value is None else Cell(value=value))
        for code, value in values.items()
    )
    return Series(label="x", unit=unit, polarity=Polarity.UP, points=points)


def test_map_when_a_district_is_small_then_the_value_and_then_the_name_are_left_out() -> None:
    districts = (_square("a", 0, 100), _square("b", 110, 18), _square("c", 140, 5))
    city = City(label=Label(zh="", en=""), districts=districts)
    drawn = district_map.draw(_series(a=1, b=2, c=3), city, STYLE)
    names = next(trace for trace in drawn["data"] if trace["mode"] == "text")
    assert names["text"] == ["a市区<br>1", "b市区", ""]


def test_map_when_higher_then_more_has_room() -> None:
    city = City(label=Label(zh="", en=""), districts=(_square("a", 0, 100), _square("b", 110, 18)))
    drawn = district_map.draw(_series(a=1, b=2), city, STYLE, height=400)
    names = next(trace for trace in drawn["data"] if trace["mode"] == "text")
    assert names["text"] == ["a市区<br>1", "b市区<br>2"]


def test_map_when_it_has_a_note_then_the_note_stands_on_it() -> None:
    city = City(label=Label(zh="", en=""), districts=(_square("a", 0, 100),))
    drawn = district_map.draw(_series(a=1), city, STYLE, note="边界为示意")
    assert [note["text"] for note in drawn["layout"]["annotations"]] == ["边界为示意"]


def test_ranking_when_shares_are_close_then_dots_and_the_lowest_are_shown() -> None:
    drawn = ranking.draw(_series(Unit.SHARE, a=0.97, b=0.94, c=0.98, d=0.95), STYLE, limit=3)
    (dots,) = drawn["data"]
    assert dots["type"] == "scatter"
    assert dots["x"] == [0.97, 0.95, 0.94]
    assert dots["marker"]["color"][-1] != dots["marker"]["color"][0]
    low, high = drawn["layout"]["xaxis"]["range"]
    assert 0 < low < 0.94 and high > 0.97


def test_ranking_when_nobody_knows_whose_is_lowest_then_it_is_not_the_point() -> None:
    drawn = ranking.draw(_series(Unit.SHARE, a=0.97, b=0.95, unknown=0.94), STYLE)
    colours = drawn["data"][0]["marker"]["color"]
    assert colours == [LIGHT.categorical[0], LIGHT.categorical[1], LIGHT.hatch]


def test_ranking_when_shares_differ_then_bars_from_zero() -> None:
    drawn = ranking.draw(_series(Unit.SHARE, a=0.9, b=0.2), STYLE)
    assert drawn["data"][0]["type"] == "bar"
    assert drawn["layout"]["xaxis"]["range"][0] == 0


def test_ranking_when_of_one_member_then_its_bar_is_no_block() -> None:
    alone, many = (
        ranking.draw(_series(**dict.fromkeys(names, 1.0)), STYLE)["data"][0]["width"]
        for names in ("a", "abcdefg")
    )
    assert alone < 0.25 < many


def test_marks_when_many_units_are_hidden_then_their_signs_are_quiet() -> None:
    few = frame.marks(_series(a=None, b=None), STYLE)
    many = frame.marks(_series(**dict.fromkeys("abcdefg", None)), STYLE)
    assert set(few["text"]) == {frame.SUPPRESSED_MARK}
    assert set(many["text"]) == {frame.QUIET_MARK}


def test_hours_when_many_classes_then_every_third_is_named() -> None:
    day = _series(**{f"h{n}": float(n) for n in range(24)})
    places, _texts = frame.unit_ticks(day, STYLE)
    assert places == list(range(0, 24, 3))
    assert frame.unit_ticks(replace(day, points=day.points[:5]), STYLE)[0] == [0, 1, 2, 3, 4]
