"""How the sources stand: the tile of the overview and the tables of the pipeline page."""

from collections.abc import Sequence
from datetime import datetime

from pages._ui.numbers import fixed
from pages._ui.panel import Broken, Chip, Drawing, Entry, Panel, Sheet, Tile
from pages._ui.questions import ask
from pages._ui.text import _, named
from pages._ui.words import comma, moment_words, span_words
from warehouse.datasets import DATASETS
from warehouse.model import SourceStatus

_NAMED = 4
"""So many sources of a reason are named."""

RUN_STATES = {
    "done": ("完成", "good"),
    "failed": ("失败", "bad"),
    "running": ("运行中", "quiet"),
    "interrupted": ("中断", "warn"),
    "": ("未运行", "quiet"),
}


def sources_tile(metric: str) -> Panel:
    """How many sources keep their promise.

    metric  what came from each source; one that every reader of the page may ask.
    """
    return Panel(
        id="sources",
        kind="tile",
        title="数据源按时",
        query=lambda f: ask(f, metric, by=("source",)),
        draw=_tile,
        width=3,
        follows_sources=True,
    )


def _tile(drawing: Drawing) -> Tile | None:
    sources = drawing.sources
    if not sources:
        return None
    late = [s for s in sources if s.is_stale(drawing.now)]
    worst = max(late, key=lambda s: s.lag_seconds(drawing.now) or 0, default=None)
    chips = (Chip(text=_("延迟"), tone="warn"),) if late else (Chip(text=_("正常"), tone="good"),)
    return Tile(
        value=str(len(sources) - len(late)),
        unit=f"/ {len(sources)}",
        context=_late_words(worst, drawing.now) if worst else _("全部按时"),
        chips=chips,
        finding=_late_words(worst, drawing.now) if worst else "",
    )


def _late_words(source: SourceStatus, now: datetime) -> str:
    lag = source.lag_seconds(now)
    if lag is None:
        return _("{name}尚无数据").format(name=named(source.label))
    return _("{name}延迟 {span}").format(name=named(source.label), span=span_words(lag))


def sources_sheet(drawing: Drawing) -> Sheet | None:
    """One row a source: state, run, rows, watermark, lag against its promise."""
    if not drawing.sources:
        return None
    late = sum(s.is_stale(drawing.now) for s in drawing.sources)
    finding = _("{n} 个数据源超过承诺时限").format(n=late) if late else _("全部数据源按时")
    return Sheet(
        head=(
            _("数据源"),
            _("数据集"),
            _("状态"),
            _("最近运行"),
            _("读取"),
            _("入库"),
            _("重复"),
            _("隔离"),
            _("数据截至"),
            _("滞后 / 承诺"),
            _("下次运行"),
        ),
        rows=tuple(_source_row(source, drawing) for source in drawing.sources),
        numeric=frozenset({4, 5, 6, 7, 9}),
        finding=finding,
        note=_("行数为各次运行累计"),
    )


def _source_row(source: SourceStatus, drawing: Drawing) -> tuple[Entry, ...]:
    now, zone = drawing.now, drawing.zone
    lag = source.lag_seconds(now)
    promise = span_words(source.promise_seconds)
    dataset = DATASETS.get(source.dataset)
    return (
        named(source.label),
        named(dataset.label) if dataset else source.dataset,
        _state(source, now),
        moment_words(source.last_run_at, now, zone),
        source.rows_read,
        source.rows_loaded,
        source.rows_duplicate,
        source.rows_quarantined,
        moment_words(source.watermark, now, zone),
        f"{span_words(lag) if lag is not None else '—'} / {promise}",
        moment_words(source.next_run_at, now, zone),
    )


def _state(source: SourceStatus, now: datetime) -> Chip:
    """A failed or running run is named; a quiet one is judged by its promise."""
    word, tone = RUN_STATES.get(source.last_run_state, (source.last_run_state, "quiet"))
    if source.last_run_state != "done":
        return Chip(text=_(word), tone=tone)  # type: ignore[arg-type]
    if source.is_stale(now):
        return Chip(text=_("延迟"), tone="warn")
    return Chip(text=_("按时"), tone="good")


def quarantine_sheet(drawing: Drawing) -> Sheet | None:
    """Why rows were kept apart, the most frequent reason first; never their contents."""
    broken = drawing.quarantine()
    groups: dict[tuple[str, str], list[Broken]] = {}
    for one in broken:
        groups.setdefault((named(one.label), one.column_name), []).append(one)
    ordered = sorted(groups.items(), key=lambda group: -_rows(group[1]))
    said = _("共隔离 {n} 行，{k} 种原因").format(n=fixed(_rows(broken), 0), k=len(ordered))
    return Sheet(
        head=(_("原因"), _("列"), _("行数"), _("数据源"), _("最近一次")),
        rows=tuple(_reason_row(key, group, drawing) for key, group in ordered),
        numeric=frozenset({2}),
        finding=said if broken else _("没有被隔离的行"),
    )


def _rows(broken: Sequence[Broken]) -> int:
    return sum(one.rows for one in broken)


def _reason_row(key: tuple[str, str], group: list[Broken], drawing: Drawing) -> tuple[Entry, ...]:
    """One reason: how many rows of which sources, the most affected first."""
    reason, column = key
    by_source: dict[str, int] = {}
    for one in group:
        by_source[one.source] = by_source.get(one.source, 0) + one.rows
    most = sorted(by_source.items(), key=lambda pair: -pair[1])
    names = comma().join(f"{drawing.label('source', s)} {fixed(n, 0)}" for s, n in most[:_NAMED])
    more = " " + _("等 {n} 项").format(n=len(most)) if len(most) > _NAMED else ""
    last = max((one.last_at for one in group if one.last_at), default=None)
    when = moment_words(last, drawing.now, drawing.zone)
    return reason, column or "—", _rows(group), names + more, when
