"""What a click on a mark of a chart, or on a row of its table, means for the filters.

A pick is written like a part of an address: `district=east`, `weekday=1&hour=9`, or
`from=2026-03-01&to=2026-03-31&unit=month`. The browser hands it back as it is
(`assets/shell.js`); `picked` makes the next filters of it, and both directions are checked here.
"""

from datetime import date, timedelta
from itertools import pairwise
from urllib.parse import parse_qsl, quote

from pages._ui.address import DIMENSIONS
from pages._ui.filters import Filters
from pages._ui.text import _
from warehouse.errors import QueryError
from warehouse.model import REST, CellState, Grain, Period, Result, Row

APART = "step"
"""Steps of a funnel belong together; picking one lists its applications instead."""
_LONGEST = 2000
_LADDER = (Grain.YEAR, Grain.QUARTER, Grain.MONTH, Grain.DAY)


def pick_of(result: Result, row: Row) -> str:
    """The pick of a row; empty where it may not be picked.

    Hidden rows and the rest beyond a limit are nothing one could filter by.
    """
    query = result.query
    if not any(cell.state is CellState.VALUE for cell in row.cells) or REST in row.members:
        return ""
    if any(name not in DIMENSIONS or name == APART for name in query.by):
        return ""
    pairs = list(zip(query.by, row.members, strict=True))
    if row.period is not None and query.grain is not None:
        last = row.period.end - timedelta(days=1)
        pairs += [("from", str(row.period.start)), ("to", str(last)), ("unit", query.grain.value)]
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


def picked(filters: Filters, pick: str) -> Filters:
    """The filters after a pick: its members are added, or taken out where all were chosen.

    A unit of time becomes the period. Raises `QueryError` for a pick that no chart offers.
    """
    pairs = dict(parse_qsl(pick[:_LONGEST], keep_blank_values=True))
    unit, start, last = (pairs.pop(key, None) for key in ("unit", "from", "to"))
    if not set(pairs) <= set(DIMENSIONS) or not all(pairs.values()):
        raise QueryError(_("没有这样的操作。请刷新页面后再试。"))
    is_chosen = all(code in filters.members(name) for name, code in pairs.items())
    for name, code in pairs.items():
        kept = set(filters.members(name))
        filters = filters.choosing(name, kept - {code} if is_chosen else kept | {code})
    return _narrowed(filters, unit, start, last) if unit else filters


def _narrowed(filters: Filters, unit: str, start: str | None, last: str | None) -> Filters:
    try:
        grain = Grain(unit)
        first, end = date.fromisoformat(start or ""), date.fromisoformat(last or "")
        period = Period(start=first, end=end + timedelta(days=1))
    except (ValueError, QueryError):
        raise QueryError(_("没有这样的操作。请刷新页面后再试。")) from None
    return filters.within(period, _below(grain))


def _below(grain: Grain) -> Grain | None:
    """The unit in which an opened unit is shown; None: the one that fits."""
    found = dict(pairwise(_LADDER)).get(grain)
    return None if found is Grain.DAY else found
