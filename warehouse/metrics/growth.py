"""How the number of people who use the services grows."""

from warehouse.metrics import _habits
from warehouse.metrics.model import (
    Active,
    Cumulative,
    Goal,
    GoalGap,
    Growth,
    Measure,
    Metric,
    Penetration,
    Person,
    QuickRatio,
    Rolling,
    Stickiness,
    dimensions_of,
)
from warehouse.model import Grain, Label, Polarity, Unit

_OWNER = Label(zh="城市数据管理部门", en="City data office")
_DIMENSIONS = dimensions_of("service_event", without=("hour", "weekday"))


def _people(
    name: str, label: Label, sentence: Label, formula: str, measure: Measure, polarity: Polarity
) -> Metric:
    return Metric(
        name=f"growth.{name}",
        label=label,
        sentence=sentence,
        formula=formula,
        unit=Unit.PEOPLE,
        polarity=polarity,
        dataset="service_event",
        dimensions=_DIMENSIONS,
        owner=_OWNER,
        measure=measure,
    )


def _active(grain: Grain, name: str, label: Label, sentence: Label) -> Metric:
    order = list(Grain)
    return Metric(
        name=f"growth.{name}",
        label=label,
        sentence=sentence,
        formula=f"|A({grain})|; in a coarser unit the mean of |A({grain})| over its whole"
        f" {grain}s that are over",
        unit=Unit.PEOPLE,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=_DIMENSIONS,
        owner=_OWNER,
        measure=Active(grain=grain),
        grains=tuple(order[order.index(grain) :]),
        default_grain=grain,
    )


def _rolling(days: int) -> Metric:
    return Metric(
        name=f"growth.active_{days}d",
        label=Label(zh=f"近 {days} 日活跃人数", en=f"Active people, {days} days"),
        sentence=Label(
            zh=f"截至当日的 {days} 天内至少有一次服务事件的不同人数；"
            "按更长时间查看时取期内最后一个有数据的日子。",
            en=f"Different people with at least one event in the {days} days that end with the"
            " day; in a longer unit as of its last day with data.",
        ),
        formula=f"|A(d-{days - 1}) ∪ ... ∪ A(d)|; in a coarser unit of its last day with data",
        unit=Unit.PEOPLE,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=_DIMENSIONS,
        owner=_OWNER,
        measure=Rolling(days=days),
        default_grain=Grain.DAY,
    )


METRICS = (
    _active(
        Grain.DAY,
        "dau",
        Label(zh="日活跃人数", en="Daily active people"),
        Label(
            zh="一天内至少有一次服务事件的不同人数；按更长时间查看时为期内各完整日的平均值。",
            en="Different people with at least one event in a day; in a longer unit the mean of"
            " its days that are over.",
        ),
    ),
    _active(
        Grain.WEEK,
        "wau",
        Label(zh="周活跃人数", en="Weekly active people"),
        Label(
            zh="一周（周一起）内至少有一次服务事件的不同人数；按更长时间查看时为期内各整周的平均值。",
            en="Different people with at least one event in a week from Monday; in a longer unit"
            " the mean of its whole weeks that are over.",
        ),
    ),
    _active(
        Grain.MONTH,
        "mau",
        Label(zh="月活跃人数", en="Monthly active people"),
        Label(
            zh="一个自然月内至少有一次服务事件的不同人数；按更长时间查看时为期内各整月的平均值。",
            en="Different people with at least one event in a calendar month; in a longer unit"
            " the mean of its months that are over.",
        ),
    ),
    _rolling(7),
    _rolling(28),
    _people(
        "new",
        Label(zh="新增人数", en="New people"),
        Label(
            zh="本期活跃、此前从未活跃的人数。",
            en="People active in the unit who had never been active before.",
        ),
        "|A(t) \\ H(t)|",
        Growth(person=Person.NEW),
        Polarity.UP,
    ),
    _people(
        "retained",
        Label(zh="留存人数", en="Retained people"),
        Label(
            zh="本期与上一期都活跃的人数。",
            en="People active in the unit and in the unit before.",
        ),
        "|A(t) ∩ A(t-1)|",
        Growth(person=Person.RETAINED),
        Polarity.UP,
    ),
    _people(
        "resurrected",
        Label(zh="回流人数", en="Resurrected people"),
        Label(
            zh="本期活跃、上一期不活跃、但更早曾经活跃的人数。",
            en="People active in the unit and earlier, but not in the unit before.",
        ),
        "|(A(t) ∩ H(t)) \\ A(t-1)|",
        Growth(person=Person.RESURRECTED),
        Polarity.UP,
    ),
    _people(
        "churned",
        Label(zh="流失人数", en="Churned people"),
        Label(
            zh="上一期活跃、本期不活跃的人数。",
            en="People active in the unit before and not in this one.",
        ),
        "|A(t-1) \\ A(t)|",
        Growth(person=Person.CHURNED),
        Polarity.DOWN,
    ),
    Metric(
        name="growth.quick_ratio",
        label=Label(zh="增长速动比", en="Quick ratio"),
        sentence=Label(
            zh="新增与回流人数之和同流失人数之比；大于 1 表示用户在增长，无人流失时没有数值。",
            en="New and resurrected people over churned ones; above 1 the number of people grows."
            " Missing where nobody churned.",
        ),
        formula="(new + resurrected) / churned",
        unit=Unit.RATIO,
        decimals=1,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=_DIMENSIONS,
        owner=_OWNER,
        measure=QuickRatio(),
    ),
    _people(
        "cumulative_people",
        Label(zh="累计服务人数", en="Cumulative people served"),
        Label(
            zh="自有数据以来到期末为止，至少办结过一次服务的不同人数；只升不降。",
            en="Different people with at least one completed service from the beginning of the"
            " data to the end of the unit; it can only rise.",
        ),
        "|{person : completed an event before the end of the unit}|",
        Cumulative(),
        Polarity.UP,
    ),
    Metric(
        name="growth.goal",
        label=Label(zh="月活增长目标", en="Goal for monthly active people"),
        sentence=Label(
            zh="以基准月的月活跃人数为起点、按目标月增长率复利推算的目标值；基准月之前没有目标。",
            en="The active people of the base month, grown by the goal rate each month since;"
            " there is no goal before the base month.",
        ),
        formula="target(m) = b * (1 + g)^m",
        unit=Unit.PEOPLE,
        dataset="service_event",
        dimensions=_DIMENSIONS,
        owner=_OWNER,
        measure=Goal(),
        grains=(Grain.MONTH,),
        default_grain=Grain.MONTH,
    ),
    Metric(
        name="growth.goal_gap",
        label=Label(zh="月活与目标之差", en="Gap to the goal"),
        sentence=Label(
            zh="月活跃人数减去当月增长目标；负数表示尚未达到目标，基准月之前没有数值。",
            en="Monthly active people less the goal for the month: below zero the goal is not"
            " reached. There is none before the base month.",
        ),
        formula="|A(month)| - target(m)",
        unit=Unit.PEOPLE,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=_DIMENSIONS,
        owner=_OWNER,
        measure=GoalGap(),
        grains=(Grain.MONTH,),
        default_grain=Grain.MONTH,
    ),
    Metric(
        name="growth.stickiness",
        label=Label(zh="用户黏性", en="Stickiness"),
        sentence=Label(
            zh="当月各日活跃人数的平均值与当月活跃人数之比。",
            en="The mean of the month's daily active people over its monthly active people.",
        ),
        formula="mean over days d of |A_d| / |A_month|",
        unit=Unit.SHARE,
        decimals=1,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=_DIMENSIONS,
        owner=_OWNER,
        measure=Stickiness(),
        grains=(Grain.MONTH,),
        default_grain=Grain.MONTH,
    ),
    Metric(
        name="growth.penetration",
        label=Label(zh="人口覆盖率", en="Penetration"),
        sentence=Label(
            zh="活跃人数与所选区县登记人口之比。",
            en="Active people over the registered population of the districts asked for.",
        ),
        formula="|A(t)| / registered population",
        unit=Unit.SHARE,
        decimals=1,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=_DIMENSIONS,
        owner=_OWNER,
        measure=Penetration(),
    ),
    *_habits.METRICS,
)
