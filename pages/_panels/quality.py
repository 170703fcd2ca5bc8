"""Service quality: what people say afterwards."""

from pages._panels.charts import over_time, ranked
from pages._panels.levels import levels
from pages._panels.tiles import Extras, tile
from pages._ui.panel import Panel
from pages._ui.questions import ask, trace

TILES = (
    tile("satisfied", "满意率", "quality.satisfied_share", Extras(is_news=True)),
    tile("ratings", "评价数", "quality.ratings"),
    tile("success", "办结率", "usage.success_share"),
    tile("latency", "响应时间 P95", "usage.latency_p95"),
)

CHARTS = (
    Panel(
        id="satisfied_time",
        kind="chart",
        title="满意率走势",
        query=lambda f: trace(f, "quality.satisfied_share"),
        draw=over_time("quality.satisfied_share"),
        width=8,
    ),
    Panel(
        id="levels",
        kind="chart",
        title="五级评价分布",
        query=lambda f: ask(f, "quality.ratings", by=("level",)),
        draw=levels,
        is_news=True,
    ),
    Panel(
        id="scenes",
        kind="chart",
        title="各场景满意率",
        query=lambda f: ask(f, "quality.satisfied_share", by=("scene",), compare=True),
        draw=ranked("quality.satisfied_share", limit=12, highlight=0),
        is_news=True,
        width=6,
        tall=True,
    ),
    Panel(
        id="districts",
        kind="chart",
        title="各区县满意率",
        query=lambda f: ask(f, "quality.satisfied_share", by=("district",), compare=True),
        draw=ranked("quality.satisfied_share", limit=14, highlight=0),
        width=6,
        tall=True,
    ),
    Panel(
        id="channels",
        kind="chart",
        title="各渠道满意率",
        query=lambda f: ask(f, "quality.satisfied_share", by=("channel",), compare=True),
        draw=ranked("quality.satisfied_share", highlight=0),
        width=6,
    ),
    Panel(
        id="volume",
        kind="chart",
        title="评价数走势",
        query=lambda f: trace(f, "quality.ratings"),
        draw=over_time("quality.ratings"),
        width=6,
    ),
)

PANELS: tuple[Panel, ...] = (*TILES, *CHARTS)
