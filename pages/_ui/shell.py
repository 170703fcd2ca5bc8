"""What stands around every page: header, menu, user menu, the stores callbacks speak through.

`app.layout = shell` (a function: language, theme and viewer are those of the request).
"""

from dash import dcc, html, page_container
from dash.development.base_component import Component
from flask import has_request_context, request

from pages._ui import ids
from pages._ui.book import WALL_ROLES, menu
from pages._ui.desk import desk
from pages._ui.ids import aria, attributes
from pages._ui.text import _, language, named
from warehouse.model import Role, Viewer

_ROLE_WORDS = {
    Role.OFFICIAL: "领导",
    Role.ANALYST: "分析",
    Role.OPERATOR: "运维",
    Role.ADMIN: "管理员",
    Role.WALL: "大屏",
}


def chosen_theme() -> str:
    """`light` or `dark`, as the cookie says."""
    wished = request.cookies.get("theme") if has_request_context() else None
    return "dark" if wished == "dark" else "light"


def shell() -> Component:
    """The whole document for this request."""
    viewer, version = desk().viewer(), desk().version()
    return html.Div(
        [
            dcc.Location(id=ids.URL, refresh=False),
            dcc.Store(id=ids.VERSION, data=version),
            dcc.Store(id=ids.THEME, data=chosen_theme()),
            html.A(_("跳到正文"), href="#main", className="skip"),
            _header(viewer),
            html.Div(
                _("与服务器的连接中断，正在重试；页面上的数字可能不是最新。"),
                className="offline",
                role="status",
            ),
            html.Div(
                _("最新一版数据没有通过校验，页面暂用上一版完好的数据，数据程序正在修复。"),
                className="offline unsound",
                role="status",
            ),
            html.Main(page_container, id="main", tabIndex=-1, **attributes(data_version=version)),
        ],
        lang="en" if language() == "en" else "zh-CN",
    )


def _header(viewer: Viewer | None) -> Component:
    return html.Header(
        html.Div([_brand(), _menu(viewer), _tools(viewer)], className="header-line"),
        className="header",
    )


def _brand() -> Component:
    city = named(desk().city())
    below = " · ".join(text for text in (city, _("一网通办")) if text)
    name = [html.Strong(_("政府管理驾驶舱")), html.Small(below)]
    mark = html.Span("政", className="brand-mark", **attributes(aria_hidden="true"))
    return dcc.Link([mark, html.Span(name, className="brand-name")], href="/", className="brand")


def _menu(viewer: Viewer | None) -> Component:
    pages = menu(viewer.role) if viewer else ()
    links = [
        dcc.Link(_(page.label), href=page.path, id=ids.link(page.path), className="nav-link")
        for page in pages
    ]
    return html.Nav(links, className="nav", **aria(_("主菜单")))


def _tools(viewer: Viewer | None) -> Component:
    # The as-of mark is there for nobody too: Dash checks outputs against that layout.
    mark = html.Div(id=ids.AS_OF, className="asof", role="status")
    mine = [_user(viewer)] if viewer else _switches()
    return html.Div([mark, *mine], className="tools")


def _switches() -> list[Component]:
    other, name = ("zh", "中文") if language() == "en" else ("en", "English")
    return [
        html.A(
            name,
            href=f"?lang={other}",
            className="switch",
            lang=other,
            **attributes(data_lang=other),
        ),
        html.Button(
            _("深色 / 浅色"), className="switch", type="button", **attributes(data_theme_switch="")
        ),
    ]


def _user(viewer: Viewer) -> Component:
    wall = html.A(_("大屏"), href="/wall", className="switch")
    body = [
        html.P([html.Strong(viewer.name), html.Span(_(_ROLE_WORDS[viewer.role]))]),
        *([wall] if viewer.role in WALL_ROLES else []),
        *_switches(),
        html.Form(
            [
                dcc.Input(type="hidden", name="csrf_token", value=""),
                html.Button(_("退出登录"), type="submit", className="switch"),
            ],
            method="post",
            action="/logout",
        ),
    ]
    return html.Details(
        [html.Summary(viewer.name), html.Div(body, className="user-body")], className="user"
    )


def as_of_line(text: str, late: int) -> list[Component]:
    """The freshness mark in the header."""
    said = text if not late else f"{text} · " + _("{n} 个数据源延迟").format(n=late)
    return [html.I(className="dot dot-late" if late else "dot"), html.Span(said)]
