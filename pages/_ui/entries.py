"""The metric catalogue as cards of words: what each number means, and how it is counted."""

from dash import dcc, html
from dash.development.base_component import Component

from pages._ui.ids import ENTRIES, SEARCH_BOX, aria
from pages._ui.text import _, named
from pages._ui.words import comma
from warehouse.datasets import DATASETS, KNOWN_DIMENSIONS
from warehouse.metrics import CATALOGUE, Metric
from warehouse.metrics.model import Edition
from warehouse.model import Grain, Polarity, Unit

_UNIT_WORDS = {
    Unit.PEOPLE: "人",
    Unit.EVENTS: "次",
    Unit.CASES: "件",
    Unit.APPLICATIONS: "笔",
    Unit.VISITS: "次访问",
    Unit.ROWS: "行",
    Unit.YUAN: "元",
    Unit.SHARE: "%",
    Unit.RATIO: "倍",
    Unit.SECONDS: "秒",
    Unit.MILLISECONDS: "毫秒",
}
_GRAIN_WORDS = {
    Grain.DAY: "日",
    Grain.WEEK: "周",
    Grain.MONTH: "月",
    Grain.QUARTER: "季",
    Grain.YEAR: "年",
}
_POLARITY_WORDS = {
    Polarity.UP: "越高越好",
    Polarity.DOWN: "越低越好",
    Polarity.NEUTRAL: "不分好坏",
}


def anchor(metric: str) -> str:
    """The id of a metric's entry (Dash allows no full stop in an id)."""
    return metric.replace(".", "-")


def catalogue() -> Component:
    """The whole page: a search box and every entry."""
    search = dcc.Input(
        id=SEARCH_BOX,
        type="search",
        value="",
        debounce=0.2,
        maxLength=60,
        placeholder=_("按名称、说明或口径查找"),
        className="search",
    )
    return html.Div(
        [
            html.Div(
                [
                    html.Div(
                        [
                            html.H1(_("指标目录")),
                            html.Div(search, role="search", **aria(_("查找指标"))),
                        ],
                        className="top-line",
                    ),
                    html.P(
                        [
                            html.Span(_("每个数字只有一种含义。"), className="news"),
                            html.A(_("数据血缘"), href="/pipeline/lineage", className="news"),
                            html.A(_("数据修订"), href="/pipeline/restatements", className="news"),
                        ],
                        className="insight",
                    ),
                ],
                className="top",
            ),
            html.Div(entries(""), id=ENTRIES, className="entries"),
        ],
        className="page page-catalogue",
    )


def entries(wanted: str) -> list[Component]:
    """The entries that hold every word of `wanted`; one line of advice where there is none."""
    words = wanted.lower().split()
    found = [m for m in CATALOGUE.values() if all(w in _haystack(m) for w in words)]
    if not found:
        return [
            html.P(_("没有找到相符的指标，请换一个词。"), className="blank-line", role="status")
        ]
    return [_entry(metric) for metric in found]


def _haystack(metric: Metric) -> str:
    texts = (
        metric.name,
        metric.label.zh,
        metric.label.en,
        metric.sentence.zh,
        metric.sentence.en,
        metric.formula,
        metric.owner.zh,
        metric.owner.en,
    )
    return " ".join(texts).lower()


def _editions(metric: Metric) -> Component:
    """Every edition with its first day and what it changed; what it said before, once it did."""
    return html.Ol(
        [_edition(metric, edition) for edition in reversed(metric.editions)],
        className="editions",
        **aria(_("口径版本")),
    )


def _edition(metric: Metric, edition: Edition) -> Component:
    is_now = edition.number == len(metric.editions)
    said = [] if is_now else [html.Small(named(edition.sentence)), html.Code(edition.formula)]
    change = [html.Span(named(edition.change))] if edition.change.zh else []
    since = _("{day} 起").format(day=edition.since.isoformat())
    mark = "is-now" if is_now else None
    return html.Li([html.B(f"v{edition.number}"), html.Span(since), *change, *said], className=mark)


def _entry(metric: Metric) -> Component:
    facts = (
        (_("计算"), html.Code(metric.formula)),
        (_("单位"), f"{_(_UNIT_WORDS[metric.unit])} · {_(_POLARITY_WORDS[metric.polarity])}"),
        (_("责任部门"), named(metric.owner)),
        (_("数据集"), named(DATASETS[metric.dataset].label)),
        (_("可按"), comma().join(named(KNOWN_DIMENSIONS[d].label) for d in metric.dimensions)),
        (_("粒度"), comma().join(_(_GRAIN_WORDS[g]) for g in metric.grains)),
    )
    return html.Section(
        [
            html.Header([html.H2(named(metric.label)), html.Code(metric.name)]),
            html.P(named(metric.sentence), className="sentence"),
            html.Dl([part for name, value in facts for part in (html.Dt(name), html.Dd(value))]),
            _editions(metric),
        ],
        id=anchor(metric.name),
        className="card entry",
    )
