"""The keys of an address, and its pairs as they stand there.

`lang` and `theme` are let through and mean nothing here. A member is decoded only after the
commas between members are cut, so that one may hold a comma itself.
"""

from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, quote

from pages._ui.text import _
from warehouse import datasets
from warehouse.errors import QueryError, nearest

USUAL = ("district", "scene", "channel")
"""What the bar always offers."""
RUN_KEYS = ("state",)
"""What the list of runs is narrowed by; no question hears of it."""
_ALL = (*datasets.DIMENSIONS, *datasets.CLOCK_DIMENSIONS)
_LAST = ("source",)
DIMENSIONS = (
    *USUAL,
    *(name for name in _ALL if name not in (*USUAL, *RUN_KEYS, *_LAST)),
    *_LAST,
)
"""What an address can filter by, in its order."""
EXPLORED = {
    "metrics": "usage.events,usage.people",
    "rows": "",
    "columns": "",
    "by": "",
    "sort": "value",
    "top": "10",
    "across": "10",
    "form": "table",
}
"""The keys of the page 数据探索, with what goes without saying."""
OWN_KEYS = ("order", "window", "steps", *EXPLORED)
"""Keys that only one page reads; it checks their values. assets/shell.js lists them too."""

LONGEST = 8000
MOST_MEMBERS = 200
_KEYS = ("period", "from", "to", "compare", "per", "grain", *DIMENSIONS, *RUN_KEYS, *OWN_KEYS)
_PASSED = ("lang", "theme")


def pairs_of(search: str) -> Mapping[str, str]:
    """The pairs of an address as they stand there. Raises `QueryError` for an unknown key."""
    if len(search) > LONGEST:
        raise QueryError(_("网址过长。请减少所选条件。"))
    found: dict[str, str] = {}
    for part in search.removeprefix("?").split("&"):
        key, equals, value = part.partition("=")
        if not part or key in _PASSED:
            continue
        if key not in _KEYS:
            close = nearest(key, _KEYS)
            raise QueryError(_("网址中的“{key}”不是筛选条件。").format(key=key[:40]) + close)
        if not equals or key in found:
            raise QueryError(_("网址中的“{key}”应当出现一次并带有取值。").format(key=key))
        found[key] = value
    return found


def members_of(text: str) -> tuple[str, ...]:
    """Codes between commas, decoded, each once, in a stable order (one state, one address)."""
    codes = {dict(parse_qsl("m=" + part)).get("m", "") for part in text.split(",") if part}
    if len(codes) > MOST_MEMBERS:
        raise QueryError(_("所选条件超过 {most} 项。请减少。").format(most=MOST_MEMBERS))
    return tuple(sorted(codes - {""}))


def written(members: Collection[str]) -> str:
    """Members as an address holds them."""
    return ",".join(quote(code, safe="") for code in members)
