"""The one layout every data page has: name, insight, filter bar, tiles, cards."""

from collections.abc import Callable

from dash import dcc, html
from dash.development.base_component import Component

from pages._ui import ids, listed
from pages._ui.book import Page, page_of, tabs
from pages._ui.cards import frame
from pages._ui.desk import desk
from pages._ui.dialog import dialog, is_explained
from pages._ui.ids import aria, attributes, part
from pages._ui.menu_of_views import views_menu
from pages._ui.parts import Children, alert, container, link_button
from pages._ui.text import _
from warehouse.model import Viewer


def page_layout(name: str, more: Children = (), before: Children = ()) -> Component:
    """The page before any answer. Its numbers come with the batch callback.

    more, before  what only this page has, below and above its cards.
    """
    page = page_of(name)
    viewer = desk().viewer()
    if viewer is not None and viewer.role not in page.roles:
        return no_permission()
    panels = [panel for panel in page.panels if viewer is None or panel.is_open_to(viewer.role)]
    tiles = [frame(panel) for panel in panels if panel.kind == "tile"]
    cards = [frame(panel) for panel in panels if panel.kind != "tile"]
    return container(
        [
            dcc.Store(id=ids.PAGE, data={"name": page.name}),
            dcc.Store(id=ids.PICK, data=""),
            dcc.Store(id=ids.FURTHER, data=""),
            dcc.Store(id=ids.VIEW_ACT, data=""),
            _top(page),
            _tabs(page, viewer),
            html.Div(id=part("notice", ""), className="notice", role="alert"),
            *before,
            html.Div(tiles, className="tiles") if tiles else None,
            html.Div(cards, className="cards"),
            *more,
            *(listed.dialog() if any(panel.lists for panel in panels) else ()),
            *(dialog() if any(is_explained(panel) for panel in panels) else ()),
        ],
        f"page page-{page.name}",
    )


def _top(page: Page) -> Component:
    says = html.P(id=part("insight", ""), className="insight", **attributes(aria_live="polite"))
    chosen = html.Div(id=part("chosen", ""), className="chosen")
    bar = html.Div(id=part("bar", ""), className="bar", role="search", **aria(_("筛选条件")))
    files = html.Div(id=part("files", ""), className="files")
    mine = [views_menu()] if page.controls else []
    tools = html.Div([bar, *mine, files], className="top-tools")
    line = html.Div([html.H1(_(page.label)), tools], className="top-line")
    return html.Div([line, says, chosen], className="top")


def _tabs(page: Page, viewer: Viewer | None) -> Component | None:
    """The pages of the same group, this one marked; nothing where there is no other."""
    others = tabs(page, viewer.role) if viewer else ()
    if len(others) < 2:
        return None
    links = [
        html.Span(_name(one), className="page-tab is-open", **attributes(aria_current="page"))
        if one is page
        else dcc.Link(_name(one), href=one.path, className="page-tab")
        for one in others
    ]
    return html.Nav(links, className="page-tabs", **aria(_("数据管道各页")))


def _name(page: Page) -> str:
    return _(page.tab or page.label)


def page_files(name: str, address: str) -> list[Component]:
    """The whole page as a workbook."""
    href = f"/export/{name}.xlsx{address}"
    return [link_button(_("导出本页"), href, is_strong=True)]


def news(findings: tuple[str, ...]) -> list[Component]:
    """The findings of the line under the page's name, one after the other."""
    return [html.Span(text, className="news") for text in findings]


def notice(text: str) -> list[Component]:
    """Instead of all cards: what is wrong with the address, and the way out."""
    return [
        alert(
            [
                html.Strong(_("筛选条件无效")),
                html.P(text),
                link_button(_("恢复默认条件"), "?"),
            ],
        )
    ]


def no_permission() -> Component:
    """Instead of a page that this role may not open."""
    return html.Div(
        [html.H1(_("权限不足")), html.P(_("当前账号不能打开此页，请联系本单位数据管理员。"))],
        className="page blank-page",
    )


def title_of(name: str) -> Callable[..., str]:
    """The browser's title of a page, in the language of the request."""
    return lambda **_path: f"{_(page_of(name).label)} · {_('政府管理驾驶舱')}"
