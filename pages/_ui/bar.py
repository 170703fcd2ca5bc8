"""The filter bar: every control shows what the address says, none keeps a state of its own."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from dash import dcc, html
from dash.development.base_component import Component

from pages._ui.address import DIMENSIONS, OWN_KEYS, RUN_KEYS, USUAL
from pages._ui.book import Page
from pages._ui.filters import ALL, CUSTOM, PRESETS, WORKDAY, Filters
from pages._ui.funnels import DEFAULTS, ORDERS, WINDOWS
from pages._ui.ids import aria, control
from pages._ui.parts import ANY, select
from pages._ui.picks import APART
from pages._ui.text import _, named
from warehouse import datasets
from warehouse.errors import QueryError
from warehouse.metrics import find
from warehouse.model import Grain, Member

Choices = Mapping[str, tuple[Member, ...]]

_PRESET_WORDS = {
    "last_7_days": "近7日",
    "last_30_days": "近30日",
    "this_month": "本月",
    "previous_month": "上月",
    "this_year": "本年",
    "last_12_months": "近12个月",
    ALL: "全部",
    CUSTOM: "自定义",
}
_GRAIN_WORDS = {"day": "按日", "week": "按周", "month": "按月", "quarter": "按季", "year": "按年"}
_COMPARE_WORDS = {"previous": "环比", "year": "同比", "lunar": "农历同比", "none": "不对比"}
_STATE_WORDS = {
    "": "全部",
    "done": "完成",
    "failed": "失败",
    "interrupted": "中断",
    "running": "运行中",
}
NO_GRAIN = "fit"
TOTAL = "total"
FULL = ("period", "compare", "more")


def bar(
    filters: Filters,
    choices: Choices,
    controls: Sequence[str] = FULL,
    further: Sequence[str] | None = None,
    *,
    is_open: bool = False,
) -> list[Component]:
    """The controls of a page for these filters.

    choices  what the viewer may choose, by dimension.
    further  the dimensions behind "更多筛选"; None: not opened yet, so they are not made.
    is_open  they were asked for just now: they stand open.
    """
    makers: Mapping[str, Callable[[], Component]] = {
        "period": lambda: _presets(filters, (*PRESETS, ALL, *((CUSTOM,) * ("more" in controls)))),
        "compare": lambda: _compares(filters),
        "more": lambda: _more(
            filters, choices, further, is_open=is_open, has_funnel="funnel" in controls
        ),
        "source": lambda: _sources(filters, choices.get("source", ())),
        "state": lambda: _states(filters),
    }
    made = [makers[name]() for name in controls if name in makers]
    return [*made, _reset()] if made else []


def further_of(page: Page, filters: Filters) -> tuple[str, ...]:
    """The dimensions beside the usual ones by which any number of the page can be filtered."""
    asked = [query for panel in page.panels for query in panel.questions(filters)]
    metrics = {name for query in asked for name in query.metrics}
    for pivot in (panel.pivot for panel in page.panels if panel.pivot):
        with contextlib.suppress(QueryError):  # the panels say what is wrong with the address
            metrics |= set(pivot(filters).metrics)
    known = {dimension for name in metrics for dimension in find(name).dimensions}
    return tuple(d for d in DIMENSIONS if d in known and d not in (*USUAL, APART))


def _sources(filters: Filters, members: tuple[Member, ...]) -> Component:
    options = {ANY: _("全部数据源")} | {m.code: named(m.label) for m in members}
    chosen = _single(filters, "source")
    return select(_("数据源"), control("source"), options, chosen)


def _single(filters: Filters, key: str) -> str:
    chosen = filters.members(key)
    return chosen[0] if len(chosen) == 1 else ""


def _states(filters: Filters) -> Component:
    options = [{"label": _(word), "value": state} for state, word in _STATE_WORDS.items()]
    chosen = _single(filters, "state")
    return html.Div(
        dcc.RadioItems(id=control("state"), options=options, value=chosen, className="pills"),
        role="radiogroup",
        **aria(_("运行状态")),
    )


def _presets(filters: Filters, offered: Sequence[str]) -> Component:
    options = [{"label": _(_PRESET_WORDS[p]), "value": p} for p in offered]
    return html.Div(
        dcc.RadioItems(
            id=control("period"), options=options, value=filters.preset, className="pills"
        ),
        role="radiogroup",
        **aria(_("时段")),
    )


def _compares(filters: Filters) -> Component:
    value = filters.compare.value if filters.compare else "none"
    options = [{"label": _(_COMPARE_WORDS[c]), "value": c} for c in _COMPARE_WORDS]
    return html.Div(
        dcc.RadioItems(id=control("compare"), options=options, value=value, className="pills"),
        role="radiogroup",
        **aria(_("对比")),
    )


def _more(
    filters: Filters,
    choices: Choices,
    further: Sequence[str] | None,
    *,
    is_open: bool,
    has_funnel: bool,
) -> Component:
    count = sum(len(members) for _dimension, members in filters.where)
    name = _("筛选") + (f" · {count}" if count else "")
    fields = [_dimension(filters, d, choices.get(d, ())) for d in USUAL]
    rest = _further(filters, choices, further, is_open=is_open)
    fields += _funnel(filters) if has_funnel else []
    own = [_grain(filters), _per(filters), _dates(filters)]
    body = html.Div([*fields, *own, rest], className="more-body")
    is_on = count or filters.grain or filters.per_workday or (has_funnel and filters.own)
    mark = " is-on" if is_on else ""
    return html.Details([html.Summary(name), body], className=f"more{mark}", open=is_open)


def _funnel(filters: Filters) -> list[Component]:
    """How the funnel of the page counts: order and window."""
    said = {**DEFAULTS, **dict(filters.own)}
    windows = WINDOWS if said["window"] in WINDOWS else {said["window"]: said["window"], **WINDOWS}
    return [
        _field(
            name, dcc.RadioItems(id=control(key), options=words, value=said[key], className="pills")
        )
        for key, name, words in (
            ("order", _("漏斗口径"), [{"label": _(t), "value": v} for v, t in ORDERS.items()]),
            ("window", _("漏斗窗口"), [{"label": _(t), "value": v} for v, t in windows.items()]),
        )
    ]


def _further(
    filters: Filters, choices: Choices, further: Sequence[str] | None, *, is_open: bool
) -> Component:
    """The rarer dimensions; their members are looked for only when somebody opens it."""
    made = [_dimension(filters, d, choices.get(d, ())) for d in further or ()]
    waiting = html.P(_("正在载入"), className="muted", role="status")
    none = html.P(_("本页没有更多筛选条件。"), className="muted")
    inside = [waiting] if further is None else made or [none]
    return html.Details(
        [html.Summary(_("更多筛选")), html.Div(inside, className="further-body")],
        className="further",
        open=is_open,
    )


def _dimension(filters: Filters, dimension: str, members: tuple[Member, ...]) -> Component:
    name = named(datasets.named_dimension(dimension))
    chosen = filters.members(dimension)
    known = {m.code: named(m.label) for m in members} | {
        code: code for code in chosen if code not in {m.code for m in members}
    }
    return _field(
        name,
        dcc.Dropdown(
            id=control(dimension),
            options=[{"label": text, "value": code} for code, text in known.items()],
            value=list(chosen),
            multi=True,
            placeholder=_("全部"),
            maxHeight=260,
            labels=dropdown_words(),
        ),
    )


def dropdown_words() -> Any:
    """What a dropdown says, typed as its own maker wants it."""
    return {
        "select_all": _("全选"),
        "deselect_all": _("全不选"),
        "selected_count": _("已选 {num_selected} 项"),
        "search": _("查找"),
        "clear_search": _("清除查找"),
        "clear_selection": _("清除选择"),
        "no_options_found": _("没有可选项"),
    }


def _grain(filters: Filters) -> Component:
    options = [{"label": _("自动"), "value": NO_GRAIN}]
    options += [{"label": _(_GRAIN_WORDS[g]), "value": g} for g in Grain]
    value = filters.grain.value if filters.grain else NO_GRAIN
    pick = dcc.RadioItems(id=control("grain"), options=options, value=value, className="pills")
    return _field(_("粒度"), pick)


def _per(filters: Filters) -> Component:
    options = [{"label": _("合计"), "value": TOTAL}, {"label": _("按工作日均"), "value": WORKDAY}]
    value = WORKDAY if filters.per_workday else TOTAL
    pick = dcc.RadioItems(id=control("per"), options=options, value=value, className="pills")
    return _field(_("计数"), pick)


def _dates(filters: Filters) -> Component:
    last = filters.period.end - timedelta(days=1)
    days = (("from", filters.period.start), ("to", last))
    fields = [
        dcc.Input(
            id=control(key),
            value=day.isoformat(),
            type="text",
            debounce=True,
            maxLength=10,
            inputMode="numeric",
            placeholder="2026-01-31",
            className="date",
        )
        for key, day in days
    ]
    return _field(_("起止日期"), html.Div([fields[0], "–", fields[1]], className="dates"))


def _field(name: str, pick: Component) -> Component:
    return html.Div(
        [html.Span(name, className="field-name"), pick],
        className="field",
        role="group",
        **aria(name),
    )


def _reset() -> Component:
    return html.Button(_("重置"), id=control("reset"), className="button", n_clicks=0)


def changed(
    key: str, values: Mapping[str, object], kept: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The address pairs after control `key` was used, the controls showing `values`.

    kept  the pairs of the address; what the page has no control for stays as it is.
    Pairs are left undecided on purpose: `Filters.from_search` checks them like any address.
    """

    def stands(name: str) -> str:
        said = _text(values[name]) if name in values else (kept or {}).get(name, "")
        return "" if said == ANY else said

    keys = ("compare", "per", "grain", *DIMENSIONS, *RUN_KEYS, *OWN_KEYS)
    pairs = {name: stands(name) for name in keys}
    for name, usual in (("grain", NO_GRAIN), ("per", TOTAL)):
        if pairs[name] == usual:
            del pairs[name]
    preset = stands("period")
    if key in ("from", "to") or preset in ("", CUSTOM):
        pairs |= {name: stands(name) for name in ("from", "to")}
    if key not in ("from", "to") and preset != CUSTOM:
        pairs["period"] = preset
    return {name: text for name, text in pairs.items() if text}


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(quote(str(v), safe="") for v in value)
    return "" if value is None else quote(str(value), safe="")
