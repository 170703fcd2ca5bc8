"""How the sources stand: the tile of the overview and the tables of the pipeline page."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote

from pages._panels.problems import problem, rank, state_chip
from pages._ui.cells import Chip, Entry, Meter, Pair, Part, Split
from pages._ui.numbers import fixed
from pages._ui.panel import Drawing, Panel, Sheet, Tile
from pages._ui.questions import ask
from pages._ui.text import _, named
from pages._ui.words import moment_words, span_words
from warehouse.datasets import DATASETS
from warehouse.model import SourceStatus
from warehouse.operations import Parked

_One = TypeVar("_One")


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
        leads="pipeline",
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
    """One row a source, the broken ones first: state, lag against its promise, runs, rows."""
    if not drawing.sources:
        return None
    records, now = drawing.records, drawing.now
    incidents = [one for one in _if_asked(drawing, records.incidents) if one.closed_at is None]
    parked = _if_asked(drawing, records.parked)
    told = {
        source.name: problem(source, incidents, parked, now, drawing.zone)
        for source in drawing.sources
    }
    ordered = sorted(drawing.sources, key=lambda s: rank(s, now, is_told=bool(told[s.name])))
    wrong = {i: pair for i, source in enumerate(ordered) if (pair := told[source.name])}
    return Sheet(
        head=_head(drawing),
        rows=tuple(_source_row(source, parked, drawing) for source in ordered),
        numeric=frozenset({5, 7}),
        finding=_finding(drawing, len(wrong)),
        note=_("行数为各次运行累计；读取 = 入库 + 重复 + 隔离"),
        tones={i: "bad" if state_chip(ordered[i], now).tone == "bad" else "warn" for i in wrong},
        notes=wrong,
    )


def _if_asked(drawing: Drawing, read: Callable[[], tuple[_One, ...]]) -> tuple[_One, ...]:
    """What only those are told who can mend it."""
    return read() if drawing.records.may_ask else ()


def _finding(drawing: Drawing, wrong: int) -> str:
    late = sum(source.is_stale(drawing.now) for source in drawing.sources)
    if wrong > late:
        return _("{n} 个数据源需要处理").format(n=wrong)
    return _("{n} 个数据源超过承诺时限").format(n=late) if late else _("全部数据源按时")


def _head(drawing: Drawing) -> tuple[str, ...]:
    head = (
        _("数据源"),
        _("状态"),
        _("滞后 / 承诺"),
        _("数据截至"),
        _("最近运行"),
        _("读取"),
        _("去向"),
    )
    return (*head, _("停放")) if drawing.records.may_ask else head


def _source_row(
    source: SourceStatus, parked: Sequence[Parked], drawing: Drawing
) -> tuple[Entry, ...]:
    now, zone, is_asked = drawing.now, drawing.zone, drawing.records.may_ask
    dataset = DATASETS.get(source.dataset)
    following = moment_words(source.next_run_at, now, zone)
    row: tuple[Entry, ...] = (
        Pair(
            main=named(source.label),
            below=named(dataset.label) if dataset else source.dataset,
            href=runs_of(source.name) if is_asked else "",
        ),
        state_chip(source, now),
        lag_meter(source, now),
        moment_words(source.watermark, now, zone),
        Pair(
            main=moment_words(source.last_run_at, now, zone),
            below=_("下次 {when}").format(when=following),
        ),
        source.rows_read,
        three_counts(source.rows_loaded, source.rows_duplicate, source.rows_quarantined),
    )
    return (*row, sum(one.source == source.name for one in parked)) if is_asked else row


def runs_of(source: str) -> str:
    """The address of a source's runs."""
    return f"/pipeline/runs?source={quote(source, safe='')}"


def lag_meter(source: SourceStatus, now: datetime) -> Meter:
    """The lag on a track twice as long as the promise, which stands in its middle."""
    lag, promise = source.lag_seconds(now), source.promise_seconds
    said = f"{span_words(lag) if lag is not None else '—'} / {span_words(promise)}"
    share = 1.0 if lag is None else lag / (2 * max(promise, 1))
    return Meter(text=said, share=share, tone="warn" if source.is_stale(now) else "good", mark=0.5)


def three_counts(loaded: int, duplicate: int, quarantined: int) -> Split:
    """What became of the rows that were read; the three add up to them."""
    parts = (
        Part(name=_("入库"), count=loaded, kind="loaded"),
        Part(name=_("重复"), count=duplicate, kind="duplicate"),
        Part(name=_("隔离"), count=quarantined, kind="quarantined"),
    )
    return Split(text=" · ".join(f"{p.name} {fixed(p.count, 0)}" for p in parts), parts=parts)
