"""Scene: inclusive loans, from application to payout, within sixty seconds."""

from pages._wall import drawings
from pages._wall.model import Card, Scene, both, by, over, whole
from pages._wall.numbers import Line, number_card
from warehouse.datasets import STEPS
from warehouse.model import Grain, Label

SCENE = Scene(
    name="loans",
    label=Label(zh="普惠贷款", en="Loans"),
    cards=(
        number_card(
            "loans_numbers",
            Label(zh="贷款指标", en="Loans"),
            (
                Line(metric="loans.amount"),
                Line(metric="loans.applications"),
                Line(metric="loans.approval_share"),
                Line(metric="loans.within_60s_share"),
                Line(metric="loans.approval_seconds_p50"),
                Line(metric="loans.zero_touch_share"),
                Line(metric="loans.verified_share"),
            ),
            note=Label(zh="环比", en="on the period before"),
        ),
        Card(
            id="loans_funnel",
            area="a",
            title=Label(zh="申请到放款", en="From application to payout"),
            note=Label(zh="本月申请 · 笔", en="applied this month"),
            asks=both(by("loans.reached", "step"), by("loans.applications")),
            draw=drawings.steps("loans.reached", tuple(STEPS)),
        ),
        Card(
            id="loans_amount",
            area="b",
            title=Label(zh="放款金额", en="Amount disbursed"),
            note=Label(zh="近 12 个月", en="12 months"),
            asks=over(Grain.MONTH, 12, "loans.amount"),
            draw=drawings.bars("loans.amount"),
        ),
        Card(
            id="loans_products",
            area="c",
            title=Label(zh="产品申请", en="Applications by product"),
            note=Label(zh="本月 · 较上月同期", en="this month"),
            asks=by("loans.applications", "product", compare=True),
            draw=drawings.ranked("loans.applications", limit=6),
        ),
        Card(
            id="loans_districts",
            area="d",
            title=Label(zh="区县申请", en="Applications by district"),
            note=Label(zh="本月 · 较上月同期", en="this month"),
            asks=by("loans.applications", "district", compare=True),
            draw=drawings.ranked("loans.applications"),
        ),
        Card(
            id="loans_seconds",
            area="e",
            title=Label(zh="审批时长", en="Approval time"),
            note=Label(zh="近 30 日", en="30 days"),
            asks=whole(Grain.DAY, 30, "loans.approval_seconds_p50", "loans.approval_seconds_p95"),
            draw=drawings.approval_times(),
        ),
        Card(
            id="loans_audience",
            area="f",
            title=Label(zh="个人与企业", en="People and companies"),
            note=Label(zh="申请笔数占比 · 至上月", en="share of applications, to last month"),
            asks=whole(Grain.MONTH, 12, "loans.applications", by=("audience",)),
            draw=drawings.parts("loans.applications", "audience"),
        ),
    ),
)
