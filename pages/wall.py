"""The wall: a full screen that turns through its scenes by itself."""

from dash import dcc, html, register_page
from dash.development.base_component import Component

from pages._ui.desk import desk
from pages._ui.ids import attributes
from pages._ui.text import language, named
from pages._wall import SCENES
from pages._wall.render import section, top
from warehouse.model import Label

_PRODUCT = Label(zh="政府管理驾驶舱", en="City cockpit")

register_page(__name__, path="/wall", name="大屏", title=_PRODUCT.zh)  # type: ignore[no-untyped-call]


def layout(**_search: str) -> Component:
    """Scenes are mounted once; `assets/wall.js` turns them and asks for their numbers."""
    words = {
        "data_gone": named(Label(zh="与服务器的连接中断", en="The server is gone")),
        "data_since": named(Label(zh="自", en="since")),
        "data_unsound": named(
            Label(
                zh="最新一版数据没有通过校验，暂用上一版完好的数据",
                en="The newest data did not pass their check: these are the last good ones",
            )
        ),
        "data_late": named(Label(zh="数据延迟", en="Late")),
        "data_all": named(Label(zh="共 {n} 个", en="{n} in all")),
        "data_to": named(Label(zh="数据截至", en="Data to")),
        "data_promise": named(Label(zh="承诺", en="promised")),
        "data_zone": desk().zone,
        "data_locale": "en-GB" if language() == "en" else "zh-CN",
    }
    return html.Div(
        [
            dcc.Store(id="wall-scale", data=1),
            html.Div(
                [
                    top(SCENES, _PRODUCT, desk().city()),
                    html.Div(id="wall-banner", role="alert", className="wall-banner"),
                    html.Div(
                        [section(s, language(), is_first=i == 0) for i, s in enumerate(SCENES)],
                        className="wall-scenes",
                    ),
                    html.Div(html.I(), className="wall-progress"),
                ],
                id="wall-stage",
                className="wall-stage",
            ),
        ],
        id="wall",
        className="wall",
        **attributes(data_theme="dark", **words),
    )
