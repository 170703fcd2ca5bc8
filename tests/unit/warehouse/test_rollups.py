"""Which table answers, and why another one does not."""

import pytest

from warehouse.metrics import CATALOGUE
from warehouse.rollups import FACT, PERSON_DAY, USAGE_DAY, Refusal, route


@pytest.mark.parametrize(
    ("metric", "dims", "table"),
    [
        ("usage.events", (), USAGE_DAY),
        ("usage.events", ("scene", "outcome"), USAGE_DAY),
        ("usage.success_share", ("weekday",), USAGE_DAY),
        ("usage.people", ("scene", "district", "channel"), PERSON_DAY),
        ("usage.people", ("outcome",), FACT),
        ("usage.events", ("age_band",), FACT),
        ("usage.events", ("hour",), FACT),
        ("usage.cases", (), FACT),
        ("usage.latency_p95", (), FACT),
    ],
)
def test_route_when_asked_then_cheapest_table(
    metric: str, dims: tuple[str, ...], table: str
) -> None:
    assert route("service_event", CATALOGUE[metric].measure, dims).table == table


def test_route_when_refused_then_names_the_reason() -> None:
    people = CATALOGUE["usage.people"].measure
    assert route("service_event", people, ()).refusals == ((USAGE_DAY, Refusal.NOT_ADDITIVE),)
    assert route("service_event", people, ("outcome",)).refusals == (
        (USAGE_DAY, Refusal.NOT_ADDITIVE),
        (PERSON_DAY, Refusal.DIMENSION),
    )
    cases = CATALOGUE["usage.cases"].measure
    assert route("service_event", cases, ()).refusals[1] == (PERSON_DAY, Refusal.NOT_PEOPLE)
    ratings = CATALOGUE["quality.ratings"].measure
    assert route("rating_event", ratings, ()).refusals[0] == (USAGE_DAY, Refusal.NO_ROLLUP)
