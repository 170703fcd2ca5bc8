"""Scene: how good the services are, and when they are slow."""

from pages._wall import drawings
from pages._wall.model import Card, Scene, by, whole
from pages._wall.numbers import Line, number_card
from warehouse.datasets import LEVELS
from warehouse.model import Grain, Label

SCENE = Scene(
    name="quality",
    label=Label(zh="服务质量", en="Quality"),
    cards=(
        number_card(
            "quality_numbers",
            Label(zh="质量指标", en="Quality"),
            (
                Line(metric="quality.satisfied_share"),
                Line(metric="quality.ratings"),
                Line(metric="usage.success_share"),
                Line(metric="usage.online_share"),
                Line(metric="usage.latency_p95", grain=Grain.DAY, is_whole=True),
                Line(metric="usage.cases"),
            ),
            note=Label(zh="环比", en="on the period before"),
        ),
        Card(
            id="quality_hours",
            area="a",
            title=Label(zh="分时服务热度", en="Use by hour"),
            note=Label(zh="近 28 日 · 星期 × 小时", en="28 days · weekday × hour"),
            asks=by("usage.events", "weekday", "hour", days=28),
            draw=drawings.by_hour("usage.events"),
        ),
        Card(
            id="quality_levels",
            area="b",
            title=Label(zh="好差评分布", en="Ratings by level"),
            note=Label(zh="本月", en="this month"),
            asks=by("quality.ratings", "level"),
            draw=drawings.classes("quality.ratings", tuple(LEVELS)),
        ),
        Card(
            id="quality_satisfied",
            area="c",
            title=Label(zh="满意率", en="Satisfied share"),
            note=Label(zh="近 12 个月", en="12 months"),
            asks=whole(Grain.MONTH, 12, "quality.satisfied_share"),
            draw=drawings.over_time(
                "quality.satisfied_share", names=(Label(zh="满意率", en="Share"),), zero=False
            ),
        ),
        Card(
            id="quality_scenes",
            area="d",
            title=Label(zh="场景办结率", en="Success share by scene"),
            note=Label(zh="本月 · 较上月同期", en="this month"),
            asks=by("usage.success_share", "scene", compare=True),
            draw=drawings.ranked("usage.success_share"),
        ),
        Card(
            id="quality_latency",
            area="e",
            title=Label(zh="响应时间 P95", en="Answer time, P95"),
            note=Label(zh="近 30 日", en="30 days"),
            asks=whole(Grain.DAY, 30, "usage.latency_p95"),
            draw=drawings.over_time("usage.latency_p95", names=(Label(zh="P95", en="P95"),)),
        ),
        Card(
            id="quality_channels",
            area="f",
            title=Label(zh="渠道构成", en="Channels"),
            note=Label(zh="服务次数占比", en="share of events"),
            asks=whole(Grain.MONTH, 12, "usage.events", by=("channel",)),
            draw=drawings.parts("usage.events", "channel"),
        ),
    ),
)
