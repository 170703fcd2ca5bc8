"""Scene: how the city stands, at one look."""

from pages._wall import drawings
from pages._wall.model import Card, Scene, both, by, over, whole
from pages._wall.numbers import Line, number_card
from warehouse.datasets import STEPS
from warehouse.model import Grain, Label

SCENE = Scene(
    name="city",
    label=Label(zh="总体态势", en="The city"),
    cards=(
        number_card(
            "city_numbers",
            Label(zh="关键指标", en="Key numbers"),
            (
                Line(metric="growth.cumulative_people"),
                Line(metric="growth.mau"),
                Line(
                    metric="usage.events",
                    grain=Grain.DAY,
                    label=Label(zh="今日服务次数", en="Events today"),
                ),
                Line(metric="usage.online_share"),
                Line(metric="loans.amount"),
                Line(metric="loans.within_60s_share"),
                Line(metric="quality.satisfied_share"),
            ),
            note=Label(zh="环比", en="on the period before"),
        ),
        Card(
            id="city_map",
            area="a",
            title=Label(zh="区县人口覆盖率", en="Penetration by district"),
            note=Label(zh="本月活跃 / 登记人口", en="active this month / registered"),
            asks=by("growth.penetration", "district"),
            draw=drawings.by_district("growth.penetration"),
        ),
        Card(
            id="city_mau",
            area="b",
            title=Label(zh="月活跃人数与增长目标", en="Monthly active people and goal"),
            note=Label(zh="近 12 个月 · 短线为目标", en="12 months · ticks: goal"),
            asks=both(over(Grain.MONTH, 12, "growth.mau"), over(Grain.MONTH, 12, "growth.goal")),
            draw=drawings.bars("growth.mau", "growth.goal"),
        ),
        Card(
            id="city_funnel",
            area="c",
            title=Label(zh="普惠贷款：申请到放款", en="Loans: from application to payout"),
            note=Label(zh="本月申请 · 笔", en="applied this month"),
            asks=both(by("loans.reached", "step"), by("loans.applications")),
            draw=drawings.steps("loans.reached", tuple(STEPS)),
        ),
        Card(
            id="city_seconds",
            area="d",
            title=Label(zh="审批时长", en="Approval time"),
            note=Label(zh="近 22 日", en="22 days"),
            asks=whole(Grain.DAY, 22, "loans.approval_seconds_p50", "loans.approval_seconds_p95"),
            draw=drawings.approval_times(),
        ),
        Card(
            id="city_hours",
            area="e",
            title=Label(zh="分时服务热度", en="Use by hour"),
            note=Label(zh="近 28 日 · 星期 × 小时", en="28 days · weekday × hour"),
            asks=by("usage.events", "weekday", "hour", days=28),
            draw=drawings.by_hour("usage.events"),
        ),
        Card(
            id="city_scenes",
            area="f",
            title=Label(zh="服务场景次数", en="Events by scene"),
            note=Label(zh="本月 · 较上月同期", en="this month"),
            asks=by("usage.events", "scene", compare=True),
            draw=drawings.ranked("usage.events"),
        ),
    ),
)
