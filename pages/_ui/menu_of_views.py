"""The menu of saved views: what one keeps, what others share, and the form that saves one.

Forms and buttons carry what they ask as `data-view`; assets/shell.js hands it to the store
`view-act`, and `callbacks/views.py` answers with the body of the menu.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dash import dcc, html
from dash.development.base_component import Component

from pages._ui import ids
from pages._ui.ids import aria, attributes
from pages._ui.text import _
from warehouse.view import LONGEST_TITLE, MOST_VIEWS, Refusal, View

_REFUSALS = {
    Refusal.TITLE: "名称应为 1 至 {n} 个字符，首尾不留空格。",
    Refusal.TAKEN: "已有同名视图，请换一个名称。",
    Refusal.MANY: "最多保存 {most} 个视图，请先删除一个。",
    Refusal.MISSING: "视图已不存在，请刷新页面。",
    Refusal.ADDRESS: "当前页面不能存为视图。",
}


def said_of(refusal: Refusal) -> str:
    """Why a view was not kept, in the language of the request."""
    return _(_REFUSALS[refusal]).format(n=LONGEST_TITLE, most=MOST_VIEWS)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A view as its viewer meets it. problem: why it cannot be opened; empty where it can."""

    view: View
    problem: str = ""


def views_menu() -> Component:
    """The closed menu; its body comes when somebody opens it."""
    waiting = html.P(_("正在载入"), className="muted", role="status")
    return html.Details(
        [
            html.Summary(_("我的视图")),
            html.Div([waiting], id=ids.VIEWS, className="views-body"),
        ],
        className="more views",
    )


def views_body(own: Sequence[Shown], shared: Sequence[Shown], said: str = "") -> list[Component]:
    """said  what came of the last request, where that is not plain from the list."""
    parts: list[Component] = [html.P(said, className="ask-problem", role="alert"), _form()]
    if own:
        parts.append(html.Ul([_own(one) for one in own], **aria(_("我的视图"))))
    else:
        parts.append(html.P(_("还没有保存的视图。"), className="muted"))
    if shared:
        parts.append(html.P(_("他人共享"), className="field-name"))
        parts.append(html.Ul([_shared(one) for one in shared], **aria(_("他人共享"))))
    return parts


def _form() -> Component:
    """Saves what is on the screen."""
    return html.Form(
        [
            _name("", _("新视图的名称"), _("为当前页面和筛选条件起名")),
            html.Button(_("保存"), type="submit", className="button button-small"),
        ],
        className="views-form",
        **attributes(data_view="save"),
    )


def _name(value: str, spoken: str, hint: str = "") -> Component:
    field = dcc.Input(
        type="text",
        value=value,
        name="title",
        placeholder=hint,
        maxLength=LONGEST_TITLE,
        required=True,
        className="search",
        autoComplete="off",
    )
    return html.Label([html.Span(spoken, className="visually-hidden"), field])


def _own(one: Shown) -> Component:
    view = one.view
    share = _("停止共享") if view.is_shared else _("共享")
    rename = html.Details(
        [
            html.Summary(_("改名"), **aria(_("改名：{name}").format(name=view.title))),
            html.Form(
                [
                    _name(view.title, _("新名称")),
                    html.Button(_("确定"), type="submit", className="button button-small"),
                ],
                className="views-form",
                **attributes(data_view=f"rename {view.number}"),
            ),
        ],
        className="views-rename",
    )
    acts = [
        _act(share, f"{'private' if view.is_shared else 'share'} {view.number}", view),
        rename,
        _act(_("删除"), f"delete {view.number}", view),
    ]
    return html.Li([*_opening(one), html.Span(acts, className="acts")])


def _shared(one: Shown) -> Component:
    owner = html.Small(one.view.owner, className="muted")
    return html.Li([*_opening(one), owner])


def _opening(one: Shown) -> list[Component]:
    if one.problem:
        return [html.Span(one.view.title), html.Small(one.problem, className="ask-problem")]
    return [
        html.A(one.view.title, href=one.view.address, **attributes(data_view_open=one.view.address))
    ]


def _act(text: str, asks: str, view: View) -> Component:
    return html.Button(
        text,
        type="button",
        className="button button-small",
        **aria(f"{text} {view.title}"),
        **attributes(data_view=asks),
    )
