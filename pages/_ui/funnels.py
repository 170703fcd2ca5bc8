"""How the loans page asks its funnel, as its address says: `order=any&window=30d`."""

import re
from collections.abc import Mapping

from pages._ui.text import _
from warehouse.errors import QueryError
from warehouse.funnel import Funnel, Order

REACHED = "reached"
"""Ever had the step, in whatever order and time: the view beside the ordered ones."""
ORDERS: Mapping[str, str] = {
    Order.ORDERED.value: "依次",
    Order.STRICT.value: "紧接",
    Order.ANY.value: "不限次序",
    REACHED: "曾到达",
}
WINDOWS: Mapping[str, str] = {
    "1d": "1 天",
    "3d": "3 天",
    "7d": "7 天",
    "30d": "30 天",
    "90d": "90 天",
}
"""What the bar offers; an address may name any from a second to 366 days."""
DEFAULTS: Mapping[str, str] = {"order": Order.ORDERED.value, "window": "7d", "steps": ""}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"([1-9][0-9]{0,7})([smhd])")


def funnel_of(own: Mapping[str, str]) -> Funnel:
    """The funnel that an address asks for. Raises `QueryError` with one sentence."""
    said = {**DEFAULTS, **own}
    if said["order"] not in ORDERS:
        raise QueryError(
            _("“{key}={text}”无效。可用的取值：{known}。").format(
                key="order", text=said["order"][:40], known=", ".join(ORDERS)
            )
        )
    order = Order.ORDERED if said["order"] == REACHED else Order(said["order"])
    steps = tuple(_seconds("steps", text) for text in said["steps"].split(",") if text)
    if steps and (len(steps) != 3 or order is Order.ANY):
        raise QueryError(_("“steps”应为三个时长，且步骤须有次序，如 steps=1h,1d,3d。"))
    window = _seconds("window", said["window"])
    if not 1 <= window <= 366 * 86_400:
        raise QueryError(_("漏斗窗口应在 1 秒到 366 天之间。"))
    return Funnel(order=order, window_seconds=window, step_seconds=steps)


def in_words(own: Mapping[str, str]) -> str:
    """How it counts: `7 天内依次`; of the view without order only its name."""
    said = {**DEFAULTS, **own}
    order = _(ORDERS[said["order"]])
    if said["order"] == REACHED:
        return order
    number, unit = said["window"][:-1], said["window"][-1]
    names = {"s": _("{n} 秒"), "m": _("{n} 分钟"), "h": _("{n} 小时"), "d": _("{n} 天")}
    return _("{span}内{order}").format(span=names[unit].format(n=number), order=order)


def _seconds(key: str, text: str) -> int:
    found = _SPAN.fullmatch(text)
    if not found:
        raise QueryError(
            _("“{key}={text}”不是时长。请写成 60s、30m、12h 或 7d。").format(
                key=key, text=text[:40]
            )
        )
    return int(found[1]) * _SECONDS[found[2]]
