"""How much the city services are used, and how well they answer."""

from warehouse.metrics.model import Count, Distinct, Metric, Percentile, Share, Sum, Trait
from warehouse.metrics.model import dimensions_of as _dimensions_of
from warehouse.model import Label, Polarity, Unit

_OWNER = Label(zh="城市数据管理部门", en="City data office")
_EVENT = _dimensions_of("service_event")

METRICS = (
    Metric(
        name="usage.events",
        label=Label(zh="服务次数", en="Service events"),
        sentence=Label(
            zh="所选期间内发生的服务事件条数，含未识别身份的事件。",
            en="Service events in the period, those of unknown people included.",
        ),
        formula="count(events)",
        unit=Unit.EVENTS,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=_EVENT,
        owner=_OWNER,
        measure=Count(),
    ),
    Metric(
        name="usage.people",
        label=Label(zh="使用人数", en="People served"),
        sentence=Label(
            zh="所选期间内至少有一次服务事件的不同人数；使用多个场景的人只计一次。",
            en="Different people with at least one service event; someone in several scenes"
            " counts once. Unknown people do not count.",
        ),
        formula="|{person : at least one event}|",
        unit=Unit.PEOPLE,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=_EVENT,
        owner=_OWNER,
        measure=Distinct(column="person"),
    ),
    Metric(
        name="usage.cases",
        label=Label(zh="办件数", en="Cases"),
        sentence=Label(
            zh="所选期间内至少有一次服务事件的不同办件数；没有办件号的事件不计。",
            en="Different cases with at least one service event; events without a case do not"
            " count.",
        ),
        formula="|{case : at least one event}|",
        unit=Unit.CASES,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=_EVENT,
        owner=_OWNER,
        measure=Distinct(column="case"),
    ),
    Metric(
        name="usage.success_share",
        label=Label(zh="办结率", en="Success share"),
        sentence=Label(
            zh="已有结果（办结、失败、放弃）的服务事件中办结的比例；办理中和结果未知的不计。",
            en="Completed events among those that completed, failed or were abandoned; open and"
            " unknown ones are in neither.",
        ),
        formula="completed / (completed + failed + abandoned)",
        unit=Unit.SHARE,
        decimals=1,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=tuple(name for name in _EVENT if name != "outcome"),
        owner=_OWNER,
        measure=Share(test=Trait.COMPLETED, base=Trait.FINISHED),
    ),
    Metric(
        name="usage.online_share",
        label=Label(zh="网办率", en="Online share"),
        sentence=Label(
            zh="办结的服务事件中不在柜面办理的比例；渠道未知的不计。",
            en="Completed events that were not done at the counter among all completed ones;"
            " those without a channel are in neither.",
        ),
        formula="completed, channel not counter / completed, channel known",
        unit=Unit.SHARE,
        decimals=1,
        polarity=Polarity.UP,
        dataset="service_event",
        dimensions=tuple(name for name in _EVENT if name != "outcome"),
        owner=_OWNER,
        measure=Share(test=Trait.COMPLETED_ONLINE, base=Trait.COMPLETED_SOMEWHERE),
    ),
    Metric(
        name="usage.latency_p95",
        label=Label(zh="响应时间 P95", en="Answer time, P95"),
        sentence=Label(
            zh="95% 的服务事件在该时间内得到响应；没有响应时间的事件不计。",
            en="95 % of service events were answered within this time; events without an answer"
            " time do not count.",
        ),
        formula="percentile_cont(0.95) of latency_ms",
        unit=Unit.MILLISECONDS,
        polarity=Polarity.DOWN,
        dataset="service_event",
        dimensions=_EVENT,
        owner=_OWNER,
        measure=Percentile(column="latency_ms", at=0.95),
    ),
    Metric(
        name="usage.volume",
        label=Label(zh="访问量", en="Visits"),
        sentence=Label(
            zh="只提供计数的数据源报告的访问量之和。",
            en="Visits reported by sources that deliver counts only, added up.",
        ),
        formula="sum(volume)",
        unit=Unit.VISITS,
        polarity=Polarity.UP,
        dataset="service_volume",
        dimensions=_dimensions_of("service_volume"),
        owner=_OWNER,
        measure=Sum(column="volume"),
    ),
)
