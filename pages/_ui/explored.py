"""What the page 数据探索 shows, as a value: read from the keys of the address that it alone has.

`?metrics=usage.events,usage.people&rows=scene&columns=month&by=usage.people&sort=change&top=20`:
metrics in their order, the dimension of the rows, the dimension or unit of time of the columns
(`none`: totals alone), what rows are ordered by, how many rows and columns before the rest, and
the form. Defaults are left out (`address.EXPLORED`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from itertools import pairwise
from urllib.parse import unquote

from pages._ui.address import EXPLORED, OWN_KEYS
from pages._ui.filters import Filters
from pages._ui.questions import ask
from pages._ui.text import _, named
from warehouse.crosstab import Heading, PivotQuery
from warehouse.datasets import HIERARCHIES, named_dimension
from warehouse.errors import QueryError, nearest
from warehouse.metrics import CATALOGUE, Metric
from warehouse.model import REST, Grain, MetricQuery, Period, Sort
from warehouse.question import named as checked

FORMS = ("table", "bars", "lines", "heat")
LIMITS = ("5", "10", "20", "50", "all")
NONE = "none"
MOST_METRICS = 6
_FIRST = ("scene", "product", "district", "dataset", "channel")
"""Rows where the address names none: the first that all metrics know."""
_SECOND = ("district", "channel", "month")
"""Columns where it names none."""
_LADDER = (Grain.YEAR, Grain.QUARTER, Grain.MONTH, Grain.DAY)


@dataclass(frozen=True, kw_only=True)
class Explored:
    """columns is a dimension, a unit of time, or `none`; `by` is the metric that orders."""

    metrics: tuple[str, ...]
    by: str
    rows: str
    columns: str
    sort: Sort
    top: int | None
    across: int | None
    form: str

    @property
    def grain(self) -> Grain | None:
        return Grain(self.columns) if self.columns in tuple(Grain) else None

    @property
    def dimension(self) -> str | None:
        """The dimension of the columns, where they are no time."""
        return None if self.grain or self.columns == NONE else self.columns


def explored(filters: Filters) -> Explored:
    """Read the own keys of an address. Raises `QueryError` that says what would fit."""
    own = {**EXPLORED, **{key: unquote(text) for key, text in filters.own}}
    metrics = _metrics(own["metrics"])
    rows = own["rows"] or next((d for d in _FIRST if d in dimensions(metrics)), "")
    found = Explored(
        metrics=metrics,
        by=_one_of("by", own["by"] or metrics[0], metrics),
        rows=_one_of("rows", rows, dimensions(metrics)),
        columns=_one_of(
            "columns", own["columns"] or _beside(metrics, rows), columns(metrics, rows)
        ),
        sort=Sort(_one_of("sort", own["sort"], tuple(Sort))),
        top=_limit("top", own["top"]),
        across=_limit("across", own["across"]),
        form=_one_of("form", own["form"], FORMS),
    )
    if found.sort is Sort.CHANGE and filters.compare is None:
        raise QueryError(_("按变化排序需要对比：请选择环比或同比。"))
    return found


def _beside(metrics: tuple[str, ...], rows: str) -> str:
    offered = columns(metrics, rows)
    return next(name for name in (*_SECOND, NONE) if name in offered)


def _metrics(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name for name in text.split(",") if name))
    if not names or len(names) > MOST_METRICS:
        raise QueryError(_("请选择 1 至 {most} 个指标。").format(most=MOST_METRICS))
    for name in names:
        _one_of("metrics", name, tuple(choices()))
    return names


def _one_of(key: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise QueryError(
            _("“{key}={text}”无效。可用的取值：{known}。").format(
                key=key, text=text[:40], known=", ".join(known[:24])
            )
            + nearest(text[:40], known)
        )
    return text


def _limit(key: str, text: str) -> int | None:
    if text == "all":
        return None
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 3 and int(text)):
        raise QueryError(_("“{key}={text}”应为 1 至 999 或 all。").format(key=key, text=text[:40]))
    return int(text)


# --- what can be chosen -----------------------------------------------------------------------


@cache
def choices() -> Mapping[str, Metric]:
    """The metrics a pivot table can hold: those that have a total."""
    return {name: metric for name, metric in CATALOGUE.items() if _has_total(name)}


def _has_total(name: str) -> bool:
    try:
        checked(MetricQuery(metrics=(name,)))
    except QueryError:
        return False
    return True


def dimensions(metrics: tuple[str, ...]) -> tuple[str, ...]:
    """What all of the metrics can be cut by."""
    known = [CATALOGUE[name].dimensions for name in metrics]
    return tuple(d for d in known[0] if all(d in others for others in known))


def columns(metrics: tuple[str, ...], rows: str) -> tuple[str, ...]:
    """What the columns may be beside these rows."""
    grains = [g.value for g in Grain if all(g in CATALOGUE[name].grains for name in metrics)]
    return (NONE, *grains, *(d for d in dimensions(metrics) if d != rows))


def title_of(key: str) -> str:
    """What a choice of rows or columns is called."""
    units = {"day": _("按日"), "week": _("按周"), "month": _("按月")}
    units |= {"quarter": _("按季"), "year": _("按年"), NONE: _("不分列")}
    return units[key] if key in units else named(named_dimension(key))


# --- from the address to the question, and on -------------------------------------------------


def pivot(filters: Filters) -> PivotQuery:
    """The question of the table. The metric that orders comes first."""
    one = explored(filters)
    flat = ask(filters, *one.metrics, compare=True)
    return PivotQuery(
        metrics=(one.by, *(name for name in one.metrics if name != one.by)),
        rows=one.rows,
        columns=one.dimension,
        grain=one.grain,
        period=flat.period,
        where=flat.where,
        compare=flat.compare,
        sort=one.sort,
        row_limit=one.top,
        column_limit=one.across if one.dimension else None,
    )


def saying(filters: Filters, **own: str) -> Filters:
    """The same address with these own keys; an empty text is the default."""
    wished = {**dict(filters.own), **own}
    kept = ((key, wished[key]) for key in OWN_KEYS if wished.get(key))
    return replace(filters, own=tuple((k, v) for k, v in kept if v != EXPLORED.get(k)))


def repaired(filters: Filters) -> Filters:
    """Without own keys that do not fit the metrics: after other metrics were chosen."""
    for key in ("by", "rows", "columns"):
        try:
            explored(filters)
        except QueryError:
            filters = saying(filters, **{key: ""})
    return filters


def below_row(filters: Filters, one: Explored, member: str) -> Filters | None:
    """Where a click on a row leads: its member as a filter, the next level as the rows."""
    if member == REST:
        return None
    narrowed = filters.choosing(one.rows, (member,))
    finer = {a: b for ladder in HIERARCHIES for a, b in pairwise(ladder)}.get(one.rows)
    if finer is None or finer not in dimensions(one.metrics) or finer == one.columns:
        return narrowed
    return saying(narrowed, rows=finer)


def below_column(filters: Filters, one: Explored, heading: Heading) -> Filters | None:
    """Where a click on a column leads: its unit of time by the finer one, or its member."""
    if heading.period is None:
        if heading.member == REST or one.dimension is None:
            return None
        return filters.choosing(one.dimension, (heading.member,))
    finer = _finer(one, heading.period)
    if finer is None:
        return None
    last = heading.period.end - timedelta(days=1)
    if last < heading.period.start:
        return None
    return saying(filters.within(heading.period, None), columns=finer)


def _finer(one: Explored, unit: Period) -> str | None:
    grain = one.grain
    if grain is Grain.DAY:
        return "hour" if "hour" in columns(one.metrics, one.rows) else None
    steps = {a.value: b.value for a, b in pairwise(_LADDER)} | {"week": "day"}
    found = steps.get(grain.value) if grain and unit else None
    return found if found in columns(one.metrics, one.rows) else None
