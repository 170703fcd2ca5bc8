"""The ordered funnel equals an oracle that tries every choice of events, on random histories."""

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.soundness.conftest import EVERYTHING
from tests.soundness.loan_oracle import (
    ENDS,
    RANKS,
    STEPS,
    Event,
    chain,
    is_maturing,
    percentile,
)
from tests.tiny import build_home
from warehouse import datasets
from warehouse.answer import Warehouse
from warehouse.funnel import Funnel, Order
from warehouse.model import MetricQuery, Period

START = datetime(2024, 1, 30, 12, tzinfo=UTC)
HOUR = 3600
SMALL_CELL = 3
FUNNELS = (
    Funnel(),
    Funnel(window_seconds=30 * HOUR),
    Funnel(order=Order.STRICT),
    Funnel(order=Order.ANY, window_seconds=20 * HOUR),
    Funnel(window_seconds=90 * HOUR, step_seconds=(10 * HOUR, 20 * HOUR, 15 * HOUR)),
    Funnel(order=Order.STRICT, step_seconds=(12 * HOUR, 30 * HOUR, 9 * HOUR)),
)
SHARES = ("loans.conversion_share", "loans.step_conversion_share")
MIDDLES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}

# Few distinct hours, so that steps meet; over two months, so that events lie in both.
_EVENT = st.tuples(
    st.integers(0, 60).map(lambda n: START + timedelta(hours=3 * n)),
    st.sampled_from((*STEPS, *STEPS, *STEPS, "declined", "withdrawn", "other")),
)
_HISTORIES = st.lists(st.lists(_EVENT, min_size=1, max_size=9), min_size=25, max_size=40)


def _rows(histories: Sequence[Sequence[Event]]) -> list[dict[str, Any]]:
    return [
        {
            "occurred_at": at,
            "application": f"a{number}",
            "person": f"p{number}",
            "step": step,
            "district": "north",
        }
        for number, events in enumerate(histories)
        for at, step in events
    ]


def _by_step(warehouse: Warehouse, metric: str, funnel: Funnel) -> dict[str, Any]:
    query = MetricQuery(metrics=(metric,), by=("step",), funnel=funnel)
    rows = warehouse.answer(query, EVERYTHING).rows
    return {row.members[0]: row.cells[0].value for row in rows}


def _one(warehouse: Warehouse, metric: str, funnel: Funnel) -> Any:
    query = MetricQuery(metrics=(metric,), funnel=funnel)
    return warehouse.answer(query, EVERYTHING).rows[0].cells[0].value


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories=_HISTORIES)
def test_funnel_when_steps_repeat_meet_or_miss_then_equals_the_oracle(
    histories: list[list[Event]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = build_home(Path(folder), loan_events=_rows(histories))
        edge = max(at for events in histories for at, _ in events)
        with closing(Warehouse.open(replace(home, small_cell=SMALL_CELL))) as warehouse:
            for funnel in FUNNELS:
                _check_counts(warehouse, histories, funnel, edge)
                if funnel.order is not Order.ANY:
                    _check_times(warehouse, histories, funnel)


def _shown(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Equal wherever the cell is not hidden."""
    assert {s: v for s, v in found.items() if v is not None} == {
        s: expected[s] for s, v in found.items() if v is not None
    }


def _check_counts(
    warehouse: Warehouse, histories: list[list[Event]], funnel: Funnel, edge: datetime
) -> None:
    levels = [len(chain(events, funnel)) for events in histories]
    young = [is_maturing(events, funnel, edge) for events in histories]
    counts = [sum(level >= k for level in levels) for k in (1, 2, 3, 4)]
    settled = [
        sum(level >= k and not y for level, y in zip(levels, young, strict=True))
        for k in (1, 2, 3, 4)
    ]
    _shown(_by_step(warehouse, "loans.converted", funnel), dict(zip(STEPS, counts, strict=True)))
    found = _by_step(warehouse, "loans.conversion_share", funnel)
    _shown(found, {s: _share(settled[k], settled[0]) for k, s in enumerate(STEPS)})
    found = _by_step(warehouse, "loans.step_conversion_share", funnel)
    _shown(found, {s: _share(settled[k], settled[k - 1]) for k, s in enumerate(STEPS)})
    expected = None if 0 < sum(young) < SMALL_CELL else sum(young)
    assert _one(warehouse, "loans.maturing", funnel) == expected


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _check_times(warehouse: Warehouse, histories: list[list[Event]], funnel: Funnel) -> None:
    found = [chain(events, funnel) for events in histories]
    for name, at in MIDDLES.items():
        expected = {}
        for k, step in enumerate(STEPS[1:], 1):
            spans = [(c[k] - c[k - 1]).total_seconds() for c in found if len(c) > k]
            middle = percentile(spans, at)
            expected[step] = None if middle is None else round(middle, 3)
        _shown(_by_step(warehouse, f"loans.step_seconds_{name}", funnel), expected)
        whole = percentile([(c[3] - c[0]).total_seconds() for c in found if len(c) > 3], at)
        assert _one(warehouse, f"loans.end_to_end_seconds_{name}", funnel) == (
            None if whole is None else round(whole, 3)
        )


def test_shares_of_a_closed_cohort_when_later_data_come_then_never_move(tmp_path: Path) -> None:
    """All data of the first ten days' applications are in; then others come, and time goes on."""
    first = [
        [(START + timedelta(hours=7 * n + gap), step) for gap, step in _some(n)] for n in range(35)
    ]
    later = [
        [(START + timedelta(days=20 + n, hours=gap), step) for gap, step in _some(n)]
        for n in range(30)
    ]
    ends = [[(START + timedelta(days=30 + n % 9), ENDS[n % 4])] for n in range(35)]
    answers = []
    deliveries = (first, [*first, *later], [a + b for a, b in zip(first, ends, strict=True)])
    for number, histories in enumerate(deliveries):
        rows = _rows(histories)
        rows.append({**rows[0], "application": "last", "occurred_at": START + timedelta(days=60)})
        home = build_home(tmp_path / str(number), loan_events=rows)
        warehouse = Warehouse.open(replace(home, small_cell=3))
        answers.append([_first_days(warehouse, metric) for metric in SHARES])
        warehouse.close()
    assert answers[0] == answers[1] == answers[2]
    assert any(value not in (None, 0, 1) for value in answers[0][0].values())


def _some(n: int) -> list[tuple[float, str]]:
    steps = [(0.0, "applied"), (n % 5, "approved"), (20 * (n % 11), "signed"), (170, "disbursed")]
    return steps[: 1 + n % 4]


def _first_days(warehouse: Warehouse, metric: str) -> dict[str, Any]:
    period = Period(start=START.date(), end=START.date() + timedelta(days=12))
    query = MetricQuery(metrics=(metric,), by=("step",), period=period)
    rows = warehouse.answer(query, EVERYTHING).rows
    return {row.members[0]: row.cells[0].value for row in rows}


def test_ranks_when_listed_then_those_of_the_warehouse() -> None:
    assert (*datasets.STEPS, *datasets.ENDS, "other") == RANKS
