"""What an operator may ask of the ETL from a page: the confirmation, word by word.

A button carries a key, `replay:<reason code>` or `backfill:<source>`. The dialog says what will
happen; only its own button asks. Addresses and texts of the browser are checked here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from pages._ui import ids
from pages._ui.cells import Act
from pages._ui.ids import aria
from pages._ui.numbers import fixed
from pages._ui.parts import ANY, select
from pages._ui.records import Broken
from pages._ui.text import _, named
from warehouse.errors import QueryError
from warehouse.model import Member
from warehouse.operations import RunKind

TITLES = {RunKind.REPLAY: "重放隔离行", RunKind.BACKFILL: "回补数据"}
_CONFIRM = {RunKind.REPLAY: "确认重放", RunKind.BACKFILL: "确认回补"}
_EFFECTS = {
    RunKind.REPLAY: (
        "按当前声明重新检查这些行：通过的入库，仍有问题的留在隔离区。",
        "已发布的数字若因此改变，会记入数据修订并标出。",
    ),
    RunKind.BACKFILL: (
        "向来源重新读取所选日期的数据：漏掉的行补入，已有的行不会重复计数。",
        "期间照常查询；已发布的数字若因此改变，会记入数据修订并标出。",
    ),
}
_AUDITED = "以您的账号提交并留下记录；处理结果见本页“请求”。"
_LONGEST_DAYS = 366


@dataclass(frozen=True, kw_only=True)
class Wish:
    """reason  code of the broken rows (replay); sources  which are offered, with their rows."""

    kind: RunKind
    reason: str = ""
    reason_text: str = ""
    sources: tuple[tuple[Member, int], ...] = ()
    chosen: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    """The last day as typed, included."""


def replay_act(reason: str, spoken: str) -> Act:
    return Act(key=f"replay:{reason}", text=_("重放"), spoken=spoken)


def backfill_act(source: str, text: str, spoken: str) -> Act:
    return Act(key=f"backfill:{source}", text=text, spoken=spoken)


def read_key(key: str, broken: Sequence[Broken], sources: Sequence[Member], today: date) -> Wish:
    """What a button offers. Raises `QueryError` on a key no button has."""
    kind, _colon, what = key.partition(":")
    names = {member.code: member for member in sources}
    if kind == RunKind.REPLAY.value:
        own = [one for one in broken if one.code == what and one.source in names]
        rows = {one.source: 0 for one in own}
        for one in own:
            rows[one.source] += one.rows
        found = sorted(rows.items(), key=lambda pair: -pair[1])
        return Wish(
            kind=RunKind.REPLAY,
            reason=what if own else "",
            reason_text=named(own[0].label) if own else "",
            sources=tuple((names[source], count) for source, count in found),
            chosen=tuple(source for source, _count in found),
        )
    if kind != RunKind.BACKFILL.value or (what and what not in names):
        raise QueryError(_("没有这样的操作。请刷新页面后再试。"))
    return Wish(
        kind=RunKind.BACKFILL,
        sources=tuple((member, 0) for member in sources),
        chosen=(what,) if what else (),
        start=(today - timedelta(days=7)).isoformat(),
        end=(today - timedelta(days=1)).isoformat(),
    )


def days_of(wish: Wish, today: date) -> tuple[date, date]:
    """The half-open days of a backfill. Raises `QueryError` with one sentence."""
    try:
        start, last = date.fromisoformat(wish.start), date.fromisoformat(wish.end)
    except ValueError:
        raise QueryError(_("日期请写成 2026-01-31。")) from None
    if last < start:
        raise QueryError(_("止日早于起日。请把较早的日期放在前面。"))
    if last > today:
        raise QueryError(_("止日在将来。请选到今天为止。"))
    if (last - start).days >= _LONGEST_DAYS:
        raise QueryError(_("一次最多回补 {n} 天。请分几次。").format(n=_LONGEST_DAYS))
    return start, last + timedelta(days=1)


# --- the dialog -----------------------------------------------------------------------------


def dialog() -> list[Component]:
    """The closed dialog and what its callback speaks through; stands on a page once."""
    return [
        dcc.Store(id=ids.WISH, data=""),
        dcc.Store(id=ids.ASKED, data=""),
        dbc.Modal(
            html.Div(id=ids.ASK_BODY),
            id=ids.ASK,
            is_open=False,
            centered=True,
            fade=False,
            className="ask",
            labelledby="ask-title",
        ),
    ]


def question(wish: Wish, problem: str = "") -> list[Component]:
    """What will happen, what is still to be chosen, and the two buttons."""
    is_replay = wish.kind is RunKind.REPLAY
    lead = (
        _("原因：{reason}").format(reason=wish.reason_text)
        if is_replay
        else _("选择数据源和起止日期（首尾两天都包含）。")
    )
    body = [
        html.P(lead, className="ask-lead"),
        _sources(wish),
        *([] if is_replay else [_dates(wish)]),
        html.Ul([html.Li(_(text)) for text in (*_EFFECTS[wish.kind], _AUDITED)]),
        html.P(problem, className="ask-problem", role="alert"),
    ]
    buttons: list[Component] = [
        html.Button(_("取消"), id=ids.ASK_CANCEL, type="button", className="button"),
        html.Button(
            _(_CONFIRM[wish.kind]),
            id=ids.ASK_CONFIRM,
            type="button",
            className="button button-strong",
        ),
    ]
    return _framed(_(TITLES[wish.kind]), body, buttons)


def thanks(names: Sequence[str]) -> list[Component]:
    """After the request has been taken."""
    told = _("已提交 {n} 项请求，ETL 将在一分钟内开始处理。").format(n=len(names))
    button = html.Button(
        _("知道了"), id=ids.ASK_CANCEL, type="button", className="button button-strong"
    )
    listed = html.Ul([html.Li(name) for name in names])
    return _framed(_("请求已提交"), [html.P(told, className="ask-lead"), listed], [button])


def _framed(title: str, body: list[Component], buttons: list[Component]) -> list[Component]:
    return [
        html.H2(title, id="ask-title"),
        *body,
        html.Div(buttons, className="ask-buttons"),
    ]


def _sources(wish: Wish) -> Component:
    if wish.kind is RunKind.BACKFILL:
        names = {ANY: _("选择数据源")} | {m.code: named(m.label) for m, _rows in wish.sources}
        chosen = wish.chosen[0] if wish.chosen else ""
        pick = select(_("数据源"), ids.typed("sources"), names, chosen)
        return html.Div(pick, className="ask-sources")
    options = [
        {"label": f"{named(m.label)} · {_('{n} 行').format(n=fixed(rows, 0))}", "value": m.code}
        for m, rows in wish.sources
    ]
    return html.Div(
        dcc.Checklist(
            id=ids.typed("sources"), options=options, value=list(wish.chosen), className="ticks"
        ),
        className="ask-sources",
        role="group",
        **aria(_("数据源")),
    )


def _dates(wish: Wish) -> Component:
    fields = [
        dcc.Input(
            id=name,
            value=value,
            type="text",
            maxLength=10,
            inputMode="numeric",
            placeholder="2026-01-31",
            className="date",
        )
        for name, value in ((ids.typed("start"), wish.start), (ids.typed("end"), wish.end))
    ]
    return html.Div(
        [fields[0], "–", fields[1]], className="dates", role="group", **aria(_("起止日期"))
    )
