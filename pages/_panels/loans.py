"""Loans: how many ask, how fast they hear, how far they get."""

from pages._panels.charts import over_time, ranked
from pages._panels.drawings import approval_times, ends, funnel
from pages._panels.tiles import Extras, beside, tile
from pages._ui.panel import Panel
from pages._ui.questions import ask, trace
from warehouse.model import Grain

_COMPANIES = (("audience", ("company",)),)
"""Dealers borrow as companies. A month of one dealer is too few to show: its league is a year's."""

TILES = (
    tile("applications", "申请笔数", "loans.applications", Extras(is_news=True)),
    tile("approval", "审批通过率", "loans.approval_share"),
    tile(
        "within_sixty",
        "60 秒审批达标率",
        "loans.within_60s_share",
        Extras(
            context=beside("loans.approval_seconds_p95", "P95 {value}"),
            also=(lambda f: ask(f, "loans.approval_seconds_p95"),),
        ),
    ),
    tile("amount", "放款金额", "loans.amount"),
    tile("touch", "零人工率", "loans.zero_touch_share"),
    tile("verified", "三方核验率", "loans.verified_share"),
    tile("median", "审批时长 P50", "loans.approval_seconds_p50"),
    tile("slow", "审批时长 P95", "loans.approval_seconds_p95"),
)

CHARTS = (
    Panel(
        id="funnel",
        kind="chart",
        title="普惠贷款：申请到放款",
        query=lambda f: ask(f, "loans.reached", by=("step",)),
        extra=(lambda f: ask(f, "loans.applications"),),
        draw=funnel,
        is_news=True,
        note="笔数与逐级转化",
    ),
    Panel(
        id="times",
        kind="chart",
        title="审批时长 P50 与 P95",
        query=lambda f: trace(f, "loans.approval_seconds_p95", "loans.approval_seconds_p50"),
        draw=approval_times,
        is_news=True,
        note="秒，虚线为 60 秒承诺",
        width=8,
    ),
    Panel(
        id="ends",
        kind="chart",
        title="未放款的去向",
        query=lambda f: ask(f, "loans.reached", by=("step",)),
        draw=ends,
    ),
    Panel(
        id="amount_time",
        kind="chart",
        title="放款金额走势",
        query=lambda f: trace(f, "loans.amount"),
        draw=over_time("loans.amount"),
    ),
    Panel(
        id="within_time",
        kind="chart",
        title="60 秒审批达标率走势",
        query=lambda f: trace(f, "loans.within_60s_share"),
        draw=over_time("loans.within_60s_share"),
    ),
    Panel(
        id="products",
        kind="chart",
        title="产品排行",
        query=lambda f: ask(f, "loans.applications", by=("product",), compare=True),
        draw=ranked("loans.applications"),
    ),
    Panel(
        id="districts",
        kind="chart",
        title="区县排行",
        query=lambda f: ask(f, "loans.applications", by=("district",), compare=True),
        draw=ranked("loans.applications", limit=13),
    ),
    Panel(
        id="audiences",
        kind="chart",
        title="个人与企业",
        query=lambda f: ask(f, "loans.amount", by=("audience",), compare=True),
        draw=ranked("loans.amount", highlight=1),
        note="放款金额",
    ),
    Panel(
        id="company_districts",
        kind="chart",
        title="企业贷款：各区县申请",
        query=lambda f: ask(
            f, "loans.applications", by=("district",), where=_COMPANIES, compare=True
        ),
        draw=ranked("loans.applications", limit=13),
    ),
    Panel(
        id="company_time",
        kind="chart",
        title="企业贷款：申请走势",
        query=lambda f: ask(
            f,
            "loans.applications",
            where=_COMPANIES,
            period=f.whole(f.so_far, f.unit),
            grain=f.unit,
        ),
        draw=over_time("loans.applications"),
    ),
    Panel(
        id="dealers",
        kind="chart",
        title="经销商申请排行",
        query=lambda f: ask(
            f,
            "loans.applications",
            by=("dealer",),
            where=_COMPANIES,
            period=f.back(Grain.MONTH, 12),
            limit=10,
        ),
        draw=ranked("loans.applications", limit=10),
    ),
    Panel(
        id="channels",
        kind="chart",
        title="各渠道申请笔数",
        query=lambda f: ask(f, "loans.applications", by=("channel",), compare=True),
        draw=ranked("loans.applications"),
    ),
    Panel(
        id="reasons",
        kind="chart",
        title="拒绝原因",
        query=lambda f: ask(
            f, "loans.reached", by=("reason",), where=(("step", ("declined",)),), compare=True
        ),
        draw=ranked("loans.reached"),
    ),
    Panel(
        id="verified_time",
        kind="chart",
        title="三方核验率走势",
        query=lambda f: trace(f, "loans.verified_share"),
        draw=over_time("loans.verified_share"),
    ),
)

PANELS: tuple[Panel, ...] = (*TILES, *CHARTS)
