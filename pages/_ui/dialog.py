"""The dialog on a number: where it comes from, and why it changed. It stands on a page once.

Its controls are there from the first paint and only their options change, so that the focus
stays where it is.
"""

from collections.abc import Callable, Mapping, Sequence

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from pages._figures.values import period_text
from pages._ui import ids
from pages._ui.ids import aria, attributes
from pages._ui.panel import Panel
from pages._ui.parts import ANY
from pages._ui.text import _, language, named
from warehouse.datasets import CLOCK_DIMENSIONS, DIMENSIONS
from warehouse.metrics import Metric, find
from warehouse.model import MetricQuery, Result, Row

SOURCE, CHANGE = "source", "change"
"""The two views of a number."""
REFUSED = "不能解释"
NO_NUMBER = "没有这样的数。请刷新页面后再试。"
STEP = "step"
_MOST_NUMBERS = 200
_PREFERRED = ("district", "scene", "product", "channel")
"""Dimensions that are offered first."""

Options = list[dict[str, str]]


def is_explained(panel: Panel) -> bool:
    """Whether the card shows numbers of a question, which can be explained."""
    return panel.query is not None and not panel.follows_sources


def button(panel: Panel, text: str = "") -> Component:
    """What opens the dialog for a card; see assets/shell.js."""
    spoken = _("解释：{title}").format(title=_(panel.title))
    return html.Button(
        text or html.I("i", **attributes(aria_hidden="true")),
        type="button",
        className="explain-text" if text else "explain-mark",
        title=_("这个数怎么来的，为什么变化"),
        **aria(spoken),
        **attributes(data_explain=panel.id, aria_haspopup="dialog"),
    )


def dialog() -> list[Component]:
    """The closed dialog and what its callback speaks through."""
    close = html.Button(
        "×", type="button", className="why-close", **aria(_("关闭")), **attributes(data_close="why")
    )
    title = html.Div([html.H2("", id=ids.WHY_TITLE), html.P("", id=ids.WHY_NOTE, className="note")])
    body = html.Div(
        html.Div(id=ids.WHY_BODY),
        className="why-body",
        tabIndex=0,
        role="region",
        **attributes(aria_live="polite", aria_labelledby=ids.WHY_TITLE),
    )
    return [
        dcc.Store(id=ids.WHY_KEY, data=""),
        dbc.Modal(
            [html.Div([title, close], className="why-head"), _controls(), body],
            id=ids.WHY,
            is_open=False,
            centered=True,
            fade=False,
            size="lg",
            className="why",
            labelledby=ids.WHY_TITLE,
        ),
    ]


def _controls() -> Component:
    views = dcc.RadioItems(
        id=ids.WHY_TAB,
        options=[
            {"label": _("这个数怎么来的"), "value": SOURCE},
            {"label": _("为什么变化"), "value": CHANGE},
        ],
        value=SOURCE,
        className="pills",
    )
    return html.Div(
        [
            html.Div(views, role="group", **aria(_("查看"))),
            _select(_("指标"), ids.WHY_METRIC),
            _select(_("哪个数"), ids.WHY_NUMBER),
            _select(_("按维度拆分"), ids.WHY_DIMENSION),
        ],
        id=ids.WHY_CONTROLS,
        className=controls_class([], [], []),
    )


def controls_class(metrics: Options, numbers: Options, dimensions: Options) -> str:
    """The class of the controls: a list with nothing to choose is not shown."""
    shown = {
        "has-metric": len(metrics) > 1,
        "has-number": len(numbers) > 1,
        "has-dimension": len(dimensions) > 1,
    }
    return " ".join(("why-controls", *(name for name, is_shown in shown.items() if is_shown)))


def _select(name: str, identity: str) -> Component:
    pick = dbc.Select(id=identity, options=[], value=ANY, class_name="select")
    return html.Label([html.Span(name), pick], className=f"pick pick-{identity}")


# --- what is chosen -------------------------------------------------------------------------------


def narrowed(query: MetricQuery, metric: str) -> str:
    """The metric chosen of a question's; the first where it has no such one."""
    return metric if metric in query.metrics else query.metrics[0]


def metric_options(query: MetricQuery) -> Options:
    return [{"label": named(find(name).label), "value": name} for name in query.metrics]


def has_whole(query: MetricQuery) -> bool:
    """Steps hold each other, and some numbers are counted apart: all together are no number."""
    apart = {STEP, *(name for metric in query.metrics for name in find(metric).apart)}
    return not apart.intersection(query.by)


def key_of(row: Row) -> str:
    """What a row is called in the browser: its unit and members, whatever their order."""
    start = "" if row.period is None else row.period.start.isoformat()
    return "\x1f".join((start, *row.members))


def number_options(result: Result, label: Callable[[str, str], str]) -> Options:
    """The whole, then every number of the answer, of units the last first."""
    query, grain = result.query, result.query.grain
    rows = sorted(result.rows, key=_last_first) if grain else result.rows
    whole = [{"label": _("全部"), "value": ANY}] if has_whole(query) else []
    if grain and not query.by:
        whole = []
    found = []
    for row in rows[:_MOST_NUMBERS]:
        names = [label(name, code) for name, code in zip(query.by, row.members, strict=True)]
        if grain and row.period:
            names.insert(0, period_text(row.period.start, grain, language()))
        found.append({"label": " · ".join(names) or _("全部"), "value": key_of(row)})
    return [*whole, *(found if query.by or grain else [])] or [{"label": _("全部"), "value": ANY}]


def _last_first(row: Row) -> int:
    return 0 if row.period is None else -row.period.start.toordinal()


def row_of(result: Result, key: str) -> Row | None:
    """The row of that name; None: the whole. Where there is no whole: the first row."""
    if not (result.query.by or result.query.grain):
        return None
    found = next((row for row in result.rows if key_of(row) == key), None)
    if found is None and not has_whole(result.query) and result.rows:
        return result.rows[0]
    return found


def dimensions(metric: Metric, query: MetricQuery) -> tuple[str, ...]:
    """What a change of this number can be split by: what it is not yet cut to one member of."""
    fixed = {name for name, members in query.where if len(members) == 1}
    names = [n for n in metric.dimensions if n not in {*fixed, STEP, *metric.apart}]
    return tuple(sorted(names, key=lambda name: (_place(name), names.index(name))))


def _place(name: str) -> int:
    return _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)


def dimension_options(names: Sequence[str]) -> Options:
    known: Mapping[str, object] = {**DIMENSIONS, **CLOCK_DIMENSIONS}
    labels = {
        name: {**DIMENSIONS, **CLOCK_DIMENSIONS}[name].label for name in names if name in known
    }
    return [{"label": named(label), "value": name} for name, label in labels.items()]
