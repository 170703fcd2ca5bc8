"""Growth of users: who comes, who stays, who leaves, and the goal."""

from pages._panels import habits, outlook
from pages._panels.charts import over_time, ranked
from pages._panels.drawings import accounting, accounts_to, map_or_ranking
from pages._panels.tiles import Extras, monthly, tile, year_of_months
from pages._ui.filters import Filters
from pages._ui.panel import Panel
from pages._ui.questions import ask
from warehouse.model import Grain, MetricQuery, Period

_MAU_NOW, _MAU_YEAR = monthly("growth.mau")
_NEW_NOW, _NEW_YEAR = monthly("growth.new")
_STICKY_NOW, _STICKY_YEAR = monthly("growth.stickiness")
_NEXT_MONTH = (("offset", ("1",)),)
_NEXT_WEEK_COHORTS = 10


def _closed_months(filters: Filters, count: int, *, after: int = 0) -> Period:
    """`count` whole months, after the last of which `after` more are over."""
    period = filters.back_whole(Grain.MONTH, count)
    start, end = (Grain.MONTH.shift(day, -after) for day in (period.start, period.end))
    return Period(start=start, end=end)


def _kept_now(filters: Filters) -> MetricQuery:
    """The last cohort whose next month is over."""
    return ask(
        filters,
        "growth.retention",
        period=_closed_months(filters, 1, after=1),
        grain=Grain.MONTH,
        where=_NEXT_MONTH,
        compare=True,
    )


def _kept_year(filters: Filters) -> MetricQuery:
    period = _closed_months(filters, 12, after=1)
    return ask(filters, "growth.retention", period=period, grain=Grain.MONTH, where=_NEXT_MONTH)


def _quick_now(filters: Filters) -> MetricQuery:
    period = filters.back_whole(Grain.MONTH, 1)
    return ask(filters, "growth.quick_ratio", period=period, grain=Grain.MONTH, compare=True)


TILES = (
    tile("mau", "月活跃人数", "growth.mau", Extras(is_news=True), main=_MAU_NOW, trend=_MAU_YEAR),
    tile("new", "本月新增人数", "growth.new", main=_NEW_NOW, trend=_NEW_YEAR),
    tile(
        "quick_ratio",
        "上月速动比",
        "growth.quick_ratio",
        main=_quick_now,
        trend=year_of_months("growth.quick_ratio"),
    ),
    tile("retention", "次月留存率", "growth.retention", main=_kept_now, trend=_kept_year),
    tile("stickiness", "用户黏性", "growth.stickiness", main=_STICKY_NOW, trend=_STICKY_YEAR),
    tile(
        "active_month",
        "近 28 日活跃人数",
        "growth.active_28d",
        main=lambda f: ask(
            f, "growth.active_28d", period=f.back_whole(Grain.DAY, 1), grain=Grain.DAY, compare=True
        ),
        trend=lambda f: ask(
            f, "growth.active_28d", period=f.back_whole(Grain.DAY, 30), grain=Grain.DAY
        ),
    ),
    tile(
        "cumulative",
        "累计服务人数",
        "growth.cumulative_people",
        trend=year_of_months("growth.cumulative_people"),
    ),
    tile("penetration", "人口覆盖率", "growth.penetration"),
)

GOAL = (
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
        id="goal_outlook",
        kind="table",
        title="目标展望",
        query=outlook.now,
        extra=(outlook.earlier,),
        draw=outlook.sheet,
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
        note="零线以上为活跃，以下为流失",
        width=6,
    ),
    Panel(
        id="quick_ratio_time",
        kind="chart",
        title="增长速动比",
        query=lambda f: ask(
            f, "growth.quick_ratio", period=f.back_whole(Grain.MONTH, 12), grain=Grain.MONTH
        ),
        draw=habits.quick_ratio,
        width=6,
    ),
)

STAY = (
    Panel(
        id="retention_months",
        kind="chart",
        title="按月同期群留存",
        query=lambda f: ask(
            f,
            "growth.retention",
            period=f.back(Grain.MONTH, 13),
            grain=Grain.MONTH,
            by=("offset",),
        ),
        draw=habits.retention("growth.retention", Grain.MONTH),
        is_news=True,
        width=6,
        tall=True,
    ),
    Panel(
        id="retention_weeks",
        kind="chart",
        title="按周同期群留存",
        query=lambda f: ask(
            f,
            "growth.retention",
            period=f.back(Grain.WEEK, _NEXT_WEEK_COHORTS),
            grain=Grain.WEEK,
            by=("offset",),
        ),
        draw=habits.retention("growth.retention", Grain.WEEK),
        width=6,
        tall=True,
    ),
    Panel(
        id="active",
        kind="chart",
        title="当日、近 7 日与近 28 日活跃人数",
        query=lambda f: ask(
            f,
            "growth.active_28d",
            "growth.active_7d",
            "growth.dau",
            period=f.whole(f.so_far, Grain.DAY),
            grain=Grain.DAY,
        ),
        draw=habits.active_lines,
        width=6,
    ),
    Panel(
        id="wau",
        kind="chart",
        title="周活跃人数",
        query=lambda f: ask(f, "growth.wau", period=f.back_whole(Grain.WEEK, 26), grain=Grain.WEEK),
        draw=over_time("growth.wau"),
        width=6,
    ),
    Panel(
        id="stickiness_time",
        kind="chart",
        title="用户黏性走势",
        query=lambda f: ask(
            f, "growth.stickiness", period=f.back_whole(Grain.MONTH, 12), grain=Grain.MONTH
        ),
        draw=over_time("growth.stickiness"),
        width=6,
    ),
    Panel(
        id="active_days",
        kind="chart",
        title="上月活跃天数分布",
        query=lambda f: ask(
            f,
            "growth.active_days",
            period=f.back_whole(Grain.MONTH, 1),
            by=("active_days",),
        ),
        draw=habits.days_active,
        width=6,
    ),
)

SCENES = (
    Panel(
        id="scene_flow",
        kind="chart",
        title="首个场景与下一场景",
        query=lambda f: ask(
            f,
            "growth.scene_flow",
            period=f.back(Grain.MONTH, 12),
            by=("first_scene", "next_scene"),
        ),
        extra=(
            lambda f: ask(
                f, "growth.scene_flow", period=f.back(Grain.MONTH, 12), by=("first_scene",)
            ),
        ),
        draw=habits.flow,
        width=8,
        tall=True,
    ),
    Panel(
        id="scenes_used",
        kind="chart",
        title="每人使用场景数",
        query=lambda f: ask(f, "growth.scenes_used", by=("scenes_used",)),
        draw=habits.scenes_used,
        tall=True,
    ),
    Panel(
        id="cumulative_time",
        kind="chart",
        title="累计服务人数走势",
        query=lambda f: ask(
            f, "growth.cumulative_people", period=f.back(Grain.MONTH, 24), grain=Grain.MONTH
        ),
        draw=habits.served,
    ),
    Panel(
        id="districts",
        kind="chart",
        title="各区县活跃人数",
        query=lambda f: ask(f, "usage.people", by=("district",)),
        draw=map_or_ranking("usage.people"),
    ),
    Panel(
        id="new_scenes",
        kind="chart",
        title="各场景新增人数",
        query=lambda f: ask(f, "growth.new", by=("scene",), compare=True),
        draw=ranked("growth.new", limit=10),
        note="在该场景首次活跃的人，各场景之和不等于总新增",
    ),
)

PANELS: tuple[Panel, ...] = (*TILES, *GOAL, *STAY, *SCENES)
