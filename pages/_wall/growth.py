"""Scene: who comes, who stays, who goes."""

from pages._figures import stacked
from pages._wall import drawings, findings
from pages._wall.model import Answers, Card, Picture, Scene, both, by, over, whole
from pages._wall.numbers import Line, number_card
from warehouse.model import Grain, Label

_CAME = ("growth.retained", "growth.resurrected", "growth.new")
_WENT = "growth.churned"


def _accounting(answers: Answers) -> Picture | None:
    came, went = [answers.series(name) for name in _CAME], answers.series(_WENT)
    if not came[0].points:
        return None
    return Picture(
        figure=stacked.draw(came, went, answers.style),
        finding=findings.balance(came[1:], went, answers),
    )


SCENE = Scene(
    name="growth",
    label=Label(zh="用户增长", en="Growth"),
    cards=(
        number_card(
            "growth_numbers",
            Label(zh="活跃与留存", en="Active people"),
            (
                Line(metric="growth.mau"),
                Line(metric="growth.wau", grain=Grain.WEEK),
                Line(
                    metric="growth.dau",
                    grain=Grain.DAY,
                    label=Label(zh="昨日活跃人数", en="Active yesterday"),
                    is_whole=True,
                ),
                Line(metric="growth.new"),
                Line(metric="growth.resurrected"),
                Line(metric="growth.churned"),
                Line(metric="growth.stickiness"),
            ),
            note=Label(zh="环比", en="on the period before"),
        ),
        Card(
            id="growth_accounting",
            area="a",
            title=Label(zh="活跃人数从哪里来", en="Where active people come from"),
            note=Label(zh="近 12 个月 · 人", en="12 months"),
            asks=over(Grain.MONTH, 12, *_CAME, _WENT),
            draw=_accounting,
        ),
        Card(
            id="growth_goal",
            area="b",
            title=Label(zh="月活跃人数与增长目标", en="Monthly active people and goal"),
            note=Label(zh="近 12 个月 · 短线为目标", en="12 months · ticks: goal"),
            asks=both(over(Grain.MONTH, 12, "growth.mau"), over(Grain.MONTH, 12, "growth.goal")),
            draw=drawings.bars("growth.mau", "growth.goal"),
        ),
        Card(
            id="growth_cumulative",
            area="c",
            title=Label(zh="累计服务人数", en="Cumulative people served"),
            note=Label(zh="近 12 个月", en="12 months"),
            asks=over(Grain.MONTH, 12, "growth.cumulative_people"),
            draw=drawings.over_time(
                "growth.cumulative_people", names=(Label(zh="累计", en="Total"),)
            ),
        ),
        Card(
            id="growth_districts",
            area="d",
            title=Label(zh="区县活跃人数", en="Active people by district"),
            note=Label(zh="本月 · 较上月同期", en="this month"),
            asks=by("usage.people", "district", compare=True),
            draw=drawings.ranked("usage.people"),
        ),
        Card(
            id="growth_days",
            area="e",
            title=Label(zh="日活跃人数", en="Daily active people"),
            note=Label(zh="近 60 日", en="60 days"),
            asks=whole(Grain.DAY, 60, "growth.dau"),
            draw=drawings.over_time("growth.dau", names=(Label(zh="日活", en="DAU"),)),
        ),
        Card(
            id="growth_channels",
            area="f",
            title=Label(zh="渠道构成", en="Channels"),
            note=Label(zh="服务次数占比 · 至上月", en="share of events, to last month"),
            asks=whole(Grain.MONTH, 12, "usage.events", by=("channel",)),
            draw=drawings.parts("usage.events", "channel"),
        ),
    ),
)
