"""A viewer's scope holds for every metric and every dimension."""

import pytest

from tests.privacy.conftest import EVERYTHING, Town, viewer
from warehouse.errors import Forbidden
from warehouse.metrics import CATALOGUE, Metric
from warehouse.metrics.model import Penetration
from warehouse.model import MetricQuery, Role
from warehouse.policy import PIPELINE_ROLES, has_district, visible_where

IN_DISTRICTS = [m for m in CATALOGUE.values() if has_district(m.dataset)]


def _apart(metric: Metric) -> tuple[str, ...]:
    """What a metric must be cut by."""
    return ("step",) if "step" in metric.dimensions else metric.apart


CUTS = [
    (metric.name, name)
    for metric in IN_DISTRICTS
    for name in metric.dimensions
    if set(_apart(metric)) <= {name}
]


@pytest.mark.parametrize(("metric", "dimension"), CUTS, ids=["-".join(cut) for cut in CUTS])
def test_answer_when_scope_is_one_district_then_equals_that_district_of_everything(
    town: Town, metric: str, dimension: str
) -> None:
    own = MetricQuery(metrics=(metric,), by=(dimension,))
    filtered = MetricQuery(metrics=(metric,), by=(dimension,), where=(("district", ("north",)),))
    seen = town.warehouse.answer(own, viewer("north"))
    wanted = town.warehouse.answer(filtered, EVERYTHING)
    shown = {row.members: row.cells[0].value for row in seen.rows}
    among = {row.members: row.cells[0].value for row in wanted.rows}
    assert shown.keys() == among.keys()
    # What one district's viewer cannot subtract from, an analyst of the city may: more is hidden.
    assert all(shown[m] == value for m, value in among.items() if value is not None)


@pytest.mark.parametrize("metric", [m.name for m in IN_DISTRICTS])
def test_answer_when_scope_is_empty_then_no_rows(town: Town, metric: str) -> None:
    by = _apart(CATALOGUE[metric])
    assert town.warehouse.answer(MetricQuery(metrics=(metric,), by=by), viewer()).rows == ()


def test_answer_when_other_district_is_asked_then_no_rows(town: Town) -> None:
    for code in ("south", "nowhere"):
        query = MetricQuery(metrics=("usage.events",), where=(("district", (code,)),))
        assert town.warehouse.answer(query, viewer("north")).rows == ()


def test_members_when_scope_is_one_district_then_only_its_own(town: Town) -> None:
    assert [m.code for m in town.warehouse.members("district", viewer("north"))] == ["north"]
    assert town.warehouse.members("scene", viewer()) == ()


def test_city_when_scope_is_one_district_then_cut(town: Town) -> None:
    assert [d.code for d in town.warehouse.city(viewer("south")).districts] == ["south"]
    assert len(town.warehouse.city(EVERYTHING).districts) == 2


def test_horizon_when_scope_is_empty_then_none(town: Town) -> None:
    assert town.warehouse.horizon(viewer()) is None
    assert town.warehouse.horizon(viewer("north")) is not None


def test_penetration_when_scope_is_one_district_then_over_its_population(town: Town) -> None:
    query = MetricQuery(metrics=("growth.penetration", "usage.people"))
    share, people = town.warehouse.answer(query, viewer("north")).rows[0].cells
    assert people.value and share.value == round(people.value / 1000, 6)
    assert isinstance(CATALOGUE["growth.penetration"].measure, Penetration)


@pytest.mark.parametrize("role", list(Role))
def test_pipeline_when_role_may_not_then_forbidden(town: Town, role: Role) -> None:
    query = MetricQuery(metrics=("pipeline.read",))
    if role in PIPELINE_ROLES:
        assert town.warehouse.answer(query, viewer("north", role=role)).rows
    else:
        with pytest.raises(Forbidden, match="pipeline_run"):
            town.warehouse.answer(query, viewer("north", role=role))


@pytest.mark.parametrize("role", list(Role))
def test_quarantine_when_role_is_no_operator_then_forbidden(town: Town, role: Role) -> None:
    if role in (Role.OPERATOR, Role.ADMIN):
        assert town.warehouse.quarantine(viewer("north", role=role)) == ()
    else:
        with pytest.raises(Forbidden):
            town.warehouse.quarantine(viewer("north", role=role))


def test_visible_where_when_scope_given_then_bound_not_written() -> None:
    text, bound = visible_where(viewer("x' OR TRUE --", "north"), "service_event")
    assert text == '"district" IN (?, ?)'
    assert bound == ("north", "x' OR TRUE --")
    assert visible_where(viewer(), "service_event") == ("FALSE", ())


def test_answer_when_filter_holds_sql_then_it_is_a_value(town: Town) -> None:
    query = MetricQuery(
        metrics=("usage.events",), by=("scene",), where=(("scene", ("' OR TRUE --", "fund")),)
    )
    rows = town.warehouse.answer(query, EVERYTHING).rows
    assert [row.members for row in rows] == [("fund",)]
