"""A question as JSON and back: the same question, one text, nothing else accepted."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.errors import QueryError
from warehouse.funnel import Funnel, Order
from warehouse.model import Compare, Grain, MetricQuery, Period, Sort
from warehouse.wire import canonical, from_wire, to_wire

_NAMES = st.text(min_size=1, max_size=8)
_DAYS = st.dates(date(2000, 1, 1), date(2030, 1, 1))
_PERIODS = st.builds(
    lambda start, days: Period(start=start, end=start + timedelta(days=days)),
    _DAYS,
    st.integers(1, 900),
)
_ORDERS = ((Order.ANY, ()), (Order.STRICT, (60, 60, 3600)), (Order.ORDERED, (60, 60, 3600)))
_FUNNELS = st.builds(
    lambda order, seconds: Funnel(order=order[0], window_seconds=seconds, step_seconds=order[1]),
    st.sampled_from((*_ORDERS, (Order.ORDERED, ()))),
    st.integers(1, 366 * 86_400),
)
_MEMBERS = st.lists(_NAMES, min_size=1, max_size=4, unique=True).map(lambda m: tuple(sorted(m)))
_QUERIES = st.builds(
    MetricQuery,
    metrics=st.lists(_NAMES, min_size=1, max_size=3, unique=True).map(tuple),
    period=st.none() | _PERIODS,
    grain=st.none() | st.sampled_from(Grain),
    by=st.lists(_NAMES, max_size=3, unique=True).map(tuple),
    where=st.dictionaries(_NAMES, _MEMBERS, max_size=3).map(lambda d: tuple(sorted(d.items()))),
    compare=st.none() | st.sampled_from(Compare),
    limit=st.none() | st.integers(1, 50),
    sort=st.none() | st.sampled_from(Sort),
    per_workday=st.booleans(),
    funnel=st.none() | _FUNNELS,
)


@given(_QUERIES)
def test_question_when_written_and_read_then_the_same(query: MetricQuery) -> None:
    text = canonical(to_wire(query))
    assert from_wire(json.loads(text)) == query
    assert canonical(json.loads(text)) == text


def test_text_when_filters_stand_in_another_order_then_one_text() -> None:
    one = MetricQuery(metrics=("m",), where=(("b", ("2", "1")), ("a", ("x",))))
    other = MetricQuery(metrics=("m",), where=(("a", ("x",)), ("b", ("1", "2", "2"))))
    assert canonical(to_wire(one)) == canonical(to_wire(other))


_GOOD = to_wire(MetricQuery(metrics=("usage.events",)))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": True},
        {"more": 1},
        {"metrics": []},
        {"metrics": "usage.events"},
        {"metrics": [1]},
        {"period": ["2024-01-01"]},
        {"period": ["2024-01-01", "x"]},
        {"period": ["2024-02-01", "2024-01-01"]},
        {"grain": "hour"},
        {"where": [["scene"]]},
        {"where": [["scene", []]]},
        {"where": {"scene": ["tax"]}},
        {"limit": True},
        {"limit": 1.5},
        {"rest": 1},
        {"sort": "size"},
        {"funnel": {}},
        {"funnel": {"order": "any", "window_seconds": 0, "step_seconds": []}},
    ],
    ids=str,
)
def test_reading_when_anything_else_then_query_error(change: dict[str, Any]) -> None:
    with pytest.raises(QueryError):
        from_wire({**_GOOD, **change})


@pytest.mark.parametrize("content", [None, [], "x", 3, {}], ids=str)
def test_reading_when_no_object_then_query_error(content: object) -> None:
    with pytest.raises(QueryError):
        from_wire(content)
