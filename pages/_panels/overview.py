"""The overview: eight numbers and six charts that answer how the city is doing."""

from pages._panels.charts import ranked
from pages._panels.drawings import accounts_to, approval_times, funnel, hours, map_or_ranking
from pages._panels.sources import sources_tile
from pages._panels.tiles import Extras, beside, monthly, tile, year_of_months
from pages._ui.cells import Chip
from pages._ui.numbers import fixed
from pages._ui.panel import Drawing, Panel
from pages._ui.questions import ask, trace
from pages._ui.text import _
from warehouse.model import Cell, Compare, Grain, Unit

_MAU_NOW, _MAU_YEAR = monthly("growth.mau")


def _goal_chip(drawing: Drawing, cell: Cell) -> tuple[Chip, ...]:
    """Whether the month grew as wished: only against the month before."""
    change = cell.change(Unit.PEOPLE)
    if change is None or cell.is_broken or drawing.filters.compare is not Compare.PREVIOUS:
        return ()
    if change >= drawing.goal:
        return (Chip(text=_("达标"), tone="good"),)
    return (Chip(text=_("未达标"), tone="warn"),)


def _goal_context(drawing: Drawing) -> str:
    return _("目标月增 {goal}%").format(goal=fixed(drawing.goal * 100, 0))


def _of_population(drawing: Drawing) -> str:
    """The share of the registered population, where the filters leave all services in."""
    chosen = drawing.filters
    people = sum(
        d.population
        for d in drawing.city.districts
        if not chosen.members("district") or d.code in chosen.members("district")
    )
    value = drawing.result.column("growth.cumulative_people")[-1].value
    if not people or value is None or any(name != "district" for name, _codes in chosen.where):
        return ""
    return _("占常住人口 {share}%").format(share=fixed(100 * value / people, 1))


TILES = (
    tile(
        "mau",
        "月活跃人数",
        "growth.mau",
        Extras(context=_goal_context, chips=_goal_chip, leads="growth", is_news=True),
        main=_MAU_NOW,
        trend=_MAU_YEAR,
    ),
    tile(
        "cumulative",
        "累计服务人数",
        "growth.cumulative_people",
        Extras(context=_of_population, leads="growth"),
        trend=year_of_months("growth.cumulative_people"),
    ),
    tile("events", "服务次数", "usage.events", Extras(leads="usage")),
    tile("online", "网办率", "usage.online_share", Extras(leads="usage")),
    tile(
        "amount",
        "放款金额",
        "loans.amount",
        Extras(
            context=beside("loans.applications", "申请 {value}"),
            also=(lambda f: ask(f, "loans.applications"),),
            leads="loans",
        ),
    ),
    tile(
        "within_sixty",
        "60 秒审批达标率",
        "loans.within_60s_share",
        Extras(
            context=beside("loans.approval_seconds_p95", "P95 {value}"),
            also=(lambda f: ask(f, "loans.approval_seconds_p95"),),
            leads="loans",
        ),
    ),
    tile(
        "satisfied",
        "满意率",
        "quality.satisfied_share",
        Extras(
            context=beside("quality.ratings", "评价 {value}"),
            also=(lambda f: ask(f, "quality.ratings"),),
            leads="quality",
        ),
    ),
    sources_tile("usage.events"),
)

CHARTS = (
    Panel(
        id="mau_goal",
        kind="chart",
        title="月活跃人数与增长目标",
        query=lambda f: ask(
            f,
            "growth.mau",
            "growth.goal",
            period=f.back(Grain.MONTH, 12),
            grain=Grain.MONTH,
        ),
        draw=accounts_to,
        leads="growth",
        note="短线为当月目标",
    ),
    Panel(
        id="scenes",
        kind="chart",
        title="服务场景排行",
        query=lambda f: ask(f, "usage.events", by=("scene",), compare=True),
        draw=ranked("usage.events"),
        leads="usage",
    ),
    Panel(
        id="districts",
        kind="chart",
        title="区县人口覆盖率",
        query=lambda f: ask(f, "growth.penetration", by=("district",)),
        draw=map_or_ranking("growth.penetration"),
        leads="growth",
        is_news=True,
        note="活跃人数 / 登记人口",
    ),
    Panel(
        id="funnel",
        kind="chart",
        title="普惠贷款：申请到放款",
        query=lambda f: ask(f, "loans.reached", by=("step",)),
        extra=(lambda f: ask(f, "loans.applications"),),
        draw=funnel,
        leads="loans",
        note="笔数与逐级转化",
    ),
    Panel(
        id="hours",
        kind="chart",
        title="办事时段热度",
        query=lambda f: ask(f, "usage.events", by=("weekday", "hour")),
        draw=hours("usage.events"),
        leads="usage",
        note="按星期与小时",
    ),
    Panel(
        id="approval",
        kind="chart",
        title="审批时长 P50 与 P95",
        query=lambda f: trace(f, "loans.approval_seconds_p95", "loans.approval_seconds_p50"),
        draw=approval_times,
        leads="loans",
        is_news=True,
        note="秒，虚线为 60 秒承诺",
    ),
)

PANELS: tuple[Panel, ...] = (*TILES, *CHARTS)
