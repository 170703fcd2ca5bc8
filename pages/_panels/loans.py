"""Loans: how many ask, how far they get and how fast, by whose hand, and what it comes to."""

from pages._panels import loan_drawings as drawn
from pages._panels.charts import over_time, ranked
from pages._panels.drawings import ends
from pages._panels.tiles import Extras, beside, tile
from pages._ui.panel import Panel, Question
from pages._ui.questions import ask, trace
from warehouse.model import Grain

_DISBURSED = (("step", ("disbursed",)),)
_OBJECTIVE = 60.0

TILES = (
    tile("applications", "申请笔数", "loans.applications", Extras(is_news=True)),
    tile(
        "converted",
        "放款转化率",
        "loans.conversion_share",
        Extras(
            context=beside("loans.maturing", "未到期 {value}"),
            also=(lambda f: ask(f, "loans.maturing", funnel=True),),
        ),
        main=lambda f: ask(
            f, "loans.conversion_share", where=_DISBURSED, compare=True, funnel=True
        ),
        trend=lambda f: trace(f, "loans.conversion_share", where=_DISBURSED, funnel=True),
    ),
    tile("approval", "审批通过率", "loans.approval_share"),
    tile(
        "within_sixty",
        "60 秒审批达标率",
        "loans.within_60s_share",
        Extras(
            context=beside("loans.error_budget_left_share", "超时预算剩余 {value}"),
            also=(lambda f: ask(f, "loans.error_budget_left_share"),),
        ),
    ),
    tile(
        "slow",
        "审批时长 P95",
        "loans.approval_seconds_p95",
        Extras(
            context=beside("loans.approval_seconds_p50", "P50 {value}"),
            also=(lambda f: ask(f, "loans.approval_seconds_p50"),),
        ),
    ),
    tile(
        "touch",
        "零人工率",
        "loans.zero_touch_share",
        Extras(
            context=beside("loans.touched", "人工介入 {value}"),
            also=(lambda f: ask(f, "loans.touched"),),
        ),
    ),
    tile("verified", "三方核验率", "loans.verified_share"),
    tile(
        "amount",
        "放款金额",
        "loans.amount",
        Extras(
            context=beside("loans.amount_average", "笔均 {value}"),
            also=(lambda f: ask(f, "loans.amount_average"),),
        ),
    ),
)


def _converted_by(name: str, title: str, dimension: str) -> Panel:
    """Who comes to the money, by a dimension; maturing applications are in neither number."""
    return Panel(
        id=name,
        kind="chart",
        title=title,
        query=lambda f: ask(
            f,
            "loans.conversion_share",
            by=(dimension,),
            where=_DISBURSED,
            compare=True,
            funnel=True,
        ),
        draw=ranked("loans.conversion_share", highlight=0),
    )


def _ranked(name: str, title: str, metric: str, dimension: str, *, lists: bool = False) -> Panel:
    return Panel(
        id=name,
        kind="chart",
        title=title,
        query=lambda f: ask(f, metric, by=(dimension,), compare=True),
        draw=ranked(metric),
        lists=lists,
    )


def _line(name: str, title: str, metric: str) -> Panel:
    query: Question = lambda f: trace(f, metric)  # noqa: E731
    return Panel(id=name, kind="chart", title=title, query=query, draw=over_time(metric))


_FUNNEL = Panel(
    id="funnel",
    kind="chart",
    title="普惠贷款：申请到放款",
    query=drawn.asked_funnel,
    extra=(drawn.asked_shares, lambda f: ask(f, "loans.maturing", funnel=True)),
    draw=drawn.funnel,
    lists=True,
    is_news=True,
    note="笔数与逐级转化",
    width=6,
)
_BINS = Panel(
    id="bins",
    kind="chart",
    title="审批时长分布",
    query=lambda f: ask(f, "loans.time_distribution", by=("seconds_bin",)),
    draw=drawn.times,
    lists=True,
    is_news=True,
    width=6,
)
_TIMES = Panel(
    id="times",
    kind="chart",
    title="审批时长走势",
    query=lambda f: trace(
        f, *(f"loans.approval_seconds_{name}" for name in ("p95", "p50", "p90", "p99"))
    ),
    draw=drawn.several(
        ("loans.approval_seconds_p95", "P95"),
        ("loans.approval_seconds_p50", "P50"),
        ("loans.approval_seconds_p90", "P90"),
        ("loans.approval_seconds_p99", "P99"),
        target=_OBJECTIVE,
        label="60 秒承诺线",
    ),
    note="秒，虚线为 60 秒承诺",
    width=6,
)
_STEPS = Panel(
    id="steps",
    kind="table",
    title="各环节时长",
    query=drawn.asked_step_times,
    extra=(drawn.asked_whole_times,),
    draw=drawn.step_times,
    width=6,
)
_COVERAGE = Panel(
    id="coverage",
    kind="chart",
    title="核验覆盖率走势",
    query=lambda f: trace(
        f,
        *("loans.verified_share", "loans.credit_bureau_share"),
        *("loans.public_trust_share", "loans.judicial_share"),
    ),
    draw=drawn.several(
        ("loans.verified_share", "三方齐备"),
        ("loans.credit_bureau_share", "征信"),
        ("loans.public_trust_share", "公信"),
        ("loans.judicial_share", "司法"),
    ),
    width=8,
)
_AMOUNTS = Panel(
    id="amounts",
    kind="chart",
    title="申请、批准与放款金额",
    query=lambda f: trace(f, "loans.amount", "loans.amount_approved", "loans.amount_applied"),
    draw=drawn.several(
        ("loans.amount", "放款"),
        ("loans.amount_approved", "批准"),
        ("loans.amount_applied", "申请"),
    ),
    width=8,
)
_DEALERS = Panel(
    id="dealers",
    kind="table",
    title="经销商排行榜",
    query=lambda f: ask(f, *drawn.LEAGUE, by=("dealer",), period=f.back(Grain.MONTH, 12)),
    draw=drawn.league,
    note="近12个月",
    width=12,
)

CHARTS = (
    _FUNNEL,
    _BINS,
    _TIMES,
    _STEPS,
    _converted_by("by_product", "各产品放款转化率", "product"),
    _converted_by("by_district", "各区县放款转化率", "district"),
    _converted_by("by_channel", "各渠道放款转化率", "channel"),
    _converted_by("by_source", "各来源放款转化率", "source"),
    _ranked("products", "产品排行", "loans.applications", "product"),
    _ranked("districts", "区县排行", "loans.applications", "district"),
    _line("within_time", "60 秒审批达标率走势", "loans.within_60s_share"),
    _line("budget_time", "超时预算剩余走势", "loans.error_budget_left_share"),
    _ranked("within_channels", "各渠道 60 秒达标率", "loans.within_60s_share", "channel"),
    _line("touch_time", "零人工率走势", "loans.zero_touch_share"),
    _ranked("touched", "人工介入的原因", "loans.touched", "reason", lists=True),
    Panel(
        id="ends",
        kind="chart",
        title="未放款的去向",
        query=lambda f: ask(f, "loans.reached", by=("step",)),
        draw=ends,
        lists=True,
    ),
    _COVERAGE,
    _ranked("verified_sources", "各来源三方核验率", "loans.verified_share", "source"),
    _ranked("reasons", "拒绝原因", "loans.declined", "reason", lists=True),
    _ranked("audiences", "个人与企业放款金额", "loans.amount", "audience"),
    _ranked("channels", "各渠道申请笔数", "loans.applications", "channel"),
    _AMOUNTS,
    _ranked("average", "各产品笔均放款金额", "loans.amount_average", "product"),
    _DEALERS,
)

PANELS: tuple[Panel, ...] = (*TILES, *CHARTS)
