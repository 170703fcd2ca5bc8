"""Rows that were kept apart: why, how many, examples; what lies parked; what was asked."""

from collections.abc import Sequence

from pages._panels.runs import KIND_WORDS
from pages._ui.cells import Acts, Chip, Entry, Line, Meter, Pair, Tone
from pages._ui.numbers import fixed
from pages._ui.originals import values_of
from pages._ui.panel import Drawing, Fold, Panel, Sheet, Tile
from pages._ui.records import Broken
from pages._ui.text import _, named, told
from pages._ui.wishes import backfill_act, replay_act
from pages._ui.words import comma, moment_words, period_words
from warehouse.model import Period
from warehouse.operations import Request, RequestState, Sample

_NAMED = 3
"""So many sources of a reason are named."""
_MOST_SAMPLES = 5

REQUEST_STATES: dict[RequestState, tuple[str, Tone]] = {
    RequestState.WAITING: ("等待中", "quiet"),
    RequestState.RUNNING: ("处理中", "warn"),
    RequestState.DONE: ("完成", "good"),
    RequestState.FAILED: ("失败", "bad"),
}


# --- reasons --------------------------------------------------------------------------------


def quarantine_sheet(drawing: Drawing) -> Sheet | None:
    """Why rows were kept apart, the most frequent reason first, with examples to open."""
    broken, samples = drawing.records.quarantine(), drawing.records.samples()
    groups: dict[tuple[str, str], list[Broken]] = {}
    for one in broken:
        groups.setdefault((named(one.label), one.column_name), []).append(one)
    ordered = [group for _key, group in sorted(groups.items(), key=lambda g: -_rows(g[1]))]
    most = max((_rows(group) for group in ordered), default=1)
    said = _("共隔离 {n} 行，{k} 种原因").format(n=fixed(_rows(broken), 0), k=len(ordered))
    folds = {i: _fold(group, samples, drawing) for i, group in enumerate(ordered)}
    head = (_("原因"), _("行数"), _("数据源"), _("首次"), _("最近一次"))
    return Sheet(
        head=(*head, _("操作")) if drawing.records.may_ask else head,
        rows=tuple(_reason_row(group, most, drawing) for group in ordered),
        finding=said if broken else _("没有被隔离的行"),
        note=_("个人信息列不在此显示；修好声明后重放，行会回到各自的日期"),
        folds={i: fold for i, fold in folds.items() if fold},
    )


def _rows(broken: Sequence[Broken]) -> int:
    return sum(one.rows for one in broken)


def _reason_row(group: list[Broken], most: int, drawing: Drawing) -> tuple[Entry, ...]:
    """One reason: how many rows of which sources, the most affected first."""
    first, count = group[0], _rows(group)
    reason = named(first.label)
    firsts = [one.first_at for one in group if one.first_at]
    lasts = [one.last_at for one in group if one.last_at]
    column = _("列 {name}").format(name=first.column_name) if first.column_name else _("整行")
    row: tuple[Entry, ...] = (
        Pair(main=reason, below=column, is_wrapped=True),
        Meter(text=fixed(count, 0), share=count / max(most, 1), tone="warn", count=count),
        _source_names(group, drawing),
        moment_words(min(firsts, default=None), drawing.now, drawing.zone),
        moment_words(max(lasts, default=None), drawing.now, drawing.zone),
    )
    if not drawing.records.may_ask:
        return row
    worst = max(group, key=lambda one: one.rows).source
    acts = (
        replay_act(first.code, _("重放：{what}").format(what=reason)),
        backfill_act(
            worst, _("回补"), _("回补：{what}").format(what=drawing.label("source", worst))
        ),
    )
    return (*row, Acts(acts=acts))


def _source_names(group: list[Broken], drawing: Drawing) -> Pair:
    by_source: dict[str, int] = {}
    for one in group:
        by_source[one.source] = by_source.get(one.source, 0) + one.rows
    most = sorted(by_source.items(), key=lambda pair: -pair[1])
    names = comma().join(f"{drawing.label('source', s)} {fixed(n, 0)}" for s, n in most[:_NAMED])
    more = _("等 {n} 项").format(n=len(most)) if len(most) > _NAMED else ""
    return Pair(main=names, below=more, is_wrapped=True)


def _fold(group: list[Broken], samples: Sequence[Sample], drawing: Drawing) -> Fold | None:
    sources = {one.source for one in group}
    words = {text for one in group for text in (one.reason, one.code)}
    column = group[0].column_name
    own = [
        one
        for one in samples
        if one.source in sources and one.reason in words and one.column_name == column
    ][:_MOST_SAMPLES]
    if not own:
        return None
    rows: tuple[tuple[Entry, ...], ...] = tuple(
        (
            Pair(main=drawing.label("source", one.source), below=one.item),
            _("第 {n} 行").format(n=fixed(one.line, 0)),
            Line(values=values_of(one.original), marked=one.column_name),
        )
        for one in own
    )
    sheet = Sheet(head=(_("数据源"), _("位置"), _("原始内容")), rows=rows)
    return Fold(summary=_("{n} 个样例").format(n=len(own)), sheet=sheet)


# --- parked ---------------------------------------------------------------------------------


def parked_sheet(drawing: Drawing) -> Sheet | None:
    """Deliveries that are left alone until something changes."""
    parked = sorted(drawing.records.parked(), key=lambda one: one.since, reverse=True)
    said = _("{n} 个文件停放").format(n=len(parked)) if parked else _("没有停放的文件")
    return Sheet(
        head=(_("数据源"), _("文件"), _("原因"), _("尝试"), _("停放自")),
        rows=tuple(
            (
                drawing.label("source", one.source),
                one.item,
                Pair(
                    main=told(one.reason.removeprefix(f"{one.item}: "), drawing.zone),
                    below="",
                    is_wrapped=True,
                ),
                one.tries,
                moment_words(one.since, drawing.now, drawing.zone),
            )
            for one in parked
        ),
        numeric=frozenset({3}),
        finding=said,
        note=_("来源重送或声明改变后自动再试；其他数据源不受影响"),
        tones=dict.fromkeys(range(len(parked)), "warn"),
    )


# --- requests -------------------------------------------------------------------------------


def requests_sheet(drawing: Drawing) -> Sheet | None:
    """What operators asked of the ETL and what became of it, the newest first."""
    found = sorted(drawing.records.requests(), key=lambda one: one.asked_at, reverse=True)
    still = [one for one in found if one.state in (RequestState.WAITING, RequestState.RUNNING)]
    said = _("{n} 项请求处理中").format(n=len(still)) if still else _("没有待处理的请求")
    act = backfill_act("", _("回补数据…"), _("回补数据"))
    return Sheet(
        head=(_("提交"), _("发起人"), _("操作"), _("数据源"), _("范围"), _("状态"), _("结果")),
        rows=tuple(_request_row(one, drawing) for one in found),
        finding=said,
        note=_("等待中的请求由 ETL 依次处理"),
        acts=(act,) if drawing.records.may_ask else (),
    )


def _request_row(one: Request, drawing: Drawing) -> tuple[Entry, ...]:
    word, tone = REQUEST_STATES[one.state]
    return (
        moment_words(one.asked_at, drawing.now, drawing.zone),
        one.asked_by or "—",
        _(KIND_WORDS[one.kind]),
        drawing.label("source", one.source),
        _scope(one, drawing),
        Chip(text=_(word), tone=tone),
        Pair(main=told(one.message, drawing.zone) or one.run_id or "—", below="", is_wrapped=True),
    )


def _scope(one: Request, drawing: Drawing) -> str:
    if one.start and one.end:
        return period_words(Period(start=one.start, end=one.end))
    known = {b.code: named(b.label) for b in drawing.records.quarantine()}
    return known.get(one.reason, one.reason) if one.reason else _("全部原因")


# --- tiles ----------------------------------------------------------------------------------


def _rows_tile(drawing: Drawing) -> Tile | None:
    broken = drawing.records.quarantine()
    sources = {one.source for one in broken}
    return Tile(
        value=fixed(_rows(broken), 0),
        unit=_("行"),
        context=_("来自 {n} 个数据源").format(n=len(sources)) if broken else _("没有被隔离的行"),
        chips=(Chip(text=_("待处理"), tone="warn"),) if broken else (),
    )


def _reasons_tile(drawing: Drawing) -> Tile | None:
    broken = drawing.records.quarantine()
    kinds = {(named(one.label), one.column_name) for one in broken}
    return Tile(value=str(len(kinds)), unit=_("种"), context=_("按原因与列计"))


def _parked_tile(drawing: Drawing) -> Tile | None:
    parked = drawing.records.parked()
    chips = (Chip(text=_("停放"), tone="warn"),) if parked else (Chip(text=_("正常"), tone="good"),)
    return Tile(value=str(len(parked)), unit=_("个文件"), chips=chips)


def _requests_tile(drawing: Drawing) -> Tile | None:
    found = drawing.records.requests()
    still = [one for one in found if one.state in (RequestState.WAITING, RequestState.RUNNING)]
    failed = sum(one.state is RequestState.FAILED for one in found)
    return Tile(
        value=str(len(still)),
        unit=_("项"),
        context=_("累计 {n} 项，失败 {k} 项").format(n=len(found), k=failed),
    )


PANELS: tuple[Panel, ...] = (
    Panel(id="rows", kind="tile", title="隔离行数", query=None, draw=_rows_tile, width=3),
    Panel(id="reasons", kind="tile", title="原因种类", query=None, draw=_reasons_tile, width=3),
    Panel(id="parked_items", kind="tile", title="停放文件", query=None, draw=_parked_tile, width=3),
    Panel(id="open_requests", kind="tile", title="处理中的请求", query=None, draw=_requests_tile),
    Panel(
        id="quarantine",
        kind="table",
        title="隔离原因",
        query=None,
        draw=quarantine_sheet,
        is_news=True,
        width=12,
    ),
    Panel(id="requests", kind="table", title="请求", query=None, draw=requests_sheet, width=12),
    Panel(id="parked", kind="table", title="停放文件", query=None, draw=parked_sheet, width=12),
)
