"""Growth of users: who comes, who stays, who leaves, and the goal."""

from pages._panels.charts import over_time, ranked, rising
from pages._panels.drawings import accounting, accounts_to, map_or_ranking
from pages._panels.tiles import Extras, monthly, tile, year_of_months
from pages._ui.panel import Panel
from pages._ui.questions import ask
from warehouse.model import Grain

_MAU_NOW, _MAU_YEAR = monthly("growth.mau")
_NEW_NOW, _NEW_YEAR = monthly("growth.new")
_STICKY_NOW, _STICKY_YEAR = monthly("growth.stickiness")

TILES = (
    tile("mau", "月活跃人数", "growth.mau", Extras(is_news=True), main=_MAU_NOW, trend=_MAU_YEAR),
    tile("new", "本月新增人数", "growth.new", main=_NEW_NOW, trend=_NEW_YEAR),
    tile(
        "cumulative",
        "累计服务人数",
        "growth.cumulative_people",
        trend=year_of_months("growth.cumulative_people"),
    ),
    tile("stickiness", "用户黏性", "growth.stickiness", main=_STICKY_NOW, trend=_STICKY_YEAR),
)

CHARTS = (
    Panel(
        id="mau_goal",
        kind="chart",
        title="月活跃人数与增长目标",
        query=lambda f: ask(
            f, "growth.mau", "growth.goal", period=f.back(Grain.MONTH, 18), grain=Grain.MONTH
        ),
        draw=accounts_to,
        is_news=True,
        width=6,
    ),
    Panel(
        id="accounting",
        kind="chart",
        title="用户增长构成",
        query=lambda f: ask(
            f,
            "growth.new",
            "growth.retained",
            "growth.resurrected",
            "growth.churned",
            period=f.back(Grain.MONTH, 12),
            grain=Grain.MONTH,
        ),
        draw=accounting,
        is_news=True,
        note="零线以上为活跃，以下为流失",
        width=6,
    ),
    Panel(
        id="dau",
        kind="chart",
        title="日活跃人数",
        query=lambda f: ask(f, "growth.dau", period=f.whole(f.so_far, Grain.DAY), grain=Grain.DAY),
        draw=over_time("growth.dau"),
    ),
    Panel(
        id="wau",
        kind="chart",
        title="周活跃人数",
        query=lambda f: ask(f, "growth.wau", period=f.back_whole(Grain.WEEK, 26), grain=Grain.WEEK),
        draw=over_time("growth.wau"),
    ),
    Panel(
        id="cumulative_time",
        kind="chart",
        title="累计服务人数走势",
        query=lambda f: ask(
            f, "growth.cumulative_people", period=f.back(Grain.MONTH, 24), grain=Grain.MONTH
        ),
        draw=rising("growth.cumulative_people"),
    ),
    Panel(
        id="districts",
        kind="chart",
        title="各区县活跃人数",
        query=lambda f: ask(f, "usage.people", by=("district",)),
        draw=map_or_ranking("usage.people"),
        width=6,
    ),
    Panel(
        id="new_scenes",
        kind="chart",
        title="各场景新增人数",
        query=lambda f: ask(f, "growth.new", by=("scene",), compare=True),
        draw=ranked("growth.new", limit=10),
        note="在该场景首次活跃的人，各场景之和不等于总新增",
        width=6,
    ),
)

PANELS: tuple[Panel, ...] = (*TILES, *CHARTS)
