"""The catalogue: complete, in two languages, and strict about names."""

import re
from dataclasses import replace

import pytest

from warehouse.datasets import CLOCK_DIMENSIONS, COMPUTED_DIMENSIONS, DATASETS, KNOWN_DIMENSIONS
from warehouse.errors import DefinitionError, UnknownMetric
from warehouse.metrics import CATALOGUE, collect, find
from warehouse.metrics.model import Metric
from warehouse.model import Grain, Unit

EACH = pytest.mark.parametrize("metric", CATALOGUE.values(), ids=list(CATALOGUE))
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@EACH
def test_metric_when_declared_then_is_said_in_both_languages(metric: Metric) -> None:
    assert CHINESE.search(metric.label.zh) and CHINESE.search(metric.sentence.zh)
    assert not CHINESE.search(metric.label.en + metric.sentence.en)
    assert metric.sentence.zh.endswith("。") and metric.sentence.en.endswith(".")
    assert metric.owner.zh and metric.owner.en and metric.formula


@EACH
def test_metric_when_declared_then_its_dimensions_exist(metric: Metric) -> None:
    own = {*DATASETS[metric.dataset].dimensions, *CLOCK_DIMENSIONS}
    known = {*own, *COMPUTED_DIMENSIONS}
    assert set(metric.dimensions) <= known
    assert set(metric.dimensions) <= set(KNOWN_DIMENSIONS)


@EACH
def test_metric_when_a_share_then_shown_with_a_decimal(metric: Metric) -> None:
    assert (metric.decimals > 0) == (metric.unit in (Unit.SHARE, Unit.SECONDS, Unit.RATIO))


def test_catalogue_when_listed_then_has_what_was_asked() -> None:
    asked = """usage.events usage.people usage.cases usage.success_share usage.online_share
    usage.latency_p95 usage.volume growth.dau growth.wau growth.mau growth.new growth.retained
    growth.resurrected growth.churned growth.cumulative_people growth.goal growth.stickiness
    growth.penetration growth.active_7d growth.active_28d growth.quick_ratio growth.goal_gap
    growth.active_days growth.cohort_people growth.retention growth.retention_rolling
    growth.scenes_used growth.scene_flow quality.satisfied_share quality.ratings
    pipeline.read pipeline.loaded pipeline.duplicate pipeline.quarantined"""
    assert {name for name in CATALOGUE if not name.startswith("loans.")} == set(asked.split())


def test_catalogue_when_listed_then_has_what_was_asked_of_loans() -> None:
    asked = """applications reached converted step_conversion_share conversion_share maturing
    approval_share within_60s_share late_decisions error_budget_left_share time_distribution
    end_to_end_within_60s_share zero_touch_share touched declined decline_reason_share
    verified_share credit_bureau_share public_trust_share judicial_share
    amount amount_applied amount_approved amount_average"""
    times = ("approval_seconds", "step_seconds", "end_to_end_seconds")
    middles = ("mean", "p50", "p90", "p95", "p99")
    names = {f"{time}_{middle}" for time in times for middle in middles}
    found = {name for name in CATALOGUE if name.startswith("loans.")}
    assert found == {f"loans.{name}" for name in (*asked.split(), *names)}


def test_find_when_misspelt_then_names_the_nearest() -> None:
    with pytest.raises(UnknownMetric, match=r"Did you mean 'usage\.events'\?"):
        find("usage.event")


def test_collect_when_declared_twice_then_error() -> None:
    metric = CATALOGUE["usage.events"]
    with pytest.raises(DefinitionError, match="Two metrics"):
        collect((metric,), (metric,))
    with pytest.raises(DefinitionError, match="planet"):
        collect((replace(metric, dimensions=("planet",)),))


def test_metric_when_declared_wrongly_then_error() -> None:
    metric = CATALOGUE["growth.mau"]
    with pytest.raises(DefinitionError, match="grain"):
        replace(metric, default_grain=Grain.DAY)
    with pytest.raises(DefinitionError, match="dataset"):
        replace(metric, dataset="elsewhere")
    with pytest.raises(DefinitionError, match="formula"):
        replace(metric, formula="")
