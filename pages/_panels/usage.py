"""Service use: what was asked for, where, on what, and how well it went."""

from pages._panels.charts import classes, lines_by, over_time, ranked, shares_by
from pages._panels.drawings import hours, map_or_ranking
from pages._panels.tiles import Extras, tile
from pages._ui.panel import Panel
from pages._ui.questions import ask, trace

TILES = (
    tile("events", "服务次数", "usage.events", Extras(is_news=True)),
    tile("people", "使用人数", "usage.people"),
    tile("success", "办结率", "usage.success_share"),
    tile("latency", "响应时间 P95", "usage.latency_p95"),
)

CHARTS = (
    Panel(
        id="over_time",
        kind="chart",
        title="服务次数走势",
        query=lambda f: trace(f, "usage.events"),
        draw=over_time("usage.events"),
        width=8,
    ),
    Panel(
        id="scenes",
        kind="chart",
        title="服务场景排行",
        query=lambda f: ask(f, "usage.events", by=("scene",), compare=True),
        draw=ranked("usage.events", limit=10),
        is_news=True,
    ),
    Panel(
        id="channels",
        kind="chart",
        title="渠道占比",
        query=lambda f: trace(
            f,
            "usage.events",
            by=("channel",),
        ),
        draw=shares_by("usage.events", "channel"),
        width=8,
    ),
    Panel(
        id="devices",
        kind="chart",
        title="设备排行",
        query=lambda f: ask(f, "usage.events", by=("device",), compare=True),
        draw=ranked("usage.events"),
    ),
    Panel(
        id="districts",
        kind="chart",
        title="各区县服务次数",
        query=lambda f: ask(f, "usage.events", by=("district",)),
        draw=map_or_ranking("usage.events"),
    ),
    Panel(
        id="success_scenes",
        kind="chart",
        title="各场景办结率",
        query=lambda f: ask(f, "usage.success_share", by=("scene",), compare=True),
        draw=ranked("usage.success_share", limit=10, highlight=0),
        is_news=True,
    ),
    Panel(
        id="outcomes",
        kind="chart",
        title="办理结果",
        query=lambda f: ask(f, "usage.events", by=("outcome",), compare=True),
        draw=ranked("usage.events", highlight=1),
    ),
    Panel(
        id="success_time",
        kind="chart",
        title="办结率走势",
        query=lambda f: trace(f, "usage.success_share"),
        draw=over_time("usage.success_share"),
    ),
    Panel(
        id="latency_time",
        kind="chart",
        title="响应时间 P95 走势",
        query=lambda f: trace(f, "usage.latency_p95"),
        draw=over_time("usage.latency_p95"),
    ),
    Panel(
        id="by_hour",
        kind="chart",
        title="一天中的服务次数",
        query=lambda f: ask(f, "usage.events", by=("hour",)),
        draw=classes("usage.events"),
    ),
    Panel(
        id="week",
        kind="chart",
        title="办事时段热度",
        query=lambda f: ask(f, "usage.events", by=("weekday", "hour")),
        draw=hours("usage.events"),
        note="按星期与小时",
        width=6,
    ),
    Panel(
        id="machines",
        kind="chart",
        title="自助与网站访问量",
        query=lambda f: trace(
            f,
            "usage.volume",
            by=("scene",),
        ),
        draw=lines_by("usage.volume", "scene"),
        note="只报数量的来源",
        width=6,
    ),
)

PANELS: tuple[Panel, ...] = (*TILES, *CHARTS)
