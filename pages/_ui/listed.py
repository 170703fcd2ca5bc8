"""The applications behind a number, as a dialog and as a file: no person, amounts in bands.

A panel with `lists` hands over its cell instead of filtering: `list <panel> <dimension>=<member>`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from urllib.parse import parse_qsl, quote
from zoneinfo import ZoneInfo

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from pages._ui import ids
from pages._ui.numbers import exact, fixed, format_value
from pages._ui.panel import Sheet
from pages._ui.parts import link_button
from pages._ui.shown import pick_button
from pages._ui.tables import sheet_table
from pages._ui.text import _, language, named
from warehouse.datasets import ENDS, STEPS
from warehouse.errors import QueryError
from warehouse.model import CellState, MetricQuery, Result, Row, Unit

PAGE_ROWS = 200
NOT_OFFERED = "没有这样的操作。请刷新页面后再试。"
NO_LIST = "没有名单"
HIDDEN = "样本过少，已隐去"
TOO_LONG = "名单超过 {most} 笔。请缩短时段或增加筛选条件。"
_LONGEST = 500


class Application(Protocol):
    """What is told of one application; see `warehouse.applications`."""

    @property
    def reference(self) -> str: ...
    @property
    def cohort_at(self) -> datetime: ...
    @property
    def district(self) -> str | None: ...
    @property
    def product(self) -> str | None: ...
    @property
    def channel(self) -> str | None: ...
    @property
    def dealer(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def step(self) -> str: ...
    @property
    def decision_seconds(self) -> float | None: ...
    @property
    def end_to_end_seconds(self) -> float | None: ...
    @property
    def is_manual(self) -> bool: ...
    @property
    def amount(self) -> tuple[int, int | None] | None: ...


def lister(panel: str) -> Callable[[Result, Row], str]:
    """What a click on a row of this panel means: its applications, where there are any."""

    def pick(result: Result, row: Row) -> str:
        cell = row.cells[0]
        if cell.state is not CellState.VALUE or not cell.value or row.period is not None:
            return ""
        pairs = zip(result.query.by, row.members, strict=True)
        return f"list {panel} " + "&".join(f"{d}={quote(code, safe='')}" for d, code in pairs)

    return pick


@dataclass(frozen=True, kw_only=True)
class Key:
    """Which number is listed: a cell of a panel, and from which row on."""

    panel: str
    members: tuple[tuple[str, str], ...]
    after: int = 0

    @classmethod
    def read(cls, text: str) -> "Key":
        """Raises `QueryError` for what no chart offers."""
        panel, _space, rest = text[:_LONGEST].partition(" ")
        pairs = parse_qsl(rest)
        after = dict(pairs).get("after", "0")
        if not pairs or not after.isdecimal() or len(after) > 9:
            raise QueryError(_(NOT_OFFERED))
        members = tuple((name, code) for name, code in pairs if name != "after")
        return cls(panel=panel, members=members, after=int(after))

    def at(self, after: int) -> str:
        """The key of the page of rows that begins after so many."""
        cell = "&".join(f"{d}={quote(code, safe='')}" for d, code in self.members)
        return f"{self.panel} {cell}" + (f"&after={after}" if after else "")

    def asked(self, query: MetricQuery) -> MetricQuery:
        """The one number, of the panel's question. Raises `QueryError` where it is none of it."""
        if tuple(name for name, _code in self.members) != query.by or query.grain:
            raise QueryError(_(NOT_OFFERED))
        where = {**dict(query.where), **{name: (code,) for name, code in self.members}}
        return replace(
            query,
            by=(),
            where=tuple(where.items()),
            compare=None,
            limit=None,
            sort=None,
            rest=False,
            per_workday=False,
        )


def sheet(rows: Sequence[Application], label: Callable[[str, str], str], zone: ZoneInfo) -> Sheet:
    """One row an application, the earliest first."""
    return Sheet(
        head=(
            *(_("编号"), _("申请时间"), _("区县"), _("产品"), _("渠道"), _("经销商")),
            *(_("原因"), _("步骤"), _("审批时长"), _("全程"), _("人工"), _("金额")),
        ),
        rows=tuple(_row(one, label, zone) for one in rows),
        numeric=frozenset({8, 9}),
    )


def _row(one: Application, label: Callable[[str, str], str], zone: ZoneInfo) -> tuple[str, ...]:
    members = (
        _("已隐去") if code is None else label(name, code)
        for name, code in (
            ("district", one.district),
            ("product", one.product),
            ("channel", one.channel),
            ("dealer", one.dealer),
            ("reason", one.reason),
        )
    )
    known = {**STEPS, **ENDS}
    step = named(known[one.step]) if one.step in known else label("step", one.step)
    return (
        one.reference,
        f"{one.cohort_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        *members,
        step,
        exact(one.decision_seconds, Unit.SECONDS, language()),
        exact(one.end_to_end_seconds, Unit.SECONDS, language()),
        _("有") if one.is_manual else _("无"),
        _band(one.amount),
    )


def _band(amount: tuple[int, int | None] | None) -> str:
    if amount is None:
        return "—"
    low, high = amount
    if high is None:
        return f"≥ {fixed(low, 0)}"
    return f"{fixed(low, 0)} – {fixed(high, 0)}"


# --- the dialog -----------------------------------------------------------------------------


def dialog() -> list[Component]:
    """The closed dialog and what its callback hears; stands once on a page that lists."""
    return [
        dcc.Store(id=ids.LISTING, data=""),
        dbc.Modal(
            html.Div(id=ids.LIST_BODY, className="list-body"),
            id=ids.LIST,
            is_open=False,
            scrollable=True,
            fade=False,
            size="xl",
            className="list",
            labelledby="list-title",
        ),
    ]


def body(title: str, note: str, inside: Sequence[Component]) -> list[Component]:
    close = html.Button(
        _("关闭"), type="button", className="button button-small", id=ids.LIST_CLOSE
    )
    return [
        html.Header([html.H2(title, id="list-title"), close], className="list-head"),
        html.P(note, className="note"),
        *inside,
    ]


def listing(key: Key, made: Sheet, total: int, after: int | None, file: str) -> list[Component]:
    """The rows, the way to further ones, and the file of all of them."""
    first, last = key.after + 1, key.after + len(made.rows)
    said = _("共 {total}，当前第 {first} 至 {last} 笔").format(
        total=_applications(total), first=fixed(first, 0), last=fixed(last, 0)
    )
    ways = []
    if key.after:
        before = max(0, key.after - PAGE_ROWS)
        ways.append(pick_button(_("上一页"), f"list {key.at(before)}"))
    if after is not None:
        ways.append(pick_button(_("下一页"), f"list {key.at(after)}"))
    return [
        html.Div(
            [html.Span(said, role="status"), *ways, link_button(_("下载名单 CSV"), file)],
            className="list-line",
        ),
        html.Div(sheet_table(made, said), className="list-scroll", tabIndex=0),
    ]


def count_only(total: int | None) -> list[Component]:
    """For those who may know the number, and nothing of single applications."""
    said = [] if total is None else [html.Strong(_applications(total), className="value")]
    why = _("名单涉及逐笔申请，仅分析和管理员角色可以查看；您可以看到笔数。")
    return [html.Div(said), html.P(why)]


def _applications(total: int) -> str:
    return str(format_value(total, Unit.APPLICATIONS, language()))
