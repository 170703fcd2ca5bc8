"""Where a number comes from, in words: definition, filters, records, sources, runs, its hash."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from pages._ui import restated
from pages._ui.entries import anchor
from pages._ui.numbers import NONE, exact, fixed, format_change, format_value
from pages._ui.parts import badge
from pages._ui.text import _, named
from pages._ui.words import (
    comma,
    compare_word,
    member_words,
    moment_words,
    period_words,
    span_words,
)
from warehouse.datasets import DATASETS
from warehouse.explanation import Explanation
from warehouse.model import CellState, SourceStatus
from warehouse.rollups import Refusal

_MOST_RESTATED = 5
_TABLES: Mapping[str, str] = {
    "usage_day": "按日汇总表",
    "person_day": "按人按日汇总表",
    "application_part": "申请合并表",
    "fact": "逐条记录",
}
_REFUSALS: Mapping[Refusal, str] = {
    Refusal.NO_ROLLUP: "该数据没有此汇总",
    Refusal.DIMENSION: "汇总不含所用的筛选维度",
    Refusal.NOT_ADDITIVE: "该指标不能由汇总相加得到",
    Refusal.NOT_PEOPLE: "该汇总只记人员",
}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """An explanation and how it is to be read.

    is_kept  whether the number can be asked by its hash; False: too many at once.
    """

    one: Explanation
    language: str
    zone: ZoneInfo
    label: Callable[[str, str], str]
    is_kept: bool = True


def shown(origin: Origin) -> list[Component]:
    """The number, then what it stands on, the most asked first."""
    entries = [
        (_("口径"), _definition(origin)),
        (_("范围"), _where(origin)),
        (_("依据"), _records(origin)),
        (_("数据源"), _sources(origin)),
        (_("最近运行"), _runs(origin)),
        (_("数据修订"), _restated(origin)),
        (_("隐私保护"), _protection(origin)),
        (_("计算"), _computed(origin)),
        (_("编号"), _hash(origin)),
    ]
    listed = [
        part for name, said in entries if said for part in (html.Dt(name), html.Dd(list(said)))
    ]
    return [_number(origin), html.Dl(listed, className="origin")]


def _number(origin: Origin) -> Component:
    one, language = origin.one, origin.language
    unit = one.definition.unit
    if one.cell.state is CellState.SUPPRESSED:
        return html.P(html.Strong(_("样本过少，已隐去")), className="origin-number")
    text = format_value(one.cell.value, unit, language)
    said: list[Component | str] = [
        html.Strong(text.number, className="value"),
        html.Span(text.unit, className="unit"),
    ]
    full = exact(one.cell.value, unit, language)
    if full not in (str(text), NONE):
        said.append(html.Span(full, className="context"))
    change = format_change(one.cell.change(unit), unit, one.definition.polarity, language)
    if change.text != NONE:
        tone = change.tone if change.tone in ("good", "bad") else "quiet"
        words = compare_word(one.known.query.compare)
        base = _("对比值 {value}").format(value=exact(one.cell.base, unit, language))
        moved = html.B(f"{change.arrow} {change.text}".strip(), className=f"tone-{tone}")
        said.append(html.Span([f"{words} ", moved, f" · {base}"], className="context"))
    return html.P(said, className="origin-number")


def _definition(origin: Origin) -> list[Component]:
    metric, edition = origin.one.definition, origin.one.edition
    words = _("第 {n} 版，{since} 起施行 · {owner} · ").format(
        n=edition.number, since=edition.since.isoformat(), owner=named(edition.owner)
    )
    link = html.A(_("指标目录"), href=f"/catalogue#{anchor(metric.name)}")
    return [
        html.P(named(edition.sentence)),
        html.P([html.Code(edition.formula)]),
        html.P([words, link], className="muted"),
    ]


def _where(origin: Origin) -> list[Component]:
    one = origin.one
    query, scope = one.known.query, one.known.scope
    period = period_words(one.period) + (_("（未完结）") if one.is_partial else "")
    filters = member_words(origin.label, query.where) or _("不限")
    names = comma().join(origin.label("district", code) for code in sorted(scope.districts))
    whole = _("全市") if scope.everything else names or _("无")
    return [
        html.P(_("时段：{period}").format(period=period)),
        html.P(_("筛选：{filters}").format(filters=filters)),
        html.P(_("可见区县：{scope}").format(scope=whole)),
    ]


def _records(origin: Origin) -> list[Component]:
    one = origin.one
    hidden = _("样本过少，已隐去")
    records = hidden if one.records is None else fixed(one.records, 0)
    dataset = named(DATASETS[one.definition.dataset].label)
    said: list[Component] = [html.P(_("{dataset}：{n} 条").format(dataset=dataset, n=records))]
    if one.definition.dataset == "loan_event":
        said = [html.P(_("贷款申请：{n} 笔").format(n=records))]
    if one.has_people:
        people = hidden if one.people is None else fixed(one.people, 0)
        said.append(html.P(_("其中不同人员：{n} 人").format(n=people)))
    return said


def _sources(origin: Origin) -> list[Component]:
    return [html.Ul([_source(source, origin) for source in origin.one.sources])]


def _source(source: SourceStatus, origin: Origin) -> Component:
    one = origin.one
    if source.watermark is None:
        said = _("尚无数据")
    else:
        lag = source.lag_seconds(one.now) or 0.0
        when = moment_words(source.watermark, one.now, origin.zone)
        said = _("数据截至 {when}，滞后 {lag}").format(when=when, lag=span_words(lag))
    late = [badge(_("延迟"), "warn")] if source.is_stale(one.now) else []
    return html.Li([html.B(named(source.label)), f" {said} ", *late])


def _runs(origin: Origin) -> list[Component]:
    one = origin.one
    names = {source.name: named(source.label) for source in one.sources}
    lines = [
        html.Li(
            _("{source}：{when} {state}，读取 {read}，入库 {loaded}，隔离 {quarantined}").format(
                source=names.get(run.source, run.source),
                when=moment_words(run.started_at, one.now, origin.zone),
                state=_(_STATES.get(run.state, run.state)),
                read=fixed(run.read, 0),
                loaded=fixed(run.loaded, 0),
                quarantined=fixed(run.quarantined, 0),
            )
        )
        for run in one.runs
    ]
    return [html.Ul(lines)] if lines else []


_STATES = {"done": "完成", "failed": "失败", "running": "运行中", "interrupted": "中断"}


def _restated(origin: Origin) -> list[Component]:
    changes = restated.shown_in(origin.one.known.query, origin.one.restated)
    if not changes:
        return [html.P(_("所列时段没有修订。"))]
    lines = [
        html.Li(restated.sentence(change, origin.language, origin.one.now, origin.zone))
        for change in changes[:_MOST_RESTATED]
    ]
    left = len(changes) - _MOST_RESTATED
    more = [html.P(_("另有 {n} 处修订。").format(n=left), className="muted")] if left > 0 else []
    return [html.Ul(lines), *more]


def _protection(origin: Origin) -> list[Component]:
    text = _("少于 {n} 人的格子隐去，并隐去可以推算出它的其他格子。")
    return [html.P(text.format(n=origin.one.known.small_cell))]


def _computed(origin: Origin) -> list[Component]:
    one = origin.one
    table = _(_TABLES.get(one.route.table, one.route.table))
    text = _("由{table}（{name}）算出，第 {n} 代数据（{version}）").format(
        table=table, name=one.route.table, n=one.generation, version=one.known.data_version
    )
    reasons = [
        _("未用 {name}：{why}").format(name=name, why=_(_REFUSALS.get(why, str(why))))
        for name, why in one.route.refusals
    ]
    return [html.P(text), *(html.P(reason, className="muted") for reason in reasons)]


def _hash(origin: Origin) -> list[Component]:
    digest = origin.one.hash
    if not origin.is_kept:
        return [html.P(_("查看过于频繁，此编号暂未存档；请一分钟后重新打开。"))]
    return [
        html.P(html.Code(digest, className="hash")),
        html.P(
            [
                _("用这一编号可以重新算出同一个数："),
                html.Code("python -m warehouse answer --hash …"),
            ],
            className="muted",
        ),
    ]
