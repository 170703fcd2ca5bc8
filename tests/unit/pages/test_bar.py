"""The filter bar: what it shows, and the address that each use of it asks for."""

from datetime import date
from typing import Any

import pytest

from pages._ui.bar import bar, changed
from pages._ui.filters import Filters
from warehouse.model import Label, Member

TODAY = date(2026, 3, 20)
SHOWN: dict[str, Any] = {
    "period": "this_month",
    "compare": "previous",
    "grain": "fit",
    "district": [],
    "scene": ["fund"],
    "channel": None,
    "from": "2026-03-01",
    "to": "2026-03-31",
}


def _read(pairs: dict[str, str]) -> Filters:
    search = "?" + "&".join(f"{key}={value}" for key, value in pairs.items())
    return Filters.from_search(search, None, TODAY)


@pytest.mark.parametrize(
    ("key", "value", "address"),
    [
        ("period", "last_7_days", "?period=last_7_days&scene=fund"),
        ("compare", "none", "?compare=none&scene=fund"),
        ("grain", "week", "?grain=week&scene=fund"),
        ("scene", [], ""),
        ("district", ["b", "a,c"], "?district=a%2Cc,b&scene=fund"),
        ("from", "2026-03-05", "?from=2026-03-05&to=2026-03-31&scene=fund"),
        ("period", "custom", "?from=2026-03-01&to=2026-03-31&scene=fund"),
    ],
)
def test_control_when_used_then_asks_for_this_address(key: str, value: Any, address: str) -> None:
    assert _read(changed(key, {**SHOWN, key: value})).to_search() == address


def test_controls_when_shown_then_say_what_the_address_says() -> None:
    filters = Filters.from_search("?period=all&compare=year&scene=fund,old", None, TODAY)
    text = str(bar(filters, {"scene": (Member(code="fund", label=Label(zh="公积金", en="Fund")),)}))
    assert "公积金" in text
    assert "value=['fund', 'old']" in text
    assert "value='all'" in text
    assert "value='year'" in text


def test_bar_when_a_page_offers_other_controls_then_has_only_them() -> None:
    filters = Filters.from_search("?source=tax&state=failed", None, date(2026, 3, 20))
    sources = {"source": (Member(code="tax", label=Label(zh="税务局", en="Tax")),)}
    text = str(bar(filters, sources, ("source", "state")))
    assert "税务局" in text and "全部数据源" in text and "{'control': 'reset'}" in text
    assert "{'control': 'period'}" not in text
    assert bar(filters, sources, ()) == []
