"""Base units, whole units, and the elapsed part of a unit that is not over."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from warehouse.compile import Window
from warehouse.freshness import as_of, edge
from warehouse.model import Compare, Grain, Label, Period, SourceStatus
from warehouse.windows import Edge, base_unit, base_windows, calendar_unit, previous, whole_units

ZONE = ZoneInfo("Asia/Shanghai")


def _days(text: str) -> Period:
    start, end = text.split("/")
    return Period(start=date.fromisoformat(start), end=date.fromisoformat(end))


@pytest.mark.parametrize(
    ("unit", "grain", "compare", "base"),
    [
        ("2024-03-01/2024-04-01", Grain.MONTH, Compare.PREVIOUS, "2024-02-01/2024-03-01"),
        ("2024-03-01/2024-04-01", None, Compare.PREVIOUS, "2024-02-01/2024-03-01"),
        ("2024-01-01/2025-01-01", None, Compare.PREVIOUS, "2023-01-01/2024-01-01"),
        ("2024-04-01/2024-07-01", None, Compare.PREVIOUS, "2024-01-01/2024-04-01"),
        ("2024-03-05/2024-03-15", None, Compare.PREVIOUS, "2024-02-24/2024-03-05"),
        ("2024-03-04/2024-03-11", Grain.WEEK, Compare.YEAR, "2023-03-06/2023-03-13"),
        ("2024-02-29/2024-03-01", Grain.DAY, Compare.YEAR, "2023-02-28/2023-03-01"),
        ("2024-02-01/2024-03-01", Grain.MONTH, Compare.YEAR, "2023-02-01/2023-03-01"),
        ("2025-02-01/2025-03-01", Grain.MONTH, Compare.YEAR, "2024-02-01/2024-03-01"),
        ("2024-02-10/2024-02-29", None, Compare.YEAR, "2023-02-10/2023-03-01"),
    ],
)
def test_base_unit_when_compared_then_is(
    unit: str, grain: Grain | None, compare: Compare, base: str
) -> None:
    assert base_unit(_days(unit), grain, compare) == _days(base)


def test_base_window_when_many_units_then_spans_all_bases() -> None:
    window = whole_units(_days("2024-01-15/2024-03-02"), Grain.MONTH)
    assert window.period == _days("2024-01-01/2024-04-01")
    found = base_windows(window.units, window.grain, Compare.YEAR)
    assert {one.period for one in found.values()} == {_days("2023-01-01/2023-04-01")}
    assert previous(window).period == _days("2023-12-01/2024-03-01")


def test_calendar_unit_when_whole_then_its_grain() -> None:
    assert calendar_unit(_days("2024-02-01/2024-03-01")) is Grain.MONTH
    assert calendar_unit(_days("2024-01-01/2024-04-01")) is Grain.QUARTER
    assert calendar_unit(_days("2024-01-02/2024-02-02")) is None


def test_cut_when_unit_is_running_then_same_elapsed_part_in_utc() -> None:
    at = Edge(at=datetime(2024, 3, 10, 15, 30), zone=ZONE)
    unit, base = _days("2024-03-01/2024-04-01"), _days("2024-02-01/2024-03-01")
    assert at.is_partial(unit) and not at.is_partial(base)
    cut = at.cut(unit, Window(period=base, grain=Grain.MONTH))
    assert cut == Window(period=base, grain=Grain.MONTH, until=datetime(2024, 2, 10, 7, 30))


def test_cut_when_base_is_shorter_then_whole_base() -> None:
    at = Edge(at=datetime(2024, 3, 30, 12), zone=ZONE)
    base = _days("2024-02-01/2024-03-01")
    assert at.cut(_days("2024-03-01/2024-04-01"), Window(period=base)) == Window(period=base)


def test_cut_when_unit_has_not_begun_then_none() -> None:
    at = Edge(at=datetime(2024, 3, 1), zone=ZONE)
    unit = _days("2024-03-01/2024-04-01")
    assert at.cut(unit, Window(period=_days("2024-02-01/2024-03-01"))) is None


def test_last_day_when_the_edge_is_midnight_then_the_day_that_ends() -> None:
    midnight = Edge(at=datetime(2024, 3, 10), zone=ZONE)
    assert midnight.last_day == date(2024, 3, 9)
    assert not midnight.is_partial(_days("2024-03-09/2024-03-10"))
    assert Edge(at=datetime(2024, 3, 10, 0, 1), zone=ZONE).last_day == date(2024, 3, 10)


NOW = datetime(2024, 3, 10, 12, tzinfo=UTC)


def _source(watermark: datetime | None) -> SourceStatus:
    label = Label(zh="源", en="source")
    return SourceStatus(
        name="s", label=label, dataset="service_event", promise_seconds=3600, watermark=watermark
    )


def test_as_of_when_a_source_never_delivered_then_ignored() -> None:
    early, late = NOW.replace(hour=10), NOW.replace(hour=11)
    assert as_of([_source(late), _source(None), _source(early)]) == early
    assert as_of([_source(None)]) is None


def test_edge_when_one_source_stands_still_then_others_decide() -> None:
    old, fresh = datetime(2023, 1, 1, tzinfo=UTC), NOW.replace(minute=0, hour=11)
    assert edge([_source(old), _source(fresh)], NOW, ZONE).at == datetime(2024, 3, 10, 19)
    assert edge([_source(old)], NOW, ZONE).at == datetime(2023, 1, 1, 8)
    ahead = NOW.replace(year=2025)
    assert edge([_source(ahead)], NOW, ZONE).at == datetime(2024, 3, 10, 20)
