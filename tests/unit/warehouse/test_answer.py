"""The door: what it refuses, what it keeps, and what it says beside the numbers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from etl.load import Loader
from etl.publish import publish
from tests.tiny import build_home, load_rows, tiny_source
from warehouse import clock
from warehouse.answer import Warehouse
from warehouse.connection import Snapshot
from warehouse.errors import BadPeriod, NotPublished, QueryError, UnknownDimension, UnknownMetric
from warehouse.keys import Keyring
from warehouse.model import (
    CellState,
    Compare,
    Grain,
    Label,
    MetricQuery,
    Period,
    Role,
    Scope,
    Viewer,
)
from warehouse.settings import Settings

EVERYTHING = Viewer(name="all", role=Role.ADMIN, scope=Scope(everything=True))
YEAR = Period(start=date(2024, 1, 1), end=date(2025, 1, 1))


@pytest.fixture
def warehouse(small_home: Settings) -> Iterator[Warehouse]:
    opened = Warehouse.open(small_home)
    yield opened
    opened.close()


def _query(*metrics: str, **more: object) -> MetricQuery:
    return replace(MetricQuery(metrics=metrics), **more)  # type: ignore[arg-type]


def test_answer_when_metric_is_misspelt_then_names_the_nearest(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownMetric, match=r"usage\.people"):
        warehouse.answer(_query("usage.peple"), EVERYTHING)


def test_answer_when_dimension_is_misspelt_then_nearest_and_list(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownDimension, match=r"Did you mean 'district'\?.* scene, service"):
        warehouse.answer(_query("usage.events", by=("distict",)), EVERYTHING)
    with pytest.raises(UnknownDimension, match=r"usage\.success_share has no dimension 'outcome'"):
        warehouse.answer(_query("usage.success_share", by=("outcome",)), EVERYTHING)


def test_answer_when_grain_is_too_fine_then_names_the_allowed(warehouse: Warehouse) -> None:
    with pytest.raises(QueryError, match="by month, quarter, year"):
        warehouse.answer(_query("growth.mau", grain=Grain.DAY), EVERYTHING)
    with pytest.raises(QueryError, match="different grains"):
        warehouse.answer(_query("growth.mau", "growth.dau"), EVERYTHING)


def test_answer_when_filtered_twice_by_one_dimension_then_error(warehouse: Warehouse) -> None:
    where = (("scene", ("tax",)), ("scene", ("fund",)))
    with pytest.raises(QueryError, match="filtered twice"):
        warehouse.answer(_query("usage.events", where=where), EVERYTHING)


@pytest.mark.parametrize("start", [date(1, 1, 1), date(9999, 12, 1)])
def test_answer_when_period_is_out_of_this_world_then_says_so(
    warehouse: Warehouse, start: date
) -> None:
    period = Period(start=start, end=start.replace(day=20))
    with pytest.raises(BadPeriod, match="1900 to 2200"):
        warehouse.answer(_query("growth.new", period=period, compare=Compare.YEAR), EVERYTHING)


def test_answer_when_too_many_dimensions_then_error(warehouse: Warehouse) -> None:
    by = ("scene", "service", "action", "channel", "device", "district", "street")
    with pytest.raises(QueryError, match="at most 6"):
        warehouse.answer(_query("usage.events", by=by), EVERYTHING)


def test_answer_when_asked_again_then_reads_nothing(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = _query("usage.events", by=("scene",), where=(("district", ("south", "north")),))
    first = warehouse.answer(query, EVERYTHING)

    def fail(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(Snapshot, "select", fail)
    assert warehouse.answer(query, replace(EVERYTHING, name="other")) == first
    turned = replace(query, where=(("district", ("north", "south")),))
    assert warehouse.answer(turned, EVERYTHING).rows == first.rows


def test_answer_when_scopes_differ_then_not_shared(warehouse: Warehouse) -> None:
    query = _query("usage.events", period=YEAR)
    part = replace(EVERYTHING, scope=Scope(districts=frozenset({"north"})))
    assert warehouse.answer(query, EVERYTHING).rows[0].cells[0].value == 25
    # Six people of the north: too few to show.
    assert warehouse.answer(query, part).rows[0].cells[0].state is CellState.SUPPRESSED


def test_answer_when_new_data_is_published_then_new_numbers(tmp_path: Path) -> None:
    rows = [
        {"occurred_at": datetime(2024, 1, 1 + i, tzinfo=UTC), "scene": "fund", "identity": i}
        for i in range(24)
    ]
    settings = build_home(tmp_path, service_events=rows[:12])
    warehouse = Warehouse.open(settings)
    before = warehouse.answer(_query("usage.events"), EVERYTHING)
    version = warehouse.data_version()
    with Loader(settings, Keyring.open(settings)) as loader:
        status = load_rows(loader, tiny_source("service_event"), rows)
        publish(loader, (status,), {}, warehouse.city(EVERYTHING))
    after = warehouse.answer(_query("usage.events"), EVERYTHING)
    assert [r.rows[0].cells[0].value for r in (before, after)] == [12, 24]
    assert before.data_version != after.data_version
    assert warehouse.data_version() != version
    assert after.as_of == rows[-1]["occurred_at"]
    warehouse.close()


def test_answer_when_promise_is_broken_then_says_which_source(warehouse: Warehouse) -> None:
    query = _query("usage.events", period=YEAR)
    assert [s.name for s in warehouse.answer(query, EVERYTHING).stale] == ["service_event"]
    with clock.frozen_at(datetime(2024, 2, 10, 5, tzinfo=UTC)):
        assert warehouse.answer(query, EVERYTHING).stale == ()


def test_answer_when_nothing_is_published_then_says_so(tmp_path: Path) -> None:
    from tests.tiny import tiny_settings

    settings = tiny_settings(tmp_path)
    Keyring.open(settings, create=True)
    warehouse = Warehouse.open(settings)
    with pytest.raises(NotPublished):
        warehouse.answer(_query("usage.events"), EVERYTHING)
    warehouse.close()


def test_answer_when_dataset_is_empty_then_missing_not_zero(warehouse: Warehouse) -> None:
    result = warehouse.answer(_query("loans.applications", "quality.ratings"), EVERYTHING)
    assert [cell.state for cell in result.rows[0].cells] == [CellState.MISSING] * 2
    assert result.as_of is None


def test_answer_when_period_is_open_then_only_units_with_records(warehouse: Warehouse) -> None:
    result = warehouse.answer(
        _query("usage.events", grain=Grain.MONTH, where=(("scene", ("tax",)),)), EVERYTHING
    )
    assert [str(row.period.start) for row in result.rows if row.period] == ["2024-02-01"]


def test_members_when_listed_then_declared_order_and_labels(warehouse: Warehouse) -> None:
    found = warehouse.members("scene", EVERYTHING)
    assert [(m.code, m.label.en) for m in found] == [
        ("tax", "tax"), ("fund", "fund"), ("rare", "rare"),
    ]  # fmt: skip
    assert [m.code for m in warehouse.members("district", EVERYTHING)] == ["south", "north"]
    assert [m.label.zh for m in warehouse.members("weekday", EVERYTHING)] == ["周三", "周六"]
    assert [m.label.en for m in warehouse.members("age_band", EVERYTHING)] == ["Unknown"]


def test_members_when_dimension_is_misspelt_then_nearest(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownDimension, match="'scene'"):
        warehouse.members("scen", EVERYTHING)


def test_label_when_nobody_named_it_then_its_code(warehouse: Warehouse) -> None:
    assert warehouse.label("scene", "rare", EVERYTHING).zh == "rare"
    assert warehouse.label("outcome", "completed", EVERYTHING).zh == "办结"
    assert warehouse.label("hour", "8", EVERYTHING).en == "08:00"
    assert warehouse.label("source", "service_event", EVERYTHING).en == "service_event"


def test_horizon_when_data_exist_then_first_day_to_after_the_last(warehouse: Warehouse) -> None:
    assert warehouse.horizon(EVERYTHING) == Period(start=date(2024, 1, 10), end=date(2024, 2, 11))
    assert warehouse.zone.key == "Asia/Shanghai"


def test_sources_when_viewer_is_no_operator_then_without_errors(warehouse: Warehouse) -> None:
    official = replace(EVERYTHING, role=Role.OFFICIAL)
    assert [s.name for s in warehouse.sources(official)] == ["service_event"]
    assert all(s.last_error == "" for s in warehouse.sources(official))


def test_label_when_district_is_out_of_scope_then_its_code_alone(tmp_path: Path) -> None:
    labels = {"district": {code: Label(zh=f"{code}区", en=code.title()) for code in ("e", "w")}}
    opened = Warehouse.open(build_home(tmp_path, labels=labels))
    viewer = replace(EVERYTHING, role=Role.OFFICIAL, scope=Scope(districts=frozenset({"e"})))
    assert opened.label("district", "e", viewer).zh == "e区"
    assert opened.label("district", "w", viewer).zh == "w"
    assert opened.label("district", "unknown", viewer).zh == "未知"
    assert opened.label("district", "w", EVERYTHING).zh == "w区"
    opened.close()
