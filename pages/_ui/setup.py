"""What the page 数据探索 is set up with: metrics, rows, columns, how many, and the form."""

from dash import dcc, html
from dash.development.base_component import Component

from pages._ui.explored import (
    FORMS,
    LIMITS,
    MOST_METRICS,
    Explored,
    choices,
    columns,
    dimensions,
    explored,
    title_of,
)
from pages._ui.filters import Filters
from pages._ui.ids import aria, attributes, control, part
from pages._ui.parts import select
from pages._ui.text import _, named
from pages._ui.words import comma
from warehouse.errors import QueryError

_SUBJECTS = {
    "usage": "服务使用",
    "growth": "用户增长",
    "loans": "普惠贷款",
    "quality": "服务质量",
    "pipeline": "数据管道",
}
_FORM_WORDS = {"table": "表格", "bars": "条形图", "lines": "折线图", "heat": "热力图"}


def setup_frame() -> Component:
    """Where the controls will stand."""
    return html.Div(id=part("bar", "setup"), role="search", **aria(_("表格设置")))


def setup(filters: Filters) -> list[Component]:
    """The controls, showing what the address says; none where it is wrong."""
    try:
        one = explored(filters)
    except QueryError:
        return []
    fields = [
        _field(_("所选指标"), _metrics(one), "setup-metrics"),
        _field(_("行维度"), _pick("rows", one.rows, dimensions(one.metrics))),
        _field(_("列维度"), _pick("columns", one.columns, columns(one.metrics, one.rows))),
        _field(_("显示行数"), _limit("top", one.top)),
        *([_field(_("显示列数"), _limit("across", one.across))] if one.dimension else []),
        _field(_("形式"), _forms(one)),
    ]
    return [html.Div(fields, className="setup", **attributes(data_form=one.form))]


def _field(name: str, pick: Component, more: str = "") -> Component:
    return html.Div(
        [html.Span(name, className="field-name"), pick],
        className=f"field {more}".strip(),
        role="group",
        **aria(name),
    )


def _metrics(one: Explored) -> Component:
    """Every metric with its subject, its definition on hover; a full choice takes no more."""
    is_full = len(one.metrics) >= MOST_METRICS
    options = [
        {
            "label": f"{_(_SUBJECTS[name.partition('.')[0]])} · {named(metric.label)}",
            "value": name,
            "title": named(metric.sentence),
            "disabled": is_full and name not in one.metrics,
        }
        for name, metric in choices().items()
    ]
    names = comma().join(named(choices()[name].label) for name in one.metrics)
    ticks = dcc.Checklist(
        id=control("metrics"), options=options, value=list(one.metrics), className="ticks"
    )
    return html.Details(
        [html.Summary(names), html.Div(ticks, className="more-body")], className="more"
    )


def _pick(key: str, chosen: str, offered: tuple[str, ...]) -> Component:
    return select(
        title_of(chosen), control(key), {name: title_of(name) for name in offered}, chosen
    )


def _limit(key: str, chosen: int | None) -> Component:
    text = "all" if chosen is None else str(chosen)
    offered = sorted({*LIMITS, text}, key=lambda t: int(t) if t.isdigit() else 10**6)
    words = {t: _("全部") if t == "all" else _("前 {n} 项").format(n=t) for t in offered}
    return select(_("前 {n} 项").format(n=text), control(key), words, text)


def _forms(one: Explored) -> Component:
    options = [{"label": _(_FORM_WORDS[form]), "value": form} for form in FORMS]
    return dcc.RadioItems(id=control("form"), options=options, value=one.form, className="pills")
