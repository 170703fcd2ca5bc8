"""What people make of the services: how often, how long after, and through which scenes."""

from collections.abc import Mapping

from warehouse.datasets import ACTIVE_DAYS, FIRST_SCENE, NEXT_SCENE, OFFSET, SCENES_USED
from warehouse.metrics.model import (
    ALL_GRAINS,
    ActiveDays,
    Cohort,
    Followed,
    Measure,
    Metric,
    SceneFlow,
    ScenesUsed,
    dimensions_of,
)
from warehouse.model import Grain, Label, Polarity, Unit

_OWNER = Label(zh="城市数据管理部门", en="City data office")
_DIMENSIONS = dimensions_of("service_event", without=("hour", "weekday"))
_WITHIN_A_SCENE = ("scene", "service", "action", "source")
"""Who uses one scene only, or stays within it, is no question about scenes."""
_BESIDE_SCENES = tuple(name for name in _DIMENSIONS if name not in _WITHIN_A_SCENE)


_GRAINS: Mapping[type[Measure], tuple[Grain, ...]] = {
    ActiveDays: (Grain.MONTH,),
    Cohort: (Grain.DAY, Grain.WEEK, Grain.MONTH),
}
"""The others are asked by any."""


def _habit(
    name: str,
    label: Label,
    sentence: Label,
    formula: str,
    measure: Measure,
    dimensions: tuple[str, ...],
) -> Metric:
    grains = _GRAINS.get(type(measure), ALL_GRAINS)
    is_share = isinstance(measure, Cohort) and measure.tells is not Followed.PEOPLE
    return Metric(
        name=f"growth.{name}",
        label=label,
        sentence=sentence,
        formula=formula,
        unit=Unit.SHARE if is_share else Unit.PEOPLE,
        decimals=1 if is_share else 0,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=dimensions,
        owner=_OWNER,
        measure=measure,
        apart=(OFFSET,) if isinstance(measure, Cohort) else (),
        grains=grains,
        default_grain=None if grains == ALL_GRAINS else Grain.MONTH,
    )


METRICS = (
    _habit(
        "active_days",
        Label(zh="活跃天数分布", en="People by active days"),
        Label(
            zh="当月恰有若干天活跃的人数；各天数之和等于月活跃人数。",
            en="People active on exactly so many days of the month; they add up to its active"
            " people.",
        ),
        "|{person : active on exactly k days of the month}|",
        ActiveDays(),
        (ACTIVE_DAYS, *_DIMENSIONS),
    ),
    _habit(
        "cohort_people",
        Label(zh="同期群人数", en="People of the cohort"),
        Label(
            zh="首次活跃在本期的人中，此后第若干期仍活跃的人数；第 0 期即该批人的总数。",
            en="Of the people first active in the unit those active so many units later; asked by"
            " offset, of which 0 is all of them.",
        ),
        "|{u in cohort i : active in i + n}|",
        Cohort(tells=Followed.PEOPLE),
        (OFFSET, *_DIMENSIONS),
    ),
    _habit(
        "retention",
        Label(zh="留存率", en="Retention"),
        Label(
            zh="首次活跃在本期的人中，此后第若干期仍活跃的比例；须按期数查看，未结束的期另行标明。",
            en="Of the people first active in the unit the share active in just the unit so many"
            " later; asked by offset. Units that are not over are marked.",
        ),
        "|{u in cohort i : active in i + n}| / |cohort i|",
        Cohort(tells=Followed.CLASSIC),
        (OFFSET, *_DIMENSIONS),
    ),
    _habit(
        "retention_rolling",
        Label(zh="滚动留存率", en="Rolling retention"),
        Label(
            zh="首次活跃在本期的人中，此后第若干期或更晚仍活跃的比例；最近的期数还会上升，另行标明。",
            en="Of the people first active in the unit the share active so many units later or"
            " later still; asked by offset. The last offsets can still rise and are marked.",
        ),
        "|{u in cohort i : active in i + n or later}| / |cohort i|",
        Cohort(tells=Followed.ROLLING),
        (OFFSET, *_DIMENSIONS),
    ),
    _habit(
        "scenes_used",
        Label(zh="使用场景数分布", en="People by scenes used"),
        Label(
            zh="期内使用过若干个不同场景的人数；每人只计一次，各项之和等于活跃人数。",
            en="People by how many different scenes they used in the period; each counts once, so"
            " they add up to its active people.",
        ),
        "|{person : used exactly k scenes}|, from 3 on together",
        ScenesUsed(),
        (SCENES_USED, *_BESIDE_SCENES),
    ),
    _habit(
        "scene_flow",
        Label(zh="场景流向", en="Scene flow"),
        Label(
            zh="首次活跃在本期的人，按首个场景与至今使用的下一个不同场景计数；每人只计一次。",
            en="People first active in the unit, by their first scene and the next different one"
            " they have used since; each counts once.",
        ),
        "|{person : first scene a, next different scene b}|, by first event, then event id",
        SceneFlow(),
        (FIRST_SCENE, NEXT_SCENE, *_BESIDE_SCENES),
    ),
)
