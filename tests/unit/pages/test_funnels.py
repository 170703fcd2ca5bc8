"""The funnel of an address: read, said in words, refused with the place."""

from datetime import date

import pytest

from pages._panels.loan_drawings import asked_funnel
from pages._ui.filters import Filters
from pages._ui.funnels import funnel_of, in_words
from warehouse.errors import QueryError
from warehouse.funnel import Funnel, Order


def _read(search: str) -> Filters:
    return Filters.from_search(search, None, date(2026, 3, 20))


@pytest.mark.parametrize(
    ("search", "funnel", "words"),
    [
        ("", Funnel(), "7 天内依次"),
        (
            "?order=any&window=12h",
            Funnel(order=Order.ANY, window_seconds=43_200),
            "12 小时内不限次序",
        ),
        (
            "?window=60s&steps=5s,1m,1h",
            Funnel(window_seconds=60, step_seconds=(5, 60, 3600)),
            "60 秒",
        ),
    ],
)
def test_address_when_it_names_a_funnel_then_the_question_counts_so(
    search: str, funnel: Funnel, words: str
) -> None:
    filters = _read(search)
    assert funnel_of(dict(filters.own)) == funnel
    assert asked_funnel(filters).funnel == funnel
    assert in_words(dict(filters.own)).startswith(words)
    assert filters.to_search() == search


def test_address_when_it_says_the_usual_funnel_then_is_bare() -> None:
    assert _read("?order=ordered&window=7d").to_search() == ""


def test_view_without_order_when_asked_then_is_the_reached_one() -> None:
    query = asked_funnel(_read("?order=reached"))
    assert (query.metrics, query.funnel) == (("loans.reached",), None)


@pytest.mark.parametrize(
    "search",
    [
        "?order=sideways",
        "?window=7",
        "?window=0d",
        "?window=400d",
        "?window=99999999d",
        "?steps=1h",
        "?order=any&steps=1h,1h,1h",
        "?steps=1h,1h,x",
    ],
)
def test_address_when_its_funnel_makes_no_sense_then_is_refused(search: str) -> None:
    with pytest.raises(QueryError):
        _read(search)
