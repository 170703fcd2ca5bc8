"""What the page of exploration is asked by its address, and where its links lead."""

from datetime import date

import pytest

from pages._ui.explored import (
    below_column,
    below_row,
    choices,
    columns,
    dimensions,
    explored,
    pivot,
    repaired,
    saying,
)
from pages._ui.filters import Filters
from warehouse.crosstab import Heading
from warehouse.errors import QueryError
from warehouse.model import REST, Compare, Grain, Period, Sort

HORIZON = Period(start=date(2024, 1, 1), end=date(2026, 3, 11))
TODAY = date(2026, 3, 10)


def _filters(search: str = "") -> Filters:
    return Filters.from_search(search, HORIZON, TODAY)


def test_address_when_bare_then_scenes_by_districts_by_value() -> None:
    query = pivot(_filters())
    assert query.metrics == ("usage.events", "usage.people")
    assert (query.rows, query.columns, query.grain) == ("scene", "district", None)
    assert (query.sort, query.row_limit, query.column_limit) == (Sort.VALUE, 10, 10)
    assert query.compare is Compare.PREVIOUS


def test_address_when_it_says_all_then_it_is_asked_and_comes_back_the_same() -> None:
    search = (
        "?compare=year&scene=fund&metrics=usage.people,usage.events&rows=channel&columns=month"
        "&by=usage.events&sort=change&top=5&form=heat"
    )
    filters = _filters(search)
    query = pivot(filters)
    assert filters.to_search() == search
    assert query.metrics == ("usage.events", "usage.people")  # the one that orders comes first
    assert (query.rows, query.columns, query.grain) == ("channel", None, Grain.MONTH)
    assert (query.sort, query.row_limit, query.column_limit) == (Sort.CHANGE, 5, None)
    assert query.where == (("scene", ("fund",)),)
    assert explored(filters).form == "heat"


def test_address_when_it_says_defaults_then_they_are_left_out() -> None:
    assert _filters("?rows=channel&sort=value&top=10&form=table").to_search() == "?rows=channel"


@pytest.mark.parametrize(
    ("search", "why"),
    [
        ("?metrics=usage.evnts", "usage.events"),
        ("?metrics=" + ",".join(["usage.events"] * 1), ""),
        ("?metrics=loans.reached", "metrics=loans.reached"),
        ("?rows=moon", "rows=moon"),
        ("?rows=district&columns=district", "columns=district"),
        ("?columns=second", "columns=second"),
        ("?metrics=loans.applications&rows=scene", "rows=scene"),
        ("?by=usage.cases", "by=usage.cases"),
        ("?sort=size", "sort=size"),
        ("?sort=change&compare=none", "环比"),
        ("?top=0", "top=0"),
        ("?top=1000000", "top=1000000"),
        ("?across=-1", "across=-1"),
        ("?form=cake", "form=cake"),
        ("?metrics=" + ",".join(list(choices())[:7]), "6"),
        ("?rows=%3Cscript%3E", "rows=<script>"),
    ],
)
def test_address_when_wrong_then_says_what_would_fit(search: str, why: str) -> None:
    if not why:
        assert explored(_filters(search))
        return
    with pytest.raises(QueryError, match=why.replace("?", "[?]")):
        explored(_filters(search))


def test_choices_when_offered_then_each_can_be_asked_by_each_of_its_dimensions() -> None:
    assert "loans.reached" not in choices()
    for name in choices():
        assert dimensions((name,))
        assert "none" in columns((name,), dimensions((name,))[0])


@pytest.mark.parametrize(
    ("rows", "member", "filtered", "then"),
    [
        ("district", "east", "district", "street"),
        ("scene", "fund", "scene", "service"),
        ("service", "loan", "service", "action"),
        ("channel", "web", "channel", "channel"),
    ],
)
def test_row_when_opened_then_is_a_filter_and_the_next_level_the_rows(
    rows: str, member: str, filtered: str, then: str
) -> None:
    filters = _filters(f"?rows={rows}&columns=none")
    found = below_row(filters, explored(filters), member)
    assert found is not None
    assert found.members(filtered) == (member,)
    assert explored(found).rows == then
    assert _filters(found.to_search()) == found


def test_row_of_the_rest_when_opened_then_leads_nowhere() -> None:
    assert below_row(_filters(), explored(_filters()), REST) is None


@pytest.mark.parametrize(
    ("by", "period", "then"),
    [
        ("year", Period(start=date(2025, 1, 1), end=date(2026, 1, 1)), "quarter"),
        ("quarter", Period(start=date(2025, 1, 1), end=date(2025, 4, 1)), "month"),
        ("month", Period(start=date(2025, 2, 1), end=date(2025, 3, 1)), "day"),
        ("week", Period(start=date(2025, 2, 3), end=date(2025, 2, 10)), "day"),
        ("day", Period(start=date(2025, 2, 3), end=date(2025, 2, 4)), "hour"),
    ],
)
def test_column_of_time_when_opened_then_is_the_period_by_the_finer_unit(
    by: str, period: Period, then: str
) -> None:
    filters = _filters(f"?columns={by}")
    found = below_column(filters, explored(filters), Heading(period=period))
    assert found is not None
    assert found.period == period
    assert explored(found).columns == then


def test_column_of_a_member_when_opened_then_is_a_filter() -> None:
    found = below_column(_filters(), explored(_filters()), Heading(member="east"))
    assert found is not None and found.members("district") == ("east",)


def test_own_keys_when_said_then_only_these_change() -> None:
    filters = _filters("?scene=fund&rows=channel&top=5")
    assert saying(filters, rows="").to_search() == "?scene=fund&top=5"
    assert (
        saying(filters, sort="change").to_search() == "?scene=fund&rows=channel&sort=change&top=5"
    )


@pytest.mark.parametrize(
    ("search", "then"),
    [
        ("?metrics=loans.applications&rows=scene", "?metrics=loans.applications"),
        ("?metrics=loans.amount&by=usage.people&rows=dealer", "?metrics=loans.amount&rows=dealer"),
        ("?rows=channel", "?rows=channel"),
        ("?metrics=usage.events,loans.applications", "?metrics=usage.events,loans.applications"),
    ],
)
def test_rows_when_other_metrics_do_not_know_them_then_are_left_to_the_default(
    search: str, then: str
) -> None:
    found = repaired(_filters(search))
    assert found.to_search() == then
    assert explored(found)
